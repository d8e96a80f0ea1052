"""A misbehaving provider, over real HTTP: each fault is refused, nothing is stored."""

from odoo.tests import tagged

from ..protocol.jwks import key_sets
from .provider_faults import (
    ID_TOKEN_FAULTS,
    KEY_FAULTS,
    TOKEN_FAULTS,
    USERINFO_FAULTS,
    claim,
)
from .test_callback_refusals import RefusalCase
from .test_token import TokenCase

_ATTRIBUTES = ("keys", "kid", "signing_key", "signing_algorithm", "rotate")


class HealsProvider:
    """The provider is well again before each line of a table."""

    def setUp(self):
        super().setUp()
        self._well = {name: getattr(self.provider, name) for name in _ATTRIBUTES}
        self.addCleanup(key_sets.clear)

    def heal(self):
        self.provider.behave()
        for name, value in self._well.items():
            setattr(self.provider, name, value)
        self.provider.forge = None
        self.provider.id_token_claims_override = {}
        self.provider.token_answer_override = {}
        key_sets.clear()


@tagged("post_install", "-at_install")
class TestProviderFaultsAtTheCallback(HealsProvider, RefusalCase):
    """The sign-in is refused and spent; no grant, no token, no kept answer."""

    def assertRefusesEach(self, faults, given=None):
        for fault in faults:
            with self.subTest(fault.name):
                self.heal()
                given and given(self.provider)
                self.asked = self.ask()
                fault.break_(self.provider)
                response = self.come_back()
                self.assertRefused(response, fault.status, fault.error)
                # The state is spent: the same request never succeeds later.
                self.assertNotIn("Retry-After", response.headers)
                self.assertNothingGranted()
                self.assertTrue(self.record.used_at)
                self.assertTrue(self.record.decided_at or not self.record.result)
                self.assertLess(self.provider.flooded, 50)
        self.assertNothingGranted()
        # What must not be asked was not.
        self.assertEqual(self.provider.calls[None], 0)
        self.heal()
        self.asked = self.ask()
        self.assertEqual(self.come_back().status_code, 200, "the case itself works")

    def test_id_token_faults_refuse_the_sign_in(self):
        """OpenID Connect Core sections 2, 3.1.3.7 and 3.1.3.8"""
        self.assertRefusesEach(ID_TOKEN_FAULTS)

    def test_key_set_faults_refuse_the_sign_in(self):
        """OpenID Connect Core section 10.1"""
        self.assertRefusesEach(KEY_FAULTS)

    def test_userinfo_faults_refuse_the_sign_in(self):
        """OpenID Connect Core section 5.3"""
        self.assertRefusesEach(USERINFO_FAULTS, given=claim(email=None))
        self.assertGreater(self.provider.calls["userinfo"], len(USERINFO_FAULTS) - 1)

    def test_token_answer_faults_refuse_the_sign_in(self):
        """RFC 6749 sections 5.1 and 5.2"""
        self.assertRefusesEach(TOKEN_FAULTS)

    def test_a_provider_s_address_out_of_reach_is_told_to_the_administrator_alone(self):
        """The reason is for the administrator alone."""
        for name in ("token_endpoint", "jwks_uri"):
            with self.subTest(name):
                key_sets.clear()
                self.asked = self.ask()
                url = self.sign_in(self.asked["authorization_url"])
                before = self.provider_record[name]
                # Past the form's check, as a name that is resolved to it would be.
                self.env.cr.execute(
                    f"UPDATE oauth2_provider SET {name} = %s WHERE id = %s",
                    ["https://169.254.169.254/latest/", self.provider_record.id],
                )
                self.env.invalidate_all()
                response = self.visit(url)
                self.assertRefused(response, 502, "server_error")
                self.assertNotIn("169.254", response.text)
                self.env.invalidate_all()
                event = self.env["oauth2.event"].search([], limit=1)
                self.assertIn("169.254.169.254 is not allowed", event.reason)
                self.assertNothingGranted()
                self.provider_record[name] = before

    def test_plain_http_to_a_provider_ends_where_odoo_is_in_production(self):
        self.env["ir.config_parameter"].set_param(
            "api_auth_oauth2.base_url", "https://odoo.example.com"
        )
        endpoint = self.provider_record.authorization_endpoint
        plain = endpoint.replace("https://", "http://")
        self.provider_record.authorization_endpoint = plain
        self.env.flush_all()
        response = self.call("provider/authorize", {"client_id": "demo-app"})
        self.assertRefused(response, 502, "server_error")


@tagged("post_install", "-at_install")
class TestProviderFaultsAtTheRefresh(HealsProvider, TokenCase):
    """The refresh is refused; the grant is left as it was and goes on.

    The judges are the callback's: here one fault of each kind is tried.
    """

    def assertRefusesEach(self, faults, **attributes):
        for fault in faults:
            if not fault.is_example:
                continue
            with self.subTest(fault.name):
                self.heal()
                for name, value in attributes.items():
                    setattr(self.provider, name, value)
                fault.break_(self.provider)
                self.assertRefusesButGoesOn(fault.status, fault.error)
        self.assertEqual(len(self.provider.grants), 1, "a token was reused")

    def assertRefusesButGoesOn(self, status, error):
        known = self.information
        current = self.current()
        response = self.refresh(refresh_token=known["refresh_token"])
        self.assertRefused(response, status, error)
        if status == 503:
            self.assertGreater(int(response.headers["Retry-After"]), 0)
        self.assertEqual(self.current(), current)
        self.assertEqual(self.grant.state, "active")
        self.assertOpens(known["access_token"])
        latest = self.provider.grants[0]["access"][-1]
        if latest != known["access_token"]:
            closed = self.bearer("/orders/partners", latest)
            self.assertEqual(closed.status_code, 401)
        self.heal()
        self.pause()
        self.information = self.refreshed(
            self.refresh(refresh_token=known["refresh_token"])
        )
        self.assertOpens(self.information["access_token"])

    def current(self):
        """:return: the tokens that open or refresh something; what was rotated, or
        came with a refused answer, is kept for its revocation alone
        """
        return self.grant.token_ids.filtered(lambda token: not token.rotated_at)

    def assertOpens(self, access_token):
        opened = self.bearer("/orders/partners", access_token)
        self.assertEqual(opened.status_code, 200, opened.text)

    def test_id_token_faults_refuse_the_refresh(self):
        """OpenID Connect Core section 12.2"""
        self.assertRefusesEach(ID_TOKEN_FAULTS)

    def test_key_set_faults_refuse_the_refresh(self):
        self.assertRefusesEach(KEY_FAULTS)

    def test_token_answer_faults_refuse_the_refresh(self):
        # One that rotates has lost its new refresh token in such an answer.
        self.assertRefusesEach(TOKEN_FAULTS, rotate=False)

    def test_a_refresh_s_id_token_of_another_subject_is_refused(self):
        """OpenID Connect Core section 12.2: and nothing of that answer is kept"""
        self.provider.rotate = False
        self.provider.id_token_claims_override = {"sub": "mallory"}
        self.assertRefusesButGoesOn(502, "server_error")
