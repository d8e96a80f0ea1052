"""Acts: what a deed asks for, and whether it was done as the database tells it.

Each is a generator: it yields a `Call`, is sent the JSON of the answer (None for a
refusal), and yields whether all of it was done, to the letter, and whether nothing was.
"""

import base64
import hashlib
import uuid
from dataclasses import dataclass
from functools import partial

from server import sql
from targets import BEARER

TEXT = "%TEXT%"  # stands in a call for its text, which is written in many ways


@dataclass(frozen=True)
class Call:
    """A call of a path with a value, as ``json``, ``form`` or ``multipart``.

    :param bool stores: whether the text is kept, so that it must be storable
    :param int refusal: the status that is due, though the request is good
    """

    path: str
    value: dict
    text: str
    kind: str = "json"
    headers: tuple = (BEARER,)
    stores: bool = True
    refusal: int = 0


def _new_mark():
    return uuid.uuid4().hex


def _names(mark):
    return [
        name for (name,) in sql("SELECT name FROM res_partner WHERE ref = %s", mark)
    ]


def _ids(mark):
    return [each for (each,) in sql("SELECT id FROM res_partner WHERE ref = %s", mark)]


def _create(_ground, text, door):
    mark = _new_mark()
    value = {"vals_list": [{"ref": mark, "name": TEXT}]}
    told = yield Call(f"{door}/json/2/res.partner/create", value, text)
    yield _names(mark) == [text] and told == _ids(mark), not _names(mark)


def _changed(ground, text, door, method):
    """Call a method of a partner, who is called "before" before."""
    mark = _new_mark()
    made = ground.administrator.create("res.partner", name="before", ref=mark)
    # Where a method takes no text, a default that nothing asks for is one.
    value, stores = {"ids": [made], "context": {"default_ref": TEXT}}, False
    expected, after = True, []
    if method == "write":
        value, stores = {"ids": [made], "vals": {"name": TEXT}}, True
        after = [text]
    elif method == "search_read":
        value = {"domain": [["ref", "=", mark]], "fields": ["name"], **value}
        del value["ids"]
        expected, after = [{"id": made, "name": "before"}], ["before"]
    path = f"{door}/json/2/res.partner/{method}"
    told = yield Call(path, value, text, stores=stores)
    yield told == expected and _names(mark) == after, _names(mark) == ["before"]


def _keep(_ground, text, kind):
    """Routes of an addon that store a text."""
    mark = _new_mark()
    path = "/@API@/fuzz/keep" if kind == "json" else "/@API@/fuzz/keep-form"
    told = yield Call(path, {"mark": mark, "text": TEXT}, text, kind)
    yield _names(mark) == [text] and told == {"text": text}, not _names(mark)


def _authorize(_ground, text, kind):
    mark = _new_mark()
    # RFC 6749 knows no such parameter; our identities have no control characters.
    identity = mark + "".join(filter(str.isprintable, text))[:200]
    value = {"client_id": "demo-app", "client_user_identity": TEXT}
    path = "/@API@/oauth2/provider/authorize"
    told = yield Call(path, value, identity, kind, ())
    query = "SELECT count(*) FROM oauth2_authorization_request"
    query += " WHERE identity_display = %s"
    [[count]] = sql(query, mark[:8] + "…")
    is_told = bool(told) and told["client_user_identity"] == identity
    yield count == 1 and is_told, count == 0


def _end(ground, text, kind, name):
    """Refresh or revoke a grant of its own."""
    tokens, identity = ground.site.authorize()
    ground.keep_secret(tokens)
    value = {"client_id": "demo-app", "client_user_identity": identity, "note": TEXT}
    path = f"/@API@/oauth2/{name}"
    told = yield Call(path, value, text, kind, (), stores=False)
    known = _known(tokens)
    if name == "token":
        if told:
            ground.keep_secret(told)
        yield bool(told) and _known(told) and not known, known
    else:
        is_told = told == {"revoked": True, "provider_revoked": True}
        yield is_told and not known, known


def _standard(ground, text, kind, name):
    """Refresh, introspect or revoke a token of this Odoo, of a grant of its own."""
    client = ground.own
    tokens = client.tokens()
    value = {
        "client_id": client.identifier,
        "client_secret": client.secret,
        "note": TEXT,
    }
    if name == "token":
        value |= {
            "grant_type": "refresh_token",
            "refresh_token": tokens["refresh_token"],
        }
    else:
        value["token"] = tokens["access_token"]
    told = yield Call(f"/@API@/oauth2/{name}", value, text, kind, (), stores=False)
    known = _known(tokens)
    if name == "token":
        if told:
            ground.keep_secret(told)
        yield bool(told) and _known(told) and not known, known
    elif name == "introspect":
        yield bool(told) and told["active"] and known, known
    else:
        yield told == {} and not known, known


def _known(tokens):
    """Whether an access token is the current one of its grant."""
    query = "SELECT 1 FROM oauth2_token WHERE digest = %s AND rotated_at IS NULL"
    return bool(sql(query, hashlib.sha256(tokens["access_token"].encode()).hexdigest()))


#: What the route ``fuzz/answer`` returns by these names, as JSON; None: it is none.
_ANSWERS = {
    "text": lambda text: text,
    "set": lambda text: [text],
    "generator": lambda text: [text],
    "keys": lambda text: [text],
    "date": lambda _text: "2026-11-29",
    **dict.fromkeys(
        "tuple-key nan infinity bytes surrogate object timedelta endless".split()
    ),
}


def _answer(_ground, text, name, is_deep):
    mark = _new_mark()
    expected = _ANSWERS[name] and _ANSWERS[name](text)
    value = {"mark": mark, "name": name, "is_deep": is_deep, "text": TEXT}
    refusal = 0 if _ANSWERS[name] else 500
    told = yield Call("/@API@/fuzz/answer", value, text, refusal=refusal)
    is_told = told == ({"a": [expected]} if is_deep else expected)
    yield is_told and _names(mark) == [text], not _names(mark)


def _file(ground, text, door, field, is_text):
    """Read a file: what is no text has no place in JSON, but for its Base64."""
    data = text.encode() + (b"" if is_text else b"\xff\0")
    coded = base64.b64encode(data).decode()
    values = {"name": "a.bin", "datas": coded, "res_model": "res.partner"}
    made = ground.administrator.create(
        "ir.attachment", **values, res_id=ground.partner_id
    )
    value = {"ids": [made], "fields": [field]}
    refusal = 422 if field == "raw" and not is_text else 0
    path = f"{door}/json/2/ir.attachment/read"
    told = yield Call(path, value, text, stores=False, refusal=refusal)
    yield told == [{"id": made, field: text if field == "raw" else coded}], True


_DOORS = {"json-2": "/@API@", "native json-2": ""}
ACTS = {
    **{f"create, {name}": partial(_create, door=door) for name, door in _DOORS.items()},
    **{
        f"{method}, {name}": partial(_changed, door=door, method=method)
        for name, door in _DOORS.items()
        for method in ("write", "unlink", "search_read")
    },
    **{
        f"keep, {kind}": partial(_keep, kind=kind)
        for kind in ("json", "form", "multipart")
    },
    **{
        f"{name}, {kind}": act
        for kind in ("json", "form")
        for name, act in (
            ("authorize", partial(_authorize, kind=kind)),
            ("token", partial(_end, kind=kind, name="token")),
            ("revoke", partial(_end, kind=kind, name="revoke")),
            *(
                (f"standard {name}", partial(_standard, kind=kind, name=name))
                for name in ("token", "introspect", "revoke")
            ),
        )
    },
}
#: Those whose body is always a plain one: their answer is what is odd.
ANSWER_ACTS = {
    **{
        f"answer, {name}{', deep' * is_deep}": partial(
            _answer, name=name, is_deep=is_deep
        )
        for name in _ANSWERS
        for is_deep in (False, True)
    },
    **{
        f"read {field}, {name}{', no text' * (not is_text)}": partial(
            _file, door=door, field=field, is_text=is_text
        )
        for name, door in _DOORS.items()
        for field in ("raw", "datas")
        for is_text in (True, False)
    },
}
