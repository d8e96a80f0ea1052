"""What a token opens follows each change of what it stands on, from the commit on."""

from contextlib import closing, contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import Cursor, PoolError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..services.calls.token_validation import TokenValidation
from ..services.server.last_signal import last_signal
from ..services.tokens.grant_tokens import GrantTokens
from .common import OAuth2Records
from .test_rerun import RealCursorsCase


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestTokenValidation(OAuth2Records, TransactionCase):
    """Beside what test_protected_route_in_force and test_access_cut ask over HTTP."""

    def setUp(self):
        super().setUp()
        access = self.make_access(scopes=("a", "b"), json2_enabled=True)
        self.api, self.client, self.user = access.api, access.client, access.user
        self.grant, self.token = access.grant, access.token
        self.provider = self.client.provider_id
        self.assertOpens("a", "b")

    def validate(self, endpoint="orders"):
        self.env.flush_all()
        return TokenValidation(self.env).validate(self.token, endpoint)

    def assertOpens(self, *scopes, endpoint="orders"):
        context = self.validate(endpoint)
        self.assertEqual(context.scopes, set(scopes))
        self.assertEqual(
            (context.api_id, context.client_id, context.client_user_id),
            (self.api.id, self.client.id, self.grant.id),
        )
        self.assertEqual(context.user_id, self.user.id)
        return context

    def assertOpensNothing(self, endpoint="orders"):
        self.assertIsNone(self.validate(endpoint))

    def test_switches_and_endpoint_of_an_api_count_at_once(self):
        self.assertOpensNothing(endpoint=None)
        self.assertTrue(self.validate().serves_json2)
        self.api.write({"json2_enabled": False, "bearer_enabled": True})
        self.assertOpens("a", "b", endpoint=None)
        self.assertFalse(self.validate().serves_json2)
        self.api.endpoint = "goods"
        self.assertOpensNothing()
        self.assertOpens("a", "b", endpoint="goods")

    def test_an_archived_provider_s_tokens_open_nothing(self):
        other = self.provider.copy({"name": "Other", "active": False})
        self.grant.unlink()  # the provider is fixed while grants exist
        self.client.provider_id = other
        self.grant, self.token = self.make_grant(self.client, self.user)
        self.assertOpensNothing()
        other.active = True
        self.assertOpens("a", "b")

    def test_a_scope_made_renamed_or_deleted_counts_at_once(self):
        scope_a, scope_b = self.api.scope_ids.sorted("name")
        self.grant.scope_ids = scope_a
        self.assertOpens("a")
        scope_b.name = "c"
        self.assertOpens("a")
        scope_a.unlink()
        self.assertOpens()
        self.env["oauth2.scope"].create({"api_id": self.api.id, "name": "a"})
        self.assertOpens()

    def test_a_token_opens_nothing_of_a_second_api(self):
        other = self.make_api("crm", scopes=("a",))
        second = self.make_client(
            self.api, self.provider, client_identifier="second", scope_ids=False
        )
        second.write({"api_ids": [(4, other.id)]})
        second.scope_ids = other.scope_ids
        self.assertOpens("a", "b")
        self.assertOpensNothing(endpoint="crm")
        self.client.api_ids += other
        self.assertOpensNothing(endpoint="crm")

    def test_the_public_user_never_calls(self):
        user = self.env.ref("base.public_user")
        user.active = True
        _grant, self.token = self.make_grant(self.client, user)
        self.assertOpensNothing()

    def test_a_grant_that_ends_earlier_ends_its_tokens(self):
        self.grant.expires_at -= timedelta(days=31)
        self.assertOpensNothing()

    def test_a_grant_that_ends_later_prolongs_no_token(self):
        before = self.grant.token_ids.expires_at
        self.grant.expires_at += timedelta(days=31)
        self.assertEqual(self.grant.token_ids.expires_at, before)

    def test_a_token_ends_with_its_grant_at_the_latest(self):
        _grant, self.token = self.make_grant(
            self.client, self.user, expires_at=self.grant.authorized_at
        )
        self.assertOpensNothing()

    def test_an_expired_grant_opens_nothing_until_it_is_active_again(self):
        self.grant.state = "expired"
        self.assertOpensNothing()
        self.grant.state = "active"
        self.assertOpens("a", "b")

    def test_of_several_grants_with_one_token_the_newest_in_force_counts(self):
        other, _token = self.make_grant(self.client, self.user, identity="another")
        GrantTokens(self.env).store_token(
            other, "access", self.token, expires_at=other.expires_at
        )
        older, self.grant = self.grant, other
        self.assertOpens("a", "b")
        other.expires_at -= timedelta(days=31)
        self.grant = older
        self.assertOpens("a", "b")


@tagged("post_install", "-at_install")
class TestChangeCounts(RealCursorsCase):
    """With transactions that really commit, and without any request, as in a shell."""

    def setUp(self):
        super().setUp()
        with self.cursor() as env:
            oauth2_api = env["oauth2.api"].search([("endpoint", "=", "reruns")])
            self.api_id, client = oauth2_api.id, oauth2_api.client_ids
            type(self).env = env
            user = self.make_user()
            self.user_id = user.id
            self.token = self.make_grant(client, user)[1]
        self.addCleanup(self.forget_the_user)
        self.assertTrue(self.opens())

    def forget_the_user(self):
        with self.cursor() as env:
            env["oauth2.client.user"].search([]).unlink()
            env["res.users"].browse(self.user_id).unlink()

    @contextmanager
    def cursor(self):
        """An environment whose transaction is committed at the end of the block."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def opens(self, env=None):
        if env:
            return bool(TokenValidation(env).validate(self.token, "reruns"))
        with self.cursor() as env:
            return self.opens(env)

    def archive(self):
        with self.cursor() as env:
            env["oauth2.api"].browse(self.api_id).active = False

    def test_a_call_with_an_older_snapshot_spoils_no_other(self):
        with closing(self.registry.cursor()) as cr:
            older = api.Environment(cr, SUPERUSER_ID, {})
            self.assertTrue(self.opens(older))
            self.archive()
            self.assertTrue(self.opens(older))  # and remembers what it saw
            self.assertFalse(self.opens())

    def test_a_call_that_asks_nothing_else_needs_one_transaction(self):
        """The one in which Odoo reads its signals."""
        done, execute, rollback = [], Cursor.execute, Cursor.rollback

        def noted_execute(cr, query, *args, **kwargs):
            done.append(str(query))
            return execute(cr, query, *args, **kwargs)

        def noted_rollback(cr):
            done.append("rollback")
            return rollback(cr)

        call = ("POST", "/reruns/json/2/res.partner/write")
        headers = {"Authorization": "Bearer unknown"}
        self.request(*call, **headers)  # what Odoo caches is cached from here on
        with (
            patch.object(Cursor, "execute", noted_execute),
            patch.object(Cursor, "rollback", noted_rollback),
        ):
            self.assertEqual(self.request(*call, **headers)[0], 401)
        signals, token, *after = done
        self.assertIn("orm_signaling_default", signals)
        self.assertIn("FROM oauth2_token", token)
        self.assertEqual(set(after), {"rollback"})

    def test_a_thread_with_an_older_snapshot_keeps_its_number(self):
        """Whatever another thread of its process has heard meanwhile."""
        with (
            closing(self.registry.cursor()) as older,
            closing(self.registry.cursor()) as newer,
        ):
            self.registry.check_signaling(older)
            self.archive()
            self.registry.check_signaling(newer)
            self.assertLess(last_signal(older), last_signal(newer))
            number = "SELECT max(id) FROM orm_signaling_default"
            for cr in (older, newer):
                cr.execute(number)
                self.assertEqual((last_signal(cr),), cr.fetchone())

    def test_other_processes_hear_of_a_change_with_the_commit(self):
        number = "SELECT max(id) FROM orm_signaling_default"
        with closing(self.registry.cursor()) as cr:
            cr.execute(number)
            before = cr.fetchone()
            cr.rollback()
            self.archive()
            cr.execute(number)
            self.assertGreater(cr.fetchone(), before)

    @mute_logger("odoo.addons.api_auth_oauth2.services.server.transactions")
    def test_a_change_counts_though_odoo_cannot_signal(self):
        full = patch.object(Registry, "signal_changes", side_effect=PoolError("full"))
        with full:
            self.archive()
        self.assertFalse(self.opens())

    def test_a_change_that_is_rolled_back_does_not_count(self):
        with closing(self.registry.cursor()) as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["oauth2.api"].browse(self.api_id).active = False
            env.flush_all()
            self.assertFalse(self.opens(env))
            cr.rollback()
        self.assertTrue(self.opens())

    def test_an_archived_user_or_a_lost_group_counts_with_the_commit(self):
        with self.cursor() as env:
            user = env["res.users"].browse(self.user_id)
            group = env["res.groups"].create({"name": "Pilots"})
            self.addCleanup(self.forget_the_group, group.id)
            group.user_ids = user
            env["oauth2.api"].browse(self.api_id).allowed_group_ids = group
        self.assertTrue(self.opens())
        for record, values, is_open in (
            (group, {"user_ids": [(3, self.user_id)]}, False),
            (group, {"user_ids": [(4, self.user_id)]}, True),
            (user, {"active": False}, False),
        ):
            with self.cursor() as env:
                record.with_env(env).write(values)
            self.assertEqual(self.opens(), is_open)

    def forget_the_group(self, group_id):
        with self.cursor() as env:
            env["oauth2.api"].browse(self.api_id).allowed_group_ids = False
            env["res.groups"].browse(group_id).unlink()
