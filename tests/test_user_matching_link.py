from odoo.exceptions import ValidationError

from .test_user_matching import UserMatchingCase


class TestMatchByLink(UserMatchingCase):
    """``oauth_uid``: the link between user and account that auth_oauth keeps."""

    def setUp(self):
        super().setUp()
        self.link = self.make_link(f"{self.provider.issuer}/another-path")
        self.provider_record.write(
            {"user_matching": "oauth_uid", "auth_provider_id": self.link.id}
        )
        self.user.write({"oauth_provider_id": self.link.id, "oauth_uid": "olivia"})
        self.provider.claims = {"email": "somebody@example.com"}

    def make_link(self, auth_endpoint):
        return self.env["auth.oauth.provider"].create(
            {
                "name": "Sign-in",
                "body": "Sign in",
                "auth_endpoint": auth_endpoint,
                "validation_endpoint": f"{self.provider.issuer}/userinfo",
            }
        )

    def test_the_linked_user_is_meant_whatever_the_email(self):
        self.assertBecomes(self.user)

    def test_an_account_without_link_matches_no_user(self):
        self.provider.login = "mallory"
        self.assertNoUser("no active user linked to the account 'mallory'")

    def test_only_an_active_user_with_this_very_link_is_matched(self):
        self.provider.claims = {"email": self.user.login, "email_verified": True}
        another = self.make_link(self.provider.issuer)
        for values in (
            {"oauth_uid": False},
            {"oauth_provider_id": another.id},
            {"active": False},
        ):
            with self.row(values):
                self.user.write(values)
                self.assertNoUser("linked to the account")

    def test_a_sign_in_provider_must_be_chosen(self):
        with self.assertRaisesRegex(ValidationError, "Choose"):
            self.provider_record.auth_provider_id = False

    def test_a_sign_in_provider_on_another_server_cannot_be_saved(self):
        """RFC 6454 section 4: scheme, host and port"""
        provider = self.make_provider()  # https://provider.example.com/authorize
        values = {"user_matching": "oauth_uid", "auth_provider_id": self.link.id}
        for endpoint, is_same in (
            ("https://provider.example.com/oauth?x=y", True),
            ("https://PROVIDER.example.com:443/", True),
            ("http://provider.example.com/authorize", False),
            ("https://provider.example.com:8443/authorize", False),
            ("https://www.provider.example.com/authorize", False),
            ("https://provider.example.com.evil.example/authorize", False),
            ("https://provider.example.com@evil.example/authorize", False),
            ("/authorize", False),
        ):
            with self.subTest(endpoint):
                self.link.auth_endpoint = endpoint
                if is_same:
                    provider.write(values)
                    provider.user_matching = "login"
                    continue
                with self.assertRaisesRegex(ValidationError, "another server"):
                    provider.write(values)

    def test_a_sign_in_provider_that_moved_to_another_server_counts_no_more(self):
        self.link.auth_endpoint = "https://evil.example.com/authorize"
        self.assertNoUser("on another server")

    def test_a_deleted_sign_in_provider_counts_no_more(self):
        self.user.oauth_provider_id = False
        self.link.unlink()
        self.assertNoUser("Choose")
