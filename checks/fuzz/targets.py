"""Every endpoint: good requests to it, and what its answers may be."""

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from wire import Request

JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
BEARER = ("Authorization", "Bearer @ACCESS@")
BASIC = ("Authorization", "@BASIC@")
SCRIPT = ("Accept", "*/*")
ORIGIN = "https://page.example.com"  # of a page of the application
BROWSER = (("Accept", "text/html"), ("Accept-Language", "en"))

NAMES = {"client_id": "@CLIENT@", "client_user_identity": "@IDENTITY@"}
SECRET = {"client_secret": "@SECRET@"}
REFRESH = {"refresh_token": "@REFRESH@"}


@dataclass(frozen=True)
class Target:
    """An endpoint. `share` is its part of all requests, `least` the part of its own
    that must get through, about half of what does: else little is tested but refusals.
    `good` are its valid ones, `others` are what its callers send, too.

    `deeds` says that its requests are those of ``deeds.py``. `pages` says that its
    answers may be HTML, `busy` that it may answer 502 and 503 for a provider (design,
    refusals), `tells` that a 200 contains tokens on purpose. `asks` are the endpoints
    of a provider that it asks.
    """

    name: str
    share: int
    least: float
    good: tuple
    others: tuple = ()
    pages: bool = False
    busy: bool = False
    tells: bool = False
    orm: bool = False
    asks: tuple = ()
    deeds: bool = False


def _json(method, path, value, *headers):
    return Request(method, path, (JSON, *headers), json.dumps(value).encode())


def _form(method, path, value, *headers):
    return Request(method, path, (FORM, *headers), urlencode(value, safe="@").encode())


def _get(path, *headers):
    return Request("GET", path, headers)


def _life(name, value):
    """The good requests of an endpoint by each proof and each way of sending."""
    path = f"/@API@/oauth2/{name}"
    posts = (
        _json("POST", path, value),
        _json("POST", path, {**value, **SECRET}),
        _form("POST", path, {**value, **SECRET}),
        _json("POST", path, {**value, **REFRESH}),
        _json("POST", path, value, BASIC),
        _form("POST", path, value, BEARER),
    )
    return posts


_ASK = "/@API@/oauth2/provider/authorize"
_CALLBACK = "/@API@/oauth2/callback?state=@STATE@&code=@CODE@&iss=@ISS@"
# A provider's own redirect URI, and the sign-in of a provider that has one.
_OWN = "/@OWNAPI@/oauth2/callback/@OWN@?state=@OWNSTATE@&code=@OWNCODE@&iss=@ISS@"
_CONFIRM = ("Cookie", "@COOKIE@")
_CODE = (
    "/@API@/oauth2/authorize?response_type=code&client_id=@STDCLIENT@&redirect_uri="
    "@STDBACK@&state=a%20b&code_challenge_method=S256&code_challenge=" + 43 * "A"
)
_STD_BASIC = ("Authorization", "@STDBASIC@")
_STD_COOKIE = ("Cookie", "@STDCOOKIE@")
_STD_SECRET = {"client_id": "@STDCLIENT@", "client_secret": "@STDSECRET@"}
_STD_TOKEN = "/@API@/oauth2/token"
_STD_PAGE = "/@API@/oauth2/consent?request=@STDPAGE@"
_BY_CODE = {
    "grant_type": "authorization_code",
    "code": "@STDCODE@",
    "code_verifier": "@STDVERIFIER@",
}
_BY_REFRESH_TOKEN = {"grant_type": "refresh_token", "refresh_token": "@STDREFRESH@"}
_BY_SECRET = {"grant_type": "client_credentials"}
_STD_PROOFS = {"token": "@STDACCESS@"}, {"token": "@STDREFRESH@"}
_DECIDE = "/@API@/oauth2/confirm"


def _json2(prefix):
    def call(model, method, **arguments):
        return _json("POST", f"{prefix}/json/2/{model}/{method}", arguments, BEARER)

    partner, order = "res.partner", "oauth2.example.order"
    by_id = [["id", ">", 0]]
    lines = [[0, 0, {"product": "Chair", "quantity": 2, "price_unit": 9.5}]]
    return (
        call(partner, "search", domain=by_id, order="name desc, id", limit=3),
        call(partner, "search_count", domain=["|", ["name", "ilike", "a"], *by_id]),
        call(partner, "search_read", domain=by_id, fields=["name"], limit=2, offset=0),
        call(partner, "search_read", domain=[["parent_id.name", "=", "x"]], load=None),
        call(partner, "read", ids=[1], fields=["name", "child_ids", "create_date"]),
        call(partner, "name_search", name="a", operator="ilike", limit=2, domain=[]),
        call(partner, "fields_get", allfields=["name"], attributes=["type"]),
        call(
            partner, "default_get", fields=["type"], context={"default_type": "other"}
        ),
        call(
            partner,
            "formatted_read_group",
            domain=[],
            groupby=["create_date:month", "parent_id"],
            aggregates=["__count", "color:sum"],
            having=[["__count", ">", 0]],
            order="parent_id desc",
            limit=3,
        ),
        call(partner, "search", domain=[["parent_id.id", "child_of", "a"]]),
        call(partner, "has_access", ids=[1], operation="write"),
        call(partner, "create", vals_list=[{"name": "A", "color": 1}]),
        call(
            partner,
            "create",
            vals_list=[{"name": "A", "child_ids": [[0, 0, {"name": "B"}]]}],
        ),
        call(
            partner,
            "create",
            vals_list={"name": "A", "category_id": [[0, 0, {"name": "T"}]]},
        ),
        call(partner, "name_create", name="A"),
        call(partner, "write", ids=["@PARTNER@"], vals={"comment": "x", "color": 3}),
        call(partner, "copy", ids=["@PARTNER@"], default={"name": "A"}),
        call(partner, "unlink", ids=[]),
        call(partner, "action_archive", ids=[]),
        call(
            "res.country",
            "search_read",
            domain=[["code", "in", ["BE", "CH"]]],
            fields=["name"],
        ),
        call("res.users", "read", ids=[2], fields=["name"]),
        call(order, "create", vals_list=[{"partner_id": 1, "line_ids": lines}]),
        call(
            order,
            "search_read",
            domain=[],
            fields=[],
            context={"lang": "en_US", "tz": "UTC"},
        ),
    )


_TYPED = {
    "whole": 3,
    "real": 1.5,
    "text": "abc",
    "flag": True,
    "day": "2026-11-24",
    "moment": "2026-11-24T10:00:00Z",
    "many": [1, 2],
    "rows": [{"a": 1}],
    "table": {"a": {"b": [None]}},
    "anything": "x",
}
_ORDER = {
    "partner_id": 1,
    "lines": [{"product": "Chair", "quantity": 2, "price_unit": 9.5}],
    "note": "x",
}
_TYPED_QUERY = urlencode(
    {k: v for k, v in _TYPED.items() if k in ("whole", "real", "text", "day")}
)

TARGETS = (
    Target(
        "authorize",
        12,
        0.15,
        (
            _json("POST", _ASK, {"client_id": "@CLIENT@"}),
            _json("GET", _ASK, {"client_id": "@CLIENT@"}),
            _json("POST", _ASK, NAMES | SECRET),
            _form(
                "POST", _ASK, {"client_id": "@CLIENT@", "client_user_identity": "42"}
            ),
            _json("POST", _ASK, {"client_user_identity": "ä\u00a0\u4e2d"}, BASIC),
        ),
    ),
    Target(
        "callback",
        8,
        0.1,
        (
            _get(_CALLBACK, SCRIPT),
            _get(_CALLBACK, *BROWSER),
        ),
        others=(
            _get("/@API@/oauth2/callback?state=x&error=access_denied", SCRIPT),
            *(
                _get(f"/@API@/oauth2/callback?state=@STATE@&{more}", SCRIPT)
                for more in (
                    "error=access_denied&iss=@ISS@",
                    "code=@CODE@",
                    "code=@CODE@&iss=https://provider.example.com",
                )
            ),
        ),
        pages=True,
        busy=True,
        tells=True,
        asks=("token",),
    ),
    Target(
        "own callback",
        4,
        0.1,
        (_get(_OWN, SCRIPT), _get(_OWN, *BROWSER), _get(_OWN)),
        # The answers of one sign-in at the address of another.
        others=(
            _get(_OWN.replace("/@OWN@", ""), SCRIPT),
            _get(_CALLBACK.replace("?", "/@OWN@?"), SCRIPT),
            _get(_OWN.replace("code=@OWNCODE@", "error=access_denied"), SCRIPT),
        ),
        pages=True,
        busy=True,
        tells=True,
        asks=("token", "userinfo", "userinfo"),
    ),
    Target(
        "confirm",
        6,
        0.1,
        (
            _form(
                "POST",
                _DECIDE,
                {"decision": "allow", "csrf_token": "@CSRF@", "scope_1": "on"},
                _CONFIRM,
            ),
            _form(
                "POST", _DECIDE, {"decision": "deny", "csrf_token": "@CSRF@"}, _CONFIRM
            ),
        ),
        pages=True,
        busy=True,
        tells=True,
    ),
    Target(
        "trial",
        2,
        0.25,
        (
            _get(
                "/@API@/oauth2/trial/@CLIENTID@",
                *BROWSER,
                ("Cookie", "session_id=@SESSION@"),
            ),
        ),
        pages=True,
    ),
    Target(
        "start",
        4,
        0.25,
        (
            _get(
                "/@SESSIONAPI@/oauth2/start?@STARTNAME@=@START@",
                ("Cookie", "session_id=@SESSION@"),
            ),
        ),
        pages=True,
    ),
    Target(
        "token",
        16,
        0.13,
        (
            *_life("token", NAMES),
            _form(
                "POST",
                "/@API@/oauth2/token",
                {"grant_type": "refresh_token", **NAMES, **REFRESH},
            ),
        ),
        busy=True,
        tells=True,
        asks=("token",),
    ),
    Target(
        "revoke",
        8,
        0.15,
        (*_life("revoke", NAMES), _json("GET", "/@API@/oauth2/revoke", NAMES | SECRET)),
        busy=True,
        asks=("revocation",),
    ),
    Target(
        "standard authorization",
        6,
        0.15,
        (
            _get(_CODE, *BROWSER),
            _get(f"{_CODE}&scope=partners.read%20fuzz", *BROWSER),
            _get(f"{_CODE}&resource=http%3A%2F%2Fexample.com", *BROWSER),
            _get(_CODE.replace("@STDCLIENT@", "@STDPUBLIC@"), *BROWSER),
        ),
        pages=True,
    ),
    Target(
        "standard consent",
        5,
        0.1,
        (
            _get(_STD_PAGE, *BROWSER, _STD_COOKIE),
            *(
                _form(
                    "POST",
                    _STD_PAGE,
                    {"decision": decision, "csrf_token": "@STDCSRF@", "scope_1": "on"},
                    *BROWSER,
                    _STD_COOKIE,
                )
                for decision in ("allow", "deny")
            ),
        ),
        pages=True,
        tells=True,
    ),
    Target(
        "standard token",
        12,
        0.1,
        (
            _form("POST", _STD_TOKEN, _BY_CODE, _STD_BASIC),
            _json("POST", _STD_TOKEN, _BY_CODE | _STD_SECRET),
            _form("POST", _STD_TOKEN, _BY_REFRESH_TOKEN, _STD_BASIC),
            _form(
                "POST",
                _STD_TOKEN,
                _BY_REFRESH_TOKEN | _STD_SECRET | {"scope": "partners.read"},
            ),
            _form("POST", _STD_TOKEN, _BY_SECRET, _STD_BASIC),
            _json("POST", _STD_TOKEN, _BY_SECRET | _STD_SECRET | {"scope": "fuzz"}),
        ),
        tells=True,
    ),
    Target(
        "standard introspection",
        4,
        0.15,
        tuple(
            one
            for proof in _STD_PROOFS
            for one in (
                _form("POST", "/@API@/oauth2/introspect", proof, _STD_BASIC),
                _json("POST", "/@API@/oauth2/introspect", proof | _STD_SECRET),
            )
        ),
    ),
    Target(
        "standard revocation",
        4,
        0.15,
        tuple(
            one
            for proof in _STD_PROOFS
            for one in (
                _form("POST", "/@API@/oauth2/revoke", proof, _STD_BASIC),
                _json("POST", "/@API@/oauth2/revoke", proof | _STD_SECRET),
            )
        ),
    ),
    Target(
        "metadata",
        4,
        0.4,
        (
            _get("/.well-known/oauth-protected-resource/@API@"),
            _get("/.well-known/oauth-protected-resource/@API@/partners"),
            _get("/.well-known/oauth-authorization-server/@API@"),
            _get("/@API@/.well-known/openid-configuration"),
            _get("/@API@/.well-known/oauth-authorization-server"),
            _get("/.well-known/openid-configuration/@API@"),
            _get("/@API@/openapi.json"),
        ),
    ),
    Target(
        "json route",
        14,
        0.2,
        (
            _get("/@API@/partners?limit=2", BEARER),
            _get("/@API@/partners/1", BEARER),
            _get("/@API@/oauth2/whoami", BEARER),
            _get("/@API@/oauth2/whoami", ("Authorization", "Bearer @STDACCESS@")),
            _get("/@API@/doc-bearer/res.partner.json", BEARER),
            _get(f"/@API@/fuzz/typed?{_TYPED_QUERY}", BEARER),
            _json("POST", "/@API@/fuzz/typed", _TYPED, BEARER),
            _json("POST", "/@API@/fuzz/any/name", _TYPED, BEARER),
            _get(
                "/@API@/orders?state=draft&limit=2&created_since=2026-11-24T10:00:00Z",
                BEARER,
            ),
            _json("POST", "/@API@/orders", _ORDER, BEARER),
            Request("OPTIONS", "/@API@/orders", (("Origin", "https://a.example"),)),
        ),
    ),
    Target(
        "http route",
        4,
        0.4,
        (
            _get("/@API@/fuzz/page?a=1", BEARER),
            _form("POST", "/@API@/fuzz/page", {"a": "1"}, BEARER),
        ),
        pages=True,
    ),
    Target("json-2", 16, 0.2, _json2("/@API@"), orm=True),
    Target("native json-2", 8, 0.2, _json2(""), orm=True),
    # Bodies and answers that are odd, at all of these: two thirds are refused.
    Target("deeds", 16, 0.15, (), deeds=True, tells=True),
)
