"""What both checks look at on this server itself: its keys, its address, its proxy.

- The address that sign-ins come back to is the base URL, never the Host header. What
  the browser of the administrator uses tells whether that can be right.
- Behind a proxy Odoo knows scheme and host of a request by ``proxy_mode`` alone, and
  only where the proxy sends ``X-Forwarded-Host``.
"""

from urllib.parse import urlsplit

from odoo.http import request
from odoo.tools import config

from ...protocol.network_policy import is_loopback
from ..keys.keyring import Keyring
from ..server.base_url import base_url
from .check_line import bad, good, warning

_FORWARDED = ("X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-For", "Forwarded")


class ServerCheck:
    def __init__(self, env):
        self.env = env

    def encryption_key(self):
        keyring = Keyring(self.env)
        if keyring.is_missing():
            return bad(
                "encryption-key",
                self.env._(
                    "A key that was used here is missing in this process, or is"
                    " malformed: stored secrets cannot be read."
                ),
                self.env._(
                    "Set api_auth_oauth2_keys in odoo.conf, or API_AUTH_OAUTH2_KEYS in"
                    " the environment, to the keys as they were, and restart Odoo. The"
                    " log names the fingerprint that is missing."
                ),
            )
        if not keyring.configured_keys():
            return warning(
                "encryption-key",
                self.env._(
                    "Secrets are encrypted with a key that stands in this database."
                ),
                self.env._(
                    "It protects nothing against the holder of a dump: set"
                    " api_auth_oauth2_keys in odoo.conf."
                ),
            )
        return good(
            "encryption-key",
            self.env._("Secrets are encrypted with a key outside of the database."),
        )

    def proxy(self):
        """:return: the line, ``None`` outside of a request"""
        if not request:
            return None
        headers = request.httprequest.headers
        sent = [name for name in _FORWARDED if headers.get(name)]
        if not sent:
            return good(
                "proxy-mode", self.env._("No proxy is seen between browser and Odoo.")
            )
        if not config["proxy_mode"]:
            return bad(
                "proxy-mode",
                self.env._("A proxy stands before Odoo, and Odoo ignores its headers."),
                self.env._(
                    "Set proxy_mode = True in odoo.conf: else all callers share one"
                    " address, and with it one rate limit."
                ),
            )
        if not headers.get("X-Forwarded-Host"):
            return bad(
                "proxy-mode",
                self.env._(
                    "The proxy sends no X-Forwarded-Host, without which Odoo ignores"
                    " its other headers."
                ),
                self.env._("Have the proxy send X-Forwarded-Host with the host."),
            )
        return good("proxy-mode", self.env._("Odoo knows the proxy before it."))

    def address(self):
        """:return: whether sign-ins come back to where this browser is"""
        base = base_url(self.env)
        parts = urlsplit(base)
        is_local = is_loopback(parts.hostname or "")
        if parts.scheme != "https" and not is_local:
            return bad(
                "redirect-uri-address",
                self.env._("Sign-ins come back to %s, which is not https.", base),
                self._set_base_url(),
            )
        here = _browser_origin()
        if here and here != f"{parts.scheme}://{parts.netloc}".lower():
            return warning(
                "redirect-uri-address",
                self.env._(
                    "Sign-ins come back to %(base)s; this browser has Odoo at"
                    " %(here)s.",
                    base=base,
                    here=here,
                ),
                self.env._(
                    "Both right, one inside and one outside? Then leave it. Else set"
                    " the base URL in Settings, API OAuth2, or fix the proxy."
                ),
            )
        return good(
            "redirect-uri-address", self.env._("Sign-ins come back to %s.", base)
        )

    def _set_base_url(self):
        return self.env._(
            "Set the base URL in Settings, API OAuth2, to the https address by which"
            " users reach Odoo."
        )


def _browser_origin():
    """:return: scheme and host that the running request came by, ``""`` outside"""
    if not request:
        return ""
    parts = urlsplit(request.httprequest.host_url)
    return f"{parts.scheme}://{parts.netloc}".lower()
