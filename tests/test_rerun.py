import json
import logging
import threading
from contextlib import closing
from unittest.mock import patch

import requests
from cryptography.fernet import Fernet
from psycopg2.errors import SerializationFailure
from werkzeug.test import Client

from odoo import SUPERUSER_ID, api, http
from odoo.exceptions import ConcurrencyError
from odoo.modules.registry import Registry
from odoo.service import model as service_model
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config, mute_logger

from ..protocol.jwks import key_sets
from ..protocol.keyring import fingerprint
from ..services.authentication.rate_limit import LIMIT_PARAMETER
from ..services.calls.json2_scope import JSON2Scope
from ..services.keys.keyring import FINGERPRINT, KEYS_OPTION
from ..services.server.base_url import note_redirect_uri
from ..services.tokens.provider_refresh import ProviderRefresh
from .common import OAuth2Records
from .faulty_provider import FaultyProvider


@tagged("post_install", "-at_install")
class RealCursorsCase(OAuth2Records, BaseCase):
    """The cursors are real ones here, and so are their conflicts.

    The requests go to Odoo's WSGI application itself.
    """

    def setUp(self):
        super().setUp()
        self.database = get_db_name()
        self.registry = Registry(self.database)
        self.provider = self.enterContext(FaultyProvider())
        self.patch(service_model.random, "uniform", lambda *_bounds: 0)  # no pause
        self.addCleanup(self.change, *map("DELETE FROM {}".format, _TABLES))
        with self.registry.cursor() as cr:
            type(self).env = api.Environment(cr, SUPERUSER_ID, {})
            admin = self.env.ref("base.user_admin")
            self.provider.claims = {"email": admin.login, "email_verified": True}
            provider = self.make_provider(self.provider.endpoints())
            self.make_client(self.make_api("reruns"), provider)

    def change(self, *statements):
        """Run statements in a transaction of another process."""
        with self.registry.cursor() as cr:
            for statement in statements:
                cr.execute(statement)

    def use_a_new_key(self):
        """From the first use of a configured key on, a parameter tells it."""
        key = Fernet.generate_key().decode()
        self.enterContext(patch.dict(config.options, {KEYS_OPTION: key}))
        forget = "DELETE FROM ir_config_parameter WHERE key = '%s'" % FINGERPRINT
        self.addCleanup(self.registry.clear_cache, "stable")
        self.addCleanup(self.change, forget)
        self.change(forget)
        self.registry.clear_cache("stable")
        return key

    def meet(self, endpoint, statement):
        """Have a statement run while the provider answers, the first time."""
        answer = getattr(self.provider, f"on_{endpoint}")

        def meanwhile(handler, params):
            setattr(self.provider, f"on_{endpoint}", answer)
            self.change(statement)
            return answer(handler, params)

        setattr(self.provider, f"on_{endpoint}", meanwhile)

    def request(self, method, path, body=None, **headers):
        """:return: status and JSON body of the answer to a request"""
        client = {"client_id": "demo-app"} if "/oauth2/" in path else {}
        # Odoo notes its address on this thread, where website looks for the host.
        self.addCleanup(vars(threading.current_thread()).pop, "url", None)
        answer = Client(http.root).open(
            path,
            method=method,
            data=json.dumps({**client, **(body or {})}),
            content_type="application/json",
            headers={"X-Odoo-Database": self.database, **headers},
        )
        with closing(answer):
            return answer.status_code, answer.json

    def sign_in(self):
        """:return: path and query of the callback, and the identity"""
        _status, asked = self.request("POST", "/reruns/oauth2/provider/authorize", {})
        answer = requests.get(
            asked["authorization_url"], allow_redirects=False, timeout=10
        )
        query = answer.headers["Location"].partition("?")[2]
        return f"/reruns/oauth2/callback?{query}", asked["client_user_identity"]

    def authorize(self):
        """:return: the body that names the grant of a whole sign-in"""
        callback, identity = self.sign_in()
        self.assertEqual(self.request("GET", callback)[0], 200)
        self.provider.calls.clear()
        return {"client_user_identity": identity}


class TestRerun(RealCursorsCase):
    """Odoo reruns a handler whose transaction met another one.

    What was bought at the provider must not be bought again: a code is good once, and
    so is a refresh token that rotates.
    """

    def assertRerun(self, *request):
        """The handler is run twice, and answers well; return the answer's body."""
        with (
            self.assertLogs("odoo.service.model", logging.INFO) as log,
            mute_logger("odoo.sql_db"),
        ):
            status, body = self.request(*request)
        self.assertEqual(len(log.output), 1, log.output)
        self.assertEqual(status, 200, body)
        return body

    def refresh_twice(self, names):
        """A refresh is run again, as its tokens cannot be stored the first time."""
        store, failures = ProviderRefresh.store, [ConcurrencyError("met another one")]

        def store_at_last(refresh, answer):
            expires = store(refresh, answer)
            if failures:
                raise failures.pop()
            return expires

        self.patch(ProviderRefresh, "store", store_at_last)
        return self.assertRerun("POST", "/reruns/oauth2/token", names)

    def test_a_callback_s_answer_is_recorded_though_its_row_changes(self):
        """Not even a rerun is needed, of which there are only so many."""
        callback, identity = self.sign_in()
        key_sets.clear()
        changed = "UPDATE oauth2_authorization_request SET address = 'elsewhere'"
        for endpoint in ("token", "jwks"):
            self.meet(endpoint, changed)
        with self.assertNoLogs("odoo.service.model", logging.INFO):
            status, information = self.request("GET", callback)
        self.assertEqual(status, 200, information)
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertIn(information["access_token"], self.provider.grants[0]["access"])
        names = {"client_user_identity": identity}
        self.assertEqual(self.request("POST", "/reruns/oauth2/token", names)[0], 200)

    def test_a_rerun_callback_exchanges_its_code_once(self):
        """Another sign-in of that identity is being finished, until the first rerun."""
        callback, _identity = self.sign_in()
        with self.registry.cursor() as other:
            other.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(' ', 'oauth2',"
                " api_id, client_id, identity_digest), 0))"
                " FROM oauth2_authorization_request ORDER BY id DESC LIMIT 1"
            )
            logger = logging.getLogger("odoo.service.model")
            rerun = logging.Handler(logging.INFO)
            rerun.emit = lambda _record: other.rollback()
            with self.assertLogs(logger, logging.INFO) as log:
                logger.addHandler(rerun)
                self.addCleanup(logger.removeHandler, rerun)
                status, information = self.request("GET", callback)
        self.assertEqual(len(log.output), 1, log.output)
        self.assertEqual(status, 200, information)
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_refresh_s_tokens_are_stored_though_the_rows_change(self):
        """Not even a rerun is needed, which would let others at the grant."""
        names = self.authorize()
        key_sets.clear()  # so that they are fetched, after the tokens
        for endpoint in ("token", "jwks"):
            self.meet(endpoint, "UPDATE oauth2_token SET scope = 'changed'")
        with self.assertNoLogs("odoo.service.model", logging.INFO):
            status, information = self.request("POST", "/reruns/oauth2/token", names)
        self.assertEqual(status, 200, information)
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertIn(information["access_token"], self.provider.grants[0]["access"])

    def test_a_rerun_refresh_asks_the_provider_once(self):
        names = self.authorize()
        information = self.refresh_twice(names)
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertEqual(
            information["refresh_token"], self.provider.grants[0]["refresh"][-1]
        )
        with self.registry.cursor() as cr:
            cr.execute("UPDATE oauth2_client_user SET last_refresh_at = NULL")
        self.assertEqual(self.request("POST", "/reruns/oauth2/token", names)[0], 200)

    def test_other_processes_hear_of_a_key_before_the_provider_is_asked(self):
        """What this one dies of later, or does again, changes nothing of it."""
        names = self.authorize()
        self.use_a_new_key()
        self.registry.signal_changes()
        heard, on_token = [self.caches_cleared()], self.provider.on_token

        def meanwhile(handler, params):
            heard.append(self.caches_cleared())
            return on_token(handler, params)

        self.provider.on_token = meanwhile
        status, body = self.request("POST", "/reruns/oauth2/token", names)
        self.assertEqual(status, 200, body)
        before, asked = heard
        self.assertGreater(asked, before)

    def caches_cleared(self):
        """:return: how often all processes were told to forget their parameters"""
        with self.registry.cursor() as cr:
            return self.registry.get_sequences(cr)[1]["stable"] or 0

    def test_an_answer_is_recorded_though_another_process_notes_the_key(self):
        names = self.authorize()
        key = self.use_a_new_key()
        self.meet(
            "token",
            "INSERT INTO ir_config_parameter (key, value)"
            f" VALUES ('{FINGERPRINT}', '{fingerprint(key)}') ON CONFLICT DO NOTHING",
        )
        status, body = self.request("POST", "/reruns/oauth2/token", names)
        self.assertEqual(status, 200, body)
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_constraint_is_told_in_no_words_of_the_database(self):
        names = self.authorize()
        # The next id is that of an event which is there.
        query = (
            "SELECT setval('oauth2_event_id_seq', (SELECT max(id) FROM oauth2_event),"
        )
        self.addCleanup(self.change, f"{query} true)")
        self.change(f"{query} false)")
        with mute_logger("odoo.sql_db", "odoo.http"):
            status, body = self.request("POST", "/reruns/oauth2/token", names)
        self.assertEqual(status, 503, body)
        self.assertEqual(body["error"], "temporarily_unavailable")
        self.assertNotIn("key", body["error_description"].lower())

    def test_a_conflict_before_the_redirect_uri_is_noted_reruns_the_sign_in(self):
        """It is the sign-in's own: swallowed, it would break what comes after."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            oauth2_api = env["oauth2.api"]._by_endpoint("reruns")
            partner = env.ref("base.partner_admin")
            change = f"UPDATE res_partner SET function = NULL WHERE id = {partner.id}"
            self.change(change)
            partner.function = "waits to be written"
            found = None
            try:
                with mute_logger("odoo.sql_db"):
                    note_redirect_uri(oauth2_api, "https://elsewhere.example.com")
            except SerializationFailure as conflict:
                found = conflict
            cr.rollback()
        self.assertTrue(found)

    def test_a_rerun_revocation_tells_the_provider_once(self):
        names = self.authorize()
        self.meet("revocation", "UPDATE oauth2_revocation SET tries = 1")
        told = self.assertRerun("POST", "/reruns/oauth2/revoke", names)
        self.assertEqual(told, {"revoked": True, "provider_revoked": True})
        self.assertEqual(self.provider.calls["revocation"], 2)  # of two tokens

    def test_a_rerun_call_is_counted_once(self):
        names = self.authorize()
        with self.registry.cursor() as cr:
            parameters = api.Environment(cr, SUPERUSER_ID, {})["ir.config_parameter"]
            parameters.set_param(LIMIT_PARAMETER % "user", "1")
        self.addCleanup(
            self.change,
            "DELETE FROM ir_config_parameter WHERE key = '%s'"
            % (LIMIT_PARAMETER % "user"),
        )
        self.addCleanup(self.registry.clear_cache, "stable")
        self.refresh_twice(names)
        # It was run twice, and had the one place that there is.
        self.assertEqual(self.request("POST", "/reruns/oauth2/token", names)[0], 429)

    def test_a_rerun_call_has_its_token_checked_again(self):
        with self.registry.cursor() as cr:
            type(self).env = api.Environment(cr, SUPERUSER_ID, {})
            oauth2_api = self.env["oauth2.api"]._by_endpoint("reruns")
            oauth2_api.json2_enabled = True
            client, user = oauth2_api.client_ids, self.env.ref("base.user_admin")
            _grant, token = self.make_grant(client, user, oauth2_api)
        check, times = JSON2Scope.check, []

        def meet_a_revocation(*args):
            times.append(1)
            if len(times) == 1:
                self.change("DELETE FROM oauth2_client_user")
                raise ConcurrencyError("met a revocation")
            return check(*args)

        self.patch(JSON2Scope, "check", meet_a_revocation)
        bearer = {"Authorization": f"Bearer {token}"}
        call = ("POST", "/reruns/json/2/res.partner/search_count", {})
        self.assertEqual(self.request(*call, **bearer)[0], 401)
        self.assertEqual(len(times), 1)


# In an order that their references allow.
_TABLES = (
    "oauth2_revocation",
    "oauth2_event",
    "oauth2_client_user",
    "oauth2_authorization_request",
    "oauth2_client",
    "oauth2_provider",
    "oauth2_scope",
    "oauth2_api",
)
