from odoo import http
from odoo.http import request

from ..protocol.parameters import MAX_BODY
from ..services.overview.connected_applications import ConnectedApplications
from .pages import page

PATH = "/oauth2/applications"


def revoke_posted():
    """Revoke what a form of the template ``connected_applications`` names.

    :return: how many grants that were
    """
    ids = request.httprequest.form.getlist("grant")
    return ConnectedApplications(request.env).revoke(ids)


class ApplicationsController(http.Controller):
    """A page of connected applications, for users without a backend or a portal."""

    @http.route(PATH, type="http", auth="user", methods=["GET"], website=False)
    def applications(self, **_parameters):
        user = request.env.user
        return page(
            "page_applications",
            applications=ConnectedApplications(request.env).of(user.id),
            user=user,
            is_revoked="revoked" in request.httprequest.args,
            revoke_path=PATH,
            csrf_token=request.csrf_token(),
        )

    @http.route(
        PATH,
        type="http",
        auth="user",
        methods=["POST"],
        website=False,
        max_content_length=MAX_BODY,
    )
    def revoke(self, **_form):
        revoked = "?revoked=" if revoke_posted() else ""
        return request.redirect(f"{PATH}{revoked}", 303)
