from odoo import http

from odoo.addons.api_auth_oauth2.oauth2 import oauth2_route


class Partners(http.Controller):
    """Contacts, for whoever brings an access token with the right scope."""

    @oauth2_route("/<api>/partners", scopes="partners.read", methods=["GET"])
    def partners(self, limit=80):
        """The contacts that the token's user may see.

        :param limit: how many at most
        :return: ``[{"id", "name"}, …]``
        """
        return self.env["res.partner"].search_read([], ["name"], limit=int(limit))

    @oauth2_route(
        "/<api>/partners/<int:partner_id>",
        scopes="partners.read partners.details",
        methods=["GET"],
    )
    def partner(self, partner_id):
        """One contact with its address: this needs a second scope.

        :param partner_id: database id
        :return: ``{"id", "name", "email", "phone"}``
        """
        partner = self.env["res.partner"].browse(partner_id)
        return partner.read(["name", "email", "phone"])[0]
