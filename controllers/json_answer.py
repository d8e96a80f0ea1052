"""What a route or a method returned, as the JSON of the answer (RFC 8259)."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from enum import Enum

from odoo.models import BaseModel
from odoo.tools import lazy
from odoo.tools.json import json_default
from odoo.tools.translate import LazyGettext


class NotJson(Exception):
    """The value that was returned is no JSON; the text says what is none in it."""


def encode(value):
    """Write a value as JSON.

    Records become their ids; sets, views and other iterables lists; dates, bytes of
    text and domains what Odoo's own JSON makes of them.

    :return: bytes of UTF-8
    :raises NotJson: for what would be Python's name of an object, bytes that are no
        text, a key that is no text, a number without value, half a surrogate pair
    """
    try:
        return _encode(value).encode()
    except UnicodeEncodeError as error:
        raise NotJson("half of a surrogate pair") from error
    except UnicodeDecodeError as error:
        raise NotJson("bytes that are no text") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise NotJson(str(error)) from error


def _default(value):
    if isinstance(value, BaseModel):
        return value.ids
    if isinstance(value, (date, bytes, lazy, LazyGettext)):
        return json_default(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):  # domains, too
        return list(value)
    raise NotJson(type(value).__name__)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_default).encode
