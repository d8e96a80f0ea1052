"""The authorization request of RFC 6749 section 4.1.1, and where its answer goes.

It is judged in two steps. What is wrong with ``client_id`` and ``redirect_uri`` is told
to the user (section 4.1.2.1). Only then is the rest looked at, whose errors are sent to
the redirect URI.
"""

from urllib.parse import urlencode

from .authorization_errors import InvalidTarget, UnsupportedResponseType
from .errors import InvalidRequest
from .pkce import is_challenge
from .scope import scope_set

_MAX_STATE = 4096  # characters
_MAX_TEXT = 2048  # characters of any other parameter


class AuthorizationRequest:
    """One request, as its query string has it; unknown parameters are ignored."""

    def __init__(self, values):
        """:param dict values: ``{name: [texts]}``"""
        self._values = values

    def text(self, name, limit=_MAX_TEXT):
        """:return: a parameter, ``""`` when it is left out
        :raises InvalidRequest: it comes twice (section 3.1), is too long, or holds
            anything but printable ASCII
        """
        texts = self._values.get(name, [""])
        if len(texts) != 1:
            raise InvalidRequest("A parameter was sent twice.")
        [value] = texts
        if len(value) > limit:
            raise InvalidRequest("A parameter is too long.")
        if not (value.isascii() and value.isprintable()):
            raise InvalidRequest("A parameter is not printable ASCII.")
        return value

    def state(self):
        """:return: the client's ``state``, to be sent back to the letter"""
        return self.text("state", _MAX_STATE)

    def check_response_type(self):
        """:raises InvalidRequest: it is left out, or the answer is to come by form
        :raises UnsupportedResponseType: it is not ``code``
        """
        if not (response_type := self.text("response_type")):
            raise InvalidRequest("The parameter response_type is missing.")
        if response_type != "code":
            raise UnsupportedResponseType()
        if self.text("response_mode") not in ("", "query"):
            raise InvalidRequest("The response_mode is query.")

    def code_challenge(self):
        """:return: the challenge, of S256 (RFC 7636 section 4.3)
        :raises InvalidRequest: there is none, or it is of another method
        """
        challenge = self.text("code_challenge")
        if not challenge:
            raise InvalidRequest("PKCE is needed: send a code_challenge.")
        if self.text("code_challenge_method") != "S256":
            raise InvalidRequest("The code_challenge_method is S256.")
        if not is_challenge(challenge):
            raise InvalidRequest("The code_challenge is no SHA-256 in base64url.")
        return challenge

    def scope(self):
        """:return: frozenset of the names that are asked for, empty when left out
        :raises InvalidRequest: a name is outside the grammar
        """
        return read_scope(self.text("scope"))

    def check_resource(self, issuer):
        """:raises InvalidTarget: as of :func:`check_resource`"""
        # Without a value it counts as left out (RFC 6749 section 3.1).
        check_resource(filter(None, self._values.get("resource", [])), issuer)


def read_scope(text):
    """:return: frozenset of the names of a ``scope``
    :raises InvalidRequest: a name is outside the grammar (RFC 6749 section 3.3)
    """
    try:
        return scope_set(text)
    except ValueError as error:
        raise InvalidRequest("The scope is malformed.") from error


def check_resource(resources, issuer):
    """Each resource (RFC 8707) is this API, or an address below it.

    :param resources: the values of the parameter
    :param str issuer: the API's identifier
    :raises InvalidTarget: one is another
    """
    for resource in resources:
        address = resource.rstrip("/")
        is_here = address == issuer or address.startswith((issuer + "/", issuer + "?"))
        if not is_here or "#" in resource or "/.." in resource:
            raise InvalidTarget()


def response_address(redirect_uri, **parameters):
    """Where the user's browser goes with an answer (RFC 6749 section 4.1.2).

    :param str redirect_uri: the client's own; its query is kept (section 3.1.2)
    :param parameters: those without a value are left out
    :return: the address
    """
    sent = urlencode({name: value for name, value in parameters.items() if value})
    if not sent:
        return redirect_uri
    mark = "&" if "?" in redirect_uri else "?"
    if redirect_uri.endswith(("?", "&")):
        mark = ""
    return f"{redirect_uri}{mark}{sent}"
