"""A call whose connection to the database breaks is told to try again, wherever."""

import functools
from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.sql_db import Cursor, PoolError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_rerun import RealCursorsCase

SERVICES = "odoo.addons.api_auth_oauth2.services"
CALL = "/json/2/res.partner/search_count"
BODY = {"domain": []}


@tagged("post_install", "-at_install")
class TestNoConnection(RealCursorsCase):
    """Also where Odoo would say 403, or 500. checks/pooled asks at poolers."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            type(self).env = api.Environment(cr, SUPERUSER_ID, {})
            oauth2_api = self.env["oauth2.api"].search([("endpoint", "=", "reruns")])
            oauth2_api.write({"json2_enabled": True, "bearer_enabled": True})
            user = self.env.ref("base.user_admin")
            [scope] = self.make_scopes(oauth2_api, ["partners"])
            self.open_model(scope, "res.partner", "read")
            client = oauth2_api.client_ids
            client.scope_ids = scope
            token = self.make_grant(client, user)[1]
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Origin": "https://app.example.com",  # its answer asks for more of the API
        }

    def lose_connection(self, cr):
        with self.registry.cursor() as other:
            backend = cr.connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s)", [backend])
        cr.execute("SELECT 1")

    @contextmanager
    def lost_at_statement(self, part):
        execute = Cursor.execute

        def lost(cr, query, *args, **kwargs):
            if part in str(query) and not cr.connection.closed:
                self.lose_connection(cr)
            return execute(cr, query, *args, **kwargs)

        with patch.object(Cursor, "execute", lost):
            yield

    @contextmanager
    def lost_at_method(self, model, method):
        as_it_is = getattr(self.registry[model], method)

        @functools.wraps(as_it_is)  # JSON-2 asks which arguments it takes
        def lost(records, *_args, **_kwargs):
            self.lose_connection(records.env.cr)

        with patch.object(self.registry[model], method, lost):
            yield

    def assertTryAgain(self, lost, *request, **headers):
        self.registry.clear_all_caches()
        with lost, mute_logger("odoo.sql_db"):
            with self.assertLogs(f"{SERVICES}.server.no_connection", "WARNING"):
                status, body = self.request(*request, **headers)
        self.assertEqual((status, body["error"]), (503, "temporarily_unavailable"))

    def test_a_protected_call_is_told_to_try_again(self):
        for path in (f"/reruns{CALL}", CALL):
            for lost in (
                self.lost_at_statement("FROM oauth2_token"),
                self.lost_at_method("res.users", "context_get"),
                self.lost_at_method("res.partner", "search_count"),
            ):
                with self.subTest(path=path, lost=lost.args):
                    self.assertTryAgain(lost, "POST", path, BODY, **self.headers)
                    answer = self.request("POST", path, BODY, **self.headers)
                    self.assertEqual(answer[0], 200, answer)

    def test_an_endpoint_s_caller_is_told_to_try_again(self):
        identity = self.authorize()
        for lost in (
            self.lost_at_method("ir.model.data", "_xmlid_to_res_id"),
            self.lost_at_statement("oauth2_client_user"),
        ):
            with self.subTest(lost=lost.args):
                self.assertTryAgain(lost, "POST", "/reruns/oauth2/token", identity)
        answer = self.request("POST", "/reruns/oauth2/token", identity)
        self.assertEqual(answer[0], 200, answer)

    def test_a_full_pool_is_told_too(self):
        full = patch.object(
            self.registry["res.users"], "context_get", side_effect=PoolError("full")
        )
        self.assertTryAgain(full, "POST", f"/reruns{CALL}", BODY, **self.headers)

    def test_a_conflict_while_the_user_is_read_has_odoo_try_again(self):
        context_get = self.registry["res.users"].context_get
        conflict = "DO $$ BEGIN RAISE EXCEPTION SQLSTATE '40001'; END $$"
        conflicts = iter([conflict])

        def met(records):
            for statement in conflicts:
                records.env.cr.execute(statement)
            return context_get(records)

        self.registry.clear_all_caches()
        with (
            patch.object(self.registry["res.users"], "context_get", met),
            mute_logger("odoo.sql_db"),
        ):
            answer = self.request("POST", f"/reruns{CALL}", BODY, **self.headers)
        self.assertEqual(answer[0], 200, answer)

    def test_an_error_of_the_statement_itself_is_none_of_the_connection(self):
        with (
            patch.object(
                self.registry["res.partner"],
                "search_count",
                lambda records, domain: records.env.cr.execute("SELECT 1 / 0"),
            ),
            mute_logger("odoo.sql_db", "odoo.http", f"{SERVICES}.calls.json2_errors"),
        ):
            answer = self.request("POST", f"/reruns{CALL}", BODY, **self.headers)
        self.assertEqual(answer[0], 500, answer)
