"""The ways in which a secret may stand in a dump or a log."""

import base64
import json
from urllib.parse import quote, quote_plus


def spellings(secret):
    """Return a text as it is, hexadecimal, URL-quoted, in JSON, in Python, in base64.

    :return: set of bytes
    """
    raw = secret.encode(errors="surrogatepass")
    found = {
        raw,
        raw.hex().encode(),
        quote(raw, safe="").encode(),
        quote_plus(raw).encode(),
        json.dumps(secret)[1:-1].encode(),
        json.dumps(secret, ensure_ascii=False)[1:-1].encode(errors="surrogatepass"),
        repr(secret)[1:-1].encode(errors="surrogatepass"),
    }
    for start in range(3):  # of a longer text that contains it, as Basic has it
        whole = base64.b64encode(b"x" * start + raw + b"x" * 3)
        # The digits that depend on nothing else; each has 6 bits.
        inner = whole[-(-8 * start // 6) : 8 * (start + len(raw)) // 6]
        found |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return found
