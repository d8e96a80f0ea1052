"""Who may finish a sign-in at the callback: told by what real programs send."""

import json
import os
import shutil
import subprocess
import unittest
import urllib.request
from urllib.parse import quote, urlsplit

import requests
from browser import ALLOW, TOKEN_INFORMATION, BrowserCase, page_of_somebody_else
from providers import IndependentProvider, QuickProvider, independent
from server import (
    SECONDS,
    SECRET,
    URL,
    ServerCase,
    log_of,
    sql,
    wait_until,
)

NODE = os.environ.get("OAUTH2_TEST_NODE")
NODE_FETCH = "fetch(process.argv[1]).then(a => a.text()).then(console.log)"


def run(*command):
    """Return what a program writes."""
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return ended.stdout


def callbacks(site):
    """Return the status codes that calls of a site's callback got, in order.

    Whose sign-in one was is not to be found in the log: it leaves states out.
    """
    lines = log_of(f"/{site.endpoint}/oauth2/callback?")
    return [line.rpartition('HTTP/1.1" ')[2].split()[0] for line in lines]


class TestScripts(ServerCase):
    """A program that follows the redirects itself gets the token information."""

    def setUp(self):
        self.site = self.make_site().use(self.enterContext(QuickProvider()))
        self.url = self.site.ask()["authorization_url"]

    def assertTokenInformation(self, text):
        information = json.loads(text)
        self.assertEqual(information["login"], self.site.login)
        self.assertOpens(self.site, information["access_token"])

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_a_curl_script_gets_the_token_information(self):
        self.assertTokenInformation(run("curl", "-sL", self.url))

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_a_curl_head_request_spends_no_code(self):
        url = self.site.sign_in(self.url)
        self.assertIn(" 403 ", run("curl", "-sI", url))
        self.assertTokenInformation(run("curl", "-s", url))

    @unittest.skipUnless(NODE, "OAUTH2_TEST_NODE is not set")
    def test_a_node_fetch_script_gets_the_token_information(self):
        self.assertTokenInformation(run(NODE, "-e", NODE_FETCH, self.url))

    def test_a_python_requests_script_gets_the_token_information(self):
        self.assertTokenInformation(requests.get(self.url, timeout=SECONDS).text)

    def test_a_python_urllib_script_gets_the_token_information(self):
        with urllib.request.urlopen(self.url, timeout=SECONDS) as answer:
            self.assertTokenInformation(answer.read())


class TestNavigation(BrowserCase):
    """A person who comes with a browser is asked first."""

    def setUp(self):
        super().setUp()
        self.site = self.make_site().use(self.enterContext(QuickProvider()))

    def test_a_person_who_allows_gets_the_token_information(self):
        self.page.goto(self.site.ask()["authorization_url"])
        self.assertIn("Application", self.page.inner_text("main"))
        self.assertEqual(self.grants(self.site), 0)

        self.page.click(ALLOW)
        embedded = self.page.locator(TOKEN_INFORMATION)
        self.assertEqual(embedded.get_attribute("type"), "application/json")
        information = json.loads(embedded.text_content())
        self.assertEqual(information["login"], self.site.login)
        self.assertOpens(self.site, information["access_token"])

    def test_a_page_that_redirects_to_the_callback_grants_nothing(self):
        url = self.site.ask()["authorization_url"]
        html = f"<script>location = {json.dumps(url)}</script>"
        with page_of_somebody_else(html) as address:
            self.page.goto(address)
            self.page.wait_for_selector(ALLOW)
        self.assertEqual(self.grants(self.site), 0)


class TestHostilePage(BrowserCase):
    """A page of another site cannot finish its visitor's sign-in."""

    def setUp(self):
        super().setUp()
        self.site = self.make_site().use(self.enterContext(QuickProvider()))

    def assertRefusedAndNotSpent(self, html, host="127.0.0.1"):
        """The callback's address in a page is refused; to the person it stays good.

        :param str html: a page with ``%s`` for the address
        """
        url = self.site.sign_in(self.site.ask()["authorization_url"])
        before = len(callbacks(self.site))
        with page_of_somebody_else(html % url, host) as address:
            self.page.goto(address)
            wait_until(lambda: callbacks(self.site)[before:])
        self.assertEqual(set(callbacks(self.site)[before:]), {"403"})
        self.assertEqual(self.grants(self.site), 0)
        self.page.goto(url)
        self.assertTrue(self.page.is_visible(ALLOW))

    def test_a_callback_url_loaded_as_script_grants_nothing(self):
        self.assertRefusedAndNotSpent('<script src="%s"></script>')

    def test_a_callback_url_loaded_as_module_grants_nothing(self):
        self.assertRefusedAndNotSpent('<script type="module" src="%s"></script>')

    def test_a_callback_url_loaded_as_image_grants_nothing(self):
        self.assertRefusedAndNotSpent('<img src="%s">')

    def test_a_callback_url_loaded_as_image_on_the_same_site_grants_nothing(self):
        self.assertRefusedAndNotSpent('<img src="%s">', host="localhost")

    def test_a_callback_url_loaded_as_stylesheet_grants_nothing(self):
        self.assertRefusedAndNotSpent('<link rel="stylesheet" href="%s">')

    def test_a_callback_url_loaded_as_frame_grants_nothing(self):
        self.assertRefusedAndNotSpent('<iframe src="%s"></iframe>')

    def test_a_callback_url_loaded_as_object_grants_nothing(self):
        self.assertRefusedAndNotSpent('<object data="%s"></object>')

    def test_a_callback_url_fetched_by_script_grants_nothing(self):
        self.assertRefusedAndNotSpent('<script>fetch("%s")</script>')

    def test_a_callback_url_fetched_without_cors_with_cookies_grants_nothing(self):
        self.assertRefusedAndNotSpent(
            '<script>fetch("%s", {mode: "no-cors", credentials: "include"})</script>'
        )

    def test_a_callback_url_fetched_as_a_page_grants_nothing(self):
        self.assertRefusedAndNotSpent(
            '<script>fetch("%s", {mode: "no-cors", headers: {Accept: "text/html"}})'
            "</script>"
        )

    def test_a_prefetched_callback_url_grants_nothing(self):
        self.assertRefusedAndNotSpent('<link rel="prefetch" href="%s">')

    def test_a_callback_url_prefetched_as_a_page_grants_nothing(self):
        self.assertRefusedAndNotSpent('<link rel="prefetch" as="document" href="%s">')

    def test_a_callback_url_in_speculation_rules_grants_nothing(self):
        # Chromium prerenders nothing of another site.
        for action, host in (
            ("prefetch", "127.0.0.1"),
            ("prefetch", "localhost"),
            ("prerender", "localhost"),
        ):
            with self.subTest(action=action, host=host):
                rules = {action: [{"source": "list", "urls": ["%s"]}]}
                self.assertRefusedAndNotSpent(
                    f'<script type="speculationrules">{json.dumps(rules)}</script>',
                    host,
                )


class TestPlainHttp(BrowserCase):
    """Odoo at http://odoo.test: there a browser says nothing of what it asks for."""

    arguments = ("--host-resolver-rules=MAP odoo.test 127.0.0.1",)

    def ask_at(self, site, root):
        """Return an authorization URL as if Odoo's base URL were `root`.

        It is not: there Odoo calls no provider by plain http, as these tests do.
        """
        url = site.ask()["authorization_url"]
        sql(
            "UPDATE oauth2_authorization_request"
            " SET redirect_uri = replace(redirect_uri, %s, %s) WHERE api_id = %s",
            URL,
            root,
            site.api_id,
        )
        return url.replace(quote(URL, safe=""), quote(root, safe=""))

    def test_a_page_that_looks_like_a_script_grants_nothing(self):
        site = self.make_site().use(self.enterContext(QuickProvider()))
        elsewhere = URL.replace(urlsplit(URL).hostname, "odoo.test")
        for language in ("*", ""):
            url = self.ask_at(site, elsewhere)
            headers = {"Accept": "application/json", "Accept-Language": language}
            options = {"mode": "no-cors", "credentials": "include", "headers": headers}
            before = len(callbacks(site))
            html = f"<script>fetch({json.dumps(url)}, {json.dumps(options)})</script>"
            with page_of_somebody_else(html) as address:
                self.page.goto(address)
                wait_until(lambda n=before: callbacks(site)[n:])
            self.assertEqual(callbacks(site)[before:], ["403"])
        self.assertEqual(site.provider.calls["token"], 0)
        self.assertEqual(self.grants(site), 0)


@unittest.skipUnless(independent.AVAILABLE, independent.MISSING)
class TestZeroClick(BrowserCase):
    """Somebody who is signed in at the provider need not be asked anything there."""

    def setUp(self):
        super().setUp()
        self.site = self.make_site()
        client = {
            "client_id": "demo-app",
            "client_secret": SECRET,
            "redirect_uris": [self.site.redirect_uri],
        }
        provider = self.enterContext(IndependentProvider(clients=[client]))
        self.site.use(provider)

    def test_an_authorization_url_in_an_image_finishes_nothing(self):
        # The person signs in once, of their own will.
        self.page.goto(self.site.ask()["authorization_url"])
        self.page.fill("[name=login]", self.site.login)
        self.page.fill("[name=password]", "any")
        self.page.click("[type=submit]")
        self.page.click("[type=submit]")
        self.page.click(ALLOW)
        self.page.wait_for_selector(TOKEN_INFORMATION, state="attached")
        self.assertEqual(self.grants(self.site), 1)

        # Now the provider sends them on without a word.
        url = self.site.ask()["authorization_url"]
        before = len(callbacks(self.site))
        html = f'<img src="{url}">'
        with page_of_somebody_else(html, host="localhost") as address:
            self.page.goto(address)
            wait_until(lambda: callbacks(self.site)[before:])
        self.assertEqual(callbacks(self.site)[before:], ["403"])
        self.assertEqual(self.grants(self.site), 1)
        self.page.goto(url)
        self.assertTrue(self.page.is_visible(ALLOW))
        self.assertEqual(self.grants(self.site), 1)
