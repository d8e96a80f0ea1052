from odoo import http
from odoo.http import request

from odoo.addons.rpc.controllers.json2 import WebJson2Controller

from ..protocol.errors import NotFound
from ..services.calls.json2_scope import JSON2Scope


class OAuth2Json2(WebJson2Controller):
    """Odoo's JSON-2 under an API: its own controller answers, scopes decide."""

    @http.route(
        "/<api>/json/2/<__model__>/<__method__>",
        methods=["POST"],
        auth="oauth2",
        type="oauth2_json2",
        readonly=WebJson2Controller._web_json_2_rpc_readonly,
        csrf=False,
        save_session=False,
        website=False,
    )
    def oauth2_json2_rpc(self, __model__, __method__, **arguments):
        arguments.pop("api", None)
        grant = _grant_with_json2()
        JSON2Scope(request.env).check(grant, __model__, __method__, arguments)
        return self.web_json_2_rpc(__model__, __method__, **arguments)

    @http.route(
        "/<api>/doc-bearer/<model_name>.json",
        methods=["GET"],
        auth="oauth2",
        type="oauth2_json",
        readonly=True,
        csrf=False,
        save_session=False,
        website=False,
    )
    def oauth2_json2_doc(self, model_name):
        """What Odoo's ``api_doc`` tells of methods; client libraries ask for it."""
        methods = JSON2Scope(request.env).describe(_grant_with_json2(), model_name)
        return {"model": model_name, "methods": methods}


def _grant_with_json2():
    """:return: the ``TokenContext`` of the call
    :raises NotFound: where its API does not serve JSON-2
    """
    grant = request.oauth2_grant
    if not grant.serves_json2:
        raise NotFound(
            "This API does not serve JSON-2: an administrator can switch it on."
        )
    return grant
