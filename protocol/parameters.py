"""The parameters of a request to ``authorize``, ``token`` or ``revoke``.

RFC 6749 section 3.1 and 3.2: a parameter without a value counts as left out, an unknown
one is ignored but by ``provider/authorize``, none may come twice, and (a rule of ours)
none may come in the URL.
"""

import re
from urllib.parse import parse_qsl

from .errors import InvalidRequest
from .json_object import read_json_object
from .provider_errors import safe_text

MAX_BODY = 64 * 1024  # bytes
MAX_VALUE = 16 * 1024  # characters: whatever token is stored proves later
MAX_IDENTITY = 255  # characters
MAX_STATE = 4096  # characters
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
#: No token and no identity looks like that: such a name may be repeated.
_HARMLESS = re.compile(r"[a-z]+(?:_[a-z]+){0,4}")


class Parameters:
    """The parameters of one request, read with :meth:`text` and :meth:`identity`."""

    def __init__(self, values):
        self._values = values

    @classmethod
    def from_request(cls, *, media_type, body, query_string):
        """Read a request's parameters.

        :param str media_type: of the body, without parameters
        :param bytes body: at most :data:`MAX_BODY` bytes
        :param query_string: whatever followed the ``?`` of the URL, str or bytes
        :raises InvalidRequest: for anything that cannot be read in exactly one way
        """
        if query_string:
            raise InvalidRequest("Send parameters in the body, never in the URL.")
        if len(body) > MAX_BODY:
            raise InvalidRequest("The request body is too long.")
        if not body.strip():
            return cls({})
        media_type = media_type.lower()
        if media_type == _JSON:
            return cls(read_json_object(body))
        if media_type == _FORM:
            return cls(_read_form(body))
        raise InvalidRequest(
            f"Send the parameters as {_JSON} or {_FORM}, with that Content-Type."
        )

    @classmethod
    def from_form(cls, values):
        """:param dict values: ``{name: [texts]}`` of a form
        :raises InvalidRequest: for a name that comes twice
        """
        if any(len(texts) != 1 for texts in values.values()):
            raise InvalidRequest("A parameter was sent twice.")
        return cls({name: text for name, [text] in values.items()})

    def check_known(self, *known):
        """:raises InvalidRequest: there is another parameter: what a caller asks for is
        not left undone without a word
        """
        for name in self._values.keys() - set(known):
            if self._values[name] in (None, ""):
                continue
            is_harmless = len(name) <= 32 and _HARMLESS.fullmatch(name)
            raise InvalidRequest(
                f"The parameter {name} is unknown here."
                if is_harmless
                else "A parameter that was sent is unknown here."
            )

    def text(self, name, *, required=False, limit=MAX_VALUE):
        """Read a parameter of visible ASCII characters.

        :return: the value, ``""`` when it is left out
        :raises InvalidRequest: missing though required, not a string, too long
        """
        value = self._string(name, self._values.get(name), required, limit)
        # RFC 6749 appendix A: VSCHAR
        if not (value.isascii() and value.isprintable()):
            raise InvalidRequest(f"The parameter {name} must be printable ASCII.")
        return value

    def ticked(self, prefix):
        """Read a form's check boxes whose names begin alike.

        :return: set of what follows the prefix in the names of those that were ticked
        :raises InvalidRequest: as of :meth:`text`
        """
        names = [name for name in self._values if name.startswith(prefix)]
        return {name.removeprefix(prefix) for name in names if self.text(name)}

    def remark(self, name):
        """:return: what is written for people, fit for a log; ``""`` when left out"""
        value = self._values.get(name)
        return safe_text(value) if isinstance(value, str) else ""

    def identity(self, name="client_user_identity", *, required=False):
        """Read a client's name for its user.

        :return: UTF-8 text of up to 255 characters without control characters; an
            integer is taken as its decimals; ``""`` when it is left out
        :raises InvalidRequest: missing though required, or anything else
        """
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = _decimals(name, value)
        value = self._string(name, value, required, MAX_IDENTITY)
        if not all(_is_text(character) for character in value):
            raise InvalidRequest(f"The parameter {name} has forbidden characters.")
        return value

    def _string(self, name, value, required, limit):
        """:return: the value, ``""`` when it is left out
        :raises InvalidRequest: missing though required, not a string, too long
        """
        if value is None or value == "":
            if required:
                raise InvalidRequest(f"The parameter {name} is missing.")
            return ""
        if not isinstance(value, str):
            raise InvalidRequest(f"The parameter {name} must be a string.")
        if len(value) > limit:
            raise InvalidRequest(f"The parameter {name} is too long.")
        return value


def _decimals(name, value):
    if abs(value) >= 10**MAX_IDENTITY:
        raise InvalidRequest(f"The parameter {name} is too long.")
    return str(value)


def _is_text(character):
    """Neither a control character (C0, DEL, C1) nor half of a surrogate pair."""
    code = ord(character)
    return not (code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000)


def _read_form(body):
    try:
        pairs = parse_qsl(
            body.decode("utf-8-sig"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=1000,  # the consent page sends one for each scope
        )
    except UnicodeDecodeError as error:
        raise InvalidRequest("The request body is not UTF-8.") from error
    except ValueError as error:
        raise InvalidRequest("The request body is not a valid form.") from error
    values = dict(pairs)
    if len(values) != len(pairs):
        raise InvalidRequest("A parameter was sent twice.")
    return values
