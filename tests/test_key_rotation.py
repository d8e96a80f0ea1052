"""Key rotation: everything is re-encrypted with the current key."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..protocol.keyring import EncryptionKeys
from ..services.jobs import key_rotation
from ..services.jobs.key_rotation import KeyRotation
from ..services.keys.encrypted_field import encrypted_fields
from ..services.keys.keyring import FINGERPRINT, IDENTITY_KEYS
from ..services.server.transactions import commit_now
from .common import BROWSER_HEADERS
from .test_access_secrets import SECRETS
from .test_keyring import KeyringCase, new_key
from .test_rerun import RealCursorsCase


@tagged("post_install", "-at_install")
class TestKeyRotation(KeyringCase):
    def setUp(self):
        super().setUp()
        self.old, self.new = new_key(), new_key()
        # The demo's secret is by the database's own key, which is always there.
        (self.env["oauth2.client"].search([]) - self.client).client_secret = False
        self.configure(self.old)
        self.whole_life()
        self.configure(self.new, self.old)
        self.action = self.env.ref("api_auth_oauth2.oauth2_key_rotation_action")
        self.admin = self.env.ref("base.user_admin")

    def whole_life(self):
        """Something encrypted in each place that has a place for it."""
        self.client.client_secret = "former-secret"
        self.client.client_secret = "demo-secret"
        self.client.action_make_key()
        self.env["oauth2.connect"].create({"client_secret": "demo-secret"})
        self.grant.token_ids.unlink()  # of before there was a key
        self.information, self.identity = self.authorize("42")
        self.names["client_user_identity"] = self.identity
        self.refreshed(self.by_secret())
        self.ask()
        page = self.visit(
            self.sign_in(self.ask()["authorization_url"]), BROWSER_HEADERS
        )
        self.assertEqual(page.status_code, 200)
        revocation = self.queue(self.client, "access", "a token")
        revocation.client_secret_encrypted = self.keyring.encrypt("{}")
        self.env.flush_all()

    def columns_with_encrypted_text(self):
        """:return: of our tables, by what stands in them: set of (model, field)"""
        self.env.cr.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_name LIKE 'oauth2\\_%' AND table_schema = 'public'"
            "   AND data_type IN ('character varying', 'text')"
        )
        found = set()
        for table, column in self.env.cr.fetchall():
            pattern = "^([0-9a-f]{16}:)?gAAAAA"
            query = f"SELECT 1 FROM {table} WHERE {column} ~ '{pattern}' LIMIT 1"
            self.env.cr.execute(query)
            if self.env.cr.fetchone():
                [model] = [m for m in self.env.values() if m._table == table]
                found.add((model._name, column))
        return found

    def places(self):
        """:return: set of (model, field) of the registry's encrypted columns"""
        return {(f.model_name, f.name) for f in encrypted_fields(self.env)}

    def values(self):
        """Every encrypted value of the database."""
        found = {}
        for model, field in self.places():
            table = self.env[model]._table
            self.env.flush_all()
            self.env.cr.execute(
                f"SELECT id, {field} FROM {table} WHERE {field} IS NOT NULL"
            )
            for record_id, value in self.env.cr.fetchall():
                found[model, field, record_id] = value
        return found

    def start(self, user=None):
        """Run the server action as an administrator does.

        :return: the notification's parameters
        """
        self.env.flush_all()
        with self.registry.cursor() as cr:
            action = self.action.with_env(self.env(cr=cr)).with_user(user or self.admin)
            told = action.run()
        self.env.invalidate_all()
        return told["params"]

    def rotate(self, go_on):
        """Go through all values, as long as ``go_on`` says so."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            found = KeyRotation(self.env(cr=cr)).run(go_on)
        self.env.invalidate_all()
        return found

    def assertAllBy(self, key):
        """This key alone reads everything."""
        keys = EncryptionKeys([key])
        values = self.values()
        self.assertEqual({(m, f) for m, f, _id in values}, self.places())
        for place, value in values.items():
            self.assertTrue(value.startswith(keys.prefix), place)
            self.assertTrue(keys.decrypt(value), place)

    def test_every_secret_that_is_no_digest_is_an_encrypted_field(self):
        fields = {
            (model, name)
            for model, names in SECRETS.items()
            for name in names
            # A state is the application's, a challenge is a digest.
            if "digest" not in name and name not in ("client_state", "code_challenge")
        }
        self.assertEqual(self.places(), fields)

    def test_everything_is_re_encrypted_with_the_current_key(self):
        count = len(self.values())
        with self.assertRaises(AssertionError):
            self.assertAllBy(self.new)
        told = self.start()
        self.assertEqual(told["type"], "success")
        self.assertIn(f"{count} values were re-encrypted", told["message"])
        self.assertAllBy(self.new)

    def test_the_old_key_can_be_removed_then(self):
        self.start()
        self.configure(self.new)
        self.refreshed(self.by_secret())
        self.assertTrue(self.grant_of("42"))
        response = self.call("revoke", {**self.names, "client_secret": "demo-secret"})
        self.assertEqual(response.json(), {"revoked": True, "provider_revoked": True})

    def test_key_rotation_leaves_an_event_without_any_key(self):
        self.start()
        line = self.env["oauth2.event"].search(
            [("record_model", "=", "oauth2.key.rotation")]
        )
        self.assertEqual(line.record_name, self.fingerprint())
        self.assertEqual(line.actor_id, self.admin)
        text = str(line.read())
        self.assertNotIn(self.old, text)
        self.assertNotIn(self.new, text)

    def test_a_second_key_rotation_finds_nothing_to_do(self):
        self.start()
        before = self.values()
        told = self.start()
        self.assertIn("0 values were re-encrypted", told["message"])
        self.assertEqual(self.values(), before)

    def test_a_stopped_key_rotation_goes_on_with_what_is_left(self):
        self.patch(key_rotation, "_BATCH", 1)
        done = []

        def stop_after_three(number):
            done.append(number)
            return sum(done) < 3

        self.assertIsNone(self.rotate(stop_after_three))
        prefix = EncryptionKeys([self.new]).prefix
        values = self.values().values()
        self.assertEqual(sum(value.startswith(prefix) for value in values), 3)
        found = self.rotate(lambda _done: True)
        self.assertEqual(found["renewed"], len(values) - 3)
        self.assertEqual((found["unreadable"], found["busy"]), (0, 0))
        self.assertAllBy(self.new)

    def test_key_rotation_leaves_values_of_the_current_key_alone(self):
        self.rotate(lambda _done: True)
        unreadable = EncryptionKeys([self.new]).prefix + "is not decrypted"
        token = self.env["oauth2.token"].search([("value", "!=", False)], limit=1)
        token.sudo().value = unreadable
        self.assertEqual(self.rotate(lambda _done: True)["unreadable"], 0)

    def test_values_of_version_19_0_1_get_the_id_of_their_key(self):
        self.configure(self.old)
        for model, field in self.places():
            table = self.env[model]._table
            self.env.cr.execute(
                f"UPDATE {table} SET {field} = split_part({field}, ':', 2)"
            )
        parameters = self.env["ir.config_parameter"]
        wrapped = parameters.get_param(IDENTITY_KEYS).partition(":")[2]
        parameters.set_param(IDENTITY_KEYS, wrapped)
        self.env.invalidate_all()
        self.refreshed(self.by_secret())
        self.rotate(lambda _done: True)
        self.assertAllBy(self.old)
        self.assertIn(":", parameters.get_param(IDENTITY_KEYS))
        self.refreshed(self.by_secret())

    def test_every_column_that_holds_encrypted_text_is_an_encrypted_field(self):
        self.assertEqual(self.columns_with_encrypted_text(), self.places())

    def test_a_still_newer_key_takes_over_half_way(self):
        self.patch(key_rotation, "_BATCH", 1)
        self.rotate(lambda _done: False)
        newest = new_key()
        self.configure(newest, self.new, self.old)
        self.rotate(lambda _done: True)
        self.assertAllBy(newest)

    def test_what_another_server_wrote_with_the_old_key_is_found_the_next_time(self):
        self.rotate(lambda _done: True)
        token = self.env["oauth2.token"].search([("value", "!=", False)], limit=1)
        token.sudo().value = EncryptionKeys([self.old]).encrypt("a token")
        self.assertEqual(self.rotate(lambda _done: True)["renewed"], 1)
        self.assertAllBy(self.new)

    def test_a_long_key_rotation_is_finished_by_the_job(self):
        self.patch(key_rotation, "_AT_ONCE", -1)
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search([])
        self.assertIn("scheduled job", self.start()["message"])
        cron = self.env.ref("api_auth_oauth2.ir_cron_key_rotation")
        self.assertEqual((triggers.search([]) - before).cron_id, cron)
        with self.registry.cursor() as cr:
            job = cron.with_env(self.env(cr=cr)).ir_actions_server_id
            job.with_user(cron.user_id).run()
        self.assertAllBy(self.new)

    def test_key_rotation_keeps_and_tells_what_no_key_reads(self):
        self.configure(self.new, new_key())
        # Its fingerprint is the old one's: a process without it refuses to run.
        self.env["ir.config_parameter"].set_param(FINGERPRINT, False)
        before = self.values()
        with self.assertLogs("odoo.addons.api_auth_oauth2", "WARNING") as logs:
            told = self.start()
        self.assertEqual(told["type"], "warning")
        self.assertIn(f"{len(before)} cannot be decrypted", told["message"])
        self.assertIn("be given again", logs.output[-1])
        self.assertEqual(self.values(), before)

    def test_the_log_names_the_key_that_is_missing(self):
        missing = EncryptionKeys([new_key()])
        token = self.env["oauth2.token"].search([("value", "!=", False)], limit=1)
        token.sudo().value = missing.encrypt("a token")
        with self.assertLogs("odoo.addons.api_auth_oauth2", "WARNING") as logs:
            self.assertEqual(self.rotate(lambda _done: True)["unreadable"], 1)
        self.assertIn(missing.fingerprint, logs.output[-1])

    def test_key_rotation_without_the_old_key_changes_nothing(self):
        self.configure(self.new)
        before = self.values()
        with self.assertLogs("odoo.addons.api_auth_oauth2", "ERROR"):
            with self.assertRaises(UserError):
                self.start()
        self.assertEqual(self.values(), before)

    def test_only_settings_administrators_rotate_keys(self):
        manager = self.make_user(
            "mara@example.com",
            group_ids=[(6, 0, self.env.ref("api_auth_oauth2.group_admin").ids)],
        )
        for user in (manager, self.user):
            with self.assertRaises(AccessError):
                self.start(user)
            with self.assertRaises(AccessError):
                self.env["oauth2.key.rotation"].with_user(user)._start()


class TestKeyRotationBesideRefresh(RealCursorsCase):
    """Key rotation does not change what another transaction is about to change."""

    def query(self, query):
        with self.registry.cursor() as cr:
            cr.execute(query)
            return cr.fetchall()

    def rotate(self):
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            return KeyRotation(env).run(lambda _done: commit_now(env) or True)

    def test_tokens_of_a_grant_that_is_held_are_left_to_the_next_run(self):
        self.authorize()
        parameter = f"FROM ir_config_parameter WHERE key = '{IDENTITY_KEYS}'"
        [[wrapped]] = self.query(f"SELECT value {parameter}")
        self.use_a_new_key()
        self.addCleanup(
            self.change,
            f"UPDATE ir_config_parameter SET value = '{wrapped}'"
            f" WHERE key = '{IDENTITY_KEYS}'",
        )
        tokens = "SELECT value FROM oauth2_token WHERE value IS NOT NULL ORDER BY id"
        before = self.query(tokens)
        with self.registry.cursor() as refresh:
            refresh.execute("SELECT id FROM oauth2_client_user FOR UPDATE")
            self.assertGreaterEqual(self.rotate()["busy"], len(before))
            self.assertEqual(self.query(tokens), before)
        found = self.rotate()
        self.assertEqual((found["busy"], found["unreadable"]), (0, 0))
        prefixes = {value[:17] for (value,) in before + self.query(tokens)}
        self.assertEqual(len(prefixes), 2)
