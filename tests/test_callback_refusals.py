from datetime import timedelta
from urllib.parse import urlencode

from odoo import fields
from odoo.tests import tagged

from ..services.authentication.rate_limit import DEFAULT_LIMITS, LIMIT_PARAMETER
from .test_callback import CallbackCase


@tagged("post_install", "-at_install")
class RefusalCase(CallbackCase):
    @property
    def record(self):
        self.env.invalidate_all()
        return self.env["oauth2.authorization.request"].search(
            [("client_id", "=", self.client.id)], limit=1
        )

    def callback(self, api=None, **parameters):
        """The callback as an attacker writes it by hand."""
        query = urlencode(parameters, doseq=True)
        return self.visit(f"/{api or 'orders'}/oauth2/callback?{query}")

    def assertNothingGranted(self):
        self.env.invalidate_all()
        domain = [("client_id", "=", self.client.id)]
        self.assertFalse(self.env["oauth2.client.user"].search(domain))
        tokens = self.env["oauth2.token"]
        self.assertFalse(
            tokens.search([("client_user_id.client_id", "in", self.client.ids)])
        )
        self.assertFalse(
            any(
                self.env["oauth2.authorization.request"].search(domain).mapped("result")
            )
        )

    def assertSpent(self):
        """Whatever comes with it, this state is never taken again."""
        self.provider.behave()
        calls = self.provider.calls["token"]
        response = self.callback(code="another-code", state=self.sent["state"])
        self.assertRefused(response, 400, "invalid_request")
        self.assertIn("already used", response.json()["error_description"])
        self.assertEqual(self.provider.calls["token"], calls)


class TestCallbackBadRequest(RefusalCase):
    """400 ``invalid_request``: the callback itself is wrong."""

    def assertBad(self, response):
        self.assertRefused(response, 400, "invalid_request")
        self.assertEqual(self.provider.calls["token"], 0)
        self.assertNothingGranted()

    def test_the_callback_refuses_a_missing_unknown_or_forged_state(self):
        """RFC 6749 section 10.12"""
        state = self.sent["state"]
        for parameters in (
            {},
            {"code": "a-code"},
            {"code": "a-code", "state": ""},
            {"code": "a-code", "state": "forged"},
            {"code": "a-code", "state": state + "x"},
            {"code": "a-code", "state": state[:-1]},
            {"code": "a-code", "state": state.swapcase()},
            {"code": "a-code", "state": "\0"},
            {"code": "a-code", "state": "é" * 3000},
        ):
            with self.subTest(parameters=str(parameters)[:60]):
                self.assertBad(self.callback(**parameters))
        self.assertFalse(self.record.used_at)

    def test_the_callback_refuses_an_expired_state(self):
        """RFC 6749 section 10.5: ten minutes at most"""
        left = self.record.expires_at - fields.Datetime.now()
        self.assertTrue(timedelta(minutes=9) < left <= timedelta(minutes=10))
        self.record.expires_at = fields.Datetime.now() - timedelta(hours=1)
        self.assertBad(self.callback(code="a-code", state=self.sent["state"]))

    def test_the_callback_refuses_a_used_state(self):
        """RFC 9700 section 4.7.1: one use"""
        url = self.sign_in(self.asked["authorization_url"])
        self.assertEqual(self.visit(url).status_code, 200)
        grant = self.grant_of(self.identity)
        before = grant.read()
        response = self.visit(url)
        self.assertRefused(response, 400, "invalid_request")
        self.assertIn("already used", response.json()["error_description"])
        self.assertEqual(self.provider.calls["token"], 1)
        grant.invalidate_recordset()
        self.assertEqual(grant.read(), before)

    def test_a_state_is_spent_by_a_callback_that_is_refused(self):
        """RFC 9700 section 4.2.4; also where no count of calls commits meanwhile"""
        parameters = self.env["ir.config_parameter"]
        for name in DEFAULT_LIMITS:
            parameters.set_param(LIMIT_PARAMETER % name, 0)
        self.assertBad(self.callback(state=self.sent["state"]))
        self.assertSpent()

    def test_the_callback_refuses_a_request_without_code(self):
        for parameters in ({}, {"code": ""}):
            self.asked = self.ask()
            state = parameters["state"] = self.sent["state"]
            self.assertBad(self.callback(**parameters))
            self.assertBad(self.callback(state=state, code="a-code"))

    def test_the_callback_refuses_a_wrong_issuer(self):
        """RFC 9207 section 2.4: the mix-up attack"""
        for iss in ("https://evil.example.com", self.provider.issuer + "/", ""):
            self.asked = self.ask()
            response = self.callback(code="a", state=self.sent["state"], iss=iss)
            self.assertBad(response)
            self.assertTrue(self.record.used_at)

    def test_the_callback_refuses_a_missing_issuer_of_a_provider_that_sends_it(self):
        """RFC 9207 section 2.4"""
        self.provider_record.authorization_response_iss_parameter_supported = True
        response = self.callback(code="a-code", state=self.sent["state"])
        self.assertBad(response)
        self.assertSpent()

    def test_the_callback_refuses_a_parameter_that_comes_twice(self):
        """RFC 6749 section 3.1"""
        state = self.sent["state"]
        for doubled in (
            {"code": ["a", "b"], "state": state},
            {"code": "a", "state": [state, state]},
            {"code": "a", "state": state, "iss": [self.provider.issuer] * 2},
            {"error": ["access_denied", "x"], "state": state},
        ):
            self.assertBad(self.callback(**doubled))
        self.assertFalse(self.record.used_at)

    def test_the_callback_refuses_an_unknown_or_archived_api(self):
        self.assertBad(self.callback("nowhere", code="a", state=self.sent["state"]))
        self.api.active = False
        self.assertBad(self.callback(code="a-code", state=self.sent["state"]))

    def test_the_callback_refuses_what_was_archived_since_the_sign_in_began(self):
        for record in (self.client, self.provider_record):
            self.asked = self.ask()
            record.active = False
            self.assertRefused(self.come_back(), 400, "invalid_request")
            record.active = True
        self.asked = self.ask()
        self.client.write({"api_ids": False, "scope_ids": False})
        self.assertRefused(self.come_back(), 400, "invalid_request")
        self.assertEqual(self.provider.calls["token"], 0)
        self.assertNothingGranted()


class TestCallbackProviderError(RefusalCase):
    """The provider redirects back with ``error`` (RFC 6749 section 4.1.2.1)."""

    def come_back_with(self, error, **parameters):
        response = self.callback(
            error=error,
            error_description="<b>theirs</b>",
            state=self.sent["state"],
            **parameters,
        )
        self.assertNotIn("theirs", response.text)
        self.assertEqual(self.provider.calls["token"], 0)
        return response

    def test_access_denied_of_the_provider_is_handed_on(self):
        self.assertRefused(self.come_back_with("access_denied"), 400, "access_denied")
        self.assertNothingGranted()
        self.assertSpent()

    def test_every_other_error_of_the_provider_is_server_error(self):
        for error in ("server_error", "temporarily_unavailable", "<script>", "x" * 999):
            self.asked = self.ask()
            response = self.come_back_with(error)
            self.assertRefused(response, 400, "server_error")
            self.assertNotIn("<script", response.text)
            self.assertSpent()
        self.assertNothingGranted()

    def test_the_provider_s_words_are_told_to_the_administrator(self):
        self.come_back_with("server_error")
        event = self.env["oauth2.event"].search([("kind", "=", "refusal")], limit=1)
        self.assertEqual(event.reason, "The provider says server_error: <b>theirs</b>.")

    def test_a_callback_with_error_and_code_is_an_error(self):
        response = self.come_back_with("access_denied", code="a-code")
        self.assertRefused(response, 400, "access_denied")
