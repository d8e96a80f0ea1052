from odoo import http
from odoo.http import request

from ..oauth2 import oauth2_route
from ..protocol.credentials import bearer_token
from ..services.calls.whoami import Whoami


class WhoamiController(http.Controller):
    """A first call for an application: it needs a valid token, and no scope."""

    @oauth2_route("/<api>/oauth2/whoami", methods=["GET"], website=False)
    def whoami(self):
        request.future_response.headers["Cache-Control"] = "no-store"
        text = bearer_token(request.httprequest.headers["Authorization"])
        return Whoami(request.env).tell(request.oauth2_grant, text)
