"""What a dump, a log or a neutralised copy gives away: nothing that opens anything."""

import contextlib
import logging
import os
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from ..hooks import post_init_hook, uninstall_hook
from ..protocol.digests import random_token
from ..services.keys.client_keys import ClientKeys
from ..services.keys.encrypted_field import encrypted_fields
from ..services.keys.keyring import KEYS_VARIABLE
from .common import BROWSER_HEADERS, OAuth2Case, basic_authorization
from .test_access_secrets import SECRETS

IDENTITY = "customer-4711-of-acme"
_OF_REQUESTS = "code code_verifier nonce refresh_token state token".split()


@tagged("post_install", "-at_install")
class SecretsCase(OAuth2Case):
    goes_wrong = False  # whether faults whose messages might tell happen, too

    def setUp(self):
        super().setUp()
        # The usual one stands in examples, and they in the database.
        self.client_secret = self.provider.client_secret = random_token()
        self.client.client_secret = self.client_secret
        self.secrets = {self.client_secret, IDENTITY}

    def basic(self):
        return basic_authorization(secret=self.client_secret)

    def collect(self, information):
        for name in ("access_token", "refresh_token", "id_token"):
            if information.get(name):
                self.secrets.add(information[name])
        return information

    def whole_life(self):
        """Each thing that may happen to a grant; all its secrets are collected.

        What is left is as full as can be: a grant that was just refreshed, a
        revocation that waits, a sign-in that no user has decided upon.
        """
        self.provider.access_token_format = "jwt"
        self.client.action_make_key()
        self.secrets.add(ClientKeys(self.client).private_key().splitlines()[1])
        self.env["oauth2.connect"].create({"client_secret": self.client_secret})
        own = self.env["oauth2.client"].create({"name": "Own"})
        self.secrets |= {own._generate_secret(), own._generate_secret()}
        information, identity = self.authorize()
        self.secrets.add(identity)
        self.collect(information)
        names = {"client_id": "demo-app", "client_user_identity": identity}
        self.provider.answer("revocation", status=503)
        self.assertEqual(self.call("revoke", names).status_code, 200)
        self.provider.behave()
        information, _identity = self.authorize(IDENTITY)
        self.collect(information)
        token = information["access_token"]
        self.assertEqual(self.bearer("/orders/partners", token).status_code, 200)
        names["client_user_identity"] = IDENTITY
        response = self.call("token", names, headers=self.basic())
        information = self.collect(response.json())
        self.current = information["access_token"]
        if self.goes_wrong:
            # With a proof of its own, so that the provider is asked again at once.
            self.go_wrong({**names, "refresh_token": information["refresh_token"]})
        asked = self.ask()
        self.secrets.add(asked["client_user_identity"])
        page = self.visit(self.sign_in(asked["authorization_url"]), BROWSER_HEADERS)
        self.assertEqual(page.status_code, 200, page.text)
        for cookie in self.opener.cookies:
            if cookie.name.startswith("oauth2_"):
                self.secrets.add(cookie.value)
        for request in self.provider.requests:
            self.secrets |= {
                request["params"][name]
                for name in _OF_REQUESTS
                if name in request["params"]
            }
        for grant in self.provider.grants:
            self.secrets.update(grant["access"], grant["refresh"])
        self.assertGreater(len(self.secrets), 15)
        self.env.flush_all()

    def go_wrong(self, names):
        """Faults whose messages might carry what should stay secret."""
        bad = {"access_token": "leaked-access-token", "refresh_token": 1, "cnf": {}}
        self.secrets.add("leaked-access-token")
        echo = f"{names['refresh_token']} {self.client_secret}"
        echo = {"error": echo, "error_description": echo}
        self.provider.answer("token", status=400, json=echo)
        self.assertEqual(self.call("token", names).status_code, 400)
        for answer in (
            {"status": 500, "json": bad},
            {"json": {**bad, "token_type": "mac"}},
            {"json": {**bad, "token_type": "Bearer", "expires_in": "soon"}},
            {"body": b"leaked-access-token"},
            {"json": {**bad, "token_type": "Bearer", "id_token": "leaked-id-token"}},
        ):
            self.provider.answer("token", **answer)
            self.pause()
            response = self.call("token", names)
            self.assertIn(response.status_code, (502, 503), response.text)
            asked = self.ask()
            self.secrets.add(asked["client_user_identity"])
            response = self.visit(self.sign_in(asked["authorization_url"]))
            self.assertNotEqual(response.status_code, 200)
        self.provider.behave()
        self.pause()
        self.secrets.add("leaked-id-token")
        for wrong in ("wrong-secret-of-client", "another-wrong-secret"):
            self.secrets.add(wrong)
            response = self.call(
                "token", names, headers=basic_authorization(secret=wrong)
            )
            self.assertEqual(response.status_code, 401)
        for token in ("unknown-bearer-token", self.current + "x"):
            self.secrets.add(token)
            self.assertEqual(self.bearer("/orders/x", token).status_code, 404)
            self.assertEqual(self.bearer("/orders/partners", token).status_code, 401)

    def tables(self):
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        )
        return [name for (name,) in self.env.cr.fetchall()]

    def neutralize(self):
        """What Odoo does to a copy for tests."""
        for query in get_neutralization_queries(["api_auth_oauth2"]):
            self.env.cr.execute(query)
        self.env.invalidate_all(flush=False)
        self.registry.clear_cache()

    def make_copy(self):
        """What Odoo does to a database that was duplicated or restored as a copy."""
        self.env["ir.config_parameter"].init(force=True)

    def query(self, query):
        self.env.cr.execute(query)
        return self.env.cr.fetchall()

    def assertLetGo(self, missing=()):
        """No token, revocation or sign-in is left, and every grant is expired.

        :param missing: ``(table, column)`` that are not there, or None for the table
        """
        if ("oauth2_client_user", "cached_token_response") not in missing:
            answers = "SELECT count(cached_token_response) FROM oauth2_client_user"
            self.assertEqual(self.query(answers), [(0,)])
        states = self.query("SELECT DISTINCT state FROM oauth2_client_user")
        self.assertEqual(states, [("expired",)])
        for name in ("token", "revocation", "authorization_request"):
            if (f"oauth2_{name}", None) not in missing:
                self.assertEqual(self.rows(f"oauth2_{name}"), "", name)

    def assertNeutral(self, missing=()):
        """No client has a secret, no provider is active, no setting is left.

        :param missing: as of ``assertLetGo``
        """
        for column in SECRETS["oauth2.client"]:
            if ("oauth2_client", column) not in missing:
                secrets = f"SELECT count({column}) FROM oauth2_client"
                self.assertEqual(self.query(secrets), [(0,)])
        active = self.query("SELECT DISTINCT active FROM oauth2_provider")
        self.assertEqual(active, [(False,)])
        for column in ("last_used_from", "browser"):
            if ("oauth2_client_user", column) not in missing:
                known = f"SELECT count({column}) FROM oauth2_client_user"
                self.assertEqual(self.query(known), [(0,)])
        kept = "SELECT 1 FROM ir_config_parameter WHERE key LIKE 'api_auth_oauth2.%'"
        self.assertEqual(self.query(kept), [])

    def rows(self, table):
        self.env.cr.execute(f'SELECT json_agg(t)::text FROM "{table}" t')
        return self.env.cr.fetchone()[0] or ""

    def fill_encrypted_fields(self):
        """Have no encrypted column be empty."""
        self.env.flush_all()
        for field in encrypted_fields(self.env):
            table = self.env[field.model_name]._table
            self.env.cr.execute(f"UPDATE {table} SET {field.name} = 'ciphertext'")
            self.assertTrue(self.env.cr.rowcount, field)
        self.env.invalidate_all(flush=False)

    def encrypted_fields_with_values(self):
        """:return: set of names such as ``oauth2.token.value``"""
        found = set()
        for field in encrypted_fields(self.env):
            table = self.env[field.model_name]._table
            self.env.cr.execute(f"SELECT count({field.name}) FROM {table}")
            if self.env.cr.fetchone()[0]:
                found.add(str(field))
        return found

    def assertNoSecret(self, text, where):
        self.assertFalse([secret for secret in self.secrets if secret in text], where)


class TestDump(SecretsCase):
    goes_wrong = True

    def test_no_table_holds_a_secret_in_clear(self):
        self.whole_life()
        tables = self.tables()
        self.assertIn("oauth2_token", tables)
        self.assertIn("ir_config_parameter", tables)
        for table in tables:
            self.assertNoSecret(self.rows(table), table)
        # What is looked for would be found.
        self.grant_of(IDENTITY)._current_token("access").scope = self.current
        self.env.flush_all()
        with self.assertRaises(AssertionError):
            self.assertNoSecret(self.rows("oauth2_token"), "oauth2_token")


class TestLogs(SecretsCase):
    goes_wrong = True

    @contextlib.contextmanager
    def every_record(self):
        """All that any logger says, at DEBUG, and nothing of it in the test's log."""
        loggers = [
            logger
            for logger in logging.root.manager.loggerDict.values()
            if isinstance(logger, logging.Logger) and logger.level != logging.NOTSET
        ]
        levels = [logger.level for logger in loggers]
        with self.assertLogs(level="DEBUG") as logs:
            for logger in loggers:
                logger.setLevel(logging.DEBUG)
            try:
                yield logs
            finally:
                for logger, level in zip(loggers, levels, strict=True):
                    logger.setLevel(level)

    def test_no_log_at_any_level_holds_a_secret(self):
        with self.every_record() as logs:
            self.whole_life()
            self.tell_providers()
        heard = {record.name for record in logs.records}
        for name in ("odoo.sql_db", "werkzeug", "urllib3.connectionpool"):
            self.assertIn(name, heard)
        self.assertFalse({n for n in heard if "oauthlib" in n})
        lines = [
            (record.name, f"{record.name} {line} {record.exc_text or ''}")
            for record, line in zip(logs.records, logs.output, strict=True)
        ]
        # This test's own requests name addresses, with code and state in them.
        own = [line for name, line in lines if name.startswith("urllib3")]
        others = [line for name, line in lines if not name.startswith("urllib3")]
        self.assertNoSecret("\n".join(others), "log")
        for request in self.provider.requests:
            once = ("code", "state", "nonce")
            self.secrets -= {request["params"].get(name) for name in once}
        self.assertNoSecret("\n".join(own), "addresses")


class TestNeutralize(SecretsCase):
    def test_a_neutralised_copy_holds_no_secret_and_opens_nothing(self):
        self.whole_life()
        self.env.cr.execute("UPDATE oauth2_client_user SET browser = 'Chrome, Linux'")
        self.neutralize()
        self.assertLetGo()
        self.assertNeutral()
        opened = self.bearer("/orders/partners", self.current)
        self.assertRefused(opened, 401, "invalid_token")
        # A secret that is given again makes it work again.
        self.env["ir.config_parameter"].set_param(
            "api_auth_oauth2.base_url", self.base_url()
        )
        self.client.client_secret = self.client_secret
        self.provider_record.active = True
        self.authorize(IDENTITY)

    def test_neutralising_empties_every_encrypted_field(self):
        self.whole_life()
        self.fill_encrypted_fields()
        self.neutralize()
        self.assertEqual(self.encrypted_fields_with_values(), set())

    def test_a_neutralised_copy_names_nobody_whose_sign_in_was_refused(self):
        line = {
            "reason": "No user has the login mallory@example.com.",
            "kind": "refusal",
        }
        event = self.env["oauth2.event"].sudo().create({**line, "address": "192.0.2.7"})
        self.env.flush_all()
        self.neutralize()
        self.env.invalidate_all()
        self.assertEqual((event.reason, event.address), (False, False))
        self.assertEqual(event.kind, "refusal")

    def test_neutralising_runs_where_there_is_nothing(self):
        self.env["oauth2.client"].search([]).unlink()
        for _time in range(2):
            self.neutralize()


class TestCopy(SecretsCase):
    """A copy that is not neutralised leaves the grants to its original."""

    def test_a_copy_lets_go_without_a_word_to_the_provider(self):
        self.whole_life()
        before = self.rows("oauth2_token")
        self.env["ir.config_parameter"].init()  # as an upgrade of the original does
        self.assertEqual(self.rows("oauth2_token"), before)
        self.provider.requests.clear()
        self.make_copy()
        self.tell_providers()
        self.assertLetGo()
        self.assertEqual(self.provider.requests, [])
        event = self.env["oauth2.event"].search([], limit=1)
        self.assertIn("This database is a copy", event.reason)

    def test_a_copy_keeps_what_clients_prove_with_alone_of_encrypted_fields(self):
        self.whole_life()
        self.fill_encrypted_fields()
        self.make_copy()
        names = SECRETS["oauth2.client"]
        kept = {f"oauth2.client.{name}" for name in names if "digest" not in name}
        self.assertEqual(self.encrypted_fields_with_values(), kept)


class TestHooks(SecretsCase):
    def parameters(self):
        return (
            self.env["ir.config_parameter"]
            .search([("key", "=like", "api_auth_oauth2.%")])
            .mapped("key")
        )

    def test_installation_makes_the_key_of_identities(self):
        uninstall_hook(self.env)
        post_init_hook(self.env)
        self.assertEqual(self.parameters(), ["api_auth_oauth2.identity_keys"])

    def test_uninstallation_leaves_no_setting_and_no_key(self):
        self.env["ir.config_parameter"].set_param("api_auth_oauth2x", "another's")
        self.assertTrue(self.parameters())
        uninstall_hook(self.env)
        self.assertFalse(self.parameters())
        kept = self.env["ir.config_parameter"].get_param("api_auth_oauth2x")
        self.assertEqual(kept, "another's")

    def test_what_odoo_deletes_after_uninstallation_leaves_no_setting(self):
        """as demo data, with a grant, an undecided sign-in and a revocation"""
        key = Fernet.generate_key().decode()
        self.enterContext(patch.dict(os.environ, {KEYS_VARIABLE: key}))
        self.whole_life()
        self.assertTrue(self.env["oauth2.revocation"].search_count([]))
        uninstall_hook(self.env)
        self.provider_record.unlink()
        self.api.unlink()
        self.assertFalse(self.parameters())
