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
from ..services.encrypted_field import encrypted_fields
from ..services.keyring import KEYS_VARIABLE
from .common import BROWSER_HEADERS, OAuth2Case, basic_authorization

IDENTITY = "customer-4711-of-acme"


@tagged("post_install", "-at_install")
class SecretsCase(OAuth2Case):
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
        revocation that waits, a sign-in that nobody has decided upon.
        """
        self.provider.access_token_format = "jwt"
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
                for name in ("code_verifier", "code", "token", "refresh_token")
                if name in request["params"]
            }
        for grant in self.provider.grants:
            self.secrets.update(grant["access"], grant["refresh"])
            self.secrets.add(grant["asked"]["nonce"])
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
    """A dump of the database holds no secret in clear."""

    def test_no_table_holds_one(self):
        self.whole_life()
        tables = self.tables()
        self.assertIn("oauth2_token", tables)
        self.assertIn("ir_config_parameter", tables)
        for table in tables:
            self.assertNoSecret(self.rows(table), table)

    def test_what_is_looked_for_would_be_found(self):
        self.whole_life()
        self.grant_of(IDENTITY)._current_token("access").scope = self.current
        self.env.flush_all()
        with self.assertRaises(AssertionError):
            self.assertNoSecret(self.rows("oauth2_token"), "oauth2_token")

    def test_two_copies_of_a_secret_look_different(self):
        self.env.cr.execute("SELECT client_secret_encrypted FROM oauth2_client")
        before = self.env.cr.fetchall()
        self.client.client_secret = self.client_secret
        self.env.flush_all()
        self.env.cr.execute("SELECT client_secret_encrypted FROM oauth2_client")
        self.assertNotEqual(self.env.cr.fetchall(), before)


class TestLogs(SecretsCase):
    """Nor do the logs, at whatever level."""

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

    def test_no_line_holds_one(self):
        with self.every_record() as logs:
            self.whole_life()
            self.tell_providers()
        lines = [
            f"{record.name} {line} {record.exc_text or ''}"
            for record, line in zip(logs.records, logs.output, strict=True)
            # This test's own requests name addresses, with code and state in them.
            if not record.name.startswith("urllib3")
        ]
        heard = {record.name for record in logs.records}
        for name in ("odoo.sql_db", "werkzeug", "urllib3.connectionpool"):
            self.assertIn(name, heard)
        self.assertNoSecret("\n".join(lines), "log")
        self.assertFalse({n for n in heard if "oauthlib" in n})

    def test_addresses_hold_none_but_what_is_used_once(self):
        with self.every_record() as logs:
            self.whole_life()
        once = set()
        for record in self.provider.requests:
            once |= {record["params"].get(n) for n in ("code", "state", "nonce")}
        self.secrets -= once
        self.assertNoSecret("\n".join(logs.output), "log")


class TestNeutralize(SecretsCase):
    """A neutralised copy holds no secret and starts no conversation."""

    def test_it_empties_what_is_secret(self):
        self.whole_life()
        for query in get_neutralization_queries(["api_auth_oauth2"]):
            self.env.cr.execute(query)
        self.env.invalidate_all(flush=False)
        self.registry.clear_cache()
        for table in (
            "oauth2_token",
            "oauth2_revocation",
            "oauth2_authorization_request",
        ):
            self.assertEqual(self.rows(table), "", table)
        self.env.cr.execute(
            "SELECT count(*) FILTER (WHERE state <> 'expired'),"
            " count(cached_token_response)"
            "  FROM oauth2_client_user"
            " UNION ALL SELECT 0, count(client_secret_encrypted) FROM oauth2_client"
        )
        self.assertEqual(self.env.cr.fetchall(), [(0, 0)] * 2)
        self.env.cr.execute(
            "SELECT key FROM ir_config_parameter WHERE key LIKE 'api_auth_oauth2.%'"
        )
        self.assertEqual(self.env.cr.fetchall(), [])
        self.assertFalse(self.provider_record.active)
        opened = self.bearer("/orders/partners", self.current)
        self.assertRefused(opened, 401, "invalid_token")

    def test_it_empties_every_encrypted_field_of_the_registry(self):
        self.whole_life()
        self.fill_encrypted_fields()
        for query in get_neutralization_queries(["api_auth_oauth2"]):
            self.env.cr.execute(query)
        self.assertEqual(self.encrypted_fields_with_values(), set())

    def test_it_runs_where_there_is_nothing(self):
        self.env["oauth2.client"].search([]).unlink()
        for _time in range(2):
            for query in get_neutralization_queries(["api_auth_oauth2"]):
                self.env.cr.execute(query)

    def test_a_secret_given_anew_makes_it_work_again(self):
        self.whole_life()
        for query in get_neutralization_queries(["api_auth_oauth2"]):
            self.env.cr.execute(query)
        self.env.invalidate_all(flush=False)
        self.registry.clear_cache()
        self.env["ir.config_parameter"].set_param(
            "api_auth_oauth2.base_url", self.base_url()
        )
        self.client.client_secret = self.client_secret
        self.provider_record.active = True
        self.authorize(IDENTITY)


class TestCopy(SecretsCase):
    """A copy that is not neutralised leaves the grants to its original."""

    def test_it_lets_go_without_a_word_to_the_provider(self):
        self.whole_life()
        self.provider.requests.clear()
        # What Odoo does to a database that was duplicated or restored as a copy.
        self.env["ir.config_parameter"].init(force=True)
        self.tell_providers()
        for table in (
            "oauth2_token",
            "oauth2_revocation",
            "oauth2_authorization_request",
        ):
            self.assertEqual(self.rows(table), "", table)
        grants = self.env["oauth2.client.user"].search([])
        self.assertEqual(set(grants.mapped("state")), {"expired"})
        self.assertFalse(any(grants.sudo().mapped("cached_token_response")))
        self.assertEqual(self.provider.requests, [])
        event = self.env["oauth2.event"].search([], limit=1)
        self.assertIn("this database is a copy", event.reason)

    def test_of_encrypted_fields_it_keeps_client_secrets_alone(self):
        self.whole_life()
        self.fill_encrypted_fields()
        self.env["ir.config_parameter"].init(force=True)
        kept = {"oauth2.client.client_secret_encrypted"}
        self.assertEqual(self.encrypted_fields_with_values(), kept)

    def test_an_upgrade_of_the_original_lets_nothing_go(self):
        self.whole_life()
        before = self.rows("oauth2_token")
        self.env["ir.config_parameter"].init()
        self.assertEqual(self.rows("oauth2_token"), before)


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

    def test_nor_does_what_odoo_deletes_after_it(self):
        """as demo data, with a grant, an undecided sign-in and a revocation"""
        key = Fernet.generate_key().decode()
        self.enterContext(patch.dict(os.environ, {KEYS_VARIABLE: key}))
        self.whole_life()
        self.assertTrue(self.env["oauth2.revocation"].search_count([]))
        uninstall_hook(self.env)
        self.provider_record.unlink()
        self.api.unlink()
        self.assertFalse(self.parameters())
