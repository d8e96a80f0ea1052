"""The cards of APIs tell what is connected, what was called, and what needs care."""

import json
from ast import literal_eval
from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools.safe_eval import safe_eval

from ..services.audit.audit import Audit
from ..services.calls.call_counts import OUTCOMES
from .common import OAuth2Records


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestOverview(OAuth2Records, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "UTC"  # as calls are counted
        cls.api, cls.other = cls.make_api(), cls.make_api("invoices")
        cls.provider = cls.make_provider(name="Acme Sign-In")
        cls.client = cls.make_client(cls.api, cls.provider)
        cls.client.secret_expires_on = fields.Date.today() + timedelta(days=20)
        olivia, oscar = cls.make_user(), cls.make_user("oscar@example.com")
        soon = fields.Datetime.now() + timedelta(days=3)
        cls.make_grant(cls.client, olivia)
        cls.make_grant(cls.client, olivia, expires_at=soon)
        cls.make_grant(cls.client, oscar)
        cls.make_grant(cls.client, oscar, state="expired")
        for days, outcome, calls in (
            (0, "good", 1200),
            (6, "good", 30),
            (0, "insufficient_scope", 4),
            (0, "missing_token", 5),
            (7, "good", 999),
        ):
            cls.count(cls.api, days, outcome, calls)
        for kind, cause, number in (
            ("sign_in", False, 3),
            ("refusal", "grant_over", 2),
            ("refusal", "provider_away", 1),
            ("revoke", False, 1),
        ):
            line = {"oauth2_api": cls.api, "client": cls.client, "cause": cause}
            Audit(cls.env).record_all(kind, [line] * number)

    @classmethod
    def count(cls, oauth2_api, days, outcome, calls):
        return cls.env["oauth2.call.count"].create(
            {
                "day": fields.Date.today() - timedelta(days=days),
                "api_id": oauth2_api.id,
                "client_id": cls.client.id,
                "outcome": outcome,
                "calls": calls,
            }
        )

    def card(self, oauth2_api):
        self.env.invalidate_all()
        return oauth2_api.overview

    def listed(self, name, **context):
        """:return: how many records the list of a number has"""
        action = self.env.ref(f"api_auth_oauth2.{name}")
        domain = safe_eval(action.domain, {"active_id": self.api.id, **context})
        return self.env[action.res_model].search(domain)

    def test_a_card_tells_the_figures_of_its_api(self):
        card = self.card(self.api)
        told = {name: card[name] for name in card if name not in ("reasons", "care")}
        self.assertEqual(
            told,
            {
                "clients": "1",
                "users": "2",
                "calls": "1,239",
                "refused": "4",
                "sign_ins": "3",
                "refusals": "3",
            },
        )
        self.assertEqual(
            card["reasons"],
            [
                {"text": "Grant Over", "number": "2"},
                {"text": "Provider Not Reached", "number": "1"},
            ],
        )
        self.assertEqual(
            card["care"],
            [
                {"kind": "grants", "number": "1"},
                {"kind": "secrets", "number": "1"},
                {"kind": "provider", "name": "Acme Sign-In", "number": "1"},
            ],
        )

    def test_the_graph_of_a_card_has_the_calls_of_each_of_seven_days(self):
        [graph] = json.loads(self.api.calls_graph)
        values = [day["value"] for day in graph["values"]]
        self.assertEqual(values, [30, 0, 0, 0, 0, 0, 1209])

    def test_a_card_its_graph_and_its_list_have_the_same_calls_by_any_clock(self):
        view = self.env["oauth2.call.count"].get_view(view_type="search")["arch"]
        [days] = etree.fromstring(view).xpath("//filter[@name='last_week']/@domain")
        of_api = [("api_id", "=", self.api.id)]
        # At any moment it is another day in one of the two.
        for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
            with self.subTest(zone):
                there = self.env(context={"tz": zone})
                self.env.invalidate_all()
                listed = there["oauth2.call.count"].search(literal_eval(days) + of_api)
                number = sum(listed.mapped("calls"))
                here = self.api.with_env(there)
                self.assertEqual(here.overview["calls"], f"{number:,}")
                [graph] = json.loads(here.calls_graph)
                shown = sum(day["value"] for day in graph["values"])
                self.assertEqual(shown, number)

    def test_a_card_of_an_unused_api_has_noughts_and_needs_no_care(self):
        card = self.card(self.other)
        self.assertEqual((card["clients"], card["calls"], card["care"]), ("0", "0", []))
        self.assertIn('"value": 0', self.other.calls_graph)

    def test_numbers_lead_to_lists_of_as_many(self):
        for name, number in (
            ("oauth2_client_user_action_ending", 1),
            ("oauth2_client_action_ending", 1),
            ("oauth2_event_action_sign_ins", 3),
            ("oauth2_event_action_refusals", 3),
        ):
            self.assertEqual(len(self.listed(name)), number, name)
        clients = self.listed("oauth2_client_user_action_by_client").client_id
        users = self.listed("oauth2_client_user_action_by_user").user_id
        self.assertEqual((len(clients), len(users)), (1, 2))
        self.assertEqual(
            sum(self.listed("oauth2_call_count_action_of_api").mapped("calls")),
            1239 + 999,  # the days are a filter
        )

    def statements(self, apis):
        """:return: how many statements the figures of cards take"""
        self.env.invalidate_all()
        apis.mapped("name"), self.env.user.tz, self.env.lang  # read with all else
        before = self.env.cr.sql_log_count
        apis.mapped("overview")
        return self.env.cr.sql_log_count - before

    def test_many_cards_cost_as_many_statements_as_one(self):
        apis = self.env["oauth2.api"].create(
            [{"name": f"API {n}", "endpoint": f"api-{n}"} for n in range(10)]
        )
        self.statements(apis)  # what Odoo caches is cached from here on
        self.assertEqual(self.statements(apis), self.statements(apis[:1]))

    def test_each_outcome_has_a_name(self):
        known = self.env["oauth2.call.count"]._fields["outcome"].get_values(self.env)
        self.assertEqual(set(known), OUTCOMES)

    def test_calls_are_forgotten_with_the_events_of_their_day(self):
        old = self.count(self.other, 366, "good", 1)
        kept = self.count(self.other, 365, "good", 1)
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr)["oauth2.client.user"]._cron_clean_up()
        self.env.invalidate_all()
        self.assertFalse(old.exists())
        self.assertTrue(kept.exists())
