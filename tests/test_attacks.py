"""Attacks on a sign-in, played from the attacker's side over HTTP.

Those that only a browser can show are in ``e2e/test_attacks_in_browser.py``.
"""

from urllib.parse import parse_qs, urlencode, urlsplit

from .attack_common import AttackCase
from .common import BROWSER_HEADERS
from .faulty_provider import FaultyProvider


class TestAttacksOnASignIn(AttackCase):
    def query(self, url):
        return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}

    def test_a_mix_up_of_providers_gets_no_code(self):
        """Mallory runs one of the API's two providers. His sends Olivia on to the
        honest one, so that Odoo hands him the honest one's code (RFC 9700 4.4)."""
        evil = self.enterContext(FaultyProvider())
        evil_record = self.make_provider(evil.endpoints())
        self.make_client(self.api, evil_record, client_identifier="evil-app")
        # A provider that does not name itself needs an address of its own.
        for names_itself, own in (
            (True, self.provider_record.browse()),
            (False, self.provider_record),
            (False, evil_record),
            (False, self.provider_record + evil_record),
        ):
            with self.subTest(names_itself=names_itself, own=own.mapped("name")):
                self.provider.names_itself = names_itself
                self.provider_record.own_redirect_uri = self.provider_record in own
                evil_record.own_redirect_uri = evil_record in own
                honest = self.query(self.ask()["authorization_url"])
                evils = self.query(self.ask(client_id="evil-app")["authorization_url"])
                mixed = {**honest, "state": evils["state"]}
                mixed["code_challenge"] = evils["code_challenge"]
                url = f"{self.provider.issuer}/authorize?{urlencode(mixed)}"
                response = self.navigate(self.sign_in(url))
                self.assertPage(response, 400)
                self.assertIn("another provider", response.text)
                self.assertFalse(evil.calls["token"])
                self.assertNoGrant()

    def test_an_injected_code_is_refused(self):
        """Mallory caught a code of Olivia's, and finishes his own sign-in with it, to
        act as her (RFC 9700 4.5). Even a provider that forgets PKCE does not help."""
        for forgets_pkce in (False, True):
            with self.subTest(forgets_pkce=forgets_pkce):
                olivias = self.query(self.sign_in(self.ask()["authorization_url"]))
                mine = self.ask()
                sent = self.query(mine["authorization_url"])
                if forgets_pkce:
                    code = self.provider.codes[olivias["code"]]
                    code["code_challenge"] = sent["code_challenge"]
                injected = {**olivias, "state": sent["state"]}
                response = self.visit(f"/orders/oauth2/callback?{urlencode(injected)}")
                if forgets_pkce:  # the id_token's nonce is Olivia's
                    self.assertRefused(response, 502, "server_error")
                else:
                    self.assertRefused(response, 400, "invalid_grant")
                self.assertNoGrant()
                answer = self.refresh(mine["client_user_identity"])
                self.assertRefused(answer, 400, "access_denied")

    def test_a_sign_in_begun_by_another_user_is_not_finished(self):
        """Where the Odoo session says who is meant, Mallory begins a sign-in and has
        Olivia's browser finish it: his application would act as her."""
        self.provider_record.user_matching = "session"
        asked = self.ask()
        self.new_browser(self.mallory)
        start = self.navigate(asked["authorization_url"])
        callback = self.sign_in(start.headers["Location"])
        mallorys_cookies = list(self.opener.cookies)

        self.new_browser(self.user)
        # She has a sign-in of her own under way, with a cookie of its own.
        self.navigate(self.ask()["authorization_url"])
        self.assertNotDecided(self.navigate(callback))
        # Nor with a cookie that a neighbouring host has planted in her browser.
        again = self.ask()
        olivia = self.opener
        self.new_browser(self.mallory)
        start = self.navigate(again["authorization_url"])
        callback = self.sign_in(start.headers["Location"])
        mallorys_cookies += list(self.opener.cookies)
        self.opener = olivia
        for cookie in mallorys_cookies:
            if cookie.name.startswith("oauth2_start_"):
                self.opener.cookies.set_cookie(cookie)
        self.assertNotDecided(self.navigate(callback))
        self.assertFalse(self.provider.calls["token"])
        self.assertNoGrant()

    def test_login_csrf_is_shown_and_decided_by_the_user(self):
        """Mallory has Olivia's browser finish a sign-in of his own, so that what she
        does from then on is done in his account (RFC 6749 10.12)."""
        self.be_at_provider("mallory", self.mallory.login)
        self.new_browser(self.user)
        response = self.come_back(BROWSER_HEADERS)
        self.assertPage(response, 200)
        # She is told whose account it is, and nothing has happened to her browser.
        self.assertIn(self.mallory.login, response.text)
        self.assertNotIn("session_id", response.headers["Set-Cookie"])
        self.assertNoGrant()
        # Mallory presses the button of his page from a form on his own site.
        self.new_browser()
        self.asked = self.ask()
        form = self.open_page()
        self.new_browser(self.user)
        headers = {"Origin": "https://evil.example.com", "Sec-Fetch-Site": "cross-site"}
        self.assertNotDecided(self.decide(form, headers=headers))
        self.assertNoGrant()

    def test_a_state_stops_login_csrf_at_a_provider_without_pkce(self):
        """Mallory has Olivia's browser bring a code of his own, for which he can make
        up anything but a state of hers (RFC 9700 4.7.1). Nor is there a nonce here."""
        self.provider_record.scope = "email profile"
        hers = self.query(self.asked["authorization_url"])
        self.be_at_provider("mallory", self.mallory.login)
        his = self.query(self.sign_in(self.ask()["authorization_url"]))
        code = self.provider.codes[his["code"]]
        code["code_challenge"] = hers["code_challenge"]
        self.new_browser(self.user)
        del his["state"]
        for state in ({}, {"state": ""}, {"state": "x" * 43}):
            with self.subTest(state=state):
                query = urlencode({**his, **state})
                self.assertNotDecided(self.navigate(f"/orders/oauth2/callback?{query}"))
        self.assertFalse(self.provider.calls["token"])
        self.assertNoGrant()
        # With it, nothing else would have stood in the way.
        query = urlencode({**his, "state": hers["state"]})
        self.assertPage(self.navigate(f"/orders/oauth2/callback?{query}"), 200)

    def test_a_phishing_link_is_named_on_the_page_and_gives_nothing_before_allow(self):
        """Mallory asks for a link, for which a public client_id is enough, and mails it
        to Olivia: if she signs in, he is the one who knows the identity."""
        link = self.ask()
        self.asked = link
        identity = link["client_user_identity"]
        self.new_browser(self.user)
        form = self.open_page()
        for warning in (
            "Did you start this yourself?",
            "The one who asked for this link will act as this user",
            self.client.name,
            self.provider_record.name,
            self.user.login,
            "from the address",
        ):
            self.assertIn(warning, self.response.text)
        # She has signed in, and he waits: until she allows there is nothing for him.
        self.assertRefused(self.refresh(identity), 400, "authorization_pending")
        self.assertPage(self.decide(form, "deny"), 200)
        self.assertRefused(self.refresh(identity), 400, "access_denied")
        self.assertNoGrant()
        # A persuaded user is out of reach of any page. A required secret is not.
        self.client.require_secret = True
        for body in ({}, {"client_secret": ""}, {"client_secret": "guess"}):
            names = {"client_id": "demo-app", **body}
            self.assertRefused(
                self.call("provider/authorize", names), 401, "invalid_client"
            )

    def test_pages_of_a_sign_in_cannot_be_framed(self):
        """Mallory lays the confirmation page, invisible, over a game that Olivia plays,
        so that her click on the game is a click on Allow (RFC 9700 4.16)."""
        self.new_browser(self.user)
        framed = {**BROWSER_HEADERS, "Sec-Fetch-Dest": "iframe"}
        callback = self.sign_in(self.ask()["authorization_url"])
        self.assertRefused(self.visit(callback, framed), 403, "access_denied")
        # A browser that does not say that it is a frame reads it in the headers.
        form = self.open_page()
        pages = [self.response, self.decide(form), self.decide(form)]
        self.assertEqual([page.status_code for page in pages], [200, 200, 400])
        self.provider_record.user_matching = "session"
        pages.append(self.navigate(self.ask()["authorization_url"]))
        pages.append(self.navigate("/orders/oauth2/start?request=unknown"))
        for page in pages:
            self.assertEqual(page.headers["X-Frame-Options"], "DENY")
            policy = page.headers["Content-Security-Policy"]
            self.assertIn("frame-ancestors 'none'", policy)

    def test_no_link_on_this_odoo_redirects_elsewhere(self):
        """Mallory wants a link on Olivia's own Odoo that leads to his site, with or
        without a code (RFC 9700 4.11)."""
        evil = "https://evil.example.com/"
        names = ("redirect_uri", "redirect", "next", "return_to", "url", "iss", "state")
        # Of its own, as a state is a secret, which the log must not have.
        parameters = {**dict.fromkeys(names, evil), "state": f"{evil}st"}
        for name, value in parameters.items():
            body = {"client_id": self.client.client_identifier, name: value}
            refused = self.call("provider/authorize", body)
            self.assertRefused(refused, 400, "invalid_request")
            self.assertNotIn("evil", refused.text)
        self.provider_record.user_matching = "session"
        start = self.ask()["authorization_url"]
        self.new_browser(self.user)
        query = urlencode(parameters)
        headers = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com"}
        for url in (
            f"{start}&{query}",
            f"/orders/oauth2/callback?{query}",
            f"/orders/oauth2/callback?error=access_denied&{query}",
            f"/orders/oauth2/start?{query}",
            f"/orders/oauth2/start?request={evil}rq",
            "//evil.example.com/oauth2/callback",
            "/\\evil.example.com/oauth2/start",
        ):
            for more in ({}, headers if url.startswith(start) else {}):
                with self.subTest(url=url, headers=more):
                    response = self.visit(url, {**BROWSER_HEADERS, **more})
                    target = urlsplit(response.headers.get("Location", ""))
                    allowed = {"", *(urlsplit(u).netloc for u in self.own_places())}
                    self.assertIn(target.netloc, allowed)
                    self.assertNotIn("evil", target.netloc)

    def own_places(self):
        return self.base_url(), self.provider.issuer
