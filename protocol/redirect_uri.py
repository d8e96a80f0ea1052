"""Redirect URIs: which may be registered, and which one a request may name.

RFC 6749 3.1.2, RFC 8252 7 (native applications), RFC 9700 2.1 and 4.1. What is compared
are texts (RFC 3986 6.2.1): so what may be registered is what a browser goes to as it is
written, and nothing that it would read as another address.
"""

import ipaddress
import re
from urllib.parse import unquote_plus

from .provider_errors import safe_text

MAX_LENGTH = 2000  # what addresses of browsers, proxies and logs carry
LOOPBACK_HOSTS = ("127.0.0.1", "[::1]", "localhost")

#: Schemes of stock tools that are no domain name backwards. Such a scheme leads to a
#: program on the user's own machine; PKCE keeps a code from another one that took the
#: scheme over (RFC 8252 8.1).
WELL_KNOWN_SCHEMES = frozenset({"cursor", "vscode", "vscode-insiders"})

# RFC 3986 2: all characters that a URI may have, and `%` before two digits alone.
_URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?\[\]@!$&'()+,;=]|%[0-9A-Fa-f]{2})*")
_PARTS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):(?P<rest>.*)")
_AUTHORITY = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+)*)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
)
# RFC 8252 7.1: a domain name backwards, such as com.example.app.
_REVERSED_DOMAIN = re.compile(r"[A-Za-z][A-Za-z0-9\-]*(?:\.[A-Za-z0-9\-]+)+")
# Browsers take `%2e` for a dot there, too.
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
#: What an answer adds to the query, where an application must not find it twice.
_ANSWERED = frozenset("code state iss error error_description error_uri".split())
_SEPARATORS = re.compile("[&;]")  # some still split at the latter
_LOOPBACK = re.compile(
    rf"(?P<host>http://(?:{'|'.join(map(re.escape, LOOPBACK_HOSTS))}))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<rest>.*)",
    re.DOTALL,
)


def _lt(text):
    """Mark a text for translation, which those who show it do."""
    return text


_TOO_LONG = _lt("It is longer than 2000 characters.")
_WILDCARD = _lt("No part of it may be a wildcard: write each address out.")
_FRAGMENT = _lt("It may not have a fragment (#).")
_CHARACTER = _lt(
    "It has a character that no address has: spaces, backslashes, quotes, braces"
    " and letters beyond ASCII are written in percent signs."
)
_RELATIVE = _lt("It is not a whole address: begin with https://.")
_SCHEME = _lt(
    "Its scheme is neither https nor that of a native application, which is a"
    " domain name backwards, such as com.example.app:/callback."
)
_DOTS = _lt("Its path may not have the segments . and ..")
_USER = _lt("It may not name a user (what stands before an @).")
_HOST = _lt("Its host or port is not one.")
_ANSWER = _lt("Its query may not name what an answer brings: code, state, iss, error.")
_HTTP = _lt("http is only for this very machine (localhost): use https elsewhere.")


def redirect_uris(text):
    """Return what `text` has a line each of, a list."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def check_redirect_uri(uri):
    """Raise ValueError, with a text for people, unless `uri` may be registered.

    Good are https, http to LOOPBACK_HOSTS, and schemes of native applications: with a
    dot, or WELL_KNOWN_SCHEMES.
    """
    if len(uri) > MAX_LENGTH:
        raise ValueError(_TOO_LONG)
    if "*" in uri:
        raise ValueError(_WILDCARD)
    if "#" in uri:
        raise ValueError(_FRAGMENT)
    if not _URI.fullmatch(uri):
        raise ValueError(_CHARACTER)
    parts = _PARTS.fullmatch(uri)
    if not parts or parts["rest"][:1].isdigit():  # localhost:8400/back
        raise ValueError(_RELATIVE)
    scheme, rest = parts["scheme"].lower(), parts["rest"]
    if scheme in ("https", "http"):
        _check_web_address(scheme, rest)
    elif not rest.startswith("/") or not (
        scheme in WELL_KNOWN_SCHEMES or _REVERSED_DOMAIN.fullmatch(scheme)
    ):
        raise ValueError(_SCHEME)
    path, _mark, query = rest.partition("?")
    if _DOT_SEGMENT.search(path):
        raise ValueError(_DOTS)
    names = (each.partition("=")[0] for each in _SEPARATORS.split(query))
    if not _ANSWERED.isdisjoint(map(unquote_plus, names)):
        raise ValueError(_ANSWER)


def _check_web_address(scheme, rest):
    if not rest.startswith("//"):
        raise ValueError(_RELATIVE)
    authority = re.split(r"[/?]", rest[2:], maxsplit=1)[0]
    if "@" in authority:
        raise ValueError(_USER)
    parts = _AUTHORITY.fullmatch(authority)
    if not parts or int(parts["port"] or 0) > 65535 or not _is_host(parts["host"]):
        raise ValueError(_HOST)
    if scheme == "http" and parts["host"].lower() not in LOOPBACK_HOSTS:
        raise ValueError(_HTTP)


def _is_host(host):
    """Return whether `host` is a name, or an address in the spelling of all readers."""
    if host.startswith("["):
        address, kind = host[1:-1], ipaddress.IPv6Address
    elif re.fullmatch(r"[0-9]+|0[xX][0-9A-Fa-f]*", host.rpartition(".")[2]):
        # To browsers 127.1 and 0x7f.1 are addresses, too.
        address, kind = host, ipaddress.IPv4Address
    else:
        return True
    try:
        kind(address)
    except ValueError:
        return False
    return True


def matches(registered, sent):
    """Return whether a request that names `sent` may be answered there.

    `registered` has passed `check_redirect_uri`. The two are equal, character by
    character; but by http on this very machine any port will do, as a native
    application takes the one that is free (RFC 8252 7.3).
    """
    if registered == sent:
        return True
    known, asked = _LOOPBACK.fullmatch(registered), _LOOPBACK.fullmatch(sent)
    return bool(
        known
        and asked
        and known["host"] == asked["host"]
        and known["rest"] == asked["rest"]
        and int(asked["port"] or 80) <= 65535
    )


def host_of(uri):
    """:param str uri: that has passed :func:`check_redirect_uri`
    :return: the host that a browser goes to with it, and the port if it is named,
        ``""`` where that is a program on the user's own device
    """
    scheme, _colon, rest = uri.partition("://")
    authority = re.split(r"[/?]", rest, maxsplit=1)[0].lower()
    if scheme.lower() not in ("https", "http"):
        return ""
    parts = _AUTHORITY.fullmatch(authority)
    return "" if not parts or parts["host"] in LOOPBACK_HOSTS else authority


def why_not_registered(sent):
    """Return why a redirect URI is refused, for the event: of the address no more than
    server and path, as the rest may hold anything.
    """
    if not sent:
        return "The application names no redirect URI, and has not exactly one."
    address = safe_text(sent.partition("?")[0].partition("#")[0])
    if "@" in address:
        address = "that was sent"
    return f"The redirect URI {address} is none of those registered for the client."
