"""The answer of a provider's token or revocation endpoint (RFC 6749 5), judged.

The provider's parameters are handed on as they came; nothing is added or converted.

Token information: what a provider answered, made whole for the application.
"""

import re
import time
from urllib.parse import parse_qsl

import jwt

from .back_off import retry_after_seconds
from .json_object import load_json_object
from .provider_errors import (
    ProviderMisbehaved,
    ProviderRefused,
    ProviderUnavailable,
    is_error_code,
    safe_text,
)

MAX_TOKEN_LENGTH = 16 * 1024

# RFC 6750 2.1 asks for b64token; providers use other visible characters, too. A comma
# would end an Authorization header's value.
_TOKEN = re.compile(r"[\x21-\x2b\x2d-\x7e]+")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_OPTIONAL = ("refresh_token", "id_token", "token_type", "expires_in")
_FORM_TYPES = ("application/x-www-form-urlencoded", "text/plain")
# Providers' own codes, often with status 200, each with where it can be read.
_OTHER_CODES = {
    # docs.github.com: "Troubleshooting OAuth app access token request errors"
    "bad_verification_code": "invalid_grant",
    "incorrect_client_credentials": "invalid_client",
    "redirect_uri_mismatch": "invalid_grant",
    # github.com/orgs/community/discussions/24745: GitHub, of a refresh token
    "bad_refresh_token": "invalid_grant",
    # docs.slack.dev/reference/methods/oauth.v2.access
    "bad_client_secret": "invalid_client",
    "invalid_client_id": "invalid_client",
    "invalid_refresh_token": "invalid_grant",
    # Slack, of a code; help.zoho.com/portal/en/community/topic/
    # oauth-grant-type-refresh-token-error-invalid-code: Zoho, of a refresh token
    "invalid_code": "invalid_grant",
}
# RFC 6749 4.1.2.1 and RFC 8628 3.5: the same request may succeed later.
_LATER_CODES = ("server_error", "slow_down", "temporarily_unavailable")
_LATER_STATUS = (408, 425)
# No OAuth endpoint is at this address, or none that takes POST.
_NO_ENDPOINT = (404, 405)


def token_parameters(response, *, secrets=()):
    """Return the parameters of a successful token answer, verbatim, as a dict.

    `response` is requests' answer; `secrets` are strings of the request that must not
    reach a log should the provider echo them. Raises what `raise_for_error` does, and
    ProviderMisbehaved for anything else that is not a usable Bearer token.
    """
    raise_for_error(response, secrets=secrets)
    parameters = _parameters(response)
    for name in _OPTIONAL:
        if parameters.get(name) == "":
            del parameters[name]  # some providers write so what they leave out
    _check_token(parameters, "access_token", required=True)
    _check_token(parameters, "refresh_token")
    _check_token(parameters, "id_token")
    token_type = parameters.get("token_type")
    if token_type is not None and (
        not isinstance(token_type, str) or token_type.lower() != "bearer"
    ):
        raise ProviderMisbehaved("the provider's token_type is not bearer")
    _check_unbound(parameters["access_token"])
    lifetime_seconds(parameters)
    return parameters


def _check_unbound(access_token):
    """Refuse a JWT bound to a key of its sender (RFC 7800 3.1): no bearer token."""
    try:
        claims = jwt.decode(access_token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return  # opaque, as far as a client can tell
    if "cnf" in claims:
        raise ProviderMisbehaved("the provider's access token is bound to a key")


def is_jwt(token):
    """Return whether a token is a JWT, as far as its header tells (RFC 7519 7.2)."""
    try:
        return bool(jwt.get_unverified_header(token))
    except (jwt.PyJWTError, ValueError, RecursionError):
        return False


def lifetime_seconds(parameters):
    """Return `expires_in` of a token answer in whole seconds, None when it has none.

    Zero and less is none: providers say so of tokens that do not expire. Raises
    ProviderMisbehaved when it is no number that a lifetime can be.
    """
    value = parameters.get("expires_in")
    if value in (None, ""):
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if not _is_seconds(value):
        raise ProviderMisbehaved("the provider's expires_in is not a number")
    return max(int(value), 0) or None


def _is_seconds(value):
    """Return whether `value` is a number of seconds that calendars know."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -1e12 < value < 1e12


def raise_for_error(response, *, secrets=()):
    """Raise ProviderRefused if the answer is a refusal, whatever its status.

    Some providers answer errors with 200, some a 4xx without an OAuth error. Raises
    ProviderUnavailable where the same request may succeed later, and ProviderMisbehaved
    where nothing is that could refuse.
    """
    status = response.status_code
    try:
        parameters = _parameters(response)
    except ProviderMisbehaved:
        parameters = {}
    error = parameters.get("error") or ""
    if not error and status < 400:
        return
    code, reason = error, f"the provider answered {safe_text(error, secrets=secrets)}"
    if not is_error_code(error):
        code, reason = "", f"the provider answered status {status}"
        if error:
            reason += f" and error {safe_text(error, secrets=secrets)}"
        else:
            reason += " without an OAuth error"
    if text := parameters.get("error_description"):
        reason += f": {safe_text(text, secrets=secrets)}"
    if code in _LATER_CODES or status in _LATER_STATUS:
        retry_after = retry_after_seconds(response.headers.get("Retry-After"))
        raise ProviderUnavailable(reason, retry_after, status)
    if not code and status in _NO_ENDPOINT:
        raise ProviderMisbehaved(reason)
    raise ProviderRefused(_OTHER_CODES.get(code, code), reason, status)


def _parameters(response):
    """Return the body's parameters: JSON, or a form like GitHub's older answers."""
    content_type = response.headers.get("Content-Type", "").partition(";")[0]
    body = response.content.lstrip()
    is_json = body.startswith(b"{")
    if content_type.strip().lower() in _FORM_TYPES and not is_json:
        pairs = _form(body)
        if pairs and len(dict(pairs)) == len(pairs):
            return dict(pairs)
    return load_json_object(body)


def _form(body):
    """Return the pairs of an urlencoded form, none when the body is something else."""
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        return []


def _check_token(parameters, name, *, required=False):
    value = parameters.get(name)
    if value is None and not required:
        return
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ProviderMisbehaved(f"the provider's {name} is missing or no token")
    if len(value) > MAX_TOKEN_LENGTH:
        raise ProviderMisbehaved(f"the provider's {name} is too long")


def expires_at(answer, lifetime, now=None):
    """When an access token stops opening routes.

    :param dict answer: the provider's token answer (RFC 6749 section 5.1)
    :param int lifetime: the API's own limit in seconds
    :param now: epoch seconds, the clock's when left out
    :return: epoch seconds: the earlier of the provider's end and the API's
    :raises ProviderMisbehaved: when the answer's ``expires_in`` cannot be read
    """
    said = lifetime_seconds(answer)
    return int(now or time.time()) + (lifetime if said is None else min(said, lifetime))


def token_information(answer, *, expires, db, login, now=None):
    """What the application receives.

    :param dict answer: the provider's answer, kept verbatim
    :param int expires: epoch seconds, see :func:`expires_at`
    :param str db: the database
    :param str login: the Odoo user's login
    :return: dict; ``expires_in`` (seconds), ``expires_at``, ``db`` and ``login`` are
        ours and win; ``token_type`` is there, as RFC 6749 section 5.1 demands
    """
    return {
        **answer,
        "token_type": answer.get("token_type") or "Bearer",  # no other one is taken
        "expires_in": max(0, expires - int(now or time.time())),
        "expires_at": expires,
        "db": db,
        "login": login,
    }
