"""An email address, as a claim may have it before an account is made of it."""

import re

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
#: RFC 1034 section 3.5
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDR_SPEC = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
#: RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3, the latter without its angle brackets
_MAX_LOCAL_PART, _MAX_ADDRESS = 64, 254


def normalize_email(text):
    """Read one plain address: a dot-atom at a host name (RFC 5322 section 3.4.1).

    Odoo's and Python's parsers pick an address out of other text; here the text must be
    the address, because a second one, a name or a line of a header would come along.

    :param str text: spaces around it do not count
    :return: str, in lower case, at most 254 ASCII characters
    :raises ValueError: it is anything else
    """
    address = text.strip().lower()
    if (
        not text.isascii()  # some letters become ASCII ones in lower case
        or len(address) > _MAX_ADDRESS
        or address.find("@") > _MAX_LOCAL_PART
        or not _ADDR_SPEC.fullmatch(address)
    ):
        raise ValueError("no plain address")
    return address
