from odoo.tests import tagged
from odoo.tools import convert_file

from ..services.server.base_url import BASE_URL_PARAMETER
from .common import BROWSER_HEADERS
from .test_callback import CallbackCase

CHROMIUM_LANGUAGE = {"Accept-Language": "en-GB,en;q=0.9"}
IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"

#: What browsers send when a page makes them ask for the callback.
HOSTILE = {
    "image": {"Accept": IMAGE, "Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"},
    "script": {"Sec-Fetch-Dest": "script", "Sec-Fetch-Mode": "no-cors"},
    "style": {"Accept": "text/css,*/*;q=0.1", "Sec-Fetch-Dest": "style"},
    "fetch": {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "no-cors"},
    "fetch of the same origin": {"Sec-Fetch-Site": "same-origin"},
    "fetch that asks for HTML": {**BROWSER_HEADERS, "Sec-Fetch-Dest": "empty"},
    "frame": {**BROWSER_HEADERS, "Sec-Fetch-Dest": "iframe"},
    "old frame": {**BROWSER_HEADERS, "Sec-Fetch-Dest": "frame"},
    "embed": {**BROWSER_HEADERS, "Sec-Fetch-Dest": "embed"},
    "object": {**BROWSER_HEADERS, "Sec-Fetch-Dest": "object"},
    "navigation without HTML": {"Sec-Fetch-Dest": "document"},
    "prefetch": {**BROWSER_HEADERS, "Sec-Purpose": "prefetch"},
    "prefetch of old": {**BROWSER_HEADERS, "Purpose": "prefetch"},
    "prefetch of Firefox": {**BROWSER_HEADERS, "X-Moz": "prefetch"},
    "preview of Safari": {**BROWSER_HEADERS, "X-Purpose": "preview"},
    "prerender": {**BROWSER_HEADERS, "Sec-Purpose": "prefetch;prerender"},
    "prefetch of a link": {"Sec-Purpose": "prefetch", "Sec-Fetch-Dest": "empty"},
    "image in a browser without fetch metadata": {
        "Accept": IMAGE,
        **CHROMIUM_LANGUAGE,
    },
    "fetch of any language without fetch metadata": {
        "Accept": "application/json",
        "Accept-Language": "*",
    },
    "fetch of no language without fetch metadata": {
        "Accept": "application/json",
        "Accept-Language": "",
    },
    "fetch in a browser without fetch metadata": {
        "Accept": "application/json",
        **CHROMIUM_LANGUAGE,
    },
    "a language beside a mode, without fetch metadata": {
        "Sec-Fetch-Mode": "cors",
        **CHROMIUM_LANGUAGE,
    },
}

SCRIPTS = {
    "curl": {"User-Agent": "curl/8.5.0", "Accept": "*/*"},
    "requests": {
        "User-Agent": "python-requests/2.31.0",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Connection": "keep-alive",
    },
    "Node": {
        "User-Agent": "node",
        "Accept": "*/*",
        "Accept-Language": "*",
        "Sec-Fetch-Mode": "cors",
        "Accept-Encoding": "gzip, deflate",
    },
    "a client of JSON": {"Accept": "application/json"},
}


@tagged("post_install", "-at_install")
class TestCallbackCaller(CallbackCase):
    """Who stands at the callback decides what happens to the sign-in."""

    def test_what_a_hostile_page_sends_is_refused_before_the_state_is_taken(self):
        url = self.sign_in(self.asked["authorization_url"])
        for name, headers in HOSTILE.items():
            with self.subTest(name):
                headers = {"Accept": "*/*", "Sec-Fetch-Site": "cross-site", **headers}
                if "without fetch metadata" in name:
                    headers["Sec-Fetch-Site"] = None
                response = self.visit(url, headers)
                self.assertRefused(response, 403, "access_denied")
                self.assertNotIn("Set-Cookie", response.headers)
        self.assertEqual(self.provider.calls["token"], 0)
        response = self.visit(url)
        self.assertEqual(response.status_code, 200, response.text)

    def test_head_is_refused_before_the_state_is_taken(self):
        url = self.sign_in(self.asked["authorization_url"])
        for headers in (BROWSER_HEADERS, {}):
            response = self.visit(url, headers, method="HEAD")
            self.assertEqual(response.status_code, 403)
            self.assertEqual(response.content, b"")
        self.assertEqual(self.visit(url).status_code, 200)

    def test_another_method_is_refused_before_the_state_is_taken(self):
        url = self.sign_in(self.asked["authorization_url"])
        for method in ("PUT", "DELETE"):
            response = self.visit(url, method=method)
            self.assertRefused(response, 405, "invalid_request")
            self.assertIn("GET", response.headers["Allow"])
        self.assertEqual(self.visit(url).status_code, 200)

    def test_a_refusal_tells_nothing_about_the_state(self):
        url = self.sign_in(self.asked["authorization_url"])
        image = {"Accept": IMAGE, "Sec-Fetch-Dest": "image"}
        right = self.visit(url, image)
        for wrong_url in (
            "/orders/oauth2/callback?state=wrong&code=x",
            "/orders/oauth2/callback",
            "/nowhere/oauth2/callback?state=wrong&code=x",
        ):
            wrong = self.visit(wrong_url, image)
            self.assertEqual(wrong.status_code, right.status_code)
            self.assertEqual(wrong.content, right.content)

    def test_a_script_gets_json_at_once(self):
        for name, headers in SCRIPTS.items():
            with self.subTest(name):
                self.asked = self.ask()
                response = self.come_back(headers)
                self.assertEqual(response.status_code, 200, response.text)
                self.assertIn("access_token", response.json())
                self.assertNotIn("Set-Cookie", response.headers)

    def assertTakenByNoScript(self, url):
        for name, headers in SCRIPTS.items():
            with self.subTest(name):
                response = self.visit(url, headers)
                self.assertRefused(response, 403, "access_denied")
                self.assertIn("in a browser", response.json()["error_description"])
        self.assertEqual(self.provider.calls["token"], 0)
        response = self.visit(url, BROWSER_HEADERS)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertIn("Allow", response.text)

    def test_a_script_gets_json_only_for_a_client_that_follows_its_sign_ins(self):
        self.client.follows_sign_in = False
        self.env.flush_all()
        self.assertTakenByNoScript(self.sign_in(self.asked["authorization_url"]))

    def test_a_script_gets_no_json_by_plain_http_from_another_machine(self):
        """There a browser sends no Fetch Metadata, and a page sets what is left."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param(BASE_URL_PARAMETER, "http://odoo.test:8069")
        url = self.sign_in(self.ask()["authorization_url"])
        self.assertTrue(url.startswith("http://odoo.test:8069/"))
        parameters.set_param(BASE_URL_PARAMETER, self.base_url())
        self.assertTakenByNoScript(url)

    def test_a_new_client_does_not_follow_its_sign_ins(self):
        values = {"name": "New", "client_identifier": "new-app"}
        provider = self.client.provider_id.id
        new = self.env["oauth2.client"].create({**values, "provider_id": provider})
        self.assertFalse(new.follows_sign_in)

    def test_a_browser_gets_a_page_and_no_token(self):
        for name, headers in {
            "Chromium": BROWSER_HEADERS,
            "a browser without fetch metadata": {
                "Accept": BROWSER_HEADERS["Accept"],
                **CHROMIUM_LANGUAGE,
            },
            "one that only lists HTML": {"Accept": "text/html"},
            "one that only lists XHTML": {"Accept": "application/xhtml+xml;q=0.1"},
        }.items():
            with self.subTest(name):
                self.asked = self.ask()
                response = self.come_back(headers)
                self.assertEqual(response.status_code, 200)
                media_type = response.headers["Content-Type"].partition(";")[0]
                self.assertEqual(media_type, "text/html")
                for access_token in self.provider.grants[-1]["access"]:
                    self.assertNotIn(access_token, response.text)
                self.assertFalse(self.grant_of(self.asked["client_user_identity"]))

    def test_a_browser_s_refusal_is_a_page_with_the_same_code(self):
        response = self.visit(
            "/orders/oauth2/callback?state=forged&code=x", BROWSER_HEADERS
        )
        self.assertEqual(response.status_code, 400)
        self.assertEqual(
            response.headers["Content-Type"].partition(";")[0], "text/html"
        )
        self.assertIn("invalid_request", response.text)
        self.assertEqual(response.headers["X-Frame-Options"], "DENY")
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_the_demo_s_client_follows_the_sign_in_itself(self):
        """``./dev demo --provider oidc`` has no browser."""
        self.user.login = "another@example.com"
        self.env.flush_all()
        convert_file(self.env, "api_auth_oauth2", "demo/demo.xml", {})
        self.client = self.env.ref("api_auth_oauth2.client_demo")
        self.api = self.client.api_ids
        self.client.provider_id.write(self.provider.endpoints())
        login = self.env.ref("api_auth_oauth2.user_olivia").login
        self.provider.claims = {"email": login, "email_verified": True}
        self.env.flush_all()
        information, _identity = self.authorize()
        self.assertEqual(information["login"], login)
