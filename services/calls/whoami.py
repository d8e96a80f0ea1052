"""Who a valid access token is: what its application may know of it."""

from datetime import UTC

from ...protocol import digests
from ...protocol.errors import InvalidToken


class Whoami:
    def __init__(self, env):
        self.env = env(su=True)

    def tell(self, context, text):
        """Tell of the access token of a call.

        :param context: its ``protocol.scope.TokenContext``
        :param str text: the token
        :return: dict; ``expires_at`` (of the token) and ``authorization_expires_at``
            (after which its user must authorize again) in epoch seconds
        :raises InvalidToken: the grant ended while the call was on its way
        """
        token = self.env["oauth2.token"].search(
            [
                ("digest", "=", digests.digest(text)),
                ("kind", "=", "access"),
                ("client_user_id", "=", context.client_user_id),
            ]
        )
        if not token:
            raise InvalidToken(reason="The grant ended during the call.")
        grant = token.client_user_id
        oauth2_api, client, user = grant.api_id, grant.client_id, grant.user_id
        return {
            "login": user.login,
            "name": user.name,
            "scopes": sorted(context.scopes),
            "api": {"endpoint": oauth2_api.endpoint, "name": oauth2_api.name},
            "client": {"client_id": client.client_identifier, "name": client.name},
            "expires_at": token._expires_epoch(),
            "authorization_expires_at": int(
                grant.expires_at.replace(tzinfo=UTC).timestamp()
            ),
        }
