"""Tokens of this Odoo by the JSON contract: of clients whose users sign in here.

- After Allow a pair is issued for the grant; the refresh token of an earlier sign-in is
  forgotten.
- A refresh token rotates as for standard clients, and one that comes again after the
  grace ends the grant.
- Any other proof gets a new pair, and the refresh token before it is rotated.
- A call with an access token and the secret gets another access token; the refresh
  token stays.
"""

from odoo import fields

from ...protocol import digests
from ...protocol.authorization_errors import InvalidCodeOrToken
from ...protocol.errors import InvalidGrant
from ..authentication.client_authentication import ROTATION_GRACE
from ..authentication.registered_client import registered_client
from .issued_tokens import IssuedTokens

NO_REFRESH_TOKEN = "The grant has no refresh token, or it has ended."


class ContractTokens:
    def __init__(self, env, grant):
        """:param grant: the client API user, of a client without a provider"""
        self.env = env
        self.grant = grant
        client = registered_client(
            env, grant.api_id.endpoint, grant.client_id.client_identifier
        )
        self.issued = IssuedTokens(env, client)

    def sign_in(self):
        """:return: the token response of a sign-in that was just allowed, dict"""
        tokens = self.grant.sudo().token_ids
        tokens.filtered(lambda token: token.kind == "refresh").unlink()
        return self.issued.by_grant(self.grant)

    def refresh(self, credentials):
        """Issue new tokens for a caller whose proof was judged.

        :param credentials: ``protocol.credentials.ClientCredentials``
        :return: the token response, dict
        :raises InvalidGrant: the grant cannot be refreshed any more
        """
        try:
            if credentials.refresh_token:
                answer = self.issued.by_refresh_token(credentials.refresh_token)
            else:
                self._check_refresh_token()
                is_pair = not credentials.access_token
                answer = self.issued.by_grant(self.grant, "refresh", is_pair=is_pair)
        except InvalidCodeOrToken as refusal:
            raise InvalidGrant(reason=refusal.reason, cause=refusal.cause) from refusal
        if not answer:
            raise InvalidGrant(
                reason="The refresh token has ended, or was rotated.",
                cause="token_over",
            )
        return answer

    def notice_reuse(self, credentials):
        """End the grant where a refresh token of it comes again after the grace.

        :raises InvalidGrant: it did
        """
        domain = [
            ("digest", "=", digests.digest(credentials.refresh_token)),
            ("kind", "=", "refresh"),
            ("rotated_at", "<=", fields.Datetime.now() - ROTATION_GRACE),
        ]
        if self.grant._search_token(domain):
            self.refresh(credentials)

    def _check_refresh_token(self):
        """:raises InvalidGrant: there is none in force"""
        current = self.grant._current_token("refresh")
        if not current or current.expires_at <= fields.Datetime.now():
            raise InvalidGrant(reason=NO_REFRESH_TOKEN, cause="no_refresh_token")
