from werkzeug.datastructures import Headers

from odoo.tests import BaseCase

from ..protocol.browser import Caller, classify_client

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
LANGUAGE = "en-GB,en;q=0.9"


class TestProtocolCaller(BaseCase):
    """Who stands at the callback, by method and headers."""

    def assertCaller(self, expected, headers, method="GET"):
        self.assertIs(classify_client(method, Headers(headers)), expected)

    def test_a_navigation_is_a_browser(self):
        for headers in (
            # Chromium and Firefox; an old or plain browser; a person's curl.
            {
                "Accept": HTML,
                "Accept-Language": LANGUAGE,
                "Sec-Fetch-Dest": "document",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-User": "?1",
            },
            {"Accept": HTML, "Accept-Language": LANGUAGE},
            {"Accept": "text/html"},
            {"Accept": "*/*;q=0.1, Application/XHTML+XML; q=0.2"},
        ):
            self.assertCaller(Caller.BROWSER, headers)

    def test_what_only_follows_the_redirect_is_a_script(self):
        for headers in (
            {},
            {"Accept": "*/*", "User-Agent": "curl/8.5.0"},
            {"Accept": "*/*", "User-Agent": "python-requests/2.31.0"},
            # Node's fetch
            {"Accept": "*/*", "Accept-Language": "*", "Sec-Fetch-Mode": "cors"},
            {"Accept": "application/json"},
            {"Accept": "text/*"},
        ):
            with self.subTest(headers=headers):
                self.assertCaller(Caller.SCRIPT, headers)

    def test_what_a_page_makes_its_visitor_s_browser_send_is_refused(self):
        for name, headers in {
            "image": {"Accept": IMAGE, "Sec-Fetch-Dest": "image"},
            "script": {"Accept": "*/*", "Sec-Fetch-Dest": "script"},
            "fetch": {"Accept": "*/*", "Sec-Fetch-Dest": "empty"},
            "fetch that asks for JSON": {
                "Accept": "application/json",
                "Sec-Fetch-Site": "same-origin",
            },
            "fetch that asks for HTML": {"Accept": HTML, "Sec-Fetch-Dest": "empty"},
            "frame": {"Accept": HTML, "Sec-Fetch-Dest": "iframe"},
            "object": {"Accept": HTML, "Sec-Fetch-Dest": "object"},
            "prefetch": {
                "Accept": HTML,
                "Sec-Purpose": "prefetch",
                "Sec-Fetch-Dest": "document",
            },
            "prerender": {"Accept": HTML, "Sec-Purpose": "prefetch;prerender"},
            "prefetch of old": {"Accept": HTML, "Purpose": "prefetch"},
            "prefetch of Firefox": {"Accept": HTML, "X-Moz": "prefetch"},
            "preview of Safari": {"Accept": HTML, "X-Purpose": "preview"},
            "link prefetch": {"Accept": "*/*", "Sec-Purpose": "prefetch"},
            "image in an old browser": {"Accept": IMAGE, "Accept-Language": "fr"},
            # What a page may set, where a browser adds no Fetch Metadata
            "fetch with any language": {
                "Accept": "application/json",
                "Accept-Language": "*",
            },
            "fetch with no language": {
                "Accept": "application/json",
                "Accept-Language": "",
            },
            "fetch with a blank": {"Accept": "*/*", "Accept-Language": " "},
            "a language beside a mode": {
                "Accept": "*/*",
                "Accept-Language": "fr",
                "Sec-Fetch-Mode": "cors",
            },
            "navigation without HTML": {
                "Accept": "*/*",
                "Sec-Fetch-Dest": "document",
            },
        }.items():
            with self.subTest(name):
                self.assertCaller(Caller.REFUSED, headers)

    def test_another_method_than_get_is_refused(self):
        for method in ("HEAD", "POST", "OPTIONS", "PUT"):
            for headers in ({"Accept": HTML}, {"Accept": "*/*"}):
                self.assertCaller(Caller.REFUSED, headers, method)
