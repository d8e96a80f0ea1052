"""Attacks on codes and tokens of this Odoo, played over HTTP (RFC 9700, RFC 6749 10).

Races need several processes: ``checks/e2e/test_issued_tokens_at_once.py``.
"""

import json
from urllib.parse import parse_qs, urlencode, urlsplit

from odoo.tests import tagged

from ..protocol.digests import digest
from ..protocol.pkce import challenge_of
from .authorization_server_common import (
    REDIRECT_URI,
    STATE,
    AuthorizationServerCase,
)
from .common import BROWSER_HEADERS, basic_authorization
from .test_protocol_redirect_uri import TRICKS


class ServerAttackCase(AuthorizationServerCase):
    """``other-app`` is the stranger's; both clients serve a second API, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.crm = cls.make_api("crm", scopes=("leads.read",))
        both = (cls.api | cls.crm).ids
        cls.stranger = cls.make_own_client(
            name="Other", client_identifier="other-app", api_ids=[(6, 0, both)]
        )
        cls.own.api_ids = [(6, 0, both)]
        cls.own.scope_ids |= cls.crm.scope_ids
        cls.strangers_secret = cls.stranger._generate_secret()
        cls.env.flush_all()

    def by_stranger(self):
        return basic_authorization("other-app", self.strangers_secret)

    def post(self, path, data, headers=None):
        """:param data: of a form; names that come twice as pairs"""
        if headers is None:
            headers = basic_authorization("own-app", self.secret)
        return self.url_open(path, data=data, headers=headers, method="POST")

    def introspected(self, token, api="orders", headers=None):
        response = self.post(f"/{api}/oauth2/introspect", {"token": token}, headers)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def exchange_form(self, code):
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
        }

    def assertGivesNothing(self, response, *errors):
        self.assertIn(response.status_code, (400, 401), response.text)
        self.assertIn(response.json()["error"], errors)
        self.assertNotIn("odoo_", response.text)


@tagged("post_install", "-at_install")
class TestStolenCode(ServerAttackCase):
    def test_a_stolen_code_gives_nothing_and_its_owner_still_gets_tokens(self):
        code, challenge = self.code(), challenge_of(self.verifier)
        no_secret = {"headers": {}, "client_id": "own-app"}
        attacks = {
            "no verifier": {"code_verifier": None},
            "an empty verifier": {"code_verifier": ""},
            "a wrong verifier": {"code_verifier": "w" * 43},
            "the challenge as verifier": {"code_verifier": challenge},
            "a verifier cut short": {"code_verifier": self.verifier[:-1]},
            "a verifier and more": {"code_verifier": self.verifier + "="},
            "a verifier that is too long": {"code_verifier": "v" * 129},
            "another redirect URI": {"redirect_uri": "https://evil.example.com/back"},
            "a longer redirect URI": {"redirect_uri": f"{REDIRECT_URI}/"},
            "a redirect URI in capitals": {"redirect_uri": REDIRECT_URI.upper()},
            "another client": {"headers": self.by_stranger()},
            "no secret": no_secret,
            "an empty secret": {"headers": basic_authorization("own-app", "")},
            "a wrong secret": {
                "headers": basic_authorization("own-app", "guessed-secret")
            },
            "another's secret": {
                "headers": basic_authorization("own-app", self.strangers_secret)
            },
            "the digest of the secret": {
                "headers": basic_authorization("own-app", digest(self.secret))
            },
            "the digest of the code": {"code": digest(code)},
            "the code without its prefix": {"code": code.removeprefix("odoo_ac_")},
            "half of the code": {"code": code[:30]},
            "the code and a space": {"code": f"{code} "},
            "no code": {"code": None},
            "another resource": {"resource": f"{self.base_url()}/crm"},
            "another grant type": {"grant_type": "refresh_token"},
        }
        for name, changes in attacks.items():
            with self.subTest(name):
                self.assertGivesNothing(
                    self.exchange(**{"code": code, **changes}),
                    "invalid_grant",
                    "invalid_request",
                    "invalid_client",
                    "invalid_target",
                )
        with self.subTest("another API"):
            response = self.post("/crm/oauth2/token", self.exchange_form(code))
            self.assertGivesNothing(response, "invalid_grant")
        self.assertEqual(self.exchange(code).status_code, 200)

    def test_a_used_code_in_a_strangers_hands_ends_nothing(self):
        code = self.code()
        tokens = self.exchange(code).json()
        for name, headers, changes in (
            ("another client", self.by_stranger(), {}),
            ("no secret", {}, {"client_id": "own-app"}),
            ("a wrong secret", basic_authorization("own-app", "guessed-secret"), {}),
        ):
            with self.subTest(name):
                response = self.exchange(code, headers, **changes)
                self.assertGivesNothing(response, "invalid_grant", "invalid_client")
                self.assertEqual(self.call_as(tokens["access_token"]), 200)

    def test_a_late_code_gives_nothing(self):
        code = self.code()
        self.env.invalidate_all()
        request = self.env["oauth2.authorization.request"].search(
            [("code_digest", "=", digest(code))]
        )
        request.expires_at = "2000-01-01"
        self.env.flush_all()
        self.assertRefused(self.exchange(code), 400, "invalid_grant")

    def test_pkce_cannot_be_left_out_or_weakened(self):
        challenge = challenge_of(self.verifier)
        for changes in (
            {"code_challenge": None},
            {"code_challenge": None, "code_challenge_method": None},
            {"code_challenge": ""},
            {"code_challenge": self.verifier, "code_challenge_method": "plain"},
            {"code_challenge_method": None},
            {"code_challenge_method": ""},
            {"code_challenge_method": "s256"},
            {"code_challenge_method": "S256 "},
            {"code_challenge_method": "S512"},
            {"code_challenge_method": ["S256", "plain"]},
            {"code_challenge": [challenge, challenge]},
            {"code_challenge": challenge[:-1]},
            {"code_challenge": f"{challenge}="},
            {"code_challenge": f"{challenge}A"},
            {"code_challenge": f"{challenge[:-1]}+"},
            {"code_challenge": f"{challenge}\n"},
            {"code_challenge": f"ä{challenge[1:]}"},
        ):
            with self.subTest(changes):
                answer = self.answer(self.ask_for_code(**changes))
                self.assertEqual(answer["error"], "invalid_request")


@tagged("post_install", "-at_install")
class TestOpenRedirects(ServerAttackCase):
    def test_no_trick_makes_the_browser_leave_for_an_unregistered_address(self):
        self.assertGreater(len(TRICKS), 40)
        for registered in dict(TRICKS):
            self.own.redirect_uris = f"{registered}\nhttps://second.example.com/back"
            self.env.flush_all()
            sent = [each for known, each in TRICKS if known == registered]
            for redirect_uri in sent:
                with self.subTest(registered=registered, sent=redirect_uri):
                    self.assertStays(self.ask_for_code(redirect_uri=redirect_uri))
                    self.assertStays(
                        self.ask_for_code(
                            redirect_uri=redirect_uri, response_type="token"
                        )
                    )

    def assertStays(self, response):
        self.assertEqual(response.status_code, 400)
        self.assertNotIn("Location", response.headers)
        self.assertIn("text/html", response.headers["Content-Type"])
        self.assertNotIn("evil", response.text)

    def test_a_state_comes_back_to_the_letter_or_not_at_all(self):
        printable = "".join(map(chr, range(0x20, 0x7F)))
        for state in (printable, "s" * 4096, "%0d%0aX-Evil: 1", "&code=mine&iss=x"):
            with self.subTest(state[:40]):
                response = self.ask_for_code(state=state, scope="unknown")
                self.assertEqual(self.answer(response)["state"], state)
                _address, page = self.open_consent(state=state)
                denied = self.decide(_address, page, "deny")
                self.assertEqual(self.answer(denied)["state"], state)
        for state in (
            "s" * 4097,
            "a\r\nX-Evil: 1",
            "a\nb",
            "a\x00b",
            "\u00e4",
            "\u2028",
        ):
            with self.subTest(state[:40]):
                response = self.ask_for_code(state=state)
                answer = self.answer(response)
                self.assertEqual(answer["error"], "invalid_request")
                self.assertNotIn("state", answer)
                self.assertNotIn("X-Evil", response.headers)

    def test_no_parameter_of_the_request_overwrites_the_answers_own(self):
        self.own.redirect_uris = f"{REDIRECT_URI}?tenant=7"
        self.env.flush_all()
        response = self.ask_for_code(
            redirect_uri=f"{REDIRECT_URI}?tenant=7", scope="unknown"
        )
        address = response.headers["Location"]
        self.assertTrue(address.startswith(f"{REDIRECT_URI}?tenant=7&"), address)
        self.assertEqual(parse_qs(urlsplit(address).query)["state"], [STATE])

    def test_the_host_header_moves_neither_issuer_nor_pages(self):
        query = urlencode(self.parameters())
        evil = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com"}
        response = self.visit(
            f"/orders/oauth2/authorize?{query}", {**BROWSER_HEADERS, **evil}
        )
        self.assertTrue(response.headers["Location"].startswith(self.issuer))


@tagged("post_install", "-at_install")
class TestAmbiguousRequests(ServerAttackCase):
    def test_a_parameter_of_the_authorization_endpoint_comes_once(self):
        for name, value in self.parameters(scope="orders.read").items():
            for values in ([value, value], [value, "other"]):
                with self.subTest(name, values=values):
                    response = self.ask_for_code(**{name: values})
                    if name in ("client_id", "redirect_uri"):
                        self.assertEqual(response.status_code, 400)
                        self.assertNotIn("Location", response.headers)
                        continue
                    answer = self.answer(response)
                    self.assertEqual(answer["error"], "invalid_request")
                    self.assertNotIn("code", answer)

    def test_a_parameter_of_the_token_endpoint_comes_once(self):
        code = self.code()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
            "client_id": "own-app",
            "resource": self.issuer,
        }
        basic = basic_authorization("own-app", self.secret)
        for name, value in form.items():
            for kind in ("form", "json"):
                with self.subTest(name, kind=kind):
                    if kind == "form":
                        body = urlencode([*form.items(), (name, value)])
                        media_type = "application/x-www-form-urlencoded"
                    else:
                        double = f"{json.dumps(name)}: {json.dumps(value)}"
                        body = f"{json.dumps(form)[:-1]}, {double}}}"
                        media_type = "application/json"
                    response = self.post(
                        "/orders/oauth2/token",
                        body,
                        {**basic, "Content-Type": media_type},
                    )
                    self.assertRefused(response, 400, "invalid_request")
        self.assertEqual(self.exchange(code).status_code, 200)

    def test_a_client_authenticates_in_one_way(self):
        tokens = self.tokens()
        basic = basic_authorization("own-app", self.secret)
        forms = {
            "token": {
                "grant_type": "refresh_token",
                "refresh_token": tokens["refresh_token"],
            },
            "introspect": {"token": tokens["access_token"]},
            "revoke": {"token": tokens["access_token"]},
        }
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        both = {"Authorization": f"{basic['Authorization']}, Bearer abc"}
        for name, form in forms.items():
            for what, headers, more in (
                ("header and body", basic, {"client_secret": self.secret}),
                ("two names", basic, {"client_id": "other-app"}),
                ("Basic and Bearer", both, {}),
                ("Bearer", bearer, {"client_id": "own-app"}),
                ("Digest", {"Authorization": "Digest a"}, {"client_id": "own-app"}),
                ("no base64", {"Authorization": "Basic ?"}, {}),
            ):
                with self.subTest(name, what=what):
                    response = self.post(
                        f"/orders/oauth2/{name}", {**form, **more}, headers
                    )
                    self.assertRefused(response, 400, "invalid_request")
        self.assertEqual(self.call_as(tokens["access_token"]), 200)

    def test_secrets_in_the_url_are_refused_and_do_nothing(self):
        tokens = self.tokens()
        code = self.code(scope="orders.read")
        for path, query in (
            ("token", {"client_secret": self.secret}),
            ("token", {"code": code}),
            ("token", {"refresh_token": tokens["refresh_token"]}),
            ("introspect", {"token": tokens["access_token"]}),
            ("revoke", {"token": tokens["access_token"]}),
            ("revoke", {"client_secret": self.secret}),
        ):
            with self.subTest(path, query=list(query)):
                response = self.post(
                    f"/orders/oauth2/{path}?{urlencode(query)}",
                    {
                        "grant_type": "refresh_token",
                        "refresh_token": tokens["refresh_token"],
                        "token": tokens["access_token"],
                    },
                )
                self.assertRefused(response, 400, "invalid_request")
        path = f"/orders/oauth2/whoami?access_token={tokens['access_token']}"
        self.assertRefused(self.url_open(path), 401, "invalid_token")
        self.assertEqual(self.call_as(tokens["access_token"]), 200)
        self.assertEqual(self.exchange(code).status_code, 200)

    def test_each_endpoint_takes_its_own_methods_alone(self):
        query = urlencode(self.parameters())
        code = self.code()
        for path, allowed in (
            ("token", "POST"),
            ("introspect", "POST"),
            (f"authorize?{query}", "GET"),
            ("consent?request=unknown", "GET, POST"),
        ):
            for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"):
                if method in allowed:
                    continue
                with self.subTest(path[:20], method=method):
                    response = self.url_open(
                        f"/orders/oauth2/{path}",
                        data=self.exchange_form(code) if method != "HEAD" else None,
                        headers=basic_authorization("own-app", self.secret),
                        method=method,
                        allow_redirects=False,
                    )
                    if method == "OPTIONS" and allowed == "POST":
                        self.assertEqual(response.status_code, 204)  # a preflight
                        continue
                    self.assertEqual(response.status_code, 405)
                    for each in allowed.split(", "):
                        self.assertIn(each, response.headers["Allow"])
        response = self.url_open(
            "/orders/oauth2/revoke",
            data={"token": "abc", "client_id": "own-app"},
            method="GET",
        )
        self.assertEqual(response.status_code, 405)
        self.assertEqual(self.exchange(code).status_code, 200)
