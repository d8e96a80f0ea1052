"""What a request offers as proof that it may use a client or a grant (RFC 6749 2.3)."""

from dataclasses import dataclass, field

from .authorization_header import basic_credentials, bearer_token, scheme_of
from .errors import InvalidRequest


@dataclass(frozen=True)
class Presented:
    """A client's name and the proofs that came with it; absent ones are ``""``."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    #: a secret that is sent empty is still a secret, and a wrong one
    has_secret: bool = False


def presented(parameters, authorization):
    """Collect the client identifier and every proof of one request.

    :param Parameters parameters: of the request
    :param authorization: the ``Authorization`` header's value, or None
    :raises InvalidRequest: two ways of client authentication (RFC 6749 section 2.3),
        two different client identifiers, none at all, or a scheme nobody knows here
    """
    body_id = parameters.text("client_id")
    body_secret = parameters.text("client_secret")
    basic = basic_credentials(authorization)
    token = bearer_token(authorization) or ""
    if authorization and not basic and not token:
        raise InvalidRequest(
            "Use Basic or Bearer in the Authorization header,"
            f" not {_known(scheme_of(authorization))}."
        )
    if basic and body_secret:
        raise InvalidRequest("Send the client secret once: in the header or the body.")
    if basic and body_id and body_id != basic[0]:
        raise InvalidRequest("The client_id of the header and of the body differ.")
    client_id = basic[0] if basic else parameters.text("client_id", required=True)
    return Presented(
        client_id=client_id,
        client_secret=basic[1] if basic else body_secret,
        access_token=token,
        refresh_token=parameters.text("refresh_token"),
        has_secret=bool(basic or body_secret),
    )


def _known(scheme):
    """A caller's text is never sent back: only well-known names are repeated."""
    return scheme if scheme in {"digest", "negotiate", "ntlm", "dpop"} else "another"
