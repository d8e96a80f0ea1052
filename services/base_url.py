"""The address of this server, as applications and providers know it.

Never the Host header: a caller writes it, and behind a proxy it is wrong.
"""

from urllib.parse import urlsplit

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
