from datetime import date, datetime

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
