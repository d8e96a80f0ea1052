"""Pages that a person sees in the middle of a sign-in."""

import json

from markupsafe import Markup

from odoo.http import Response, request

from ..protocol.browser import PAGE_HEADERS


def page(template, *, status=200, **values):
    """Render one of ``views/browser_pages.xml``.

    :param str template: name without the addon's
    :return: the response, with headers that keep it out of frames and caches
    """
    html = request.env["ir.qweb"].sudo()._render(f"api_auth_oauth2.{template}", values)
    return Response(
        html,
        status=status,
        headers=PAGE_HEADERS,
        content_type="text/html; charset=utf-8",
    )


def refusal_page(refusal):
    """:param OAuth2Error refusal: told to a person
    :return: the page
    """
    response = page(
        "page_refusal",
        status=refusal.status,
        error=refusal.error,
        description=refusal.description,
    )
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(int(refusal.retry_after))
    return response


def embedded_json(value):
    """:return: a value as JSON that can stand inside a ``script`` element"""
    text = json.dumps(value)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)
