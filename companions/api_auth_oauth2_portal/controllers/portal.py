from odoo import http
from odoo.http import request

from odoo.addons.api_auth_oauth2.controllers.applications import revoke_posted


class ApplicationsInPortal(http.Controller):
    @http.route(
        "/my/security/applications",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
    )
    def revoke(self, **_form):
        """Revoke what a form of the security page names."""
        count = revoke_posted()
        revoked = "?revoked=" if count else ""
        return request.redirect(f"/my/security{revoked}#oauth2_applications", 303)
