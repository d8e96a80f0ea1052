"""The address of this server, as applications and providers know it.

Never the Host header: a caller writes it, and behind a proxy it is wrong.
"""

import contextlib
from urllib.parse import urlsplit

import psycopg2.errors

from odoo.tools import SQL

BASE_URL_PARAMETER = "api_auth_oauth2.base_url"


def base_url(env):
    """:return: the address of this server without trailing slash"""
    parameters = env["ir.config_parameter"].sudo()
    own = parameters.get_param(BASE_URL_PARAMETER)
    return (own or parameters.get_param("web.base.url") or "").rstrip("/")


def base_url_warning(env):
    """:return: what is wrong with it, in words, or False"""
    base, parameters = base_url(env), env["ir.config_parameter"].sudo()
    if urlsplit(base).scheme != "https":
        return env._(
            "The base URL is %s: applications and providers need https in production.",
            base,
        )
    if not (
        parameters.get_param(BASE_URL_PARAMETER)
        or parameters.get_param("web.base.url.freeze")
    ):
        return env._(
            "The base URL follows the address an administrator last logged in from:"
            " set one in Settings, General Settings, API OAuth2."
        )
    return False


def redirect_uri_warning(oauth2_api):
    """:return: that the address changed under a registered client, or False"""
    if oauth2_api.last_redirect_uri in (False, oauth2_api.redirect_uri):
        return False
    return oauth2_api.env._(
        "The redirect URI was %s when an application last authorized: register the"
        " new one at the provider.",
        oauth2_api.last_redirect_uri,
    )


def note_redirect_uri(oauth2_api, uri):
    """Remember where a sign-in came back to.

    Sign-ins of one moment bring the same news: one of them is enough, and none
    waits for another or fails.
    """
    if oauth2_api.last_redirect_uri == uri:
        return
    cr = oauth2_api.env.cr
    cr.flush()  # a conflict of what waits to be written is no news of this one
    with contextlib.suppress(psycopg2.errors.SerializationFailure), cr.savepoint():
        cr.execute(
            SQL(
                """
                UPDATE oauth2_api SET last_redirect_uri = %s
                 WHERE id = (SELECT id FROM oauth2_api WHERE id = %s
                                FOR NO KEY UPDATE SKIP LOCKED)
                """,
                uri,
                oauth2_api.id,
            ),
            log_exceptions=False,
        )
    oauth2_api.invalidate_recordset(["last_redirect_uri"])
