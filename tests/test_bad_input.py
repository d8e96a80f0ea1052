import json
from urllib.parse import urlencode

from odoo.tests import tagged

from .common import basic_authorization
from .test_token import TokenCase

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
ENDPOINTS = ("provider/authorize", "token", "revoke")
#: Pages of an application may call these: OPTIONS is a preflight there.
CROSS_ORIGIN = {"provider/authorize", "token", "revoke"}
METHODS = {
    "provider/authorize": {"GET", "POST"},
    "token": {"POST"},
    "revoke": {"GET", "POST"},
}


@tagged("post_install", "-at_install")
class BadInputCase(TokenCase):
    def setUp(self):
        super().setUp()
        self.good = {**self.names, "client_secret": "demo-secret"}
        self.before = self.stored()

    def send(self, endpoint, body=b"", media_type=JSON, **options):
        path = options.pop("path", f"/orders/oauth2/{endpoint}")
        headers = {"Content-Type": media_type, **options.pop("headers", {})}
        return self.url_open(
            path,
            data=body,
            headers=headers,
            method=options.pop("method", "POST"),
            **options,
        )

    def stored(self):
        """All that a call could leave behind, events apart."""
        self.env.flush_all()
        self.env.invalidate_all()
        names = ("client.user", "token", "authorization.request", "revocation")
        return [self.env[f"oauth2.{name}"].sudo().search([]).read() for name in names]

    def assertRefusedEverywhere(self, status, error, *arguments, **options):
        """All three endpoints answer this in JSON and have done nothing.

        :return: the last response
        """
        for endpoint in ENDPOINTS:
            for method in METHODS[endpoint]:
                with self.subTest(endpoint, method=method):
                    response = self.send(
                        endpoint, *arguments, **{"method": method, **options}
                    )
                    self.assertRefused(response, status, error)
        self.assertEqual(self.stored(), self.before)
        self.assertFalse(self.provider.calls)
        return response

    def assertMalformed(self, body, *arguments, status=400, **options):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        with self.subTest(body=body[:60]):
            self.assertRefusedEverywhere(
                status, "invalid_request", body, *arguments, **options
            )


class TestBadBody(BadInputCase):
    """What cannot be read in exactly one way is ``invalid_request``."""

    def test_a_body_that_is_not_json_is_refused(self):
        for body in (
            b"{",
            b"nonsense",
            b"{'client_id': 'demo-app'}",
            b'{"client_id": "demo-app"}{"a": 1}',
            b'{"client_id": NaN}',
            b'{"client_id": %s}' % (b"9" * 5000),
            b'{"client_id": "\x01"}',
            b"\xff\xfe",
            b"{" * 9999,
        ):
            self.assertMalformed(body)

    def test_a_body_that_is_no_json_object_is_refused(self):
        for body in ([], ["client_id"], "demo-app", 42, None, True):
            self.assertMalformed(body)

    def test_a_body_that_is_no_form_is_refused(self):
        many = "&".join(f"p{number}=1" for number in range(101)).encode()
        for body in (many, b"client_id=\xe9", b"client_id=%E9"):
            self.assertMalformed(body, FORM)

    def test_a_request_without_parameters_is_refused(self):
        for body in (b"", b"{}", b"   "):
            self.assertMalformed(body)
        self.assertMalformed(b"", FORM)

    def test_a_request_without_client_id_is_refused(self):
        """RFC 6749 section 3.2: empty counts as left out"""
        for value in (None, ""):
            self.assertMalformed({**self.good, "client_id": value})

    def test_token_and_revoke_without_an_identity_are_refused(self):
        for endpoint in ("token", "revoke"):
            for value in (None, ""):
                body = {**self.good, "client_user_identity": value}
                response = self.send(endpoint, json.dumps(body))
                self.assertRefused(response, 400, "invalid_request")
                self.assertIn("client_user_identity is missing", response.text)
        self.assertEqual(self.stored(), self.before)

    def test_a_parameter_that_comes_twice_is_refused(self):
        """RFC 6749 section 3.2"""
        good = json.dumps(self.good)[1:]
        for name in ("client_id", "client_user_identity", "client_secret"):
            doubled = json.dumps({name: self.good[name]})[:-1] + ", " + good
            self.assertMalformed(doubled.encode())
            form = urlencode([*self.good.items(), (name, self.good[name])])
            self.assertMalformed(form.encode(), FORM)
        self.assertMalformed(b'{"client_id": "demo-app", "client_\\u0069d": "x"}')
        self.assertMalformed(b"client_id=demo-app&client_%69d=x", FORM)

    def test_an_over_long_parameter_is_refused(self):
        for name, length in (
            ("client_id", 16 * 1024 + 1),
            ("client_secret", 16 * 1024 + 1),
            ("refresh_token", 16 * 1024 + 1),
            ("client_user_identity", 256),
        ):
            self.assertMalformed({**self.good, name: "x" * length})

    def test_a_body_longer_than_64_kib_is_refused(self):
        body = json.dumps({**self.good, "other": "x" * 64 * 1024}).encode()
        self.assertMalformed(body, status=413)
        self.assertMalformed(urlencode({"a": "x" * 65536}).encode(), FORM, status=413)

    def test_a_long_body_of_unknown_length_is_refused(self):
        def parts():
            yield b'{"client_id": "demo-app", "other": "'
            for _number in range(100):
                yield b"x" * 1024
            yield b'"}'

        response = self.send("token", parts())
        self.assertEqual(response.status_code // 100, 4)
        self.assertEqual(response.json()["error"], "invalid_request")
        self.assertEqual(self.stored(), self.before)

    def test_a_parameter_that_is_no_text_is_refused(self):
        for name in ("client_id", "client_secret", "refresh_token"):
            for value in (42, True, ["x"], {"x": "y"}, 4.2):
                self.assertMalformed({**self.good, name: value})
        for value in (True, ["x"], {"x": "y"}, 4.2):
            self.assertMalformed({**self.good, "client_user_identity": value})
        response = self.send("token", json.dumps({**self.good, "grant_type": 1}))
        self.assertRefused(response, 400, "invalid_request")

    def test_a_parameter_with_forbidden_characters_is_refused(self):
        for name in ("client_id", "client_secret", "refresh_token"):
            for value in ("é", "a\0b", "a\nb", "\x7f", "\ud800"):
                self.assertMalformed({**self.good, name: value})
        for value in ("a\0b", "a\nb", "\x7f", "\x9f", "\ud800"):
            self.assertMalformed({**self.good, "client_user_identity": value})

    def test_a_body_of_another_content_type_is_refused(self):
        good = json.dumps(self.good).encode()
        for media_type in (
            "text/plain",
            "application/xml",
            "application/jsonp",
            "text/json",
            "",
        ):
            self.assertMalformed(good, media_type)
        for endpoint in ENDPOINTS:
            response = self.url_open(
                f"/orders/oauth2/{endpoint}",
                data=self.good,
                files={"file": ("a.txt", b"x")},
            )
            self.assertRefused(response, 400, "invalid_request")
        self.assertEqual(self.stored(), self.before)

    def test_parameters_in_the_query_string_are_refused(self):
        """RFC 9700 section 4.3.2: URLs are logged"""
        for body, media_type in ((json.dumps(self.good), JSON), ("", FORM)):
            for query in (self.good, {"other": "1"}):
                for endpoint in ENDPOINTS:
                    response = self.send(
                        endpoint,
                        body,
                        media_type,
                        path=f"/orders/oauth2/{endpoint}?{urlencode(query)}",
                    )
                    self.assertRefused(response, 400, "invalid_request")
                    self.assertIn("never in the URL", response.text)
        self.assertEqual(self.stored(), self.before)


class TestBadAuthorization(BadInputCase):
    """The Authorization header."""

    def assertBadHeader(self, value):
        with self.subTest(header=value[:40]):
            body = json.dumps(self.names).encode()
            self.assertRefusedEverywhere(
                400, "invalid_request", body, headers={"Authorization": value}
            )

    def test_a_malformed_or_unknown_authorization_header_is_refused(self):
        for value in (
            "Basic",
            "Basic !!!",
            "Basic bm8tY29sb24=",
            "Basic " + "A" * 20_000,
            "Bearer",
            "Bearer a b",
            "Bearer " + "x" * 20_000,
            "Digest username=x",
            "Negotiate abc",
            "nonsense",
            "é",
        ):
            self.assertBadHeader(value)

    def test_two_authorizations_in_one_header_are_refused(self):
        """RFC 6749 section 2.3"""
        basic = basic_authorization()["Authorization"]
        bearer = f"Bearer {self.information['access_token']}"
        for value in (f"{bearer}, {bearer}", f"{basic}, {bearer}", f"{basic}, {basic}"):
            self.assertBadHeader(value)

    def test_basic_with_odd_credentials_is_an_unknown_client(self):
        for client_id, secret in (("%00", "x"), ("%ff%fe", "x"), ("demo-app", "%00")):
            response = self.send(
                "token",
                json.dumps({"client_user_identity": "42"}),
                headers=basic_authorization(client_id, secret),
            )
            self.assertRefused(response, 401, "invalid_client")


class TestBadAddress(BadInputCase):
    """The path and the method."""

    def test_a_wrong_method_at_an_endpoint_is_405(self):
        """RFC 9110 section 15.5.6"""
        body = json.dumps(self.good).encode()
        for endpoint, allowed in METHODS.items():
            for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "GET", "POST"):
                if method in allowed:
                    continue
                if method == "OPTIONS" and endpoint in CROSS_ORIGIN:
                    response = self.send(endpoint, body, method=method)
                    self.assertEqual((response.status_code, response.text), (204, ""))
                    continue
                with self.subTest(endpoint, method=method):
                    response = self.send(endpoint, body, method=method)
                    self.assertRefused(response, 405, "invalid_request")
                    named = set(response.headers["Allow"].split(", "))
                    self.assertEqual(named - {"HEAD", "OPTIONS"}, allowed)
            response = self.send(endpoint, body, method="HEAD")
            self.assertEqual(response.status_code, 405)
        self.assertEqual(self.stored(), self.before)
        self.assertFalse(self.provider.calls)

    def test_an_unknown_path_under_an_api_is_404_in_json(self):
        for path in (
            "/orders/oauth2",
            "/orders/oauth2/",
            "/orders/oauth2/tokens",
            "/orders/oauth2/authorize/x",
            "/orders/oauth2/token/x",
            "/orders/nothing",
            "/nowhere/oauth2/nothing",
            "/orders/oauth2/token%00",
            "/orders%00/partners",  # no API's, and an error of the database in core
        ):
            for method in ("GET", "POST"):
                with self.subTest(path, method=method):
                    response = self.send("", b"{}", path=path, method=method)
                    self.assertRefused(response, 404, "not_found")
            # Odoo reads the form before it looks whether a route serves the path.
            for body in (b"\x80", b"a=\xff&b=1"):
                response = self.send("", body, FORM, path=path)
                self.assertRefused(response, 404, "not_found")

    def test_an_unknown_api_is_invalid_client(self):
        good = json.dumps(self.good).encode()
        for api in ["a" * 999, *"nowhere ORDERS orders%20 %C3%A9 %00 %ff".split()]:
            for endpoint in ENDPOINTS:
                with self.subTest(api, endpoint=endpoint):
                    response = self.send(
                        endpoint, good, path=f"/{api}/oauth2/{endpoint}"
                    )
                    self.assertRefused(response, 401, "invalid_client")
        self.assertEqual(self.stored(), self.before)

    def test_the_callback_of_an_unknown_api_is_invalid_request(self):
        for api in ("nowhere", "%00", "%ff"):
            response = self.visit(f"/{api}/oauth2/callback?state=x&code=y")
            self.assertRefused(response, 400, "invalid_request")

    def test_an_archived_api_client_or_provider_is_invalid_client(self):
        good = json.dumps(self.good).encode()
        for record in (self.api, self.client, self.provider_record):
            record.active = False
            self.before = self.stored()
            self.assertRefusedEverywhere(401, "invalid_client", good)
            record.active = True

    def test_an_unknown_client_is_invalid_client(self):
        for client_id in ("unknown", "DEMO-APP", "demo-app ", "%", "x" * 8192):
            body = json.dumps({**self.good, "client_id": client_id}).encode()
            self.assertRefusedEverywhere(401, "invalid_client", body)
