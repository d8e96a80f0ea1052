import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..protocol import digests
from ..protocol.errors import InvalidRequest
from ..protocol.provider_client import create_code_verifier
from ..services.encrypted_field import EncryptedChar
from ..services.keyring import Keyring
from ..services.provider_calls import translate_provider_errors
from ..services.rate_limit import RateLimit
from ..services.request_context import remote_address, run_once, set_audit_context
from ..services.transactions import begin_read_committed, commit_now

LIFETIME = 600  # seconds from authorize to callback, and from callback to Allow


class OAuth2AuthorizationRequest(models.Model):
    """A sign-in under way, used once and short-lived (RFC 6749 section 4.1.1).

    Its life: asked for by the application (here), taken by the callback, decided by the
    user's Allow. Every secret by which somebody refers to it is kept as a digest.
    """

    _name = "oauth2.authorization.request"
    _description = "OAuth2 Authorization Request"
    _order = "id desc"
    _rec_name = "identity_display"

    api_id = fields.Many2one(
        "oauth2.api", "API", required=True, readonly=True, ondelete="cascade"
    )
    client_id = fields.Many2one(
        "oauth2.client", required=True, readonly=True, ondelete="cascade"
    )
    identity_digest = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
        index=True,
    )
    identity_display = fields.Char("Identity", readonly=True)
    identity_issued = fields.Boolean("Identity Issued by Odoo", readonly=True)
    redirect_uri = fields.Char("Redirect URI", required=True, readonly=True)
    address = fields.Char("From Address", readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True, index=True)
    used_at = fields.Datetime(readonly=True, help="When the callback took it.")
    decided_at = fields.Datetime(readonly=True, help="When it was allowed or denied.")
    exchange_began_at = fields.Datetime(
        "Exchange Without Answer",
        readonly=True,
        help="When the provider was asked for the tokens, as long as its answer is not"
        " recorded.",
    )
    user_id = fields.Many2one(
        "res.users",
        "Bound to User",
        readonly=True,
        ondelete="cascade",
        help="Who started the sign-in, where the provider matches by session.",
    )
    state_digest = fields.Char(
        readonly=True, copy=False, groups=fields.NO_ACCESS, index=True
    )
    start_digest = fields.Char(
        readonly=True, copy=False, groups=fields.NO_ACCESS, index=True
    )
    browser_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    form_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    nonce_digest = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)
    code_verifier = EncryptedChar(on_database_copy="delete")
    result = EncryptedChar(on_database_copy="delete")

    _state_unique = models.UniqueIndex("(state_digest) WHERE state_digest IS NOT NULL")

    @api.model
    def _ask(self, oauth2_api, client, identity):
        """Begin a sign-in for an application.

        :param oauth2_api: the API, active
        :param client: the client, active, on that API
        :param str identity: the ``client_user_identity``; ``""`` has one issued
        :return: ``{"authorization_url", "client_user_identity", "expires_in"}``, the
            last in seconds
        :raises InvalidRequest: for an identity that only Odoo may issue, and did not
        :raises ServerError: the client cannot talk to its provider
        """
        is_issued = identity.startswith(digests.ISSUED_IDENTITY_PREFIX)
        if not identity:
            identity, is_issued = digests.issue_identity(), True
        elif is_issued and not self._was_issued(oauth2_api, client, identity):
            raise InvalidRequest(
                "This client_user_identity was not issued by this server, or is no"
                " longer known: leave it out to be issued a new one."
            )
        # Once, whether there is such an identity or not: each time takes a while.
        names = Keyring(self.env).identity_digests(identity)
        known = self.env["oauth2.client.user"]._find_by_digest(
            oauth2_api, client, names
        )
        record = self.sudo().create(
            {
                "api_id": oauth2_api.id,
                "client_id": client.id,
                "identity_digest": known.identity_digest or names[0],
                "identity_display": _display(identity),
                "identity_issued": is_issued,
                "redirect_uri": client.provider_id._redirect_uri(oauth2_api),
                "address": remote_address(),
                "expires_at": fields.Datetime.now() + timedelta(seconds=LIFETIME),
            }
        )
        if client.provider_id.user_matching == "session":
            with translate_provider_errors():
                client._provider_client()  # refused now, not once somebody has come
            url = record._start_page_url()
        else:
            url = record._authorization_url()
        return {
            "authorization_url": url,
            "client_user_identity": identity,
            "expires_in": LIFETIME,
        }

    @api.model
    def _was_issued(self, oauth2_api, client, identity):
        """:return: whether Odoo issued this identity for this API and client"""
        domain = [
            ("api_id", "=", oauth2_api.id),
            ("client_id", "=", client.id),
            ("identity_digest", "=", digests.digest(identity)),
            ("identity_issued", "=", True),
        ]
        return bool(
            self.env["oauth2.client.user"].sudo().search_count(domain, limit=1)
            or self.sudo().search_count(domain, limit=1)
        )

    def _authorization_url(self):
        """Make state, PKCE verifier and nonce anew, and the address that carries them.

        :return: the provider's address for the user's browser (RFC 6749 section 4.1.1,
            RFC 7636 section 4.3, OpenID Connect Core section 3.1.2.1)
        :raises ServerError: that address is out of the provider's reach
        """
        self.ensure_one()
        provider = self.client_id.provider_id
        state = digests.random_token()
        nonce = digests.random_token() if provider._asks_for_openid() else None
        verifier = create_code_verifier()
        self.write(
            {
                "state_digest": digests.digest(state),
                "nonce_digest": nonce and digests.digest(nonce),
                "code_verifier": Keyring(self.env).encrypt(verifier),
            }
        )
        with translate_provider_errors():
            return self.client_id._provider_client().authorization_url(
                redirect_uri=self.redirect_uri,
                scope=provider.scope or "",
                state=state,
                code_verifier=verifier,
                nonce=nonce,
                extra=provider._extra_parameters(),
            )

    def _start_page_url(self):
        """:return: the page of this Odoo that binds the sign-in to user and browser"""
        self.ensure_one()
        token = digests.random_token()
        self.start_digest = digests.digest(token)
        root, _slash, _callback = self._redirect_parts()[0].rpartition("/")
        return f"{root}/start?request={token}"

    def _redirect_parts(self):
        """:return: ``(the API's own redirect URI, what a provider's own one adds)``"""
        root, callback, own = self.redirect_uri.rpartition("/callback")
        return root + callback, own

    @api.model
    def _start(self, oauth2_api, token, user):
        """Bind a sign-in to the user and the browser that opened its start page.

        :param str token: from the start page's address
        :param user: who is signed in to Odoo
        :return: ``(address at the provider, secret for the browser's cookie)``
        :raises InvalidRequest: unknown or expired, or opened by another user before
        """
        record = self.sudo().search(
            [
                ("start_digest", "=", digests.digest(token)),
                ("api_id", "=", oauth2_api.id),
                ("used_at", "=", False),
                ("expires_at", ">", fields.Datetime.now()),
            ]
        )
        if not record or (record.user_id and record.user_id != user):
            raise InvalidRequest(STALE)
        RateLimit(self.env).refund()
        secret = digests.random_token()
        record.write({"user_id": user.id, "browser_digest": digests.digest(secret)})
        return record._authorization_url(), secret

    @api.model
    def _claim(self, oauth2_api, state):
        """Take the sign-in that a callback finishes; nobody else can take it any more.

        It is committed at once: whatever goes wrong later, this state is spent.

        :param str state: from the callback's address
        :return: the record
        :raises InvalidRequest: unknown, forged, expired or used
        """

        def take():
            # Whoever comes while the row is held waits, and finds what it is then.
            begin_read_committed(self.env)
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE oauth2_authorization_request
                       SET used_at = now() AT TIME ZONE 'UTC'
                     WHERE state_digest = %s AND api_id = %s AND used_at IS NULL
                       AND expires_at > now() AT TIME ZONE 'UTC'
                    RETURNING id
                    """,
                    digests.digest(state),
                    oauth2_api.id,
                )
            )
            row = self.env.cr.fetchone()
            commit_now(self.env)
            return row and row[0]

        taken = run_once(("claim", state), take)
        if not taken:
            raise InvalidRequest(STALE)
        RateLimit(self.env).refund()
        record = self.sudo().browse(taken)
        record.invalidate_recordset()
        set_audit_context(record.api_id, record.client_id)
        return record

    def _keep_result(self, result):
        """:param dict result: what the provider answered, until it is decided upon"""
        self.result = Keyring(self.env).encrypt(json.dumps(result))

    def _read_result(self):
        """:return: what :meth:`_keep_result` was given, ``None`` when it is gone"""
        text = Keyring(self.env).decrypt(self.sudo().result)
        return text and json.loads(text)

    def _wipe(self):
        """Forget the secrets of a sign-in that is over."""
        self.write(
            {
                "result": False,
                "code_verifier": False,
                "browser_digest": False,
                "form_digest": False,
                "nonce_digest": False,
            }
        )


STALE = (
    "This sign-in is unknown, expired or already used:"
    " start again through provider/authorize."
)


def _display(identity):
    """:return: enough of an identity to recognise it, never the whole"""
    shown = min(len(identity) // 3, 8)
    return identity[:shown] + "…"
