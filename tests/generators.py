"""What hypothesis makes of any input: texts, JSON values, bodies, headers.

Property tests and ``./dev fuzz`` draw from these. Imports nothing of Odoo.
"""

import json

from hypothesis import strategies as st

VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
PRINTABLE = " " + VISIBLE

#: Texts that broke something, somewhere, once.
TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\u202eabc",
    "\ufeff",
    "\U0001f4a9" * 3,
    "ǅ",
    "ß",
    "%00",
    "%",
    "%s%n",
    "{0}",
    "{{7*7}}",
    "'",
    "'; --",
    '"',
    "\\",
    "\r\nX-Injected: 1",
    "١٢",
    "9" * 400,
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "-1",
    "1e309",
    "NaN",
    "null",
    "true",
    "9" * 30,
    "cui_" + "A" * 43,
    "2026-02-30",
    "0000-00-00 00:00:00",
    "a" * 256,
    "a" * 9000,
    "a.b.c.d.e.f",
    "name.name",
    "parent_id" + ".parent_id" * 40,
    "__class__",
    "id",
    "display_name",
    "child_ids.name",
)
NUMBERS = (
    0,
    -1,
    1,
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**63,
    10**254,
    10**256,
    10**400,
    True,
    0.1,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
)

#: Any text, halves of surrogate pairs and NUL included.
texts = st.one_of(
    st.sampled_from(TEXTS),
    st.text(max_size=40),
    st.text(PRINTABLE, max_size=12),
    st.text(st.characters(exclude_categories=()), max_size=10),
)
#: Any text that no log has by chance: Hypothesis draws words of our own code, too, and
#: what is digested or encrypted counts as a secret that is searched for.
unlogged_texts = st.text(max_size=60).map(lambda text: text and f"\u2042{text}\u2042")
numbers = st.one_of(st.integers(), st.floats(), st.sampled_from(NUMBERS))
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
#: Any JSON value.
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=10,
)
objects = st.dictionaries(texts, values, max_size=4)
#: Shapes that the ORM gives a meaning to.
orm_values = st.one_of(
    values,
    st.tuples(
        texts, st.sampled_from(["=", "in", "like", "any", "child_of", "<", "x"]), values
    )
    .map(list)
    .flatmap(lambda leaf: st.sampled_from([leaf, [leaf], ["!", leaf], ["&", leaf]])),
    st.tuples(st.integers(-1, 8), scalars, values).map(lambda command: [list(command)]),
)


def _deep(opening, depth, closing=""):
    return (opening * depth + closing * depth).encode()


#: Bodies that are no JSON object, or one that is hard to swallow.
bodies = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"",
            b" ",
            b"null",
            b"[]",
            b"{}",
            b"0",
            b'""',
            b"{",
            b'{"a":1,"a":2}',
            b'{"client_id":"demo-app","client_id":"demo-app"}',
            b'{"a":NaN}',
            b'{"a":-Infinity}',
            b'{"a":1e999}',
            b'{"a":' + b"9" * 5000 + b"}",
            b'{"\\ud800":"\\udc00"}',
            b'{"client_user_identity":"\\u0000"}',
            b"\xef\xbb\xbf{}",
            "{}".encode("utf-16"),
            b"\xff\xfe\x00",
            b"{}" + b" " * 70_000,
            b'{"a":"' + b"a" * 70_000 + b'"}',
            b"&".join(b"a%d=1" % number for number in range(150)),
            b"client_id=demo-app&client_id=demo-app",
            b"client_id=%ff%fe&client_user_identity=%00",
            b"=&=&&;",
            _deep("[", 3000, "]"),
            _deep("[", 40_000),
            _deep('{"a":', 3000) + b"1" + b"}" * 3000,
        ]
    ),
    values.map(lambda value: json.dumps(value).encode()),
)
media_types = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "application/json; charset=nonsense",
        "application/json;;;",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=idna",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=" + "y" * 300,
        "text/plain",
        "text/html",
        "",
        "/",
        "application/json, text/html",
        'application/json; charset="',
        "\xff",
    ]
)
#: Values of the Authorization header; the fuzzer puts secrets for the @NAMES@.
authorizations = st.one_of(
    st.sampled_from(
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer  @ACCESS@",
            "bearer @ACCESS@",
            "Bearer @ACCESS@ ",
            "Bearer @ACCESS@,",
            "Bearer @ACCESS@, Bearer @ACCESS@",
            "Bearer @REFRESH@",
            "Bearer @IDENTITY@",
            "Bearer \xff",
            "Bearer " + "a" * 20_000,
            "Bearer a b",
            "Basic",
            "Basic =",
            "Basic ====",
            "Basic Og==",
            "Basic ZGVtby1hcHA=",
            "Basic ZGVtby1hcHA6ZGVtby1zZWNyZXQ=",
            "Basic ZGVtby1hcHA6d3Jvbmc=",
            "Basic /////w==",
            "Basic JWZmOiVmZg==",
            "Basic " + "A" * 20_000,
            "Digest username=x",
            "Negotiate",
            "DPoP x",
            ",",
        ]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30),
)
_HEADER_NAMES = (
    "Accept Accept-Language Accept-Charset Content-Encoding Cookie Expect Forwarded"
    " If-Modified-Since If-None-Match Origin Range Referer Sec-Fetch-Dest Sec-Purpose"
    " User-Agent X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto"
    " X-HTTP-Method-Override X-Odoo-Database X-Requested-With"
    " Access-Control-Request-Method"
).split()
_HEADER_VALUES = (
    "*/* text/html gzip document image nowhere https://evil.example null bytes=0-,-"
    " 100-continue DELETE 999.999.999.999"
).split()
_HEADER_VALUES += [
    "",
    "frontend_lang=xx; tz=Nowhere; session_id=../../x",
    "session_id=" + "a" * 5000,
    'a="\\777"; =; ;;',
    "xx_YY;q=2, *;q=nan",
]
#: Values of headers that are hard to swallow.
header_values = st.one_of(
    st.sampled_from(_HEADER_VALUES),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20),
)
odd_headers = st.tuples(st.sampled_from(_HEADER_NAMES), header_values)
