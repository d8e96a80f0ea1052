"""The keys that encrypt what must be sent back to a provider."""

import logging
import os
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo import fields
from odoo.tests import tagged
from odoo.tools import config

from ..protocol.errors import TemporarilyUnavailable
from ..protocol.keyring import EncryptionKeys, fingerprint
from ..services.audit import auth_failure_log
from ..services.audit.auth_failure_log import AuthFailureLog
from ..services.jobs.key_rotation import KeyRotation
from ..services.keys.keyring import IDENTITY_KEYS, KEYS_OPTION, KEYS_VARIABLE, Keyring
from .common import BROWSER_HEADERS
from .test_token import TokenCase

_FAILURES = "odoo.addons.api_auth_oauth2.services.providers.provider_calls"
_KEYRING = "odoo.addons.api_auth_oauth2.services.keys.keyring"
SECRET = "a-text-to-be-encrypted"
_FINGERPRINT = "api_auth_oauth2.key_fingerprint"


def new_key():
    return Fernet.generate_key().decode()


@tagged("post_install", "-at_install")
class KeyringCase(TokenCase):
    def setUp(self):
        self.configure()
        super().setUp()
        self.keyring = Keyring(self.env)

    def configure(self, *keys):
        """Have this process run with these keys from now on."""
        self.enterContext(patch.dict(config.options, {KEYS_OPTION: ",".join(keys)}))
        self.enterContext(patch.dict(os.environ, {KEYS_VARIABLE: ""}))

    def remove_old_keys(self, *keys):
        """All is re-encrypted with the first key, and the others are taken away."""
        self.env.flush_all()
        KeyRotation(self.env).run(lambda _done: True)
        self.configure(*keys)

    def restore_elsewhere(self):
        """The database finds itself on a server whose derived key is another one."""
        self.env["ir.config_parameter"].set_param("database.secret", "another")

    def fingerprint(self):
        return self.env["ir.config_parameter"].get_param(_FINGERPRINT)


class TestKeys(KeyringCase):
    """Where keys come from, and which of them does what."""

    def test_without_configured_keys_one_is_derived_from_the_database(self):
        encrypted = self.keyring.encrypt(SECRET)
        self.assertNotIn(SECRET, encrypted)
        self.assertEqual(self.keyring.decrypt(encrypted), SECRET)
        self.assertFalse(self.fingerprint())
        self.restore_elsewhere()
        self.assertIsNone(self.keyring.decrypt(encrypted))

    def test_the_settings_say_where_the_key_comes_from(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.api_auth_oauth2_key_source, "database")
        self.configure(new_key())
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.api_auth_oauth2_key_source, "configured")

    def test_keys_are_read_from_odoo_conf_else_from_the_environment(self):
        file_key, environment_key = new_key(), new_key()
        self.enterContext(patch.dict(os.environ, {KEYS_VARIABLE: environment_key}))
        self.assertEqual(self.keyring.configured_keys(), [environment_key])
        with patch.dict(config.options, {KEYS_OPTION: f" {file_key} , "}):
            self.assertEqual(self.keyring.configured_keys(), [file_key])

    def test_encryption_never_gives_the_same_twice(self):
        self.assertNotEqual(self.keyring.encrypt("x"), self.keyring.encrypt("x"))

    def test_what_was_written_before_there_was_a_key_is_still_read(self):
        encrypted = self.keyring.encrypt(SECRET)
        self.configure(new_key())
        self.assertEqual(self.keyring.decrypt(encrypted), SECRET)
        self.refreshed(self.by_secret())

    def test_the_first_use_of_a_key_is_remembered_by_its_fingerprint(self):
        key = new_key()
        self.configure(key)
        self.assertFalse(self.fingerprint())
        self.keyring.encrypt(SECRET)
        self.assertRegex(self.fingerprint(), "^[0-9a-f]{16}$")
        self.assertNotIn(self.fingerprint(), key)

    def test_each_value_begins_with_the_fingerprint_of_its_key(self):
        self.configure(new_key())
        encrypted = self.keyring.encrypt(SECRET)
        self.assertRegex(encrypted, f"^{self.fingerprint()}:[^:]+$")

    def test_a_value_that_version_19_0_1_wrote_without_fingerprint_is_read(self):
        old, new = new_key(), new_key()
        encrypted = Fernet(old).encrypt(SECRET.encode()).decode()
        self.configure(new, old)
        self.assertEqual(self.keyring.decrypt(encrypted), SECRET)

    def test_the_log_names_the_key_that_a_value_needs(self):
        key = new_key()
        encrypted = EncryptionKeys([key]).encrypt(SECRET)
        for value, needed in ((encrypted, fingerprint(key)), ("gAAAAA", "unknown")):
            with self.assertLogs(_KEYRING, logging.INFO) as logs:
                self.assertIsNone(self.keyring.decrypt(value))
            self.assertIn(needed, logs.output[0])

    def test_the_first_encrypts_and_all_decrypt(self):
        old, new = new_key(), new_key()
        self.configure(old)
        by_old = self.keyring.encrypt("old secret")
        self.configure(new, old)
        self.assertEqual(self.keyring.decrypt(by_old), "old secret")
        by_new = self.keyring.encrypt("new secret")
        self.remove_old_keys(new)
        self.assertEqual(self.keyring.decrypt(by_new), "new secret")
        self.assertIsNone(self.keyring.decrypt(by_old))

    def test_the_key_of_identities_moves_on_with_the_first_key(self):
        old, new = new_key(), new_key()
        for keys in ((old,), (new, old), (new,)):
            if keys == (new,):
                self.remove_old_keys(new)
            self.configure(*keys)
            self.client.client_secret = "demo-secret"
            self.assertTrue(self.grant_of("42"), len(keys))

    def test_the_key_of_identities_is_re_encrypted_with_all_else(self):
        key = new_key()
        self.configure(key)
        self.remove_old_keys(key)
        wrapped = self.env["ir.config_parameter"].get_param(IDENTITY_KEYS)
        self.assertTrue(wrapped.startswith(f"{self.fingerprint()}:"), "by another key")

    def test_servers_may_have_the_keys_in_another_order(self):
        """As they do while one after another is started again."""
        old, new = new_key(), new_key()
        self.configure(old)
        self.keyring.encrypt(SECRET)
        told = set()
        for keys in ((new, old), (old, new), (new, old)):
            self.configure(*keys)
            self.keyring.encrypt(SECRET)
            told.add(self.fingerprint())
        self.assertEqual(len(told), 1)
        for lacking in ((old,), (new,)):
            self.configure(*lacking)
            with (
                self.assertLogs(_KEYRING, "ERROR"),
                self.assertRaises(TemporarilyUnavailable),
            ):
                self.keyring.encrypt(SECRET)

    def test_an_altered_value_is_not_decrypted(self):
        encrypted = self.keyring.encrypt(SECRET)
        for altered in (encrypted[:-2], encrypted.swapcase(), "x", "é"):
            self.assertIsNone(self.keyring.decrypt(altered))
        self.assertIsNone(self.keyring.decrypt(False))


class TestMissingKey(KeyringCase):
    """A process without the key that was used answers 503, and never falls back."""

    def setUp(self):
        super().setUp()
        self.key = new_key()
        self.configure(self.key)
        self.client.client_secret = "demo-secret"
        self.information, self.identity = self.authorize("43")
        self.names["client_user_identity"] = self.identity
        self.provider.calls.clear()

    def assertUnavailable(self, response):
        self.assertRefused(response, 503, "temporarily_unavailable")
        self.assertFalse(self.provider.calls)

    def check_all(self):
        for name in ("provider/authorize", "token", "revoke"):
            body = {**self.names, "client_secret": "demo-secret"}
            with self.subTest(name), self.assertLogs(_KEYRING, "ERROR") as logs:
                self.assertUnavailable(self.call(name, body))
            self.assertNotIn(self.key, "".join(logs.output))

    def test_without_the_key_that_was_used_each_endpoint_answers_503(self):
        self.configure()
        self.check_all()

    def test_with_another_key_each_endpoint_answers_503(self):
        self.configure(new_key())
        self.check_all()

    def test_a_key_that_is_remembered_is_not_committed_again(self):
        self.keyring.make_ready()  # Odoo refuses a commit on a test's own cursor

    def test_with_a_malformed_key_each_endpoint_answers_503(self):
        for malformed in ("nonsense", self.key[:-1], "x" + self.key, "é" * 44):
            self.configure(self.key, malformed)
            self.check_all()

    def test_the_client_s_form_says_that_the_key_is_missing(self):
        self.assertFalse(self.client.is_client_secret_lost)
        self.configure()
        self.client.invalidate_recordset()
        with self.assertLogs(_KEYRING, "ERROR"):
            self.assertTrue(self.client.is_client_secret_lost)

    def test_nothing_is_encrypted_or_decrypted_with_the_derived_key(self):
        self.configure()
        with self.assertLogs(_KEYRING, "ERROR"):
            with self.assertRaises(TemporarilyUnavailable):
                self.keyring.encrypt(SECRET)
            with self.assertRaises(TemporarilyUnavailable):
                self.keyring.decrypt("anything")

    def test_the_log_names_the_fingerprint_and_what_to_set(self):
        self.configure()
        with self.assertLogs(_KEYRING, "ERROR") as logs:
            self.by_secret()
        for part in (self.fingerprint(), KEYS_OPTION, KEYS_VARIABLE):
            self.assertIn(part, logs.output[0])

    def test_without_its_key_the_callback_answers_503(self):
        url = self.sign_in(self.ask()["authorization_url"])
        self.configure()
        self.provider.calls.clear()
        with self.assertLogs(_KEYRING, "ERROR"):
            self.assertUnavailable(self.visit(url))

    def test_access_tokens_need_no_key(self):
        self.configure()
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)

    def test_nothing_is_lost_while_the_key_is_missing(self):
        self.configure()
        with self.assertLogs(_KEYRING, "ERROR"):
            self.by_secret()
        self.configure(self.key)
        self.refreshed(self.by_secret())

    def test_a_revocation_that_needs_no_key_ends_the_grant(self):
        """RFC 7009 section 2.2.1: after a 503 the token would still exist"""
        _information, identity = self.authorize()  # issued: the proof of a revocation
        self.provider.calls.clear()
        self.configure()
        with self.assertLogs(_KEYRING, "ERROR"):
            answer = self.call(
                "revoke", {**self.names, "client_user_identity": identity}
            )
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertFalse(answer.json()["provider_revoked"])
        self.assertFalse(self.provider.calls)
        waiting = self.env["oauth2.revocation"].search([])
        self.assertEqual(waiting.mapped("state"), ["pending"] * len(waiting))
        self.assertTrue(waiting)


class TestUndecryptable(KeyringCase):
    """What no key fits is kept, and counts as "authorize again"."""

    def stored(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT json_agg(t ORDER BY id)::text FROM oauth2_token t"
            " UNION ALL SELECT json_agg(g ORDER BY id)::text FROM oauth2_client_user g"
            " UNION ALL SELECT json_agg(c ORDER BY id)::text FROM oauth2_client c"
        )
        return self.env.cr.fetchall()

    def test_a_refresh_token_that_no_key_reads_means_authorize_again(self):
        self.information, self.identity = self.authorize()
        self.names["client_user_identity"] = self.identity
        self.restore_elsewhere()
        before = self.stored()
        response = self.refresh()
        self.assertRefused(response, 400, "invalid_grant")
        self.assertIn("authorize again", response.json()["error_description"])
        self.assertEqual(self.stored(), before)
        opened = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(opened.status_code, 200, opened.text)

    def test_a_self_chosen_identity_without_its_key_means_authorize_again(self):
        self.api.trust_identity = True
        self.restore_elsewhere()
        before = self.stored()
        with self.assertLogs(_KEYRING, "WARNING") as logs:
            response = self.refresh()
        self.assertRefused(response, 400, "invalid_grant")
        self.assertIn("must be authorized again", logs.output[0])
        self.assertEqual(self.stored(), before)

    def test_a_self_chosen_identity_is_found_again_with_its_key(self):
        first = self.grant
        secret = self.env["ir.config_parameter"].get_param("database.secret")
        self.restore_elsewhere()
        self.client.client_secret = "demo-secret"
        with self.assertLogs(_KEYRING, "WARNING"):
            self.authorize("43")
        self.assertTrue(self.grant_of("43"))
        self.env["ir.config_parameter"].set_param("database.secret", secret)
        self.assertEqual(self.grant_of("42"), first)

    def test_a_client_secret_that_no_key_reads_proves_nothing_and_is_kept(self):
        self.restore_elsewhere()
        before = self.stored()
        for secret in ("demo-secret", "wrong"):
            response = self.refresh(client_secret=secret)
            self.assertRefused(response, 401, "invalid_client")
        self.assertTrue(self.client.has_client_secret)
        self.assertEqual(self.stored(), before)

    def test_no_user_is_led_into_a_sign_in_without_the_client_secret(self):
        url = self.sign_in(self.ask()["authorization_url"])
        self.assertFalse(self.client.is_client_secret_lost)
        self.restore_elsewhere()
        self.client.invalidate_recordset()
        self.assertTrue(self.client.is_client_secret_lost)
        with self.assertLogs(_FAILURES, logging.INFO) as logs:
            response = self.call("provider/authorize", {"client_id": "demo-app"})
        self.assertRefused(response, 502, "server_error")
        self.assertIn("client secret cannot be decrypted", logs.output[0])
        self.provider_record.user_matching = "session"  # begins with a page of Odoo's
        response = self.call("provider/authorize", {"client_id": "demo-app"})
        self.assertRefused(response, 502, "server_error")
        self.provider_record.user_matching = "login"
        self.assertEqual(self.visit(url).status_code, 400)  # begun before
        self.client.client_secret = "demo-secret"
        self.assertFalse(self.client.is_client_secret_lost)
        self.authorize()

    def test_the_right_secret_is_not_called_wrong_where_the_stored_one_is_lost(self):
        self.restore_elsewhere()
        self.patch(auth_failure_log, "failures", AuthFailureLog())
        before = self.env["oauth2.event"].search([])
        names = {"client_id": "demo-app", "client_secret": "demo-secret"}
        response = self.call("provider/authorize", names)
        self.assertRefused(response, 401, "invalid_client")
        line = (self.env["oauth2.event"].search([]) - before).filtered("client_id")
        self.assertIn("client secret cannot be decrypted", line.reason)

    def test_a_client_secret_lost_during_a_sign_in_ends_the_sign_in(self):
        encrypted = self.client.client_secret_encrypted
        self.restore_elsewhere()
        self.client.client_secret = "demo-secret"
        url = self.sign_in(self.ask()["authorization_url"])
        self.client.client_secret_encrypted = encrypted
        self.assertRefused(self.visit(url), 502, "server_error")
        self.assertFalse(self.provider.calls["token"])

    def test_with_the_client_secret_lost_the_provider_is_asked_nothing(self):
        """Tokens that are newer can be read: the provider is asked for nothing."""
        encrypted = self.client.client_secret_encrypted
        self.restore_elsewhere()
        self.client.client_secret = "demo-secret"
        self.information, self.identity = self.authorize()
        self.names["client_user_identity"] = self.identity
        self.client.client_secret_encrypted = encrypted
        self.provider.calls.clear()
        self.assertRefused(self.refresh(), 502, "server_error")
        self.assertFalse(self.grant_of(self.identity).refresh_began_at)
        grant = self.grant_of(self.identity)
        grant.unlink()
        self.assertFalse(self.provider.calls)
        waiting = self.env["oauth2.revocation"].search(
            [("client_id", "=", self.client.id)]
        )
        self.tell_providers()
        self.assertIn("client secret cannot be decrypted", waiting[0].reason)
        self.client.client_secret = "demo-secret"
        waiting.next_try_at = fields.Datetime.now()
        self.tell_providers()
        self.assertFalse(waiting.exists())

    def test_a_code_verifier_that_no_key_reads_means_start_again(self):
        url = self.sign_in(self.ask()["authorization_url"])
        self.restore_elsewhere()
        self.provider.calls.clear()
        response = self.visit(url)
        self.assertRefused(response, 400, "invalid_request")
        self.assertIn("start again", response.json()["error_description"])
        self.assertFalse(self.provider.calls)

    def test_a_grant_that_no_key_reads_can_be_revoked_here(self):
        self.information, self.identity = self.authorize()
        self.names["client_user_identity"] = self.identity
        self.restore_elsewhere()
        response = self.call("revoke", self.names)
        self.assertEqual(response.json(), {"revoked": True, "provider_revoked": False})
        self.assertFalse(self.grant)

    def test_a_revocation_that_waits_is_sent_when_the_key_is_back(self):
        self.provider.requests.clear()
        revocation = self.queue(self.client, "access", "x")
        secret = self.env["ir.config_parameter"].get_param("database.secret")
        self.restore_elsewhere()
        self.tell_providers()
        self.assertEqual((revocation.tries, revocation.state), (1, "pending"))
        self.assertIn("cannot be decrypted", revocation.reason)
        self.env["ir.config_parameter"].set_param("database.secret", secret)
        revocation.next_try_at = fields.Datetime.now()
        self.tell_providers()
        self.assertFalse(revocation.exists())
        told = self.provider.requests[-1]["params"]
        self.assertEqual(told["token"], "x")

    def test_a_grant_that_ends_without_its_key_is_told_of_when_it_is_back(self):
        secret = self.env["ir.config_parameter"].get_param("database.secret")
        grant = self.grant
        self.restore_elsewhere()
        grant.unlink()
        waiting = self.env["oauth2.revocation"].search([])
        self.assertEqual(waiting.mapped("kind"), ["refresh", "access"])
        self.env["ir.config_parameter"].set_param("database.secret", secret)
        self.tell_providers()
        self.assertFalse(waiting.exists())
        self.assertFalse(self.provider.grants)

    def test_a_sign_in_whose_tokens_cannot_be_read_says_so_in_its_end(self):
        page = self.visit(
            self.sign_in(self.ask()["authorization_url"]), headers=BROWSER_HEADERS
        )
        self.assertEqual(page.status_code, 200, page.text)
        self.restore_elsewhere()
        undecided = self.env["oauth2.authorization.request"].search(
            [("decided_at", "=", False), ("used_at", "!=", False)]
        )
        undecided.unlink()
        event = self.env["oauth2.event"].search([], limit=1)
        self.assertEqual(event.kind, "refusal")
        self.assertIn("cannot be decrypted with the present keys", event.reason)

    def test_a_new_secret_and_a_new_sign_in_make_all_well(self):
        self.restore_elsewhere()
        self.client.client_secret = "demo-secret"
        with self.assertLogs(_KEYRING, "WARNING"):
            self.information, self.identity = self.authorize("42")
        self.refreshed(self.by_secret())
