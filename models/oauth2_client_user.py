from odoo import api, fields, models
from odoo.tools import SQL

from ..services.jobs.clean_up import CleanUp
from ..services.jobs.keep_alive import KeepAlive
from ..services.jobs.runner import check_runner
from ..services.keys.encrypted_field import EncryptedChar
from ..services.overview.access_end import AccessEnd
from ..services.overview.connected_applications import ConnectedApplications
from ..services.tokens.revocation import Revocation

#: What its tokens carry of a grant, so that a check need not read it.
_CARRIED = {"api_id", "client_id", "user_id", "state", "scope_ids", "expires_at"}


class OAuth2ClientUser(models.Model):
    """One user of one client on one API: the grant, which owns the tokens.

    It is bound to issuer, subject and Odoo user for good: another one for the same
    identity is refused, never re-linked.
    """

    _name = "oauth2.client.user"
    _inherit = ["oauth2.has.events"]
    _description = "OAuth2 Client API User"
    _order = "id desc"
    _rec_name = "identity_display"
    _event_field = "client_user_ref"

    api_id = fields.Many2one(
        "oauth2.api",
        "API",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    client_id = fields.Many2one(
        "oauth2.client",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        "res.users",
        "Odoo User",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Calls with this grant's tokens act as this user.",
    )
    issuer = fields.Char(required=True, readonly=True)
    subject = fields.Char(
        required=True, readonly=True, help="The user's name at the provider."
    )
    identity_digest = fields.Char(
        required=True, readonly=True, copy=False, groups=fields.NO_ACCESS
    )
    identity_display = fields.Char(
        "Identity",
        readonly=True,
        help="The beginning of the client_user_identity; the whole is not kept.",
    )
    identity_issued = fields.Boolean(
        "Identity Issued by Odoo",
        readonly=True,
        help="Odoo made it up, too long to be guessed: knowing it is a proof.",
    )
    is_service = fields.Boolean(
        "Client Credentials",
        readonly=True,
        copy=False,
        help="The client acts as its service user: no user was asked.",
    )
    state = fields.Selection(
        [("active", "Active"), ("expired", "Expired")],
        "Status",
        required=True,
        readonly=True,
        default="active",
        help="Expired: its user must authorize again.",
    )
    ended_by = fields.Selection(
        [
            ("provider", "The Provider"),
            ("lifetime", "The API's Authorization Lifetime"),
            ("disuse", "No Refresh in Time"),
            ("reuse", "A Code or Refresh Token Used Twice"),
        ],
        readonly=True,
        copy=False,
        help="What ended it here, as far as that is known.",
    )
    scope_ids = fields.Many2many(
        "oauth2.scope",
        "oauth2_client_user_scope_rel",
        "client_user_id",
        "scope_id",
        "Scopes",
        groups="api_auth_oauth2.group_admin",  # who reads scopes; else read() fails
        help="What was granted. A call may use what the client may still have of it.",
    )
    agreement = fields.Json(
        "Shown at Consent",
        readonly=True,
        copy=False,
        prefetch=False,
        groups="api_auth_oauth2.group_admin",
        help="The scopes that the page showed when the user decided, and what they"
        " opened. What the user took away of it is not granted and not asked about"
        " again.",
    )
    scope_summary = fields.Char(
        "May",
        compute="_compute_scope_summary",
        compute_sudo=True,
        help="The granted scopes in words, for users who cannot read scopes.",
    )
    token_ids = fields.One2many(
        "oauth2.token",
        "client_user_id",
        "Tokens",
        groups="api_auth_oauth2.group_admin",
    )
    authorized_at = fields.Datetime(required=True, readonly=True)
    browser = fields.Char(
        readonly=True,
        copy=False,
        help="The browser and the system in which the user last allowed it.",
    )
    expires_at = fields.Datetime(
        required=True,
        readonly=True,
        help="The grant ends here, whatever is refreshed.",
    )
    last_used_at = fields.Datetime(
        readonly=True, help="The last call, to within a few minutes."
    )
    last_used_from = fields.Char(
        readonly=True, copy=False, help="The address that the last call came from."
    )
    last_refresh_at = fields.Datetime(readonly=True)
    cached_token_response = EncryptedChar()
    refresh_began_at = fields.Datetime(
        "Refresh Without Answer",
        readonly=True,
        copy=False,
        help="When the provider was asked for new tokens, as long as its answer is not"
        " recorded. Where this stays, Odoo ended before it could be, or the provider"
        " took too long: it may hold tokens that are not known here.",
    )

    _identity_unique = models.UniqueIndex(
        "(api_id, client_id, identity_digest)",
        "This client already has a user of that identity on this API.",
    )
    # For what must not end another grant of an account. A refresh changes none of these
    # columns, so that it does not write here.
    _account_idx = models.Index("(subject, client_id) WHERE state = 'active'")

    @api.model_create_multi
    def create(self, vals_list):
        grants = super().create(vals_list)
        grants.scope_ids._note_granted()
        return grants

    def write(self, vals):
        """What ends or narrows a grant counts for its tokens at once."""
        if "scope_ids" in vals:  # other than by its user's decision: asked about again
            vals = {"agreement": False, **vals}
        result = super().write(vals)
        if "scope_ids" in vals:
            self.scope_ids._note_granted()
        if _CARRIED & vals.keys():
            self.env["oauth2.token"]._follow(self)
        return result

    def unlink(self):
        """Deleting a grant revokes it, at the provider too, as soon as may be."""
        self.check_access("unlink")
        Revocation(self.env).end(self)
        return super().unlink()

    def action_revoke(self):
        """Revoke from list or form, which asks first; many come batch by batch.

        :return: ``{"revoked": how many, "waiting": names of the providers that have
            still to be told of these grants' tokens}``
        """
        grants = self.exists()  # others may have revoked some meanwhile
        waiting = Revocation(self.env).revoke_all(grants)
        return {"revoked": len(grants), "waiting": waiting}

    @api.readonly
    def oauth2_what_ends(self, way):
        """As of ``oauth2.configuration``; ``way`` is ``revoke``."""
        grants = self.exists()
        grants.check_access("unlink")
        return AccessEnd(grants).told(way)

    @api.model
    @api.readonly
    def oauth2_connected_applications(self, user_id):
        """:return: as of ``ConnectedApplications.of``, what the caller may see of it"""
        return ConnectedApplications(self.env).of(user_id)

    @api.model
    def _cron_clean_up(self, limit=None):
        check_runner(self.env)
        CleanUp(self.env).run(limit)

    @api.model
    def _cron_keep_alive(self):
        check_runner(self.env)
        KeepAlive(self.env).run()

    @api.depends("user_id.name", "client_id.name")
    def _compute_display_name(self):
        for grant in self:
            names = grant.sudo()
            grant.display_name = f"{names.user_id.name}, {names.client_id.name}"

    @api.depends("scope_ids.name", "scope_ids.description")
    def _compute_scope_summary(self):
        for grant in self:
            grant.scope_summary = "; ".join(scope._label() for scope in grant.scope_ids)

    def _find_by_digest(self, oauth2_api, client, names):
        """:param names: digests under which an identity may be found
        :return: its client API user, possibly none
        """
        domain = [
            ("api_id", "=", oauth2_api.id),
            ("client_id", "=", client.id),
            ("identity_digest", "in", names),
        ]
        # With its digest: one query, whether there is such an identity or not.
        return self.sudo().search_fetch(domain, ["identity_digest"], limit=1)

    def _is_in_force(self):
        """:return: whether the grant, and all it stands on, is in force right now"""
        self.ensure_one()
        return (
            self.state == "active"
            and self.expires_at > fields.Datetime.now()
            and self.api_id.active
            and self.client_id._is_served()
            and self.client_id in self.api_id.client_ids
            and self.api_id._allows_user(self.user_id, self.client_id)
        )

    def _out_of_force(self):
        """:return: ``reason`` and ``cause`` of a refusal, for the event: why the grant
        is not in force
        """
        oauth2_api, client, user = self.api_id, self.client_id, self.user_id
        ended_by = dict(self._fields["ended_by"].selection).get(self.ended_by)
        cause = "grant_over"
        if self.state != "active":
            reason = "The grant has ended"
            reason += f", by this: {ended_by}." if ended_by else "."
        elif self.expires_at <= fields.Datetime.now():
            reason = f"The grant has ended at {self.expires_at} UTC."
        elif not oauth2_api._allows_user(user, client):
            reason = oauth2_api._why_not_allowed(user, client)
            cause = "user_blocked"
        else:
            reason, cause = (
                f"The API {oauth2_api.name}, the client {client.name} or its provider"
                " is archived, or the client is none of this API.",
                "client",
            )
        return {"reason": reason, "cause": cause}

    def _current_token(self, kind):
        """:return: the token of a kind that was not rotated, possibly none"""
        domain = [("kind", "=", kind), ("rotated_at", "=", False)]
        return self._search_token(domain)

    def _search_token(self, domain):
        """Find a token of the grant, which may have thousands that were rotated.

        :return: the ``oauth2.token``, possibly none
        """
        domain = [("client_user_id", "=", self.id), *domain]
        return self.env["oauth2.token"].sudo().search(domain, limit=1)

    def _lost_answer(self):
        """:return: what a refresh without an answer may have left at the provider, for
        an event; ``None`` where there is none, or no grant
        """
        if not (began_at := self.refresh_began_at):
            return None
        began = f"{began_at:%Y-%m-%d %H:%M:%S} UTC"
        return (
            f"The answer to a refresh that was begun at {began} was not recorded:"
            " the provider may have given out tokens that are not known here."
        )

    def _with_sibling(self):
        """:return: those whose account at the provider has another active grant of the
        same client, which is not one of these
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM oauth2_client_user client_user
                 WHERE id = ANY(%(ids)s) AND EXISTS (
                       SELECT FROM oauth2_client_user other
                        WHERE other.subject = client_user.subject
                          AND other.client_id = client_user.client_id
                          AND other.issuer = client_user.issuer
                          AND other.state = 'active' AND other.id != ALL(%(ids)s))
                """,
                ids=list(self.ids),
            )
        )
        return self.browse(grant_id for (grant_id,) in self.env.cr.fetchall())

    def _parties(self):
        """:return: whom an event of this grant is about"""
        self.ensure_one()
        return {
            "oauth2_api": self.api_id,
            "client": self.client_id,
            "user": self.user_id,
            "client_user_ref": self.id,
        }
