"""The errors that a caller may see, one class per RFC error code.

Each class knows its wire form. ``error_description`` is static ASCII: it tells the
caller what to do next and never what was stored, sent or guessed, but for the names of
what a protected call lacks. What an administrator needs to know goes into ``reason``,
which reaches the event alone: it may name a person.

The one place that writes ``WWW-Authenticate`` (RFC 9110 section 11.6.1).
"""

import logging


def quoted_challenge(scheme, **parameters):
    """Write a challenge with every value as a quoted string.

    :param str scheme: such as ``Bearer``
    :param parameters: ASCII texts; control characters are dropped
    :return: the header's value
    """
    written = ", ".join(f'{name}="{_escape(v)}"' for name, v in parameters.items())
    return f"{scheme} {written}" if written else scheme


def _escape(value):
    printable = "".join(c for c in value if " " <= c <= "~")
    return printable.replace("\\", "\\\\").replace('"', '\\"')


class OAuth2Error(Exception):
    """Base of all refusals.

    :param description: static ASCII text for the caller; the class's own when left out
    :param reason: what the event says, a sentence: it names the email, login, model or
        scope that was meant; never a token, secret or identity
    :param cause: key of ``services/audit/refusal_causes.py``; the class's own when left
        out
    :param retry_after: seconds after which the caller may try again

    :ivar reference: of its event, where a person is shown one
    """

    error = "server_error"
    status = 500
    description = "The request could not be served."
    cause = ""
    reference = ""
    # Odoo logs what escapes a handler at this level instead of with a traceback.
    loglevel = logging.DEBUG

    def __init__(self, description=None, *, reason="", cause="", retry_after=None):
        super().__init__(self.error)
        if description is not None:
            self.description = description
        self.reason = reason
        self.cause = cause or self.cause
        self.retry_after = retry_after

    def body(self):
        """:return: the JSON object of RFC 6749 section 5.2"""
        return {"error": self.error, "error_description": self.description}

    def headers(self):
        """:return: ``{name: value}`` that the answer carries with its content type"""
        headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(int(self.retry_after))
        return headers


_CODES = {
    403: "access_denied",
    404: "not_found",
    429: "temporarily_unavailable",
    503: "temporarily_unavailable",
}


def error_code(status):
    """:return: the code of an answer that has none of its own, by its HTTP status"""
    return _CODES.get(status) or (
        "server_error" if status >= 500 else "invalid_request"
    )


class InvalidRequest(OAuth2Error):
    """RFC 6749 section 5.2 ``invalid_request``"""

    cause = "request"
    error = "invalid_request"
    status = 400
    description = "The request is malformed."


class UnknownSignIn(InvalidRequest):
    """A one-use secret of a sign-in that is unknown, expired or used."""

    cause = "sign_in_over"
    description = (
        "This sign-in is unknown, expired or already used:"
        " start again in the application."
    )


class AlreadyAllowed(UnknownSignIn):
    """A sign-in that is over, well."""

    description = (
        "This sign-in is already used: access was granted. Go back to the application."
    )


class MethodNotAllowed(InvalidRequest):
    """RFC 9110 section 15.5.6, in the shape of RFC 6749 section 5.2"""

    status = 405
    description = (
        "This method is not allowed here; the Allow header names those that are."
    )

    def __init__(self, allowed):
        super().__init__()
        self.allowed = sorted(allowed)

    def headers(self):
        return {**super().headers(), "Allow": ", ".join(self.allowed)}


class LengthRequired(InvalidRequest):
    """RFC 9110 section 15.5.12, in the shape of RFC 6749 section 5.2"""

    status = 411
    description = "Send the body with its Content-Length."


class NotFound(InvalidRequest):
    """RFC 9110 section 15.5.5, in the shape of RFC 6749 section 5.2"""

    error = "not_found"
    status = 404
    description = "This API has no such path; check the address."


class UnsupportedGrantType(OAuth2Error):
    """RFC 6749 section 5.2 ``unsupported_grant_type``"""

    cause = "request"
    error = "unsupported_grant_type"
    status = 400
    description = (
        "The grant_type is authorization_code, refresh_token or client_credentials."
    )


class InvalidClient(OAuth2Error):
    """RFC 6749 section 5.2 ``invalid_client``: one answer for every cause.

    Whether the API or the client is unknown, a secret is wrong or no proof was given
    cannot be told apart.
    """

    cause = "client"
    error = "invalid_client"
    status = 401
    description = (
        "The client could not be authenticated: check the path's API, client_id and"
        " client_secret. Without a secret send the current token, or an identity issued"
        " by this server."
    )

    def headers(self):
        # RFC 6749 section 5.2 asks for the challenge of the scheme that was used.
        challenge = quoted_challenge("Basic", realm="oauth2", charset="UTF-8")
        return {**super().headers(), "WWW-Authenticate": challenge}


class InvalidGrant(OAuth2Error):
    """RFC 6749 section 5.2 ``invalid_grant``: one answer for every cause."""

    cause = "grant_over"
    error = "invalid_grant"
    status = 400
    description = (
        "This identity has no grant that can be used: have the user authorize again"
        " through provider/authorize."
    )


class AccessDenied(OAuth2Error):
    """RFC 6749 section 4.1.2.1 ``access_denied``, answered by the callback."""

    cause = "no_user"
    error = "access_denied"
    status = 403
    description = (
        "Access was denied: no user of this server may be used for this sign-in."
        " Ask its administrator."
    )


class EmbeddedCaller(AccessDenied):
    """The callback was requested by a page, not by a person or a script."""

    cause = "embedded"
    description = (
        "A sign-in is finished by a browser's own page or by a script, not from within"
        " another page."
    )


class ScriptRefused(AccessDenied):
    """A script came to the callback of a client whose users come with browsers."""

    cause = "script"
    description = (
        "Open this address in a browser. Only a client that is known to follow its"
        " sign-ins itself finishes them in a script, and only by https."
    )


class SignInDenied(AccessDenied):
    """The provider or the user said no."""

    cause = "denied"
    status = 400
    description = "The sign-in was denied; start again in the application."


class AuthorizationPending(OAuth2Error):
    """RFC 8628 section 3.5 ``authorization_pending``: no failure, ask again."""

    error = "authorization_pending"
    status = 400
    description = (
        "The user has not decided yet: ask again after as many seconds as the interval"
        " in the answer of provider/authorize says."
    )


class SlowDown(AuthorizationPending):
    """RFC 8628 section 3.5 ``slow_down``"""

    error = "slow_down"
    description = (
        "The user has not decided yet, and you ask too often: from now on leave five"
        " seconds more between two calls."
    )


class ExpiredSignIn(OAuth2Error):
    """RFC 8628 section 3.5 ``expired_token``"""

    cause = "sign_in_over"
    error = "expired_token"
    status = 400
    description = (
        "The sign-in was not finished in time; start again through provider/authorize."
    )


class ServerError(OAuth2Error):
    """RFC 6749 section 4.1.2.1 ``server_error``: the provider is at fault."""

    cause = "provider_answer"
    error = "server_error"
    status = 502
    description = (
        "The authorization server gave an answer that cannot be used."
        " Ask the administrator of this server, whose log has the cause."
    )


class ProviderReportedError(ServerError):
    """The provider redirected back with an error other than ``access_denied``."""

    cause = "provider_error"
    status = 400
    description = (
        "The authorization server reported an error; start again, or ask the"
        " administrator of this server, whose log has its code."
    )


class TemporarilyUnavailable(OAuth2Error):
    """RFC 6749 section 4.1.2.1 ``temporarily_unavailable``"""

    error = "temporarily_unavailable"
    status = 503
    description = "The service cannot be reached right now; try again later."


class TooManyRequests(TemporarilyUnavailable):
    """RFC 6585 section 4, in the shape of RFC 6749 section 5.2"""

    cause = "limit"
    status = 429
    description = "Too many calls: wait as many seconds as Retry-After says."


class ProtectedResourceError(OAuth2Error):
    """Base of RFC 6750 section 3: refusals that carry a ``Bearer`` challenge."""

    error = "invalid_token"
    status = 401
    #: RFC 6750 section 3.1: no error code for a request without any authentication.
    name_the_error = True

    def __init__(
        self, description=None, *, reason="", cause="", scope="", realm="odoo"
    ):
        super().__init__(description, reason=reason, cause=cause)
        self.scope = scope
        self.realm = realm
        #: address of the API's own description (RFC 9728 section 5.1), if known
        self.resource_metadata = ""

    def headers(self):
        parameters = {"realm": self.realm}
        if self.name_the_error:
            parameters["error"] = self.error
            parameters["error_description"] = self.description
        if self.scope:
            parameters["scope"] = self.scope
        if self.resource_metadata:
            parameters["resource_metadata"] = self.resource_metadata
        challenge = quoted_challenge("Bearer", **parameters)
        return {**super().headers(), "WWW-Authenticate": challenge}


class MissingToken(ProtectedResourceError):
    """RFC 6750 section 3.1: the request lacks any authentication information."""

    name_the_error = False
    description = "Send an access token in the Authorization header, as Bearer."


class MalformedAuthorization(ProtectedResourceError):
    """RFC 6750 section 3.1 ``invalid_request``"""

    error = "invalid_request"
    status = 400
    description = "Send exactly one Authorization header: Bearer and the token."


class InvalidToken(ProtectedResourceError):
    """RFC 6750 section 3.1 ``invalid_token``: one answer for every cause."""

    description = (
        "The access token is unknown, expired or revoked:"
        " get another one at oauth2/token, or have the user authorize again."
    )


class InsufficientScope(ProtectedResourceError):
    """RFC 6750 section 3.1 ``insufficient_scope``"""

    cause = "scope"
    error = "insufficient_scope"
    status = 403
    description = "The access token does not carry the scope that this route needs."

    def __init__(self, description=None, *, scope="", **options):
        if description is None and scope:
            description = f"The access token lacks the scope that is needed: {scope}."
        super().__init__(description, scope=scope, **options)


class MisconfiguredRoute(OAuth2Error):
    """A route whose protection was weakened by mistake: refused, never served."""

    description = "This route is not protected as declared; ask the administrator."
