"""What attacks have in common: a browser for each person, and what must not happen."""

from odoo.tests import tagged

from .common import BROWSER_HEADERS, basic_authorization
from .test_confirm import ConfirmCase


class Browsers:
    """A browser for each person; for a test case that speaks HTTP."""

    def new_browser(self, user=None):
        """Go on in a browser of its own; who has one keeps it in ``self.opener``.

        :param user: who is signed in to Odoo there, if any
        :return: the browser, to come back to
        """
        self.session = None  # else the one before would be logged out
        login = user.login if user else None
        self.authenticate(login, login)
        return self.opener


@tagged("post_install", "-at_install")
class AttackCase(Browsers, ConfirmCase):
    """Olivia is the victim. Mallory is a user, too, and knows every public name."""

    def setUp(self):
        super().setUp()
        self.mallory = self.make_user("mallory@example.com")
        self.env.flush_all()

    def be_at_provider(self, login, email=None):
        """The user who signs in at the provider from now on."""
        self.provider.login = login
        self.provider.claims = {"email": email or login, "email_verified": True}

    def navigate(self, url):
        """A person follows a link."""
        return self.visit(url, BROWSER_HEADERS)

    def refresh(self, identity, **options):
        return self.send("token", client_user_identity=identity, **options)

    def revoke(self, identity, **options):
        return self.send("revoke", client_user_identity=identity, **options)

    def by_application(self, identity):
        """The honest application refreshes, with its secret."""
        return self.refresh(identity, headers=basic_authorization(), client_id=None)

    @property
    def grants(self):
        self.env.invalidate_all()
        return self.env["oauth2.client.user"].search([("api_id", "=", self.api.id)])

    def assertNoGrant(self):
        self.assertFalse(self.grants)
        owned = [("client_user_id.api_id", "=", self.api.id)]
        self.assertFalse(self.env["oauth2.token"].search(owned))

    def assertOpens(self, access_token):
        response = self.bearer("/orders/partners", access_token)
        self.assertEqual(response.status_code, 200, response.text)

    def assertOpensNothing(self, access_token):
        response = self.bearer("/orders/partners", access_token)
        self.assertRefused(response, 401, "invalid_token")
