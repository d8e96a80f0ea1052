"""Rules of the RFCs for an authorization server that no other test is about; see
docs/conformance.md for all.
"""

import re
from urllib.parse import urlsplit

from odoo.tests import tagged

from .authorization_server_common import REDIRECT_URI, AuthorizationServerCase
from .common import basic_authorization

UNKNOWN = "odoo_rt_of-no-one"


@tagged("post_install", "-at_install")
class TestConformance(AuthorizationServerCase):
    def post(self, name, headers=None, **parameters):
        """:return: the answer of an endpoint to the confidential client"""
        if headers is None:
            headers = basic_authorization("own-app", self.secret)
        path = f"/orders/oauth2/{name}"
        return self.url_open(path, data=parameters, headers=headers, method="POST")

    def assertError(self, response, status, error):
        """RFC 6749 section 5.2"""
        self.assertEqual(response.status_code, status, response.text)
        body = response.json()
        self.assertEqual(body["error"], error)
        self.assertEqual(set(body), {"error", "error_description"})
        self.assertTrue(body["error_description"].isascii())

    def test_no_cache_keeps_an_answer_with_or_about_a_token(self):
        """RFC 6749 sections 5.1 and 5.2, RFC 7662 section 4"""
        code = self.code()
        issued = self.exchange(code)
        token = issued.json()["access_token"]
        for response, status in (
            (issued, 200),
            (self.refresh(issued.json()["refresh_token"]), 200),
            (self.post("introspect", token=token), 200),
            (self.exchange(UNKNOWN), 400),
            (self.post("introspect", {}, token=token, client_id="own-app"), 401),
            (self.post("revoke", token=token), 200),
        ):
            with self.subTest(response.url, status=status):
                self.assertEqual(response.status_code, status, response.text)
                self.assertEqual(response.headers["Cache-Control"], "no-store")
                media_type = response.headers["Content-Type"].partition(";")[0]
                self.assertEqual(media_type, "application/json")

    def test_no_password_no_assertion_and_no_implicit_grant_is_served(self):
        """RFC 9700 sections 2.1.2 and 2.4, OAuth 2.1"""
        user = {"username": self.user.login, "password": self.user.login}
        for grant_type in (
            "password",
            "implicit",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:device_code",
        ):
            with self.subTest(grant_type):
                response = self.post("token", grant_type=grant_type, **user)
                self.assertError(response, 400, "unsupported_grant_type")
        for response_type in ("token", "code token", "code id_token", "none"):
            with self.subTest(response_type):
                answer = self.answer(self.ask_for_code(response_type=response_type))
                self.assertEqual(answer["error"], "unsupported_response_type")
                self.assertNotIn("access_token", answer)

    def test_a_resource_is_this_api_or_an_address_below_it(self):
        """RFC 8707 sections 2, 2.1 and 2.2"""
        for resource in (self.issuer, f"{self.issuer}/json/2", f"{self.issuer}/a?b=c"):
            with self.subTest(resource):
                response = self.exchange(self.code(resource=resource))
                refresh_token = response.json()["refresh_token"]
                response = self.exchange(self.code(), resource=resource)
                self.assertEqual(response.status_code, 200, response.text)
                response = self.refresh(refresh_token, resource=resource)
                self.assertEqual(response.status_code, 200, response.text)
        code = self.code()
        for resource in (
            "https://other.example.com",
            f"{self.issuer}-2",
            f"{self.base_url()}/crm",
            f"{self.issuer}/../crm",
            f"{self.issuer}#part",
            self.issuer.replace("://", "://user@"),
            "orders",
        ):
            with self.subTest(resource):
                answer = self.answer(self.ask_for_code(resource=resource))
                self.assertEqual(answer["error"], "invalid_target")
                response = self.exchange(code, resource=resource)
                self.assertError(response, 400, "invalid_target")
        self.assertEqual(self.exchange(code).status_code, 200, "it spent no code")

    def test_a_token_that_is_unknown_is_revoked_as_one_that_was(self):
        """RFC 7009 sections 2.1, 2.2 and 2.2.1: a hint is one, even a wrong one"""
        for hint in ({}, {"token_type_hint": "access_token"}, {"token_type_hint": "x"}):
            response = self.post("revoke", token=UNKNOWN, **hint)
            self.assertEqual((response.status_code, response.json()), (200, {}))
        tokens = self.tokens()
        response = self.post(
            "revoke", token=tokens["refresh_token"], token_type_hint="access_token"
        )
        self.assertEqual((response.status_code, response.json()), (200, {}))
        self.assertEqual(self.call_as(tokens["access_token"]), 401)

    def test_a_public_client_refreshes_and_revokes_by_its_identifier(self):
        """RFC 6749 sections 3.2.1 and 6, RFC 7009 section 2.1"""
        self.make_own_client(client_identifier="public-app", client_type="public")
        self.env.flush_all()
        named = {"client_id": "public-app"}
        code = self.code(**named)
        tokens = self.exchange(code, {}, **named).json()
        response = self.refresh(tokens["refresh_token"], {}, **named)
        self.assertEqual(response.status_code, 200, response.text)
        tokens = response.json()
        self.assertEqual(self.call_as(tokens["access_token"]), 200)
        response = self.post("revoke", {}, token=tokens["refresh_token"], **named)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(self.call_as(tokens["access_token"]), 401)

    def test_a_confidential_client_proves_itself_at_every_endpoint(self):
        """RFC 6749 section 3.2.1, RFC 7009 section 2.1, RFC 7662 section 2.1"""
        self.serve_as(self.make_user("robot@example.com"))
        token, code = self.tokens()["access_token"], self.code()
        by_body = {"client_id": "own-app", "client_secret": self.secret}
        asked = {"grant_type": "refresh_token", "refresh_token": UNKNOWN}
        for name, parameters in (
            ("token", asked),
            ("token", {"grant_type": "client_credentials"}),
            ("introspect", {"token": token}),
            ("revoke", {"token": token}),
        ):
            for headers, proof in (
                ({}, {"client_id": "own-app"}),
                ({}, {**by_body, "client_secret": "wrong"}),
                (basic_authorization("own-app", "wrong"), {}),
            ):
                with self.subTest(name, headers=headers, proof=proof):
                    response = self.post(name, headers, **parameters, **proof)
                    self.assertError(response, 401, "invalid_client")
                    challenge = response.headers["WWW-Authenticate"]
                    self.assertTrue(challenge.startswith("Basic "), challenge)
        self.assertEqual(self.call_as(token), 200, "nothing was revoked")
        response = self.exchange(code, {}, client_id="own-app")
        self.assertError(response, 401, "invalid_client")
        response = self.exchange(code, {}, **by_body)
        self.assertEqual(response.status_code, 200, response.text)

    def test_unknown_parameters_are_ignored_and_empty_ones_are_left_out(self):
        """RFC 6749 sections 3.1 and 3.2"""
        empty = dict.fromkeys(("prompt", "scope", "resource", "response_mode"), "")
        code = self.code(nonce="n", ui_locales="fr", audience="x", **empty)
        response = self.exchange(code, audience="x", scope="", resource="")
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json()["scope"], "orders.read partners.read")

    def test_of_several_redirect_uris_a_request_names_one(self):
        """RFC 6749 section 3.1.2.3"""
        self.assertEqual(self.ask_for_code(redirect_uri=None).status_code, 303)
        self.own.redirect_uris = f"{REDIRECT_URI}\nhttps://second.example.com/back"
        self.env.flush_all()
        response = self.ask_for_code(redirect_uri=None)
        self.assertEqual(response.status_code, 400)
        self.assertNotIn("Location", response.headers)

    def test_the_redirect_uri_may_be_left_out_where_a_code_is_exchanged(self):
        """OAuth 2.1 section 10.2: PKCE does what it did"""
        response = self.exchange(self.code(), redirect_uri=None)
        self.assertEqual(response.status_code, 200, response.text)

    def test_what_a_server_says_of_itself_is_served(self):
        """RFC 8414 section 2"""
        document = self.url_open("/.well-known/oauth-authorization-server/orders")
        described = document.json()
        self.serve_as(self.make_user("robot@example.com"))
        by_secret = basic_authorization("own-app", self.secret)
        for name, address in described.items():
            if name.endswith("_endpoint"):
                path = urlsplit(address).path
                post = self.url_open(path, data={"x": "1"}, headers=by_secret)
                is_get = name == "authorization_endpoint"
                self.assertEqual(post.status_code, 405 if is_get else 400, name)
        for grant_type in described["grant_types_supported"]:
            with self.subTest(grant_type):
                response = self.post("token", grant_type=grant_type)
                self.assertNotIn("unsupported_grant_type", response.text)

    def test_a_refused_call_leads_to_the_server_that_gives_a_token(self):
        """RFC 9728 section 5: resource, its metadata, the server's, a token"""
        base = self.base_url()
        refused = self.url_open("/orders/oauth2/whoami")
        self.assertEqual(refused.status_code, 401)
        challenge = refused.headers["WWW-Authenticate"]
        address = re.search(r'resource_metadata="([^"]+)"', challenge)[1]
        resource = self.url_open(address.removeprefix(base)).json()
        [issuer] = resource["authorization_servers"]
        path = urlsplit(issuer).path
        server = self.url_open(f"/.well-known/oauth-authorization-server{path}").json()
        self.assertEqual(server["issuer"], issuer)
        self.assertIn(resource["resource"], server["protected_resources"])
        code = self.code(resource=resource["resource"])
        token_path = urlsplit(server["token_endpoint"]).path
        response = self.url_open(
            token_path,
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": REDIRECT_URI,
                "code_verifier": self.verifier,
            },
            headers=basic_authorization("own-app", self.secret),
        )
        self.assertEqual(self.call_as(response.json()["access_token"]), 200)
