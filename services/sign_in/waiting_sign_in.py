"""The sign-in that a browser means, which waits for its user's decision.

- By the form of a page: its secret and that of the page's cookie are both needed.
- At this Odoo by the page's address, too, which its own user alone decides.
- What was archived since the sign-in began is as good as unknown.
"""

from odoo import fields

from ...protocol import digests
from ...protocol.errors import AlreadyAllowed, UnknownSignIn
from ..authentication.rate_limit import RateLimit
from ..server.request_context import set_audit_context, set_return_address


class WaitingSignIn:
    def __init__(self, env):
        self.env = env

    def find_pending(self, oauth2_api, form_secret, cookie_secret, opened=None):
        """Find the sign-in that a consent page decides.

        :param opened: the sign-in at this Odoo that the page's address names, which its
            own user decides; left out, it is one at a provider
        :raises AlreadyAllowed: its page was reloaded
        :raises UnknownSignIn: unknown, too late, decided, or another browser's
        """
        record = (
            self.env["oauth2.authorization.request"]
            .sudo()
            .search(
                [
                    ("form_digest", "=", digests.digest(form_secret)),
                    ("api_id", "=", oauth2_api.id),
                ]
            )
        )
        set_return_address(record)
        if record.is_allowed:
            raise AlreadyAllowed(reason=record._why_over())
        known = record.browser_digest or digests.digest("")
        is_same = digests.same(digests.digest(cookie_secret), known)
        is_its_page = record == opened if opened else record.client_id.provider_id
        if not is_same or not is_its_page or not record._is_pending():
            raise UnknownSignIn(reason=record._why_over())
        RateLimit(self.env).refund()
        set_audit_context(record.api_id, record.client_id)
        record._check_in_force()
        return record

    def find_opened(self, oauth2_api, token):
        """Find the sign-in at this Odoo of which a page was opened.

        :param str token: from the page's address
        :raises AlreadyAllowed: it is over, well
        :raises UnknownSignIn: unknown, expired or decided
        """
        domain = [
            ("start_digest", "=", digests.digest(token)),
            ("api_id", "=", oauth2_api.id),
            ("client_id.provider_id", "=", False),
        ]
        record = self.env["oauth2.authorization.request"].sudo().search(domain)
        set_return_address(record)
        if record.is_allowed:
            raise AlreadyAllowed(reason=record._why_over())
        if (
            not record
            or record.decided_at
            or record.expires_at <= fields.Datetime.now()
        ):
            raise UnknownSignIn(reason=record._why_over())
        RateLimit(self.env).refund()
        set_audit_context(oauth2_api, record.client_id, user=self.env.user)
        record._check_in_force()
        return record
