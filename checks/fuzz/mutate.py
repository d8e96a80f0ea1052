"""From a good request to one that is wrong in some ways, drawn by hypothesis."""

import copy
import json
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode

import generators
import odd_provider
from hypothesis import strategies as st

_METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE")
_METHODS += ("PROPFIND", "get", "X" * 40)
_BITS = (
    "/",
    "//",
    "%00",
    "%2e%2e/",
    "%ff",
    "%",
    ";a=b",
    "\xff",
    "é",
    "#",
    "?",
    "%0a",
    ".",
)
_BITS += ("%2F", "a" * 3000, "<", "[", "-1", "0", "%E2%80%AE")
#: What a callback may bring in the place of what the provider sent.
_CALLBACK_TEXTS = (
    "@ISS@ @ISS@/ @ISS@@ISS@ https://provider.example.com @STATE@ @CODE@ @OWNSTATE@"
    " @OWNCODE@ access_denied temporarily_unavailable"
).split()
_MULTIPART = (
    b"--x\r\nContent-Disposition: form-data; name=client_id\r\n\r\ndemo-app\r\n"
    b'--x\r\nContent-Disposition: form-data; name=f; filename="\xff"\r\n\r\n\0\r\n--x--'
)
_FRAMINGS = ("short", "long", "chunked", "chunks", "coded", "none", "0", "-1", "x")
_FRAMINGS += ("9" * 20, "")


@st.composite
def requests_of(draw, target):
    """A strategy of requests to a target: a third of them good, the rest mutated."""
    request = draw(st.sampled_from(target.good + target.others))
    count = draw(st.sampled_from((0, 1, 0, 1, 1, 2, 3)))
    for _ in range(count):
        request = draw(st.sampled_from(_MUTATIONS))(draw, request, target)
    path, _, query = request.path.partition("?")
    if "@" in query and "oauth2" not in path.lower():
        # Another addon's path now, whose lines Odoo's log keeps as they are.
        request = replace(request, path=path or "/")
    # Hypothesis sends nothing twice; a good request is worth it.
    salt = draw(st.integers(0, 2**20))
    return replace(request, mutations=count, salt=salt)


def _method(draw, request, _target):
    return replace(request, method=draw(st.sampled_from(_METHODS)))


def _path(draw, request, _target):
    """Put something into the path, take something out, or change its case."""
    path, mark, query = request.path.partition("?")
    bits = path.split("/")
    at = draw(st.integers(0, len(bits) - 1))
    kind = draw(st.sampled_from(("insert", "drop", "junk", "upper")))
    if kind == "insert":
        bits[at] += draw(st.sampled_from(_BITS))
    elif kind == "drop":
        del bits[at]
    elif kind == "upper":
        bits[at] = bits[at].swapcase() if "@" not in bits[at] else bits[at]
    elif at:
        text = draw(generators.texts).encode("utf-8", "surrogatepass")
        bits[at] = quote(text[:3000])
    path = "/".join(bits) or "/"
    return replace(request, path=_one_line(path + mark + query))


def _query(draw, request, _target):
    path, _, query = request.path.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    kinds = ("add", "double", "replace", "replace", "replace", "drop", "raw")
    kind = draw(st.sampled_from(kinds))
    if kind == "raw":
        raw = draw(
            st.sampled_from(("&&", "=", "%", "a=%ff", "a=%ed%a0%80", "a;b", "?"))
        )
        return replace(request, path=f"{path}?{query}&{raw}")
    text = draw(generators.texts).encode("utf-8", "surrogatepass")
    if kind == "add" or not pairs:
        names = ("access_token", "client_id", "state", "code", "api", "debug", "limit")
        names += ("iss", "error", "error_description", "id_token", "session_state")
        pair = urlencode([(draw(st.sampled_from(names)), text)])
        return replace(
            request, path=f"{path}?{query}&{pair}" if query else f"{path}?{pair}"
        )
    at = draw(st.integers(0, len(pairs) - 1))
    if kind == "double":
        pairs.append(pairs[at])
    elif kind == "drop":
        del pairs[at]
    elif "STATE@" in query and draw(st.booleans()):
        # Elsewhere, who sends another user's state or code would have it in the log.
        pairs[at] = (pairs[at][0], draw(st.sampled_from(_CALLBACK_TEXTS)))
    else:
        pairs[at] = (pairs[at][0], text)
    # Of placeholders such as @STATE@ too: what stands for them is found by them.
    return replace(request, path=f"{path}?{urlencode(pairs, safe='@')}")


def _authorization(draw, request, _target):
    if draw(st.booleans()):
        request = request.without_header("Authorization")
    return request.with_header("Authorization", draw(generators.authorizations))


def _header(draw, request, _target):
    kind = draw(st.sampled_from(("odd", "odd", "drop", "double")))
    if kind != "odd" and request.headers:
        name, value = draw(st.sampled_from(request.headers))
        if kind == "drop":
            return request.without_header(name)
        return request.with_header(name, value)
    return request.with_header(*draw(generators.odd_headers))


def _media_type(draw, request, _target):
    request = request.without_header("Content-Type")
    value = draw(generators.media_types)
    return request.with_header("Content-Type", value) if value else request


def _body(draw, request, _target):
    if draw(st.integers(0, 9)) == 0:
        request = request.without_header("Content-Type")
        request = request.with_header("Content-Type", "multipart/form-data; boundary=x")
        return replace(request, body=_MULTIPART)
    return replace(request, body=draw(generators.bodies))


def _fault(draw, request, target):
    """Have the provider answer oddly; something else where no call asks it."""
    if not target.asks:
        return _value(draw, request, target)
    endpoint = draw(st.sampled_from(target.asks))
    return replace(request, fault=draw(odd_provider.faults(endpoint)))


def _framing(draw, request, _target):
    return replace(request, framing=draw(st.sampled_from(_FRAMINGS)))


def _value(draw, request, target):
    """Change one value somewhere inside of a JSON or form body, or of a query."""
    if not request.body and "?" in request.path:
        return _query(draw, request, target)
    values = generators.orm_values if target.orm else generators.values
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return _field(draw, request)
    if not isinstance(document, dict) or not document:
        return replace(
            request, body=json.dumps({draw(generators.texts): draw(values)}).encode()
        )
    document = copy.deepcopy(document)
    place = document
    while True:
        key = draw(
            st.sampled_from(
                sorted(place) if isinstance(place, dict) else range(len(place))
            )
        )
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or draw(st.booleans()):
            break
        place = inner
    kind = draw(
        st.sampled_from(("replace", "replace", "replace", "drop", "add", "double"))
    )
    if kind == "replace":
        place[key] = draw(values)
    elif kind == "drop":
        del place[key]
    elif isinstance(place, list):
        place.append(draw(values) if kind == "add" else inner)
    elif kind == "add":
        place[draw(generators.texts)] = draw(values)
    else:
        body = json.dumps(document)
        return replace(request, body=(body[:-1] + ", " + body[1:]).encode())
    return replace(request, body=json.dumps(document).encode())


def _field(draw, request):
    """Change one field of a form."""
    pairs = parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)
    text = draw(generators.texts).encode("utf-8", "surrogatepass")
    if not pairs:
        return replace(request, body=draw(generators.bodies))
    at = draw(st.integers(0, len(pairs) - 1))
    pairs[at] = (pairs[at][0], text)
    return replace(request, body=urlencode(pairs, safe="@").encode())


def _one_line(text):
    """Without what would end the request line, which is another request then."""
    return "".join("%20" if c == " " else c for c in text if c not in "\r\n")


# Those that come more often stand here more often.
_MUTATIONS = (
    *(_value,) * 6,
    *(_path,) * 2,
    *(_query,) * 2,
    *(_authorization,) * 2,
    *(_header,) * 2,
    *(_fault,) * 3,
    _body,
    _media_type,
    _method,
    _framing,
)
