from werkzeug.exceptions import BadRequest, NotFound

from odoo import http

from odoo.addons.api_auth_oauth2.oauth2 import oauth2_route

_MOST = 200  # contacts in one answer


class Partners(http.Controller):
    """Contacts, for callers with an access token with the right scope."""

    @oauth2_route("/<api>/partners", scopes="partners.read", methods=["GET"])
    def partners(self, limit: int = 80):
        """The contacts that the token's user may see.

        :param limit: how many at most
        :return: ``[{"id", "name"}, …]``
        """
        if limit < 1:
            raise BadRequest("limit must be 1 or more.")
        limit = min(limit, _MOST)
        return self.env["res.partner"].search_read([], ["name"], limit=limit)

    @oauth2_route(
        "/<api>/partners/<int:partner_id>",
        scopes="partners.read partners.details",
        methods=["GET"],
    )
    def partner(self, partner_id: int):
        """One contact with its address: this needs a second scope.

        :param partner_id: database id
        :return: ``{"id", "name", "email", "phone"}``
        """
        domain, fields = [("id", "=", partner_id)], ["name", "email", "phone"]
        found = self.env["res.partner"].search_read(domain, fields)
        if not found:
            raise NotFound("There is no such contact, or not for you.")
        return found[0]
