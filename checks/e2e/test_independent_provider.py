"""The main job at a provider that is not ours: node-oidc-provider."""

import json
import unittest
from urllib.parse import urlsplit

import requests
from providers import IndependentProvider, independent
from server import SECRET, ServerCase, sql


@unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
class TestIndependentProvider(ServerCase):
    def at_provider(self, *, client=None, record=None, client_record=None, **settings):
        """Return a site at a running provider.

        `client` is the client's metadata there, `record` are fields of the provider's
        record here, `client_record` those of the client's.
        """
        site = self.make_site()
        known = {
            "client_id": "demo-app",
            "redirect_uris": [site.redirect_uri],
            **(client or {"client_secret": SECRET}),
        }
        provider = self.enterContext(IndependentProvider(clients=[known], **settings))
        return site.use(provider, client_record, **(record or {}))

    def introspect(self, site, token):
        """Ask the provider whether a token is good for anything there."""
        answer = requests.post(
            f"{site.provider.issuer}/token/introspection",
            data={"token": token},
            auth=("demo-app", SECRET),
            timeout=10,
        )
        return answer.json()["active"]

    def walk(self, site):
        """Go through the main job up to the refresh; return its identity and tokens."""
        first, identity = site.authorize()
        self.assertEqual(first["login"], site.login)
        self.assertOpens(site, first["access_token"])

        refreshed = site.refresh(identity)
        self.assertEqual(refreshed.status_code, 200, refreshed.text)
        second = refreshed.json()
        self.assertNotEqual(second["access_token"], first["access_token"])
        self.assertNotEqual(second["refresh_token"], first["refresh_token"])
        self.assertEqual(second["login"], site.login)
        self.assertOpens(site, second["access_token"])
        return identity, second

    def assertRevokes(self, site, identity, token, provider_revoked=True):
        answer = site.revoke(identity)
        self.assertEqual(answer.status_code, 200, answer.text)
        told = {"revoked": True, "provider_revoked": provider_revoked}
        self.assertEqual(answer.json(), told)
        self.assertRefused(site.partners(token), 401, "invalid_token")
        self.assertRefused(site.refresh(identity), 400, "invalid_grant")
        self.assertEqual(self.grants(site), 0)
        # What the provider will never revoke is not asked of it again and again.
        query = "SELECT count(*) FROM oauth2_revocation WHERE client_id = %s"
        self.assertEqual(sql(query, site.client_id)[0][0], 0)

    def test_the_main_job_with_opaque_access_tokens(self):
        site = self.at_provider()
        identity, tokens = self.walk(site)
        self.assertTrue(self.introspect(site, tokens["access_token"]))

        self.assertRevokes(site, identity, tokens["access_token"])
        self.assertFalse(self.introspect(site, tokens["access_token"]))
        self.assertFalse(self.introspect(site, tokens["refresh_token"]))

    def test_the_main_job_with_jwt_access_tokens(self):
        site = self.at_provider(accessTokenFormat="jwt")
        identity, tokens = self.walk(site)
        self.assertEqual(tokens["access_token"].count("."), 2)

        # RFC 7009 section 2.2.1: this provider cannot revoke a signed token, and says
        # so; with the refresh token it ends the grant all the same.
        self.assertRevokes(
            site, identity, tokens["access_token"], provider_revoked=False
        )
        self.assertFalse(self.introspect(site, tokens["refresh_token"]))
        # The refresh token, and the access tokens of sign-in and refresh.
        self.assertEqual(site.provider.stats()["revocation"], 3)

    def test_a_revocation_that_the_provider_does_not_know_is_not_confirmed(self):
        site = self.at_provider(accessTokenFormat="jwt", refreshTokens="none")
        first, identity = site.authorize()
        self.assertNotIn("refresh_token", first)
        self.assertRevokes(
            site, identity, first["access_token"], provider_revoked=False
        )

    def test_the_main_job_with_client_secret_post(self):
        method = {"token_endpoint_auth_method": "client_secret_post"}
        site = self.at_provider(
            client={**method, "client_secret": SECRET}, record=method
        )
        identity, tokens = self.walk(site)
        self.assertRevokes(site, identity, tokens["access_token"])

    def test_the_main_job_as_a_public_client(self):
        method = {"token_endpoint_auth_method": "none"}
        site = self.at_provider(
            client=method,
            record=method,
            client_record={"client_secret": False},
        )
        identity, tokens = self.walk(site)
        self.assertRevokes(site, identity, tokens["access_token"])

    def with_key(self, algorithm):
        """Return a site whose provider knows its client by a key that Odoo made."""
        site = self.make_site()
        # Its address is needed first, then it knows the key.
        with IndependentProvider() as provider:
            site.use(
                provider,
                {"client_secret": False},
                token_endpoint_auth_method="private_key_jwt",
                token_endpoint_auth_signing_alg=algorithm,
            )
        self.make_key(site)
        [client] = self.administrator.call(
            "oauth2.client", "read", [site.client_id], ["jwks"]
        )
        known = {
            "client_id": "demo-app",
            "redirect_uris": [site.redirect_uri],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": json.loads(client["jwks"]),
        }
        port = urlsplit(provider.issuer).port
        site.provider = self.enterContext(
            IndependentProvider(clients=[known], port=port)
        )
        return site

    def make_key(self, site):
        self.administrator.call("oauth2.client", "action_make_key", [site.client_id])

    def test_the_main_job_with_a_key_of_odoo_s(self):
        for algorithm in ("RS256", "ES256"):
            with self.subTest(algorithm):
                site = self.with_key(algorithm)
                identity, tokens = self.walk(site)
                self.assertRevokes(site, identity, tokens["access_token"])
                # The refresh token, and the access tokens of sign-in and refresh.
                self.assertEqual(site.provider.stats()["revocation"], 3)

    def test_a_key_that_the_provider_does_not_know_is_refused_there(self):
        site = self.with_key("ES256")
        first, identity = site.authorize()
        self.make_key(site)
        self.assertRefused(site.refresh(identity), 502, "server_error")
        query = "SELECT reason FROM oauth2_event WHERE api_id = %s ORDER BY id DESC"
        self.assertIn("invalid_client", sql(query, site.api_id)[0][0])
        with self.assertRaisesRegex(AssertionError, "server_error"):
            site.authorize()
        self.assertOpens(site, first["access_token"])
        self.assertEqual(self.grants(site), 1)

    def test_without_a_refresh_token_the_user_must_authorize_again(self):
        site = self.at_provider(refreshTokens="none")
        first, identity = site.authorize()
        self.assertRefused(site.refresh(identity), 400, "invalid_grant")
        # The access token is not harmed by the attempt.
        self.assertOpens(site, first["access_token"])

        again, _identity = site.authorize(identity)
        self.assertOpens(site, again["access_token"])
        self.assertEqual(self.grants(site), 1)

    def test_claims_that_only_userinfo_tells_are_asked_there(self):
        site = self.at_provider(idTokenClaims=False)
        information, _identity = site.authorize()
        self.assertEqual(information["login"], site.login)
        self.assertEqual(site.provider.stats()["userinfo"], 1)

    def test_userinfo_may_be_signed(self):
        signed = {"client_secret": SECRET, "userinfo_signed_response_alg": "RS256"}
        site = self.at_provider(client=signed, idTokenClaims=False)
        information, _identity = site.authorize()
        self.assertEqual(information["login"], site.login)
        self.assertEqual(site.provider.stats()["userinfo"], 1)

    def test_the_main_job_with_answers_that_are_posted(self):
        site = self.at_provider(record={"response_mode": "form_post"})
        identity, tokens = self.walk(site)
        self.assertRevokes(site, identity, tokens["access_token"])

    def test_the_main_job_without_pkce_and_nonce(self):
        off = {"use_pkce": False, "use_nonce": False}
        site = self.at_provider(record=off, pkceRequired=False)
        identity, tokens = self.walk(site)
        self.assertRevokes(site, identity, tokens["access_token"])

    def test_an_unverified_email_becomes_no_user(self):
        site = self.make_site()
        client = {
            "client_id": "demo-app",
            "client_secret": SECRET,
            "redirect_uris": [site.redirect_uri],
        }
        accounts = {site.login: {"email_verified": False}}
        site.use(
            self.enterContext(IndependentProvider(clients=[client], accounts=accounts))
        )
        with self.assertRaisesRegex(AssertionError, "access_denied"):
            site.authorize()
        self.assertEqual(self.grants(site), 0)

    def test_a_grant_that_the_provider_ended_must_be_authorized_again(self):
        site = self.at_provider()
        first, identity = site.authorize()
        requests.post(
            f"{site.provider.issuer}/token/revocation",
            data={"token": first["refresh_token"]},
            auth=("demo-app", SECRET),
            timeout=10,
        ).raise_for_status()

        self.assertRefused(site.refresh(identity), 400, "invalid_grant")
        self.assertRefused(site.partners(first["access_token"]), 401, "invalid_token")

        again, _identity = site.authorize(identity)
        self.assertOpens(site, again["access_token"])
        self.assertEqual(site.refresh(identity).status_code, 200)
