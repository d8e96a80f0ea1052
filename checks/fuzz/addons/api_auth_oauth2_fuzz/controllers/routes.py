from datetime import date, datetime, timedelta

from odoo import http
from odoo.http import request

from odoo.addons.api_auth_oauth2.oauth2 import oauth2_route


class Routes(http.Controller):
    """Routes that take arguments of every type, and one of Odoo's type ``http``."""

    @oauth2_route("/<api>/fuzz/typed", scopes="fuzz", methods=["GET", "POST"])
    def typed(
        self,
        whole: int = 0,
        real: float = 0.0,
        text: str = "",
        flag: bool = False,
        day: date | None = None,
        moment: datetime | None = None,
        many: list[int] = (),
        rows: list[dict] = (),
        table: dict | None = None,
        anything=None,
    ):
        return {
            "whole": whole + 1,
            "real": real / 2,
            "text": text.upper(),
            "flag": not flag,
            "day": day and day.isoformat(),
            "moment": moment and moment.isoformat(),
            "many": sum(many),
            "rows": [sorted(row) for row in rows],
            "table": table,
            "anything": anything,
        }

    @oauth2_route("/<api>/fuzz/any/<string:name>", scopes="fuzz", methods=["POST"])
    def any(self, name, **arguments):
        return {"name": name, "arguments": arguments}

    @oauth2_route(
        "/<api>/fuzz/page", scopes="fuzz", methods=["GET", "POST"], type="http"
    )
    def page(self, **arguments):
        return request.make_response("\n".join(sorted(arguments)))

    @oauth2_route("/<api>/fuzz/keep", scopes="fuzz", methods=["POST"])
    def keep(self, mark: str, text: str):
        return _keep(mark, text)

    @oauth2_route("/<api>/fuzz/keep-form", scopes="fuzz", methods=["POST"], type="http")
    def keep_form(self, mark="", text="", **_more):
        return request.make_json_response(_keep(mark, text))

    @oauth2_route("/<api>/fuzz/answer", scopes="fuzz", methods=["POST"])
    def answer(self, mark: str, name: str, is_deep: bool, text: str):
        _keep(mark, text)
        value = _ANSWERS[name](text)
        return {"a": [value]} if is_deep else value


def _keep(mark, text):
    request.env["res.partner"].create({"ref": mark, "name": text})
    return {"text": text}


def _endless(_text):
    told = []
    told.append(told)
    return told


#: What a route may return, and what is no JSON.
_ANSWERS = {
    "text": lambda text: text,
    "set": lambda text: {text},
    "generator": lambda text: (each for each in [text]),
    "keys": lambda text: {text: 1}.keys(),
    "date": lambda _text: date(2026, 11, 29),
    "tuple-key": lambda text: {(1, 2): text},
    "nan": lambda _text: float("nan"),
    "infinity": lambda _text: [float("-inf")],
    "bytes": lambda _text: b"\xff",
    "surrogate": lambda text: text + "\ud83d",
    "object": lambda _text: object(),
    "timedelta": lambda _text: timedelta(1),
    "endless": _endless,
}
