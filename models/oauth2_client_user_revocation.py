from datetime import timedelta

from odoo import fields, models

from ..protocol.errors import InvalidGrant
from ..services.keyring import Keyring
from ..services.request_context import run_once
from ..services.transactions import commit_now

#: More than the calls to the provider take.
_OUR_TURN = timedelta(minutes=5)


class OAuth2ClientUser(models.Model):
    """Ending a grant: here at once and for good, then at the provider (RFC 7009)."""

    _inherit = "oauth2.client.user"

    def unlink(self):
        """Deleting a grant revokes it, at the provider too, as soon as may be."""
        self.check_access("unlink")
        revocations = self.sudo()._queue_revocations()
        for grant in self.sudo():
            grant._record_event("revoke", reason=grant._lost_answer())
        result = super().unlink()
        revocations._trigger()
        return result

    def action_revoke(self):
        """Revoke from a form.

        :return: the action that shows what is left
        """
        self.unlink()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "api_auth_oauth2.oauth2_client_user_action"
        )

    def _revoke(self, oauth2_api, client, identity, credentials):
        """Revoke a grant here for good, then at the provider (RFC 7009).

        :return: whether the provider confirmed
        :raises InvalidClient: no proof
        :raises InvalidGrant: no such grant
        """

        def end_here():
            grant = self._proven(
                oauth2_api, client, identity, credentials, to_revoke=True
            )
            grant._lock()
            grant._check_tokens_for_revocation(credentials)
            revocations = grant._queue_revocations()
            # Sent below: until then the cron leaves them alone.
            revocations.next_try_at = fields.Datetime.now() + _OUR_TURN
            grant.token_ids.unlink()
            if grant.received_answer:
                grant._go_on_from({})  # queued above, not once more when it is deleted
            grant.unlink()
            commit_now(self.env)  # whatever comes, the tokens open nothing any more
            return revocations.ids

        ids = run_once(("revoke", identity), end_here)
        return self.env["oauth2.revocation"].sudo().browse(ids).exists()._send()

    def _check_tokens_for_revocation(self, credentials):
        """An access token proves a revocation only while it is unexpired."""
        if self._token_of_proof(credentials).superseded_at:
            raise InvalidGrant(reason="token was replaced")
        if credentials.access_token:
            self._proving("access", credentials.access_token, timedelta())

    def _queue_revocations(self):
        """Write down that the provider is to revoke these grants' tokens.

        The refresh token goes first: most providers end its access tokens with it.
        Tokens are handed on as they are stored: no key is needed to end a grant.

        :return: ``oauth2.revocation`` records
        """
        encrypt = Keyring(self.env).encrypt
        tokens = []
        for grant in self:
            if not grant.client_id.provider_id.revocation_endpoint:
                continue
            received = (grant._readable_answer() or {}).get("answer", {})
            for kind in ("refresh", "access"):
                token, newer = grant._current_token(kind), received.get(f"{kind}_token")
                values = [token.sudo().value]
                if newer and newer != token._text():
                    values.append(encrypt(newer))
                tokens += [(grant.client_id, kind, value) for value in values if value]
        return self.env["oauth2.revocation"].sudo()._queue_all(tokens)
