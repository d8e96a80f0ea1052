"""Who may finish a sign-in at the callback: told by what real programs send."""

import json
import os
import shutil
import subprocess
import unittest
import urllib.request
from urllib.parse import quote, urlsplit

import requests
from browser import BrowserCase, page_of_another_site
from providers import QuickProvider
from server import (
    SECONDS,
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
            with page_of_another_site(html) as address:
                self.page.goto(address)
                wait_until(lambda n=before: callbacks(site)[n:])
            self.assertEqual(callbacks(site)[before:], ["403"])
        self.assertEqual(site.provider.calls["token"], 0)
        self.assertEqual(self.grants(site), 0)
