import json

from odoo import api, fields, models

from ..services.authentication.client_secret import ClientSecrets
from ..services.authentication.secret_notices import SecretNotices
from ..services.configuration.client_trust import ClientTrust
from ..services.keys.client_keys import ClientKeys
from ..services.keys.encrypted_field import EncryptedChar


class OAuth2ClientProof(models.AbstractModel):
    """By what a client proves who it is: its secrets, and its key."""

    _name = "oauth2.client.proof"
    _description = "OAuth2 Client Proof"

    client_secret = fields.Char(
        compute="_compute_client_secret",
        inverse="_inverse_client_secret",
        copy=False,
        help="Write-only: it is kept encrypted and never shown again. At a provider"
        " that knows a key instead, it is between Odoo and the application alone.",
    )
    client_secret_encrypted = EncryptedChar(on_database_copy="keep")
    secret_digest = fields.Char(groups=fields.NO_ACCESS, copy=False, prefetch=False)
    has_client_secret = fields.Boolean(compute="_compute_has_secrets")
    secret_overlap = fields.Integer(
        "Former Secret Works For",
        default=24,
        help="How long the former secret still works after a new one was made, at"
        " most 7 days. 0: it ends at once. Kept in hours.",
    )
    secret_expires_on = fields.Date(
        "Last Day of the Secret",
        copy=False,
        help="In UTC. Administrators are told 30 and 7 days before. A secret that was"
        " made here no longer counts after this day; of a provider's, administrators"
        " are only told.",
    )
    secret_notice_days = fields.Integer(
        copy=False,
        readonly=True,
        help="How many days before its end administrators were told last: 30 or 7.",
    )
    secret_warning = fields.Char(compute="_compute_secret_warning")
    former_secret_digest = fields.Char(
        groups=fields.NO_ACCESS, copy=False, prefetch=False
    )
    former_secret_encrypted = EncryptedChar(on_database_copy="keep")
    former_secret_ends_at = fields.Datetime(
        "Former Secret Ends", copy=False, readonly=True
    )
    former_secret_used_at = fields.Datetime(
        "Former Secret Last Used", copy=False, readonly=True, help="Within 5 minutes."
    )
    has_former_secret = fields.Boolean(compute="_compute_has_secrets")
    is_client_secret_lost = fields.Boolean(
        compute="_compute_is_client_secret_lost",
        help="It cannot be decrypted with the present keys.",
    )
    private_key_encrypted = EncryptedChar("Private Key", on_database_copy="keep")
    has_private_key = fields.Boolean(compute="_compute_has_secrets")
    public_key = fields.Text("PEM", compute="_compute_public_key")
    jwks = fields.Text("JWK Set", compute="_compute_public_key")
    key_warning = fields.Char(compute="_compute_public_key")
    require_secret = fields.Boolean(
        help="Demand the client secret on provider/authorize, token, introspect and"
        " revoke, and accept no other proof. Recommended: without it, all who know"
        " the Client ID can ask a user to sign in. Only Settings administrators can"
        " switch it off.",
    )

    def _compute_client_secret(self):
        self.client_secret = False

    @api.depends(
        "client_secret_encrypted",
        "secret_digest",
        "former_secret_ends_at",
        "private_key_encrypted",
    )
    def _compute_has_secrets(self):
        now = fields.Datetime.now()
        for client in self.sudo():
            own, end = client.secret_digest, client.former_secret_ends_at
            client.has_client_secret = bool(own or client.client_secret_encrypted)
            client.has_former_secret = bool(end) and end > now
            client.has_private_key = bool(client.private_key_encrypted)

    @api.depends("secret_expires_on", "provider_id", "has_client_secret")
    def _compute_secret_warning(self):
        for client in self:
            client.secret_warning = SecretNotices(self.env).warning(client)

    @api.depends("client_secret_encrypted")
    def _compute_is_client_secret_lost(self):
        for client in self:
            client.is_client_secret_lost = ClientSecrets(client).is_lost()

    @api.depends(
        "private_key_encrypted",
        "token_endpoint_auth_method",
        "provider_id.token_endpoint_auth_signing_alg",
    )
    def _compute_public_key(self):
        for client in self:
            key, client.key_warning = ClientKeys(client).shown()
            client.public_key = key and key.public_pem()
            client.jwks = key and json.dumps({"keys": [key.jwk()]}, indent=2)

    def _inverse_client_secret(self):
        # It is proof for each user who authorizes the client, today or tomorrow.
        ClientTrust(self).demand_settings(
            self.env._("Only Settings administrators may set a client's secret.")
        )
        for client in self:
            ClientSecrets(client).replace(client.client_secret)
        # Else the answer to the form's save would carry it.
        self.invalidate_recordset(["client_secret"])

    def action_make_key(self):
        """Make a key pair, in the place of the one before.

        :raises AccessError: for others than Settings administrators
        """
        ClientTrust(self).demand_settings(
            self.env._("Only Settings administrators may make a client's key.")
        )
        for client in self:
            ClientKeys(client).make()
        return True

    def action_rotate_secret(self):
        """Make a secret of this Odoo; the one before lives on for some hours.

        :return: the dialog that shows it, this once
        :raises AccessError: for others than administrators
        :raises UserError: the client's secret is its provider's, or it can keep none
        """
        self.ensure_one()
        self.check_access("write")
        ClientTrust(self).check_rotation(self)
        return self.env["oauth2.client.secret"]._show(self, self._generate_secret())

    def action_end_former_secret(self):
        """The former secret counts no more.

        :raises AccessError: for others than administrators
        """
        self.check_access("write")
        for client in self:
            ClientSecrets(client).end_former()
        return True

    def _generate_secret(self):
        """:return: the new secret, as of ``ClientSecrets.rotate``"""
        self.ensure_one()
        return ClientSecrets(self).rotate()
