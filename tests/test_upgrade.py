"""A database of version 19.0.1.0.0 upgrades: its tokens go on working."""

import importlib.util
import pathlib

from odoo.tests import TransactionCase, tagged

from ..services.token_validation import TokenValidation
from .common import OAuth2Records

_SCRIPTS = "migrations/19.0.2.0.0"

#: What 19.0.1.0.0 had, in outline: names, signatures, and how they hang together.
_OLDER = """
    CREATE TABLE oauth2_served_client (api_id integer, client_id integer);
    CREATE TABLE oauth2_served_client_turn (number bigint NOT NULL);
    CREATE FUNCTION oauth2_is_admitted(the_api integer, the_user integer)
        RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN true; END $$;
    CREATE FUNCTION oauth2_token_check(the_digest text, the_endpoint text)
        RETURNS text[] LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN NULL; END $$;
    CREATE FUNCTION oauth2_renew_served_clients() RETURNS trigger
        LANGUAGE plpgsql AS $$ BEGIN
            UPDATE oauth2_served_client_turn SET number = number + 1;
            RETURN NULL;
        END $$;
    CREATE TRIGGER oauth2_renew_served_clients AFTER UPDATE OF active ON oauth2_api
        FOR EACH STATEMENT EXECUTE FUNCTION oauth2_renew_served_clients();
    CREATE TRIGGER oauth2_renew_served_clients AFTER DELETE ON oauth2_api_group_rel
        FOR EACH STATEMENT EXECUTE FUNCTION oauth2_renew_served_clients();
    CREATE INDEX oauth2_token_expires_at_idx ON oauth2_token (expires_at, id);
    CREATE INDEX oauth2_token_superseded_at_idx ON oauth2_token (rotated_at, id)
        WHERE rotated_at IS NOT NULL;
    UPDATE oauth2_token SET user_ref = NULL, api_ref = NULL, client_ref = NULL,
                            granted_scopes = NULL;
"""

_LEFT = """
    SELECT proname FROM pg_proc WHERE proname LIKE 'oauth2%%'
     UNION ALL
    SELECT tgname FROM pg_trigger WHERE tgname LIKE 'oauth2_renew%%'
     UNION ALL
    SELECT relname FROM pg_class WHERE relname LIKE 'oauth2_served%%'
        OR relname LIKE 'oauth2_token_%%_at_idx'
"""


@tagged("post_install", "-at_install")
class TestUpgrade(OAuth2Records, TransactionCase):
    def setUp(self):
        super().setUp()
        self.access = self.make_access(scopes=("a", "b"))
        self.bare = self.make_access("crm", user=self.access.user)
        self.env.cr.execute(_LEFT)
        self.functions = self.env.cr.fetchall()
        self.env.cr.execute(_OLDER)

    def upgrade(self, step="post"):
        folder = pathlib.Path(__file__).parents[1] / _SCRIPTS
        path = folder / f"{step}-migration.py"
        spec = importlib.util.spec_from_file_location("upgrade_of_oauth2", path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        script.migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def validate(self, access):
        validation = TokenValidation(self.env)
        return validation.validate(access.token, access.api.endpoint)

    def test_tokens_of_19_0_1_go_on_working(self):
        self.assertFalse(self.validate(self.access))
        self.upgrade()
        opened = self.validate(self.access)
        self.assertEqual(opened.user_id, self.access.user.id)
        self.assertEqual(opened.scopes, {"a", "b"})
        self.assertEqual(self.validate(self.bare).scopes, set())
        token = self.access.grant.token_ids.sudo()
        carried = token._carried(self.access.grant)
        self.assertEqual({name: token[name] for name in carried}, carried)

    def test_an_upgrade_leaves_nothing_of_the_older_check(self):
        self.upgrade()
        self.env.cr.execute(_LEFT)
        self.assertEqual(self.env.cr.fetchall(), self.functions)
        self.access.api.active = False  # no trigger stumbles
        self.env.flush_all()

    def test_an_upgraded_token_of_an_ended_grant_opens_nothing(self):
        self.env.cr.execute(
            "UPDATE oauth2_client_user SET state = 'expired' WHERE id = %s",
            [self.access.grant.id],
        )
        self.upgrade()
        self.assertFalse(self.validate(self.access))

    def test_applications_that_finished_their_sign_ins_still_do(self):
        client = self.access.client
        client.follows_sign_in = False
        self.env.flush_all()
        self.upgrade()
        self.assertTrue(client.follows_sign_in)

    def test_scopes_that_users_granted_before_an_upgrade_are_known_as_granted(self):
        granted = self.access.grant.scope_ids
        values = {"api_id": self.access.api.id, "name": "unused"}
        unused = self.env["oauth2.scope"].create(values)
        self.env.cr.execute("UPDATE oauth2_scope SET was_granted = NULL")
        self.upgrade()
        self.assertEqual((granted | unused).filtered("was_granted"), granted)

    def test_an_upgraded_access_token_is_kept_to_be_revoked_until_its_grant_ends(self):
        token, grant = self.access.grant.token_ids, self.access.grant
        self.env.cr.execute("UPDATE oauth2_token SET revocable_until = NULL")
        self.upgrade()
        self.env.invalidate_all()
        self.assertEqual(token.revocable_until, grant.expires_at)

    def test_renamed_columns_keep_their_values_in_an_upgrade(self):
        token, grant = self.access.grant.token_ids, self.access.grant.sudo()
        token.rotated_at = "2026-11-01 10:00:00"
        grant.cached_token_response = "a ciphertext"
        self.env.flush_all()
        older = (
            "ALTER TABLE oauth2_token RENAME rotated_at TO superseded_at",
            "ALTER TABLE oauth2_client_user"
            " RENAME cached_token_response TO last_answer",
        )
        for statement in older:
            self.env.cr.execute(statement)
        self.upgrade("pre")
        self.env.invalidate_all()
        self.assertEqual(str(token.rotated_at), "2026-11-01 10:00:00")
        self.assertEqual(grant.cached_token_response, "a ciphertext")
        self.upgrade("pre")  # where it was done already it does nothing
