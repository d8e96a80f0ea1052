import itertools
import json
import time
from urllib.parse import parse_qs, urlsplit

from odoo.tests import tagged

from .common import OAuth2Case


@tagged("post_install", "-at_install")
class CallbackCase(OAuth2Case):
    def setUp(self):
        super().setUp()
        self.asked = self.ask()
        self.identity = self.asked["client_user_identity"]

    @property
    def sent(self):
        """The parameters of the authorization URL asked for last."""
        query = urlsplit(self.asked["authorization_url"]).query
        return {name: value for name, (value,) in parse_qs(query).items()}

    def come_back(self, headers=None):
        """The user signs in and the caller follows the redirect."""
        self.callback_url = self.sign_in(self.asked["authorization_url"])
        return self.visit(self.callback_url, headers)

    def token_information(self):
        response = self.come_back()
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def assertLeftThere(self):
        """The new tokens live on at the provider, and one event says so."""
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 0)
        self.assertFalse(self.env["oauth2.revocation"].search([]))
        told = self.env["oauth2.event"].search([("kind", "=", "given_up")])
        self.assertEqual(len(told), 1)
        self.assertEqual((told.api_id, told.client_id), (self.api, self.client))
        self.assertIn(
            "were not revoked at the provider, as that might end another grant",
            told.reason,
        )

    def answer_token(self, **parameters):
        """Have the provider answer exactly this to the code."""
        answer = {"access_token": "a-token", "token_type": "Bearer", **parameters}
        answer = {name: value for name, value in answer.items() if value is not None}
        self.provider.answer("token", json=answer)
        return answer


class TestCallbackTokenInformation(CallbackCase):
    """A script that follows the redirect gets token information as JSON."""

    def test_token_information_is_the_provider_s_answer_plus_db_and_login(self):
        for kind, has_refresh_token, has_id_token in itertools.product(
            ("opaque", "jwt"), (True, False), (True, False)
        ):
            with self.subTest(
                kind=kind, refresh_token=has_refresh_token, id_token=has_id_token
            ):
                self.check_answer(kind, has_refresh_token, has_id_token)

    def check_answer(self, kind, has_refresh_token, has_id_token):
        self.provider_record.scope = "openid email" if has_id_token else "email"
        self.asked = self.ask()
        url = self.sign_in(self.asked["authorization_url"])
        access_token = f"{kind}.{has_refresh_token}.{has_id_token}"
        if kind == "jwt":
            access_token = self.provider.sign({"sub": "olivia", "jti": access_token})
        answer = self.answer_token(
            access_token=access_token,
            token_type="bearer",
            scope="email  https://provider.example.com/custom",
            expires_in=600,
            refresh_token=f"refresh-of-{access_token[-20:]}" * has_refresh_token
            or None,
            id_token=self.provider.id_token(access_token, self.sent["nonce"])
            if has_id_token
            else None,
            custom={"nested": [1, 2.5, None, True, "é"]},
            not_before_policy=0,
        )
        claims = {"sub": "olivia", "email": self.user.login, "email_verified": True}
        self.provider.answer("userinfo", json=claims)
        before = int(time.time())
        response = self.visit(url)
        after = int(time.time())
        self.assertEqual(response.status_code, 200, response.text)
        information = response.json()
        end = information.pop("expires_at")
        self.assertIs(type(end), int)
        self.assertTrue(before + 600 <= end <= after + 600)
        expires_in = information.pop("expires_in")
        self.assertIs(type(expires_in), int)
        self.assertTrue(580 <= expires_in <= 600)
        answer.pop("expires_in")
        self.assertEqual(
            information,
            {**answer, "db": self.env.cr.dbname, "login": self.user.login},
        )
        opened = self.bearer("/orders/partners", access_token)
        self.assertEqual(opened.status_code, 200, opened.text)

    def test_token_information_is_json_that_is_not_cached(self):
        response = self.come_back()
        self.assertEqual(
            response.headers["Content-Type"].split(";")[0], "application/json"
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Pragma"], "no-cache")
        self.assertNotIn("Set-Cookie", response.headers)

    def test_db_and_login_are_ours_and_win(self):
        self.provider.token_answer_override = {
            "db": "theirs",
            "login": "admin",
            "expires_at": "tomorrow",
        }
        information = self.token_information()
        self.assertEqual(information["db"], self.env.cr.dbname)
        self.assertEqual(information["login"], self.user.login)
        self.assertIs(type(information["expires_at"]), int)

    def assertLifetime(self, expected):
        information = self.token_information()
        self.assertIs(type(information["expires_in"]), int)
        self.assertTrue(expected - 20 <= information["expires_in"] <= expected)
        left = information["expires_at"] - time.time()
        self.assertTrue(expected - 20 <= left <= expected)
        token = self.grant_of(self.identity)._current_token("access")
        self.assertEqual(token._expires_epoch(), information["expires_at"])

    def test_the_provider_s_shorter_lifetime_counts(self):
        self.provider.expires_in = 120
        self.assertLifetime(120)

    def test_the_api_s_shorter_lifetime_counts(self):
        self.api.access_token_lifetime = 90
        self.provider.expires_in = 7200
        self.assertLifetime(90)

    def test_without_expires_in_the_api_s_lifetime_counts(self):
        self.provider.expires_in = None
        self.api.access_token_lifetime = 240
        self.assertLifetime(240)

    def test_a_grant_s_end_is_its_access_token_s_end(self):
        self.api.authorization_lifetime = 60
        self.assertLifetime(60)

    def test_the_provider_is_sent_code_verifier_and_redirect_uri(self):
        """RFC 6749 section 4.1.3, RFC 7636 section 4.5"""
        url = self.sign_in(self.asked["authorization_url"])
        code = parse_qs(urlsplit(url).query)["code"][0]
        self.assertEqual(self.visit(url).status_code, 200)
        (request,) = (r for r in self.provider.requests if r["endpoint"] == "token")
        params = request["params"]
        self.assertGreaterEqual(len(params.pop("code_verifier")), 43)
        self.assertEqual(
            params,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.sent["redirect_uri"],
            },
        )
        self.assertTrue(request["headers"]["Authorization"].startswith("Basic "))


class TestCallbackGrant(CallbackCase):
    """What a finished sign-in leaves: one client API user and its tokens."""

    def test_a_grant_has_user_client_issuer_subject_and_end(self):
        self.assertFalse(self.grant_of(self.identity))
        self.token_information()
        grant = self.grant_of(self.identity)
        self.assertEqual(
            (grant.api_id, grant.client_id, grant.user_id, grant.state),
            (self.api, self.client, self.user, "active"),
        )
        self.assertEqual(grant.issuer, self.provider.issuer)
        self.assertEqual(grant.subject, "olivia")
        self.assertEqual(grant.scope_ids, self.api.scope_ids)
        self.assertTrue(grant.identity_issued)
        lifetime = grant.expires_at - grant.authorized_at
        self.assertEqual(lifetime.total_seconds(), self.api.authorization_lifetime)
        self.assertEqual(sorted(grant.token_ids.mapped("kind")), ["access", "refresh"])

    def test_the_provider_s_scope_grants_no_odoo_scope(self):
        self.client.scope_ids = False
        self.provider.scope = "partners.read"
        information = self.token_information()
        self.assertEqual(information["scope"], "partners.read")
        self.assertFalse(self.grant_of(self.identity).scope_ids)
        response = self.bearer("/orders/partners", information["access_token"])
        self.assertRefused(response, 403, "insufficient_scope")
        # Nor has the grant kept it for the day on which the client is given the scope.
        self.client.scope_ids = self.api.scope_ids
        self.env.flush_all()
        response = self.bearer("/orders/partners", information["access_token"])
        self.assertRefused(response, 403, "insufficient_scope")

    def test_what_the_sign_in_needed_is_wiped(self):
        self.token_information()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT result, code_verifier, nonce_digest, browser_digest, form_digest"
            " FROM oauth2_authorization_request WHERE client_id = %s",
            [self.client.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [(None,) * 5])

    def test_authorizing_again_renews_the_same_grant(self):
        first = self.token_information()
        grant = self.grant_of(self.identity)
        grant.write({"state": "expired", "scope_ids": False})
        second, _identity = self.authorize(self.identity)
        self.assertEqual(self.grant_of(self.identity), grant)
        self.assertEqual(grant.state, "active")
        self.assertEqual(grant.scope_ids, self.api.scope_ids)
        self.assertNotEqual(first["access_token"], second["access_token"])
        response = self.bearer("/orders/partners", second["access_token"])
        self.assertEqual(response.status_code, 200, response.text)

    def test_an_access_token_that_belongs_to_another_user_is_refused(self):
        information = self.token_information()
        other = self.make_user("other@example.com")
        self.provider.login = "other"
        self.provider.claims = {"email": other.login, "email_verified": True}
        override = {"access_token": information["access_token"]}
        self.provider.token_answer_override = override
        self.provider_record.scope = "email"
        self.provider.answer(
            "userinfo", body=json.dumps(self.provider.user_claims()).encode()
        )
        self.asked = self.ask()
        self.assertRefused(self.come_back(), 502, "server_error")
        self.assertFalse(self.grant_of(self.asked["client_user_identity"]))
