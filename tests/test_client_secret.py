"""The secret of a client of this Odoo: made here, shown once, kept as a digest."""

import hashlib
import time
from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ..protocol import client_secret
from ..protocol.client_secret import find_secret
from ..services.authentication.client_secret import ClientSecrets
from ..services.jobs.clean_up import CleanUp
from .test_access_rights import AccessCase


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


@tagged("post_install", "-at_install")
class TestOwnSecret(AccessCase):
    def setUp(self):
        super().setUp()
        self.own = self.env["oauth2.client"].create({"name": "Own"})

    def is_known(self, secret):
        return bool(find_secret(self.known(), secret))

    def known(self):
        return ClientSecrets(self.own).known()

    def test_a_secret_has_a_prefix_256_bits_and_no_sign_that_clients_encode(self):
        made = {self.own._generate_secret() for _time in range(50)}
        self.assertEqual(len(made), 50)
        for secret in made:
            self.assertRegex(secret, r"\Aodoo_cs_[A-Za-z0-9_-]{43}\Z")

    def test_a_secret_is_kept_as_sha_256_and_nowhere_in_clear(self):
        secret = self.own._generate_secret()
        self.assertTrue(self.own.has_client_secret)
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT json_agg(c)::text FROM oauth2_client c WHERE id = %s",
            [self.own.id],
        )
        [row] = self.env.cr.fetchone()
        self.assertIn(sha256(secret), row)
        self.assertNotIn(secret, row)
        self.assertEqual(self.known(), ((sha256(secret), None, False),))

    def test_a_rotated_secret_is_good_for_a_day_and_told_to_be_the_former_one(self):
        former, new = self.own._generate_secret(), self.own._generate_secret()
        (first, none, is_former), (second, end, was_former) = self.known()
        self.assertEqual((first, none, is_former), (sha256(new), None, False))
        self.assertEqual((second, was_former), (sha256(former), True))
        self.assertAlmostEqual(end - time.time(), 24 * 3600, delta=10)

    def test_what_counts_does_not_depend_on_the_time_of_day(self):
        """It is remembered: an end is told, and judged when a secret is used."""
        former, new = self.own._generate_secret(), self.own._generate_secret()
        remembered = self.known()
        end = remembered[1].ends_at
        for now, counts in ((end - 1, True), (end, False), (end + 1, False)):
            with patch.object(client_secret.time, "time", return_value=now):
                self.assertEqual(bool(find_secret(remembered, former)), counts)
                self.assertTrue(find_secret(remembered, new))
        self.own.sudo().former_secret_ends_at -= timedelta(days=30)
        self.assertEqual(len(self.known()), 2)

    def test_a_secret_counts_on_its_last_day_and_not_after_it(self):
        secret = self.own._generate_secret()
        self.own.secret_expires_on = date(2040, 2, 29)
        end = 2214172800  # 2040-03-01 00:00:00 UTC
        self.assertEqual(self.known()[0].ends_at, end)
        former, self.own.secret_overlap = secret, 168
        self.own.secret_expires_on = date.today()
        self.own._generate_secret()
        self.assertFalse(self.own.secret_expires_on, "it was the former one's")
        known = find_secret(self.known(), former)
        midnight = date.today() + timedelta(days=1)
        self.assertEqual(known.ends_at % 86400, 0, midnight)

    def test_a_secret_whose_last_day_is_over_does_not_live_on(self):
        former = self.own._generate_secret()
        self.own.secret_expires_on = date.today() - timedelta(days=2)
        self.assertFalse(self.is_known(former))
        self.assertTrue(self.is_known(self.own._generate_secret()))
        self.assertFalse(self.is_known(former))
        self.assertFalse(self.own.has_former_secret)

    def test_a_client_that_becomes_public_has_no_secret_any_more(self):
        secrets = self.own._generate_secret(), self.own._generate_secret()
        self.own.client_type = "public"
        self.assertFalse(self.own.has_client_secret)
        self.own.client_type = "confidential"
        self.assertFalse([each for each in secrets if self.is_known(each)])

    def test_a_client_that_gets_a_provider_has_no_secret_of_ours_any_more(self):
        self.own._generate_secret()
        self.own._generate_secret()
        self.own.provider_id = self.provider
        self.assertFalse(self.known())
        self.assertFalse(self.own.has_client_secret)

    def test_a_secret_of_ours_cannot_be_chosen(self):
        with self.assertRaisesRegex(ValidationError, "is made here"):
            self.own.client_secret = "chosen-by-hand"

    def test_a_former_secret_lives_on_for_a_week_at_most(self):
        self.own._generate_secret()
        for hours in (-1, 169):
            with self.assertRaises(ValueError):
                ClientSecrets(self.own).rotate(hours)

    def test_how_long_a_former_secret_lives_on_is_written_by_odoo_alone(self):
        self.own._generate_secret()
        self.own._generate_secret()
        for user in (self.manager, self.system):
            own = self.as_user(user, self.own)
            for name in ("former_secret_ends_at", "former_secret_used_at"):
                with self.assertRaises(AccessError):
                    own.write({name: "2040-01-01 00:00:00"})

    def test_our_own_administrators_rotate_and_end_secrets_of_ours(self):
        for user in (self.manager, self.system):
            own = self.as_user(user, self.own)
            former = self.shown(own.action_rotate_secret())
            self.assertTrue(self.is_known(former))
            new = self.shown(own.action_rotate_secret())
            self.assertTrue(self.is_known(former))
            own.action_end_former_secret()
            self.assertFalse(self.is_known(former))
            self.assertTrue(self.is_known(new))
        for user in (self.user, self.portal):
            own = self.as_user(user, self.own)
            self.assertNotAllowed(own.action_rotate_secret)
            self.assertNotAllowed(own.action_end_former_secret)
        self.assertTrue(self.is_known(new))

    def test_our_own_administrators_make_no_secret_that_alone_acts_as_a_user(self):
        """By it one of them could become a Settings administrator."""
        own = self.as_user(self.manager, self.own)
        self.own.write(
            {"allows_client_credentials": True, "service_user_id": self.user.id}
        )
        self.assertNotAllowed(own.action_rotate_secret)
        self.own.allows_client_credentials = False
        self.own.api_ids = self.api
        grant, _token = self.make_grant(self.own, self.user, identity="42", issuer="x")
        own.action_rotate_secret()  # of the standard: no caller names such a grant
        grant.identity_display = "…"
        self.assertNotAllowed(own.action_rotate_secret)
        self.as_user(self.system, self.own).action_rotate_secret()
        grant.identity_issued = True
        own.action_rotate_secret()

    def test_secrets_end_when_one_alone_begins_to_act_as_a_user(self):
        """Our own administrators may know them."""
        own = self.as_user(self.manager, self.own)
        known = [self.shown(own.action_rotate_secret()) for _time in range(2)]
        acts = {"allows_client_credentials": True, "service_user_id": self.user.id}
        self.as_user(self.system, self.own).write(acts)
        self.assertFalse(any(map(self.is_known, known)))
        line = self.env["oauth2.event"].search([], limit=1)
        self.assertEqual((line.changes, line.client_id), ("secrets ended", self.own))
        self.assertNotAllowed(own.action_rotate_secret)
        secret = self.shown(self.as_user(self.system, self.own).action_rotate_secret())
        self.own.write({**acts, "service_user_id": self.portal.id})
        self.assertTrue(self.is_known(secret), "a Settings administrator made it")
        own.allows_client_credentials = False
        self.assertTrue(self.is_known(secret))
        self.client.write(acts)
        known = ClientSecrets(self.client).known()
        self.assertTrue(find_secret(known, "demo-secret"), "it is its provider's")

    def test_our_own_administrators_end_a_providers_former_secret_and_set_none(self):
        self.client.client_secret = "renewed-secret"
        client = self.as_user(self.manager, self.client)
        self.assertNotAllowed(client.write, {"client_secret": "another-secret"})
        client.action_end_former_secret()
        self.assertFalse(client.has_former_secret)

    def test_odoo_makes_no_secret_for_a_provider_nor_for_a_public_client(self):
        self.own.client_type = "public"
        for client in (self.client, self.own):
            with self.assertRaisesRegex(UserError, "Odoo makes secrets for"):
                client.action_rotate_secret()

    def test_a_new_secret_is_in_its_dialog_and_in_no_later_answer(self):
        own = self.as_user(self.system, self.own)
        self.system.group_ids += self.env.ref("base.group_allow_export")
        secrets = [self.shown(own.action_rotate_secret()) for _time in range(2)]
        self.env.flush_all()
        names = list(own.fields_get())
        paths = [name for name in names if own._fields[name].exportable]
        answers = [
            own.read(),
            own.web_read({name: {} for name in names}),
            own.search_read([]),
            own.export_data(paths),
            own.message_ids.read(),
            self.env["oauth2.event"].search([]).read(),
            self.env["oauth2.client.secret"]
            .with_user(self.system)
            .default_get(["client_secret"]),
            own.copy({"client_identifier": "copied"}).read(),
        ]
        for secret in secrets:
            self.assertNotIn(secret, str(answers))
            self.assertNotIn(sha256(secret), str(answers))

    def test_rotating_and_ending_are_in_the_audit_log(self):
        events = self.env["oauth2.event"]
        before = events.search([])
        own = self.as_user(self.manager, self.own)
        own.action_rotate_secret()
        own.action_rotate_secret()
        own.action_rotate_secret()
        own.action_end_former_secret()
        own.with_user(self.system).client_type = "public"
        lines = (events.search([]) - before).sorted("id")
        self.assertEqual(set(lines.mapped("kind")), {"configure"})
        self.assertEqual(lines.actor_id, self.manager | self.system)
        self.assertEqual(lines.client_id, self.own)
        told = " | ".join(line.changes for line in lines)
        end = r"the former one counts until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
        self.assertRegex(
            told,
            rf"^secret set \| secret rotated; {end} \| secret rotated; {end}; the one"
            r" before that ended \| old secret ended; not used since \|"
            r" Client Type: Confidential → Public \| secrets ended$",
        )

    def test_the_job_forgets_a_former_secret_after_its_hours(self):
        self.own._generate_secret()
        self.own._generate_secret()
        self.forget()
        self.assertTrue(self.own.sudo().former_secret_digest)
        self.own.active = False
        self.own.sudo().write(
            {
                "former_secret_ends_at": "2026-01-01 00:00:00",
                "former_secret_used_at": "2025-12-31 00:00:00",
            }
        )
        self.forget()
        self.assertFalse(self.own.sudo().former_secret_digest)
        line = self.env["oauth2.event"].search([], limit=1)
        told = "old secret ended; last used at 2025-12-31 00:00:00 UTC"
        self.assertEqual(line.changes, told)

    def forget(self):
        self.env.flush_all()
        CleanUp(self.env).forget_former_secrets(100, None)

    def shown(self, action):
        """:return: the secret that a dialog shows"""
        dialog = self.env[action["res_model"]].with_context(**action["context"])
        values = dialog.onchange({}, [], {"client_secret": {}})["value"]
        return values["client_secret"]
