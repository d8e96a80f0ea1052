"""The ledger of a test run: every token, secret, verifier and identity that it used.

``./dev test`` names its file in OAUTH2_TEST_LEDGER, and searches the logs of the run
for what stands in it (``tools/log_search.py``). Without the variable nothing is
written. Only tests and the providers of tests write to it, each value once a process.
"""

import base64
import binascii
import json
import os
import re
import sys
from urllib.parse import parse_qsl, unquote_plus

PATH = os.environ.get("OAUTH2_TEST_LEDGER")

#: Members of JSON bodies that no other party may see …
MEMBERS = {
    "access_token",
    "client_assertion",
    "client_secret",
    "client_user_identity",
    "code_verifier",
    "id_token",
    "nonce",
    "refresh_token",
}
#: … and parameters of addresses and forms, with names that mean other things in JSON
PARAMETERS = MEMBERS | {"code", "csrf_token", "request", "state", "token"}
COOKIES = "oauth2_"  # how the names of the addon's cookies begin

_known = set()
_where = "outside of a test"


def in_test(name):
    """Say which test is under way; in Odoo's runner it is known without."""
    global _where
    _where = name


def _test():
    """:return: the name of the test that is under way."""
    module = sys.modules.get("odoo.modules.module")
    test = getattr(module, "current_test", None)
    return test.id() if hasattr(test, "id") else _where


def keep(kind, value, where=None):
    """Write a secret down; whatever is no text, or known already, is left.

    :param str kind: what it is, for the reader of what was found
    :param str where: what it belongs to, the test that is under way by default
    """
    if not PATH or not isinstance(value, str) or not value or value in _known:
        return
    _known.add(value)
    line = json.dumps({"kind": kind, "value": value, "where": where or _test()})
    # One write of a line to a file that is only added to: processes may share it.
    file = os.open(PATH, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, f"{line}\n".encode())
    finally:
        os.close(file)


def keep_members(value):
    """Write down what a JSON value has under the names of secrets, however deep."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name in MEMBERS:
                keep(name, member)
            elif name == "authorization_url" and isinstance(member, str):
                keep_address(member)
            else:
                keep_members(member)
    elif isinstance(value, list):
        for member in value:
            keep_members(member)


def keep_parameters(params):
    """Write down the secrets among the parameters of an address or a form, a dict."""
    for name, value in params.items():
        if name in PARAMETERS:
            keep(name, value)


def keep_address(url):
    """Write down the secrets of an address's query and fragment."""
    _before, _mark, rest = url.partition("?")
    for part in rest.split("#"):
        keep_parameters(dict(parse_qsl(part)))


def keep_body(body):
    """Write down the secrets of a request's or an answer's body: JSON, form or page."""
    if isinstance(body, bytes | bytearray):
        body = bytes(body).decode(errors="replace")
    if not isinstance(body, str):
        return
    if body.lstrip()[:1] in ("{", "["):
        try:
            keep_members(json.loads(body))
        except (ValueError, RecursionError):
            return
    elif "<" in body:
        for value in re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', body):
            keep("csrf_token", value)
    else:
        keep_parameters(dict(parse_qsl(body)))


def keep_authorization(header):
    """Write down what an Authorization header proves with."""
    if isinstance(header, bytes):  # as tests send what is no text
        header = header.decode(errors="replace")
    scheme, _blank, credentials = (header or "").partition(" ")
    if scheme.lower() == "bearer":
        keep("bearer token", credentials.strip())
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(credentials).decode()
        except (binascii.Error, UnicodeError, ValueError):
            return
        keep("client_secret", unquote_plus(pair.partition(":")[2]))


def keep_cookies(cookies):
    """Write down the values of the addon's cookies, of ``(name, value)``."""
    for name, value in cookies:
        if name.startswith(COOKIES):
            keep("cookie", value)
