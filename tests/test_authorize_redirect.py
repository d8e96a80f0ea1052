"""``redirect_uri`` and ``state`` of ``provider/authorize``: the browser goes back."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from odoo import fields
from odoo.tests import tagged

from .common import BROWSER_HEADERS, SCRIPT_HEADERS
from .test_confirm import ConfirmCase

_URI = "https://app.example.com/back?page=1"
_STATE = "a state of the application & more"


class RedirectCase(ConfirmCase):
    def setUp(self):
        super().setUp()
        self.client.redirect_uris = f"{_URI}\nhttp://localhost/back"
        self.env.flush_all()
        self.asked = self.ask(redirect_uri=_URI, state=_STATE)
        self.identity = self.asked["client_user_identity"]

    def authorize_with(self, **body):
        return self.call("provider/authorize", {"client_id": "demo-app", **body})

    def assertGoesBack(self, response, **answer):
        """The browser goes to the application with exactly this, and with no token."""
        self.assertEqual(response.status_code, 303, response.text)
        address = response.headers["Location"]
        self.assertTrue(address.startswith(f"{_URI}&"), address)
        query = parse_qs(urlsplit(address).query, strict_parsing=True)
        found = {name: value for name, [value] in query.items()}
        self.assertEqual(found, {"page": "1", "state": _STATE, **answer})
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        for grant in self.provider.grants:
            for text in (*grant["access"], *grant["refresh"]):
                self.assertNotIn(text, f"{response.headers} {response.text}")

    def poll(self):
        return self.send("token", client_user_identity=self.identity)


@tagged("post_install", "-at_install")
class TestParameters(RedirectCase):
    """What ``provider/authorize`` takes, and what it refuses instead of ignoring it."""

    def test_an_unknown_parameter_of_authorize_is_refused_and_named(self):
        before = self.env["oauth2.authorization.request"].search_count([])
        for name in ("scope", "response_type", "redirect_url", "refresh_token"):
            with self.subTest(name):
                response = self.authorize_with(**{name: "x"})
                self.assertRefused(response, 400, "invalid_request")
                self.assertIn(f" {name} ", response.json()["error_description"])
        after = self.env["oauth2.authorization.request"].search_count([])
        self.assertEqual(after, before)

    def test_a_name_that_may_be_a_secret_is_not_repeated(self):
        for name in ("cui_3hHgQ4Kwt0Tf", "<b>", "a" * 33, "ä", "state\n", ""):
            with self.subTest(name):
                response = self.authorize_with(**{name: "x"})
                self.assertRefused(response, 400, "invalid_request")
                told = "A parameter that was sent is unknown here."
                self.assertEqual(response.json()["error_description"], told)

    def test_an_unknown_parameter_without_a_value_counts_as_left_out(self):
        self.assertEqual(self.authorize_with(scope="").status_code, 200)

    def test_a_redirect_uri_must_be_one_of_the_client_s(self):
        for uri in (
            "https://app.example.com/back",
            f"{_URI}&more=1",
            "https://evil.example.com/",
            "javascript:alert(1)",
            "/back",
            "http://localhost.evil.example.com/back",
            f"{_URI}\n",
            f"{_URI}{'x' * 3000}",
        ):
            with self.subTest(uri[:60]):
                response = self.authorize_with(redirect_uri=uri)
                self.assertRefused(response, 400, "invalid_request")
                self.assertNotIn("Location", response.headers)
        good = self.authorize_with(redirect_uri="http://localhost:51004/back")
        self.assertEqual(good.status_code, 200, good.text)
        self.client.redirect_uris = False
        self.assertRefused(
            self.authorize_with(redirect_uri=_URI), 400, "invalid_request"
        )

    def test_a_state_is_printable_not_too_long_and_goes_with_a_redirect_uri(self):
        for body in (
            {"state": "x"},
            {"state": "é", "redirect_uri": _URI},
            {"state": "a\nb", "redirect_uri": _URI},
            {"state": "x" * 4097, "redirect_uri": _URI},
            {"state": 1, "redirect_uri": _URI},
        ):
            with self.subTest(str(body)[:40]):
                self.assertRefused(self.authorize_with(**body), 400, "invalid_request")
        longest = self.authorize_with(state="x" * 4096, redirect_uri=_URI)
        self.assertEqual(longest.status_code, 200, longest.text)


@tagged("post_install", "-at_install", "with_website")
class TestGoesBack(RedirectCase):
    """After the decision the browser is at the application, which asks ``token``."""

    def test_after_allow_the_browser_goes_back_with_state_and_no_token(self):
        self.assertGoesBack(self.decide(self.open_page()))
        answer = self.poll()
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(self.provider.calls["token"], 1)
        token = answer.json()["access_token"]
        opened = self.bearer("/orders/oauth2/whoami", token)
        self.assertEqual(opened.status_code, 200, opened.text)

    def test_after_deny_the_browser_goes_back_with_access_denied(self):
        response = self.decide(self.open_page(), "deny")
        self.assertGoesBack(response, error="access_denied")
        self.assertRefused(self.poll(), 400, "access_denied")

    def test_a_refused_sign_in_goes_back_with_its_error(self):
        self.provider.claims["email"] = "nobody@example.com"
        response = self.come_back(BROWSER_HEADERS)
        self.assertGoesBack(response, error="access_denied")
        self.assertRefused(self.poll(), 400, "access_denied")
        for error in ("access_denied", "server_error"):
            self.asked = self.ask(redirect_uri=_URI, state=_STATE)
            path = f"/orders/oauth2/callback?state={self.sent['state']}&error={error}"
            response = self.visit(path, BROWSER_HEADERS)
            self.assertGoesBack(response, error=error)

    def test_a_reload_after_the_decision_goes_back_again(self):
        for decision, answer in (("allow", {}), ("deny", {"error": "access_denied"})):
            with self.row(decision):
                form = self.open_page()
                self.assertGoesBack(self.decide(form, decision), **answer)
                self.assertGoesBack(self.decide(form, decision), **answer)
                again = self.visit(self.callback_url, BROWSER_HEADERS)
                self.assertGoesBack(again, **answer)

    def test_nothing_redirects_before_the_sign_in_is_known(self):
        form = self.open_page()
        for path in ("callback?code=x&state=forged", "consent?request=forged"):
            response = self.visit(f"/orders/oauth2/{path}", BROWSER_HEADERS)
            self.assertNotIn(_URI, response.headers.get("Location", ""))
        self.assertPage(self.decide({**form, "csrf_token": "forged"}), 400)
        self.forget_cookies()
        self.assertPage(self.decide(form), 400)  # another browser's, undecided

    def test_a_sign_in_that_is_too_late_does_not_go_back(self):
        form = self.open_page()
        record = self.env["oauth2.authorization.request"].search([], limit=1)
        record.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.env.flush_all()
        self.assertPage(self.decide(form), 400)

    def test_nothing_redirects_to_a_withdrawn_uri_or_of_an_archived_client(self):
        def withdraw():
            self.client.redirect_uris = "https://app.example.com/elsewhere"

        def archive():
            self.client.active = False

        for end in (withdraw, archive):
            with self.row(f"undecided, {end.__name__}"):
                end()
                self.assertPage(self.come_back(BROWSER_HEADERS), 400)
                again = self.visit(self.callback_url, BROWSER_HEADERS)
                self.assertPage(again, 400)
            with self.row(f"decided, {end.__name__}"):
                form = self.open_page()
                self.assertGoesBack(self.decide(form))
                end()
                self.assertPage(self.decide(form), 400)

    def test_a_script_that_follows_the_sign_in_is_sent_on_too(self):
        response = self.come_back(SCRIPT_HEADERS)
        self.assertGoesBack(response)
        answer = self.poll()
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_session_s_sign_in_goes_back_and_so_does_its_start_page(self):
        self.provider_record.user_matching = "session"
        self.authenticate(self.user.login, self.user.login)
        self.asked = self.ask(redirect_uri=_URI, state=_STATE)
        start = self.asked["authorization_url"]
        at_provider = self.visit(start, BROWSER_HEADERS)
        self.asked["authorization_url"] = at_provider.headers["Location"]
        self.assertGoesBack(self.decide(self.open_page()))
        self.assertGoesBack(self.visit(start, BROWSER_HEADERS))

    def test_without_a_redirect_uri_the_page_shows_the_tokens(self):
        self.asked = self.ask()
        response = self.decide(self.open_page())
        self.assertPage(response, 200)
        self.assertIn("access_token", self.embedded(response))
