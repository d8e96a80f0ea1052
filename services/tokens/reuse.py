"""A code or refresh token that comes again ends its grant: one of two callers is a
thief (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).
"""

from odoo.tools import SQL

from ...protocol.authorization_errors import InvalidCodeOrToken
from ..server.transactions import commit_now
from .expiry import Expiry
from .issuing import FIND_CODE

_REUSED = (
    "A refresh token came again more than a minute after it was rotated: one of two"
    " callers has stolen it, so the grant was ended."
)


class Reuse:
    def __init__(self, env):
        self.env = env

    def refuse_refresh_token(self, grant_id):
        """:param int grant_id: of a refresh token that was rotated long enough ago
        :raises InvalidCodeOrToken: always; the grant has ended
        """
        self._end(grant_id)
        raise InvalidCodeOrToken(reason=_REUSED, cause="reuse")

    def why_not_exchanged(self, names):
        """Find out what became of a code; one that was used ends what it gave.

        :param dict names: of ``issuing.CLAIM``, which found nothing
        :return: ``(reason, cause)`` for the event
        """
        self.env.cr.execute(FIND_CODE, names)
        if not (row := self.env.cr.fetchone()):
            return "The code is unknown, or another client's.", "code"
        grant_id, is_used, is_late, challenge, redirect_uri = row
        if is_used:
            if self._end(grant_id):
                return "The code came a second time, which ended its grant.", "reuse"
            return "The code came a second time, or its grant is over.", "reuse"
        if is_late:
            return "The code came later than a minute after it was given.", "code"
        if challenge != names["challenge"]:
            return "The code_verifier does not fit the code_challenge (PKCE).", "code"
        if names["redirect_uri"] not in ("", redirect_uri):
            reason = "The redirect_uri is another than the code was asked for with."
            return reason, "code"
        return "The grant of the code is over.", "grant_over"

    def _end(self, grant_id):
        """End a grant of which a secret was used twice, for good.

        :return: whether it was in force
        """
        lock = "SELECT id FROM oauth2_client_user WHERE id = %s FOR UPDATE"
        self.env.cr.execute(SQL(lock, grant_id))
        grant = self.env["oauth2.client.user"].sudo().browse(grant_id).exists()
        if is_active := grant.state == "active":
            Expiry(self.env).end(grant, "reuse")
        commit_now(self.env)  # the refusal that follows rolls back
        return is_active
