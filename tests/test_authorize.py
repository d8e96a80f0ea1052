import json
from urllib.parse import parse_qs, urlencode, urlsplit

from odoo.tests import tagged

from ..services.keys.keyring import Keyring
from .common import OAuth2Case, basic_authorization


@tagged("post_install", "-at_install")
class AuthorizeCase(OAuth2Case):
    def ask_for(self, **body):
        return self.call("provider/authorize", {"client_id": "demo-app", **body})

    def query_of(self, response):
        """The parameters that the authorization URL carries."""
        self.assertEqual(response.status_code, 200, response.text)
        query = urlsplit(response.json()["authorization_url"]).query
        values = parse_qs(query, keep_blank_values=True, strict_parsing=True)
        self.assertEqual({len(value) for value in values.values()}, {1})
        return {name: value for name, (value,) in values.items()}

    def requests_of(self, **values):
        self.env.invalidate_all()
        domain = [("client_id", "=", self.client.id)]
        domain += [(name, "=", value) for name, value in values.items()]
        return self.env["oauth2.authorization.request"].search(domain)


class TestAuthorize(AuthorizeCase):
    """``GET|POST /<api>/oauth2/provider/authorize``: in and out."""

    def assertAnswers(self, response, identity):
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(
            set(response.json()),
            {"authorization_url", "client_user_identity", "expires_in", "interval"},
        )
        self.assertEqual(response.json()["client_user_identity"], identity)
        self.assertEqual(response.json()["expires_in"], 600)
        self.assertEqual(
            response.headers["Content-Type"].split(";")[0], "application/json"
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertNotIn("Set-Cookie", response.headers)

    def test_authorize_by_get_and_post_with_json_or_form_is_the_same(self):
        names = {"client_id": "demo-app", "client_user_identity": "Ölivia 42"}
        for method in ("GET", "POST"):
            for media_type, body in (
                ("application/json", json.dumps(names)),
                ("application/json; charset=utf-8", json.dumps(names)),
                ("application/x-www-form-urlencoded", urlencode(names)),
                ("application/json", "\ufeff" + json.dumps(names)),
                ("application/x-www-form-urlencoded", "\ufeff" + urlencode(names)),
            ):
                with self.subTest(method=method, media_type=media_type):
                    response = self.url_open(
                        "/orders/oauth2/provider/authorize",
                        data=body.encode(),
                        method=method,
                        headers={"Content-Type": media_type},
                    )
                    self.assertAnswers(response, "Ölivia 42")

    def test_an_identity_that_is_left_out_is_issued(self):
        identities = set()
        for body in ({}, {"client_user_identity": ""}, {"client_user_identity": None}):
            identity = self.ask_for(**body).json()["client_user_identity"]
            self.assertRegex(identity, r"^cui_[A-Za-z0-9_-]{43}$")
            identities.add(identity)
        self.assertEqual(len(identities), 3)

    def test_an_integer_identity_is_taken_as_its_decimals(self):
        self.assertAnswers(self.ask_for(client_user_identity=42), "42")
        digest = Keyring(self.env).identity_digests("42")[0]
        self.assertEqual(len(self.requests_of(identity_digest=digest)), 1)

    def test_an_issued_identity_may_be_sent_again(self):
        identity = self.ask()["client_user_identity"]
        self.assertAnswers(self.ask_for(client_user_identity=identity), identity)
        _information, identity = self.authorize(identity)
        self.requests_of().unlink()  # now only the grant knows it
        self.assertAnswers(self.ask_for(client_user_identity=identity), identity)

    def test_the_secret_may_be_sent_in_the_header_or_in_the_body(self):
        self.assertAnswers(
            self.ask_for(client_secret="demo-secret", client_user_identity="1"), "1"
        )
        for body in ({"client_id": "demo-app"}, {}):
            response = self.call(
                "provider/authorize",
                {"client_user_identity": "1", **body},
                headers=basic_authorization(),
            )
            self.assertAnswers(response, "1")

    def test_an_existing_client_api_user_is_never_changed(self):
        _information, identity = self.authorize("42")
        grant = self.grant_of(identity)
        columns = (
            "SELECT to_json(g)::text, (SELECT json_agg(t)::text FROM oauth2_token t"
            " WHERE t.client_user_id = g.id) FROM oauth2_client_user g WHERE g.id = %s"
        )
        self.env.cr.execute(columns, [grant.id])
        before = self.env.cr.fetchall()
        self.ask_for(client_user_identity="42")
        self.env.invalidate_all()
        self.env.cr.execute(columns, [grant.id])
        self.assertEqual(self.env.cr.fetchall(), before)


class TestAuthorizationUrl(AuthorizeCase):
    """The address at the provider (RFC 6749 section 4.1.1)."""

    def test_the_authorization_url_carries_exactly_what_the_flow_needs(self):
        response = self.ask_for()
        url = response.json()["authorization_url"]
        self.assertTrue(url.startswith(f"{self.provider.issuer}/authorize?"), url)
        query = self.query_of(response)
        random = {
            name: query.pop(name) for name in ("state", "nonce", "code_challenge")
        }
        self.assertEqual(
            query,
            {
                "response_type": "code",
                "client_id": "demo-app",
                "redirect_uri": f"{self.base_url()}/orders/oauth2/callback",
                "scope": "openid email profile",
                "code_challenge_method": "S256",
            },
        )
        for name, value in random.items():
            with self.subTest(name):  # 256 bits in base64url
                self.assertRegex(value, r"^[A-Za-z0-9_-]{43}$")

    def test_state_nonce_and_challenge_are_new_each_time(self):
        """RFC 9700 section 4.7.1, RFC 7636 section 7.1"""
        first, second = (self.query_of(self.ask_for()) for _time in range(2))
        for name in ("state", "nonce", "code_challenge"):
            self.assertNotEqual(first[name], second[name])

    def test_a_nonce_comes_with_openid_only(self):
        """OpenID Connect Core section 3.1.2.1"""
        for scope, has_nonce in (
            ("openid", True),
            ("email openid", True),
            ("email", False),
            ("openid2", False),
        ):
            self.provider_record.scope = scope
            query = self.query_of(self.ask_for())
            self.assertEqual("nonce" in query, has_nonce, scope)
            self.assertEqual(query["scope"], scope)

    def test_extra_parameters_of_a_provider_are_in_the_authorization_url(self):
        self.provider_record.authorize_params = "access_type=offline&prompt=a%20b"
        query = self.query_of(self.ask_for())
        self.assertEqual(query["access_type"], "offline")
        self.assertEqual(query["prompt"], "a b")

    def test_a_query_of_the_authorization_endpoint_is_kept(self):
        """RFC 6749 section 3.1"""
        endpoint = f"{self.provider.issuer}/authorize?tenant=x"
        self.provider_record.authorization_endpoint = endpoint
        self.assertEqual(self.query_of(self.ask_for())["tenant"], "x")

    def test_the_redirect_uri_comes_from_the_setting_never_from_the_host_header(self):
        """RFC 9700 section 2.1: it is matched exactly."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("api_auth_oauth2.base_url", "https://odoo.example.com/")
        response = self.call(
            "provider/authorize",
            {"client_id": "demo-app"},
            headers={
                "Host": "evil.example.com",
                "X-Forwarded-Host": "evil.example.com",
            },
        )
        self.assertEqual(
            self.query_of(response)["redirect_uri"],
            "https://odoo.example.com/orders/oauth2/callback",
        )
        record = self.requests_of()
        self.assertEqual(
            record.redirect_uri, "https://odoo.example.com/orders/oauth2/callback"
        )

    def test_session_matching_gives_a_start_page_of_this_odoo(self):
        self.provider_record.user_matching = "session"
        url = self.ask_for().json()["authorization_url"]
        root = f"{self.base_url()}/orders/oauth2/start?request="
        self.assertTrue(url.startswith(root), url)


class TestAuthorizeRefusals(AuthorizeCase):
    """What ``authorize`` does not serve leaves no authorization request."""

    def assertNothingAsked(self, response, status, error):
        self.assertRefused(response, status, error)
        self.assertFalse(self.requests_of())

    def test_authorize_refuses_a_cui_identity_that_odoo_did_not_issue(self):
        for identity in ("cui_", "cui_made-up", "cui_" + "x" * 43):
            response = self.ask_for(client_user_identity=identity)
            self.assertNothingAsked(response, 400, "invalid_request")

    def test_authorize_refuses_a_cui_identity_issued_to_another_client(self):
        other = self.make_client(
            self.api, self.provider_record, client_identifier="other-app"
        )
        crm = self.make_api("crm")
        self.client.api_ids += crm
        identity = self.ask(client_id="other-app")["client_user_identity"]
        response = self.ask_for(client_user_identity=identity)
        self.assertNothingAsked(response, 400, "invalid_request")
        response = self.call(
            "provider/authorize",
            {"client_id": "other-app", "client_user_identity": identity},
            api="crm",
        )
        self.assertRefused(response, 401, "invalid_client")
        other.api_ids += crm
        response = self.call(
            "provider/authorize",
            {"client_id": "other-app", "client_user_identity": identity},
            api="crm",
        )
        self.assertRefused(response, 400, "invalid_request")

    def test_authorize_refuses_no_secret_where_one_is_required(self):
        self.client.require_secret = True
        self.assertNothingAsked(self.ask_for(), 401, "invalid_client")
        self.assertNothingAsked(self.ask_for(client_secret=""), 401, "invalid_client")
        response = self.ask_for(client_secret="demo-secret")
        self.assertEqual(response.status_code, 200, response.text)

    def test_authorize_refuses_a_wrong_secret_whether_required_or_not(self):
        self.api.trust_identity = True
        for require_secret in (True, False):
            self.client.require_secret = require_secret
            for body, headers in (
                ({"client_secret": "wrong"}, {}),
                ({"client_secret": "demo-secret "}, {}),
                ({}, basic_authorization(secret="wrong")),
                ({}, basic_authorization(secret="")),
            ):
                response = self.call(
                    "provider/authorize",
                    {"client_id": "demo-app", **body},
                    headers=headers,
                )
                self.assertNothingAsked(response, 401, "invalid_client")
                self.assertEqual(
                    response.headers["WWW-Authenticate"],
                    'Basic realm="oauth2", charset="UTF-8"',
                )

    def test_authorize_refuses_any_secret_of_a_client_that_has_none(self):
        self.client.client_secret_encrypted = False
        for headers in (basic_authorization(secret=""), basic_authorization()):
            response = self.call("provider/authorize", {}, headers=headers)
            self.assertNothingAsked(response, 401, "invalid_client")

    def test_authorize_refuses_the_secret_in_header_and_body(self):
        """RFC 6749 section 2.3: one method of authentication in a request"""
        response = self.call(
            "provider/authorize",
            {"client_id": "demo-app", "client_secret": "demo-secret"},
            headers=basic_authorization(),
        )
        self.assertNothingAsked(response, 400, "invalid_request")

    def test_authorize_refuses_two_different_client_ids(self):
        response = self.call(
            "provider/authorize",
            {"client_id": "other-app"},
            headers=basic_authorization(),
        )
        self.assertNothingAsked(response, 400, "invalid_request")
