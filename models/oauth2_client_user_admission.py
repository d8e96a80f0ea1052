import contextlib

from odoo import api, models


class OAuth2ClientUser(models.Model):
    """Why a grant's user is kept out: the audit log tells, when it happens."""

    _inherit = "oauth2.client.user"

    @api.model
    @contextlib.contextmanager
    def _telling_losses(self, users=None):
        """Leave a line for each user with grants whom the block keeps out of an API.

        :param users: the only ones who can be concerned, left out: all
        """
        before = self._admitted(users)
        yield
        if not before:
            return
        for oauth2_api, user in before - self._admitted(users):
            reason = "the user is in no allowed group any more"
            if not user.active:
                reason = "the user is archived"
            self.env["oauth2.event"]._record(
                "access", oauth2_api=oauth2_api, user=user, reason=reason
            )

    @api.model
    def _admitted(self, users):
        """:return: ``{(oauth2.api, res.users)}`` of those grants whose user may call"""
        domain = [("state", "=", "active")]
        if users is not None:
            domain.append(("user_id", "in", users.ids))
        grants = self.sudo()._read_group(domain, ["api_id"], ["user_id:recordset"])
        admitted = set()
        for oauth2_api, holders in grants:
            if allowed := oauth2_api.allowed_group_ids:
                holders &= allowed.all_user_ids
            admitted |= {(oauth2_api, user) for user in holders.filtered("active")}
        return admitted
