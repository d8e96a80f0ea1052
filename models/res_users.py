from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import MissingError
from odoo.tools import SQL, ormcache

from ..protocol.admission import Membership
from ..services.audit.audit import Audit
from ..services.overview.access_end import AccessEnd
from ..services.server.transactions import signal_change

#: What decides whether a user may use an API.
_ADMISSION = {"active", "group_ids", "company_ids"}
#: By what Odoo's own OAuth sign-in links users to accounts.
_LINK = {"oauth_uid", "oauth_provider_id"}


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

    @api.model
    @ormcache("user_id", "version")
    def _oauth2_membership(self, user_id, version):
        """What a user who may call belongs to, remembered until the next signal.

        :param int version: number of Odoo's last signal, in the snapshot that is read
        :return: a ``Membership``; ``None`` when there is no such active user, or it is
            the public user or the superuser
        """
        # Before a caller is known there is no user, with whom relations can be read.
        users = self.env(user=SUPERUSER_ID, su=True, context={})["res.users"]
        user = users.search([("id", "=", user_id)])
        if not user or user._is_superuser():
            return None
        membership = user._oauth2_read_membership()
        public = user.env["ir.model.data"]._xmlid_to_res_id("base.group_public")
        return None if public in membership.groups else membership

    def _oauth2_read_membership(self):
        """The groups of a user, also those that others imply, and the companies.

        Asked of the database: what Odoo remembers of both, it renews by signals that it
        reads on the replica where there is one.

        :return: a ``Membership``
        """
        self.ensure_one()
        self.env["res.groups"].flush_model(["user_ids", "implied_ids"])
        self.env["res.company"].flush_model(["user_ids", "active"])
        self.flush_model(["group_ids", "company_ids"])
        self.env.cr.execute(
            SQL(
                """
                WITH RECURSIVE held AS (
                    SELECT gid FROM res_groups_users_rel WHERE uid = %s
                     UNION
                    SELECT implied.hid FROM held
                      JOIN res_groups_implied_rel implied ON implied.gid = held.gid)
                SELECT gid, NULL FROM held
                 UNION ALL
                SELECT NULL, cid FROM res_company_users_rel
                  JOIN res_company ON res_company.id = cid AND active
                 WHERE user_id = %s
                """,
                self.id,
                self.id,
            )
        )
        rows = self.env.cr.fetchall()
        groups = frozenset(group_id for group_id, _company in rows if group_id)
        return Membership(groups, frozenset(each for _group, each in rows if each))

    def write(self, vals):
        """The audit log tells of archived users whose applications lose access, and of
        changed links by which a provider's users become Odoo users.
        """
        is_archiving = not vals.get("active", True)
        archived = self.filtered("active") if is_archiving else self.browse()
        result = super().write(vals)
        if _ADMISSION & vals.keys():
            signal_change(self.env)
        if _LINK & vals.keys():
            self._oauth2_tell_of_links()
        for oauth2_api, user in archived._oauth2_grants():
            Audit(self.env).record(
                "access",
                oauth2_api=oauth2_api,
                user=user,
                reason=f"The user {user.login} was archived.",
            )
        return result

    def _oauth2_tell_of_links(self):
        providers = self.env["oauth2.provider"].sudo()
        if providers.search_count([("user_matching", "=", "oauth_uid")], limit=1):
            for user in self.sudo():
                told = {"name": user.login, "user": user}
                changes = "link to an account of a provider changed"
                Audit(self.env).record_configuration(user, changes, **told)

    @api.readonly
    def oauth2_what_ends(self, way):
        """As of ``oauth2.configuration``, for users who are archived or deleted."""
        self.check_access("unlink" if way == "delete" else "write")
        return AccessEnd(self).told(way)

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
            reason = f"The user {user.login} was deleted."
            Audit(self.env).record("access", user=user, reason=reason)
        grants.unlink()
        requests = self.env["oauth2.authorization.request"].sudo()
        requests.search([("user_id", "in", self.ids)]).unlink()
        return super().unlink()
