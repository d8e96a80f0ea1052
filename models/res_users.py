from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.tools import ormcache

from ..services.audit import Audit


class ResUsers(models.Model):
    _inherit = "res.users"

    oauth2_client_user_ids = fields.One2many(
        "oauth2.client.user", "user_id", "Client API Users"
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "oauth2_client_user_ids"]

    @api.model
    @ormcache("user_id")
    def _oauth2_context(self, user_id):
        """The context of a user's own calls: language and time zone.

        Cached beside what Odoo itself remembers of a user, and renewed with it, so that
        a call need not become the user only to ask.

        :param int user_id: of the user
        :return: mapping
        :raises MissingError: no such user here: a new one, and we read a replica
        """
        user = self.env(user=user_id, context={})["res.users"]
        context = user.context_get()
        if not context:
            raise MissingError(self.env._("There is no such user."))
        return context

    def write(self, vals):
        """The audit log tells of archived users whose applications lose access."""
        is_archiving = not vals.get("active", True)
        archived = self.filtered("active") if is_archiving else self.browse()
        result = super().write(vals)
        for oauth2_api, user in archived._oauth2_grants():
            Audit(self.env).record(
                "access",
                oauth2_api=oauth2_api,
                user=user,
                reason="the user is archived",
            )
        return result

    def _oauth2_grants(self):
        """:return: ``[(oauth2.api, res.users)]`` of these users' active grants"""
        domain = [("user_id", "in", self.ids), ("state", "=", "active")]
        grants = self.env["oauth2.client.user"].sudo()
        return grants._read_group(domain, ["api_id", "user_id"]) if self else []

    def unlink(self):
        """A user's grants end with the user, at the providers too."""
        self.check_access("unlink")
        grants = self.env["oauth2.client.user"].sudo()
        grants = grants.search([("user_id", "in", self.ids)])
        for user in grants.user_id:
            Audit(self.env).record("access", user=user, reason="the user is deleted")
        grants.unlink()
        requests = self.env["oauth2.authorization.request"].sudo()
        requests.search([("user_id", "in", self.ids)]).unlink()
        return super().unlink()
