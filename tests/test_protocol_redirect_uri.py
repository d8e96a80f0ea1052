"""Redirect URIs: what may be registered, and what a request may name."""

from odoo.tests import BaseCase

from ..protocol.redirect_uri import (
    MAX_LENGTH,
    check_redirect_uri,
    host_of,
    matches,
)

APP = "https://app.example.com/callback"
WITH_QUERY = "https://app.example.com/callback?tenant=7"
LOOPBACK = "http://127.0.0.1/callback"
LOOPBACK_6 = "http://[::1]/callback"
LOCALHOST = "http://localhost:8400/callback"
NATIVE = "com.example.app:/callback"

REGISTRABLE = (
    APP,
    WITH_QUERY,
    "https://app.example.com/code?barcode=1&stateful=code&a=state",
    "https://app.example.com",
    "https://app.example.com/",
    "https://app.example.com:8443/callback",
    "https://App.Example.com/Callback",
    "https://my_app.example.com/callback",
    "https://xn--bcher-kva.example/callback",
    "https://app.example.com/a/b;c=1/d@e/%C3%BC",
    "https://192.0.2.7/callback",
    "https://[2001:db8::7]:8443/callback",
    "https://oauth.pstmn.io/v1/callback",
    "https://app.example.com/rest/oauth2-credential/callback",
    LOOPBACK,
    LOOPBACK_6,
    LOCALHOST,
    "http://127.0.0.1:33418/",
    "http://127.0.0.1",
    "https://localhost:8443/callback",
    NATIVE,
    "com.example.app://callback",
    "com.googleusercontent.apps.12-ab:/oauth2redirect/provider",
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "vscode://publisher.extension/callback",
    f"https://app.example.com/{'a' * (MAX_LENGTH - 24)}",
)

# What may not be registered, and a word of what people are told.
REFUSED = (
    ("", "whole address"),
    ("/callback", "whole address"),
    ("//app.example.com/callback", "whole address"),
    ("app.example.com/callback", "whole address"),
    ("app.example.com:8443/callback", "whole address"),
    ("https:/app.example.com/callback", "whole address"),
    ("https:app.example.com", "whole address"),
    ("https://", "host"),
    ("https:///callback", "host"),
    ("https://?a=b", "host"),
    ("https://:8443/callback", "host"),
    ("https://app.example.com:/callback", "host"),
    ("https://app.example.com:0/callback", "host"),
    ("https://app.example.com:65536/callback", "host"),
    ("https://app.example.com:80a/callback", "host"),
    ("https://.example.com/callback", "host"),
    ("https://app..example.com/callback", "host"),
    ("https://app%2eexample.com/callback", "host"),
    ("https://127.1/callback", "host"),
    ("https://2130706433/callback", "host"),
    ("https://app.0x7f/callback", "host"),
    ("https://[::1/callback", "host"),
    ("https://[:::]/callback", "host"),
    ("https://[192.0.2.7]/callback", "host"),
    ("https://[fe80::1%25eth0]/callback", "host"),
    ("https://user@app.example.com/callback", "user"),
    ("https://user:pass@app.example.com/callback", "user"),
    ("https://app.example.com@evil.example/callback", "user"),
    ("https://app.example.com/callback#", "fragment"),
    ("https://app.example.com/callback#part", "fragment"),
    ("https://*.example.com/callback", "wildcard"),
    ("https://app.example.com/*", "wildcard"),
    ("https://app.example.com/call back", "character"),
    (" https://app.example.com/callback", "character"),
    ("https://app.example.com/callback\n", "character"),
    ("https://app.example.com/\tcallback", "character"),
    ("https://app.example.com/\x00callback", "character"),
    ("https://app.example.com/callback\x7f", "character"),
    ("https://äpp.example.com/callback", "character"),
    ("https://app.example.com/c\u0430llback", "character"),
    ("https://app\u3002example.com/callback", "character"),
    ("https:\\\\app.example.com\\callback", "character"),
    ("https://app.example.com\\@evil.example/", "character"),
    ("https://app.example.com/{tenant}/callback", "character"),
    ('https://app.example.com/"><script>', "character"),
    ("https://app.example.com/%zz", "character"),
    ("https://app.example.com/%", "character"),
    ("https://app.example.com/a/../callback", "segments"),
    ("https://app.example.com/./callback", "segments"),
    ("https://app.example.com/..", "segments"),
    ("https://app.example.com/a/%2E%2e/callback", "segments"),
    ("https://app.example.com/a/.%2e?x=1", "segments"),
    ("com.example.app:/../callback", "segments"),
    ("http://app.example.com/callback", "http is only"),
    ("http://127.0.0.2/callback", "http is only"),
    ("http://0.0.0.0/callback", "http is only"),
    ("http://localhost.evil.example/callback", "http is only"),
    ("http://localhost.:80/callback", "host"),
    ("http://app.localhost/callback", "http is only"),
    ("http://127.0.0.1.evil.example/callback", "http is only"),
    ("http://[::ffff:127.0.0.1]/callback", "http is only"),
    ("http://[0:0:0:0:0:0:0:1]/callback", "http is only"),
    ("HTTP://app.example.com/callback", "http is only"),
    ("javascript:alert(1)", "native"),
    ("JavaScript://app.example.com/%0aalert(1)", "native"),
    ("data:text/html,hello", "native"),
    ("data://text/html", "native"),
    ("file:///etc/passwd", "native"),
    ("vbscript:/x", "native"),
    ("blob:https://app.example.com/1", "native"),
    ("about:/blank", "native"),
    ("ftp://app.example.com/callback", "native"),
    ("mailto:admin@example.com", "native"),
    ("view-source:https://app.example.com/", "native"),
    ("ws://app.example.com/callback", "native"),
    ("intent://callback", "native"),
    ("urn:ietf:wg:oauth:2.0:oob", "native"),
    ("myapp://callback", "native"),
    ("com.example.app:callback", "native"),
    (".example:/callback", "whole address"),
    ("localhost:8400/callback", "whole address"),
    ("com.:/callback", "native"),
    ("com..app:/callback", "native"),
    (f"https://app.example.com/{'a' * MAX_LENGTH}", "longer"),
    ("https://app.example.com/callback?code=x", "answer"),
    ("https://app.example.com/callback?tenant=7&state=x", "answer"),
    ("https://app.example.com/callback?iss=https://evil.example", "answer"),
    ("https://app.example.com/callback?error=access_denied", "answer"),
    ("https://app.example.com/callback?error_description=x", "answer"),
    ("https://app.example.com/callback?error_uri=x", "answer"),
    ("https://app.example.com/callback?a=b?&%63od%65=x", "answer"),
    ("https://app.example.com/callback?a;state=x", "answer"),
    ("https://app.example.com/callback?code", "answer"),
    ("http://localhost/?code=", "answer"),
    ("com.example.app:/callback?state=x", "answer"),
)

# (what is registered, what is sent instead of it): each is another address.
TRICKS = (
    (APP, ""),
    (APP, "https://app.example.com"),
    (APP, "https://app.example.com/"),
    (APP, "https://app.example.com/other"),
    (APP, f"{APP}/"),
    (APP, f"{APP}/more"),
    (APP, f"{APP}s"),
    (APP, "https://app.example.com//callback"),
    (APP, "https://app.example.com/./callback"),
    (APP, "https://app.example.com/a/../callback"),
    (APP, "https://app.example.com/callback/.."),
    (APP, "https://app.example.com/callback/../../evil"),
    (APP, "https://app.example.com/callback/%2e%2e/evil"),
    (APP, "https://app.example.com/%63allback"),
    (APP, "https://app.example.com%2Fcallback"),
    (APP, "https://app.example.com/callback%00"),
    (APP, "https://app.example.com/callback%0d%0aSet-Cookie:a=b"),
    (APP, f"{APP}?"),
    (APP, f"{APP}?next=https://evil.example"),
    (APP, f"{APP}?code=abc"),
    (APP, f"{APP}#"),
    (APP, f"{APP}#@evil.example"),
    (APP, f"{APP};a=b"),
    (APP, "https://app.example.com/Callback"),
    (APP, "https://APP.example.com/callback"),
    (APP, "HTTPS://app.example.com/callback"),
    (APP, "http://app.example.com/callback"),
    (APP, "//app.example.com/callback"),
    (APP, "https:/app.example.com/callback"),
    (APP, "https:\\\\app.example.com\\callback"),
    (APP, "https://app.example.com:443/callback"),
    (APP, "https://app.example.com:8443/callback"),
    (APP, "https://app.example.com:/callback"),
    (APP, "https://app.example.com./callback"),
    (APP, "https://app.example.com.evil.example/callback"),
    (APP, "https://evil.example/app.example.com/callback"),
    (APP, "https://evil.example?https://app.example.com/callback"),
    (APP, "https://evilapp.example.com/callback"),
    (APP, "https://evil-app.example.com/callback"),
    (APP, "https://sub.app.example.com/callback"),
    (APP, "https://example.com/callback"),
    (APP, "https://user@app.example.com/callback"),
    (APP, "https://app.example.com@evil.example/callback"),
    (APP, "https://app.example.com:443@evil.example/callback"),
    (APP, "https://evil.example\\@app.example.com/callback"),
    (APP, "https://evil.example#@app.example.com/callback"),
    (APP, "https://app.example.com\t/callback"),
    (APP, f" {APP}"),
    (APP, f"{APP} "),
    (APP, f"{APP}\n"),
    (APP, f"{APP}\x00"),
    (APP, f"{APP} https://evil.example"),
    (APP, f"{APP}\nhttps://evil.example/"),
    (APP, "https://app.example.com/c\u0430llback"),
    (APP, "https://app\u3002example.com/callback"),
    (APP, "https://app.example.com\uff0fcallback"),
    (APP, "javascript:alert(1)"),
    (WITH_QUERY, APP),
    (WITH_QUERY, f"{WITH_QUERY}&tenant=8"),
    (WITH_QUERY, "https://app.example.com/callback?tenant=8"),
    (WITH_QUERY, "https://app.example.com/callback?tenant=7%26"),
    # Any port counts on loopback, and nothing else.
    (LOOPBACK, "http://127.0.0.1:8400/other"),
    (LOOPBACK, "http://127.0.0.1:8400/callback/"),
    (LOOPBACK, "http://127.0.0.1:8400/callback?a=b"),
    (LOOPBACK, "http://127.0.0.1:8400/callback#"),
    (LOOPBACK, "http://127.0.0.1:8400\n/callback"),
    (LOOPBACK, "http://127.0.0.1:8400/callback\n"),
    (LOOPBACK, "http://127.0.0.1:/callback"),
    (LOOPBACK, "http://127.0.0.1:0/callback"),
    (LOOPBACK, "http://127.0.0.1:65536/callback"),
    (LOOPBACK, "http://127.0.0.1:-1/callback"),
    (LOOPBACK, "http://127.0.0.1:08400/callback"),
    (LOOPBACK, "http://127.0.0.1:\u0668\u0668/callback"),
    (LOOPBACK, "http://127.0.0.1:80@evil.example/callback"),
    (LOOPBACK, "http://127.0.0.1:8400.evil.example/callback"),
    (LOOPBACK, "http://127.0.0.1.evil.example/callback"),
    (LOOPBACK, "http://127.0.0.1@evil.example/callback"),
    (LOOPBACK, "http://evil.example@127.0.0.1/callback"),
    (LOOPBACK, "http://127.0.0.10:8400/callback"),
    (LOOPBACK, "http://127.0.0.2:8400/callback"),
    (LOOPBACK, "http://127.1:8400/callback"),
    (LOOPBACK, "http://2130706433:8400/callback"),
    (LOOPBACK, "http://0x7f000001:8400/callback"),
    (LOOPBACK, "http://localhost:8400/callback"),
    (LOOPBACK, "http://[::1]:8400/callback"),
    (LOOPBACK, "http://[::ffff:127.0.0.1]:8400/callback"),
    (LOOPBACK, "https://127.0.0.1/callback"),
    (LOOPBACK, "HTTP://127.0.0.1:8400/callback"),
    (LOOPBACK_6, "http://[0:0:0:0:0:0:0:1]:8400/callback"),
    (LOOPBACK_6, "http://[::01]:8400/callback"),
    (LOOPBACK_6, "http://[::1%25lo]:8400/callback"),
    (LOOPBACK_6, "http://::1:8400/callback"),
    (LOOPBACK_6, "http://[::1].evil.example/callback"),
    (LOCALHOST, "http://localhost.evil.example:8400/callback"),
    (LOCALHOST, "http://localhost.evil:8400/callback"),
    (LOCALHOST, "http://localhost.:8400/callback"),
    (LOCALHOST, "http://evil.localhost:8400/callback"),
    (LOCALHOST, "http://LOCALHOST:9400/callback"),
    (LOCALHOST, "http://127.0.0.1:8400/callback"),
    (LOCALHOST, "http://localhost:9400callback"),
    ("https://localhost:8443/callback", "https://localhost:9443/callback"),
    (NATIVE, "com.example.app:/callback/"),
    (NATIVE, "com.example.app://callback"),
    (NATIVE, "COM.example.app:/callback"),
    (NATIVE, "com.example.app.evil:/callback"),
    (NATIVE, "com.example.app:8400/callback"),
)


class TestRedirectURI(BaseCase):
    def test_an_https_loopback_or_native_address_may_be_registered(self):
        for uri in REGISTRABLE:
            with self.subTest(uri=uri[:80]):
                check_redirect_uri(uri)

    def test_what_browsers_read_in_two_ways_may_not_be_registered(self):
        for uri, word in REFUSED:
            with self.subTest(uri=uri[:80]):
                with self.assertRaisesRegex(ValueError, word):
                    check_redirect_uri(uri)

    def test_the_host_that_a_browser_goes_to_is_known_of_the_web_alone(self):
        for uri, host in (
            ("https://App.example.com/back?a=b/c", "app.example.com"),
            ("https://app.example.com:8443", "app.example.com:8443"),
            ("https://app.example.com?next=https://b.example.com/", "app.example.com"),
            ("http://localhost:8000/back", ""),
            ("http://[::1]/back", ""),
            ("com.example.app:/back", ""),
            ("com.example.app://app.example.com/back", ""),
        ):
            with self.subTest(uri=uri):
                check_redirect_uri(uri)
                self.assertEqual(host_of(uri), host)

    def test_a_registered_address_matches_itself(self):
        for uri in REGISTRABLE:
            with self.subTest(uri=uri[:80]):
                self.assertTrue(matches(uri, uri))

    def test_an_address_that_differs_in_one_character_is_another_one(self):
        for registered, sent in TRICKS:
            with self.subTest(registered=registered, sent=sent):
                self.assertFalse(matches(registered, sent))

    def test_by_http_on_this_machine_any_port_matches(self):
        for host in ("127.0.0.1", "[::1]", "localhost"):
            for registered in ("", ":8400"):
                for sent in ("", ":1", ":80", ":49152", ":65535"):
                    with self.subTest(host=host, registered=registered, sent=sent):
                        self.assertTrue(
                            matches(
                                f"http://{host}{registered}/callback?a=b",
                                f"http://{host}{sent}/callback?a=b",
                            )
                        )
