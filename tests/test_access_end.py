"""Whose access ends is said before a record is archived, deleted or revoked."""

import logging
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, TransactionCase, tagged

from .common import OAuth2Records

_BACK = "Unarchiving gives it back, as far as it has not expired by then."
_AGAIN = "Adding it again gives it back, as far as it has not expired by then."
_GONE = (
    "This cannot be undone: to use an application again, its user must sign in"
    " again. Providers are told to revoke the tokens."
)


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestAccessEnd(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = cls.make_api()
        revocation = "https://provider.example.com/revoke"
        cls.provider = cls.make_provider(revocation_endpoint=revocation)
        cls.provider.name = "Example Sign-in"
        cls.client = cls.make_client(cls.api, cls.provider)
        cls.scope = cls.api.scope_ids
        cls.user = cls.make_user()
        cls.other = cls.make_user("otto@example.com")
        manager = cls.env.ref("api_auth_oauth2.group_admin")
        cls.manager = cls.make_user("mara@example.com", group_ids=[(6, 0, manager.ids)])
        cls.grant, _token = cls.make_grant(cls.client, cls.user)

    def ended(self, record, way="archive"):
        return record.oauth2_what_ends(way)

    def test_nothing_is_said_where_no_access_ends(self):
        self.grant.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        users = self.user | self.other
        for record in (self.api, self.client, self.provider, self.scope, users):
            for way in ("archive", "delete"):
                self.assertIs(self.ended(record, way), False, record)
        self.assertIs(self.ended(self.grant, "revoke"), False)

    def test_each_user_counts_once_for_what_an_api_a_client_or_a_provider_ends(self):
        self.make_grant(self.client, self.user)
        for record in (self.api, self.client, self.provider):
            told = f"Access of 1 user ends at once. {_BACK}"
            self.assertEqual(self.ended(record), told)
        self.make_grant(self.client, self.other)
        for record in (self.api, self.client, self.provider):
            told = f"Access of 2 users ends at once. {_GONE}"
            self.assertEqual(self.ended(record, "delete"), told)

    def test_archiving_does_not_end_what_is_refused_already(self):
        for record in (self.client, self.api, self.provider):
            with self.subTest(record._name):
                record.active = False
                neighbour = self.api if record == self.client else self.client
                self.assertIs(self.ended(neighbour), False)
                told = f"Access of 1 user ends at once. {_GONE}"
                self.assertEqual(self.ended(neighbour, "delete"), told)
                record.active = True

    def test_applications_that_act_by_themselves_are_counted_as_applications(self):
        self.make_grant(self.client, self.other, is_service=True)
        told = (
            "Access of 1 user ends at once. 1 application that acts without asking"
            f" users loses access at once. {_BACK}"
        )
        self.assertEqual(self.ended(self.api), told)

    def test_of_users_their_applications_are_counted(self):
        told = f"1 connected application loses access at once. {_BACK}"
        self.assertEqual(self.ended(self.user | self.other), told)
        second = self.make_client(self.api, self.provider, client_identifier="second")
        self.make_grant(second, self.other)
        told = f"2 connected applications lose access at once. {_GONE}"
        self.assertEqual(self.ended(self.user | self.other, "delete"), told)

    def test_a_deleted_scope_is_lost_by_the_users_who_granted_it(self):
        told = (
            "1 user's applications lose it at once. A new scope, also of the same name,"
            " must be allowed by its users."
        )
        self.assertEqual(self.ended(self.scope, "delete"), told)

    def warned(self, record, name, taken):
        """:return: ``(the form that took something off, what it warned of)``"""
        form = Form(record.with_user(self.manager))
        log = logging.getLogger("odoo.tests.form.onchange")
        with self.assertLogs(log) as warnings:
            getattr(form, name).remove(taken.id)
            log.info("no more warnings")
        return form, "".join(warnings.output[:-1])

    def test_a_form_warns_of_access_that_ends_with_what_it_takes_off(self):
        (more,) = self.make_scopes(self.api, ["more"])
        # Of another application, which keeps what is taken off this one.
        kept = self.make_client(self.api, self.provider, client_identifier="kept")
        self.make_grant(kept, self.other)
        self.client.write({"follows_sign_in": False, "scope_ids": [(4, more.id)]})
        access = "Access of 1 user ends at once."
        lost = "1 user's applications lose it at once."
        for record, name, taken, told in (
            (self.client, "api_ids", self.api, access),
            (self.client, "scope_ids", self.scope, lost),
            (self.api, "client_ids", self.client, access),
        ):
            with self.subTest(name):
                _form, warning = self.warned(record, name, taken)
                self.assertIn(f"{told} {_AGAIN}", warning)
                self.assertEqual(warning.count("at once"), 1)
        for record, name, taken in (
            (self.client, "scope_ids", more),  # which no user granted
            (self.client, "api_ids", self.api),
            (self.api, "client_ids", self.client),
        ):
            with self.subTest(name, taken=taken.name):
                self.assertEqual(self.warned(record, name, taken)[1], "")
                self.grant.state = "expired"

    def test_an_api_is_taken_off_a_client_with_its_scopes(self):
        form, _warning = self.warned(self.client, "api_ids", self.api)
        self.assertFalse(form.save().scope_ids)
        self.assertTrue(self.grant.exists())  # and in force, once it is added again

    def test_who_may_not_end_it_is_told_nothing_of_it(self):
        for record in (self.api, self.client, self.provider, self.user, self.grant):
            with self.subTest(record._name), self.assertRaises(AccessError):
                self.ended(record.with_user(self.other))
        with self.assertRaises(AccessError):  # Settings administrators' alone
            self.ended(self.provider.with_user(self.manager))
        self.assertTrue(self.ended(self.client.with_user(self.manager)))

    def test_revoking_tells_how_many_ended_and_which_providers_wait_to_be_told(self):
        other, _token = self.make_grant(self.client, self.other)
        grants = (self.grant | other).with_user(self.manager)
        told = f"Access of 2 users ends at once. {_GONE}"
        self.assertEqual(self.ended(grants, "revoke"), told)
        (self.grant | other).token_ids.value = "encrypted"
        other.unlink()  # by another administrator, meanwhile
        answer = grants.action_revoke()
        self.assertEqual(answer, {"revoked": 1, "waiting": ["Example Sign-in"]})
        self.assertFalse(self.grant.exists())
        self.assertEqual(grants.action_revoke(), {"revoked": 0, "waiting": []})

    def test_revoking_names_no_provider_that_waits_for_another_user_s_revocation(self):
        other, _token = self.make_grant(self.client, self.other)
        other.token_ids.value = "encrypted"
        other.unlink()
        self.assertTrue(self.env["oauth2.revocation"].search([]))
        self.grant.token_ids.value = False  # nothing of its own to tell
        answer = self.grant.with_user(self.user).action_revoke()
        self.assertEqual(answer, {"revoked": 1, "waiting": []})
