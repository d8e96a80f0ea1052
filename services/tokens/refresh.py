"""Refreshing a grant, for its application (RFC 6749 section 6).

- One caller at a time has the grant's row (`grant_lock.py`).
- The grant, and all that it stands on, is in force at that moment.
- The tokens of a sign-in are given to the application once, unless it has them, and a
  caller that crossed another one's refresh gets the same answer
  (`cached_token_response.py`).
- Else the provider is asked (`provider_refresh.py`), or this Odoo issues the tokens
  (`contract_tokens.py`).
"""

import time

from ...protocol.errors import InvalidGrant
from ...protocol.token_response import token_information
from ..authentication.client_authentication import ClientAuthentication
from ..keys.keyring import Keyring
from .cached_token_response import CachedTokenResponse
from .contract_tokens import ContractTokens
from .grant_lock import GrantLock
from .provider_refresh import ProviderRefresh
from .sign_in_progress import SignInProgress


class Refresh:
    def __init__(self, env):
        self.env = env
        self.authentication = ClientAuthentication(env)
        self._at_provider = None

    def refresh(self, oauth2_api, client, identity, credentials):
        """Get a new token pair from the provider, or the one another caller just got.

        :param oauth2_api: the API, active
        :param client: the client, active, on that API
        :param str identity: the ``client_user_identity``
        :param credentials: ``protocol.credentials.ClientCredentials``
        :return: token information, dict
        :raises InvalidClient: no proof
        :raises InvalidGrant: no such grant, or it cannot be refreshed any more
        :raises AuthorizationPending: likewise, and a sign-in is under way; other
            refusals of ``SignInProgress.check`` tell what became of it
        :raises TemporarilyUnavailable: the provider, or another caller, takes too long
        :raises ServerError: the provider's answer cannot be used; nothing is changed
        """
        try:
            return self._refresh(oauth2_api, client, identity, credentials)
        except InvalidGrant:
            if not client.provider_id and credentials.refresh_token:
                self._notice_reuse(oauth2_api, client, identity, credentials)
            # Else it is what the provider says of the grant.
            if not (self._at_provider and self._at_provider.has_begun()):
                progress = SignInProgress(self.env)
                progress.check(oauth2_api, client, identity, credentials)
            raise

    def _refresh(self, oauth2_api, client, identity, credentials):
        grant = self.authentication.authenticate(
            oauth2_api, client, identity, credentials
        )
        Keyring(self.env).make_ready()
        self._at_provider = ProviderRefresh(self.env, grant)
        while True:
            GrantLock(self.env).lock(grant)
            if not grant._is_in_force():
                raise InvalidGrant(**grant._out_of_force())
            token = self.authentication.match_token(grant, credentials)
            if client.provider_id or not credentials.refresh_token:
                if information := self._cached_information(grant, token):
                    break
            if not client.provider_id:
                information = self._issue(grant, token, credentials)
                break
            if self._at_provider.mark_started():
                answer = self._at_provider.call_token_endpoint()
                expires = self._at_provider.store(answer)
                information = self._information(grant, answer, expires)
                break
        if credentials.access_token:
            # The holder of an access token alone does not get more than it.
            information.pop("refresh_token", None)
        return information

    def _notice_reuse(self, oauth2_api, client, identity, credentials):
        """:raises InvalidGrant: a rotated refresh token of this Odoo came again"""
        grant = self.authentication.find_by_token(
            oauth2_api, client, identity, credentials
        )
        if grant:
            ContractTokens(self.env, grant).notice_reuse(credentials)

    def _issue(self, grant, token, credentials):
        """Issue this Odoo's own tokens, where there is no provider to ask.

        :param token: the token sent as proof, or none
        :return: token information, dict
        :raises InvalidGrant: the grant cannot be refreshed any more
        """
        is_repeated = bool(token.rotated_at)
        asked_with = [grant._current_token("access").digest]
        answer = ContractTokens(self.env, grant).refresh(credentials)
        expires = int(time.time()) + answer["expires_in"]
        if not is_repeated:
            cached = CachedTokenResponse(self.env, grant)
            cached.keep_refresh(answer, expires, asked_with)
        return self._information(grant, answer, expires)

    def _cached_information(self, grant, token):
        """
        :param token: the token sent as proof, or none
        :return: token information of the answer that was kept for this caller; ``None``
            when a refresh is due
        :raises InvalidGrant: for a rotated token whose answer is gone
        """
        cached = CachedTokenResponse(self.env, grant)
        found = None if token else cached.take_sign_in()
        if found := found or cached.of_crossed_refresh(token):
            return self._information(grant, *found)
        if token.rotated_at:
            raise InvalidGrant(
                reason="The token was rotated, and the answer with the newer one is not"
                " kept any more.",
                cause="token_over",
            )
        return None

    def _information(self, grant, answer, expires):
        """:param dict answer: the provider's, :param int expires: epoch seconds
        :return: token information, dict
        """
        return token_information(
            answer,
            expires=expires,
            db=self.env.cr.dbname,
            login=grant.user_id.login,
        )
