"""Refusals of the authorization server, by its authorization and token endpoints."""

from .errors import InvalidGrant, InvalidRequest, OAuth2Error


class UnknownClient(InvalidRequest):
    """The authorization endpoint tells it to the user, and redirects nowhere (RFC 6749
    section 4.1.2.1).
    """

    cause = "client"
    description = (
        "There is no such application here: check its client_id and the address."
    )


class UnknownRedirectURI(InvalidRequest):
    """RFC 6749 section 3.1.2.4: told to the user, never redirected."""

    cause = "redirect_uri"
    description = (
        "The application asks to return to an address that is not registered for it:"
        " its administrator adds it to the client's redirect URIs."
    )


class UnsupportedResponseType(OAuth2Error):
    """RFC 6749 section 4.1.2.1 ``unsupported_response_type``"""

    cause = "request"
    error = "unsupported_response_type"
    status = 400
    description = "The response_type is code: others are not served here."


class InvalidScope(OAuth2Error):
    """RFC 6749 sections 4.1.2.1 and 5.2 ``invalid_scope``"""

    cause = "scope"
    error = "invalid_scope"
    status = 400
    description = (
        "None of these scopes may be granted to this client: ask for its own, or leave"
        " scope out."
    )


class ScopeRaised(InvalidScope):
    """RFC 6749 section 6: a refresh asks for nothing that was not granted."""

    description = (
        "This scope was not granted: leave scope out, or have the user authorize again."
    )


class InvalidTarget(OAuth2Error):
    """RFC 8707 section 2 ``invalid_target``"""

    cause = "request"
    error = "invalid_target"
    status = 400
    description = (
        "The resource is not this API: it is the issuer's address, or one below it."
    )


class UnauthorizedClient(OAuth2Error):
    """RFC 6749 sections 4.1.2.1 and 5.2 ``unauthorized_client``"""

    cause = "grant_type"
    error = "unauthorized_client"
    status = 400
    description = "This client may not use this grant type."


class InvalidCodeOrToken(InvalidGrant):
    """RFC 6749 section 5.2 ``invalid_grant``: one answer for every cause."""

    description = (
        "The code or refresh token is unknown, expired, used, or another client's; or"
        " code_verifier or redirect_uri do not fit: have the user authorize again."
    )
