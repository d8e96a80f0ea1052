"""Values that nobody wants: what goes into requests in the place of good ones."""

import json

from generators import scalars, texts, values
from hypothesis import strategies as st

#: What a callback may bring in the place of what the provider sent.
CALLBACK_TEXTS = (
    "@ISS@",
    "@ISS@/",
    "@ISS@@ISS@",
    "https://provider.example.com",
    "@STATE@",
    "@CODE@",
    "@OWNSTATE@",
    "@OWNCODE@",
    "access_denied",
    "temporarily_unavailable",
)
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


def deep(opening, depth, closing=""):
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
            deep("[", 3000, "]"),
            deep("[", 40_000),
            deep('{"a":', 3000) + b"1" + b"}" * 3000,
        ]
    ),
    values.map(lambda value: json.dumps(value).encode()),
)
MULTIPART = (
    b"--x\r\nContent-Disposition: form-data; name=client_id\r\n\r\ndemo-app\r\n"
    b'--x\r\nContent-Disposition: form-data; name=f; filename="\xff"\r\n\r\n\0\r\n--x--'
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
    st.text(st.characters(max_codepoint=255), max_size=30),
).map(lambda text: "".join(c for c in text if c not in "\r\n"))
odd_headers = st.one_of(
    st.tuples(
        st.sampled_from(
            [
                "Accept",
                "Accept-Language",
                "Accept-Charset",
                "Content-Encoding",
                "Cookie",
                "Expect",
                "Forwarded",
                "If-Modified-Since",
                "If-None-Match",
                "Origin",
                "Range",
                "Referer",
                "Sec-Fetch-Dest",
                "Sec-Purpose",
                "User-Agent",
                "X-Forwarded-For",
                "X-Forwarded-Host",
                "X-Forwarded-Proto",
                "X-HTTP-Method-Override",
                "X-Odoo-Database",
                "X-Requested-With",
                "Access-Control-Request-Method",
            ]
        ),
        st.one_of(
            st.sampled_from(
                [
                    "",
                    "*/*",
                    "text/html",
                    "gzip",
                    "document",
                    "image",
                    "nowhere",
                    "https://evil.example",
                    "null",
                    "frontend_lang=xx; tz=Nowhere; session_id=../../x",
                    "session_id=" + "a" * 5000,
                    'a="\\777"; =; ;;',
                    "bytes=0-,-",
                    "100-continue",
                    "xx_YY;q=2, *;q=nan",
                    "DELETE",
                    "999.999.999.999",
                ]
            ),
            st.text(st.characters(max_codepoint=255), max_size=20),
        ).map(lambda text: "".join(c for c in text if c not in "\r\n")),
    )
)
