"""A form shows what went wrong last, as long as nothing went well since."""

import ast
import re
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from ..services.audit.audit import Audit
from ..services.audit.refusal_causes import CAUSES, advices
from .common import OAuth2Records

_ROOT = Path(__file__).parent.parent


@tagged("post_install", "-at_install")
class TestLastRefusal(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = cls.make_api()
        cls.provider = cls.make_provider()
        cls.client = cls.make_client(cls.api, cls.provider)
        cls.grant, _token = cls.make_grant(cls.client, cls.make_user())
        cls.records = (cls.api, cls.client, cls.provider, cls.grant)

    def tell(self, kind="refusal", ago=None, **line):
        event = Audit(self.env).record_of(self.grant, kind, **line)
        self.env.flush_all()
        if ago:
            self.env.cr.execute(
                "UPDATE oauth2_event SET create_date = %s WHERE id = %s",
                [fields.Datetime.now() - ago, event.id],
            )
        self.env.invalidate_all()
        return event

    def shown(self):
        return [record.last_refusal_reason for record in self.records]

    def test_api_client_provider_and_grant_show_their_last_refusal_with_advice(self):
        self.assertEqual(self.shown(), [False] * 4)
        self.tell(cause="unverified", reason="An earlier one")
        event = self.tell(cause="no_user", reason="no user was found")
        self.assertEqual(self.shown(), ["No user was found."] * 4)
        for record in self.records:
            self.assertEqual(record.last_refusal_at, event.create_date)
            self.assertIn("Create or unarchive", record.last_refusal_advice)

    def test_another_record_s_refusal_is_not_shown(self):
        other = self.make_client(self.api, self.provider, client_identifier="other")
        self.tell(reason="Refused")
        self.assertFalse(other.last_refusal_reason)

    def test_a_success_since_then_takes_it_away(self):
        self.tell(reason="Refused")
        self.tell("sign_in")
        self.assertEqual(self.shown(), [False] * 4)
        self.tell(reason="Refused again")
        self.tell("configure")
        self.assertEqual(self.shown(), ["Refused again."] * 4)

    def test_a_refusal_without_proof_is_told_apart_and_hides_no_proven_one(self):
        self.tell(cause="no_user", reason="Proven")
        event = self.tell(
            cause="redirect_uri", reason="https://app-login.example", is_unproven=True
        )
        self.assertEqual(self.shown(), ["Proven."] * 4)
        for record in self.records:
            self.assertEqual(record.last_unproven_at, event.create_date)
            told = record.last_unproven_refusal
            self.assertRegex(told, "^Redirect URI Not Registered: .* only if you know")
            self.assertNotIn("app-login", told)
        self.tell(is_unproven=True, error="invalid_request", reason="No cause")
        self.assertEqual(self.client.last_unproven_refusal, "invalid_request")
        for proof in ({"kind": "sign_in"}, {"reason": "Proven"}):
            self.tell(is_unproven=True)
            self.tell(**proof)
            self.assertFalse(self.client.last_unproven_refusal)

    def test_a_success_before_a_refusal_without_proof_takes_the_proven_one_away(self):
        self.tell(reason="Proven")
        self.tell("issue")
        self.tell(cause="secret", is_unproven=True)
        self.assertEqual(self.shown(), [False] * 4)
        self.assertIn("Wrong Secret", self.client.last_unproven_refusal)

    def test_a_refusal_of_more_than_a_week_ago_is_not_shown(self):
        self.tell(reason="Old", ago=timedelta(days=8))
        self.assertEqual(self.shown(), [False] * 4)

    def test_a_new_record_shows_none(self):
        self.assertFalse(self.env["oauth2.api"].new({}).last_refusal_reason)

    def test_a_grant_s_own_user_does_not_read_the_audit_log_through_it(self):
        grant = self.grant.with_user(self.grant.user_id)
        with self.assertRaises(AccessError):
            grant.read(["last_refusal_reason"])

    def test_each_reason_is_a_sentence(self):
        for text, told in (
            ("no user", "No user."),
            ("A sentence.", "A sentence."),
            ("the provider answered x", "The provider answered x."),
        ):
            self.assertEqual(self.tell(reason=text).reason, told)
        self.assertFalse(self.tell().reason)


@tagged("post_install", "-at_install")
class TestCauses(TransactionCase):
    def used(self):
        """Every ``cause`` of the code: of a call, of a class, of a returned pair."""
        for folder in ("controllers", "models", "protocol", "services"):
            for path in (_ROOT / folder).rglob("*.py"):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.keyword) and node.arg == "cause":
                        yield from self.texts(node.value, path)
                    if isinstance(node, ast.Assign) and "cause" in ast.unparse(
                        node.targets[0]
                    ).split("."):
                        yield from self.texts(node.value, path)

    def texts(self, node, path):
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and re.fullmatch(
                "[a-z_]+", str(each.value)
            ):
                yield each.value, path.name

    def test_each_cause_is_known_and_has_advice(self):
        used, known = dict(self.used()), dict(CAUSES)
        self.assertGreater(len(used), 20)
        ended_by = {"provider", "lifetime", "disuse", "reuse"}  # of a grant
        self.assertEqual(used.keys() - known.keys() - ended_by, set())
        for cause in known:
            self.assertRegex(advices(self.env)[cause], r"^[A-Z].{15,}[.]$")
