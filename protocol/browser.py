"""Who stands at the callback: a person's browser, a script, or a page that tricks one.

A hostile page can make its visitor's browser request any address: as image, script,
frame, ``fetch`` or prefetch. Such a request must not finish a sign-in. Browsers say
what a request is for (Fetch Metadata) and always send ``Accept-Language``; scripts do
neither. Pages may set ``Accept`` and ``Accept-Language`` to anything, and no header
that begins with ``Sec-``. Over plain http, but to this very machine, browsers send no
Fetch Metadata, so there no header tells a script: see `Callback`.

Headers of pages shown to a browser in the middle of a sign-in (RFC 9700 4.16).
"""

import enum


class Caller(enum.Enum):
    BROWSER = "browser"  # a page is shown, and nothing happens before its Allow
    SCRIPT = "script"  # JSON at once: it followed the redirect itself
    REFUSED = "refused"  # neither: refused before the state is taken


#: By which browsers say, or said, that they load a page before its visitor asks for it.
_PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
_PAGE_TYPES = {"text/html", "application/xhtml+xml"}


def classify_client(method, headers):
    """Tell the kind of caller from a request's method and headers.

    :param str method: such as ``GET``
    :param headers: mapping of header names, case-insensitive, to values
    :return: a :class:`Caller`
    """
    if method != "GET":
        return Caller.REFUSED
    destination = headers.get("Sec-Fetch-Dest")
    prefetch = any(headers.get(name) for name in _PURPOSES)
    if _lists_html(headers.get("Accept") or ""):
        # Frames accept HTML too; a page in a frame invites clickjacking.
        if prefetch or destination not in (None, "document"):
            return Caller.REFUSED
        return Caller.BROWSER
    if destination or prefetch or headers.get("Sec-Fetch-Site"):
        return Caller.REFUSED
    language = headers.get("Accept-Language")
    is_node = language == "*" and headers.get("Sec-Fetch-Mode")
    return Caller.SCRIPT if language is None or is_node else Caller.REFUSED


def _lists_html(accept):
    types = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return any(media_type in _PAGE_TYPES for media_type in types)


#: No frame, no foreign script, no address in a Referer, no copy in a cache.
_CONTENT = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " frame-ancestors 'none'; base-uri 'none'"
)


def page_headers(*, leads_back):
    """:param bool leads_back: whether it may be a page on the way to an application.
        Chromium holds all redirects that follow a form against ``form-action``, and an
        opener policy would cut the application's page off from its window.
    :return: dict of the headers of a page
    """
    headers = {
        "Content-Security-Policy": _CONTENT,
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    if not leads_back:
        headers["Content-Security-Policy"] += "; form-action 'self'"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return headers
