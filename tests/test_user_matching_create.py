from odoo.tests import tagged

from .common import BROWSER_HEADERS
from .test_user_matching import UserMatchingCase


@tagged("post_install", "-at_install")
class CreateCase(UserMatchingCase):
    provider_values = {"user_matching": "create"}

    def setUp(self):
        super().setUp()
        self.email = "nora@example.com"
        self.provider.login = "nora"
        self.provider.claims = {
            "email": self.email,
            "email_verified": True,
            "name": "Nora Newcomer",
        }

    def created(self):
        self.env.invalidate_all()
        users = self.env["res.users"].with_context(active_test=False)
        return users.search([("login", "=ilike", self.email)])

    def assertCreates(self):
        response = self.come_back()
        self.assertEqual(response.status_code, 200, response.text)
        user = self.created()
        self.assertEqual(response.json()["login"], user.login)
        return user, response.json()


class TestMatchByCreate(CreateCase):
    """A new portal user for a verified email that no user has as login."""

    def test_a_sign_in_creates_a_portal_user_without_a_password(self):
        mails = self.env["mail.mail"].sudo().search([]).ids
        user, information = self.assertCreates()
        self.assertEqual(user.group_ids, self.env.ref("base.group_portal"))
        self.assertFalse(user._is_internal())
        self.assertEqual(
            (user.login, user.email, user.name, user.active),
            (self.email, self.email, "Nora Newcomer", True),
        )
        self.env.cr.execute("SELECT password FROM res_users WHERE id = %s", [user.id])
        self.assertEqual(self.env.cr.fetchall(), [(None,)])
        self.assertEqual(self.env["mail.mail"].sudo().search([]).ids, mails)
        grant = self.grant_of(self.asked["client_user_identity"])
        self.assertEqual((grant.user_id, grant.subject), (user, "nora"))
        # A portal user may read its own contact.
        opened = self.bearer("/orders/partners", information["access_token"])
        self.assertIn("Nora Newcomer", [row["name"] for row in opened.json()])

    def test_a_created_user_without_a_name_has_the_email_as_name(self):
        for name in (None, "", 42):
            with self.subTest(name=name):
                self.provider.claims["name"] = name
                user, _information = self.assertCreates()
                self.assertEqual(user.name, self.email)
                user.unlink()

    def test_no_user_is_created_before_allow(self):
        page = self.come_back(BROWSER_HEADERS)
        self.assertEqual(page.status_code, 200, page.text)
        self.assertIn(self.email, page.text)
        self.assertFalse(self.created())
        self.decide(page, "deny")
        self.assertFalse(self.created())
        response = self.decide(self.come_back(BROWSER_HEADERS))
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(len(self.created()), 1)

    def test_a_user_made_before_allow_is_not_handed_over(self):
        page = self.come_back(BROWSER_HEADERS)
        self.make_user(self.email)
        response = self.decide(page)
        self.assertEqual(response.status_code, 403, response.text)
        self.assertFalse(self.grant_of(self.asked["client_user_identity"]))
        self.assertEqual(len(self.created()), 1)

    def test_a_user_with_that_login_archived_or_not_is_never_handed_over(self):
        for login in (self.email, "NORA@Example.com"):
            user = self.make_user(login)
            for active in (True, False):
                with self.subTest(login=login, active=active):
                    user.active = active
                    self.assertNoUser("exists already")
                    self.assertEqual(self.created(), user)
            user.unlink()

    def test_an_email_with_wildcards_creates_its_own_user(self):
        self.make_user("norax@example.com")
        for email in ("nora%@example.com", "nora_@example.com"):
            with self.subTest(email):
                self.email = self.provider.claims["email"] = email
                self.provider.login = f"nora of {email}"
                self.provider.claims["sub"] = email
                response = self.come_back()
                self.assertEqual(response.status_code, 200, response.text)
                self.assertEqual(response.json()["login"], email)

    def test_only_one_plain_ascii_address_becomes_a_login(self):
        """RFC 5322 section 3.4.1, the length of RFC 5321 section 4.5.3.1"""
        for email in (
            "nora@example.com, mallory@example.com",
            "Bob <nora@example.com>",
            "nora@example.com\r\nBcc: mallory@example.com",
            "nora@example.com\tx",
            "\uff4e\uff4f\uff52\uff41@example.com",
            "nora@ex\u00e4mple.com",
            "mi\u212ae@example.com",  # a sign whose lower case is k
            "nora\u202e@example.com",
            '"nora"@example.com',
            "nora (it is me)@example.com",
            "nora..n@example.com",
            ".nora@example.com",
            "nora@example.com.",
            "nora@-example.com",
            "nora@[127.0.0.1]",
            "nora\\@example.com",
            "nora",
            "n" * 65 + "@example.com",
            "n" * 64 + "@" + ".".join(["e" * 63] * 3),
        ):
            with self.subTest(email):
                self.provider.claims["email"] = email
                said = ascii(email)[:300]
                self.assertNoUser(
                    f"The email {said} is no plain address (one, ASCII, no name)"
                )
        users = self.env["res.users"].with_context(active_test=False)
        self.assertFalse(users.search([("name", "=", "Nora Newcomer")]))

    def test_the_login_of_a_created_user_is_in_lower_case(self):
        self.provider.claims["email"] = " N.O'Ra+1@Example.COM "
        self.email = "n.o'ra+1@example.com"
        user, _information = self.assertCreates()
        self.assertEqual((user.login, user.email), (self.email, self.email))

    def test_the_name_of_a_created_user_is_one_line_of_bounded_length(self):
        for said, name in (
            (" Nora\r\n \u202eNewcomer\t", "Nora Newcomer"),
            ("N" * 10_000, "N" * 128),
            (" \n", self.email),
        ):
            with self.subTest(name):
                self.provider.claims["name"] = said
                user, _information = self.assertCreates()
                self.assertEqual(user.name, name)
                user.unlink()

    def test_an_unverified_email_creates_no_user(self):
        for verified in ("true", 1, False, None):
            with self.subTest(email_verified=verified):
                self.provider.claims["email_verified"] = verified
                self.assertNoUser("not verified")
        self.assertFalse(self.created())

    def test_without_an_email_no_user_is_created(self):
        self.provider.claims["email"] = None
        self.assertNoUser("no claim email")

    def test_a_new_user_must_be_in_an_allowed_group_too(self):
        self.api.allowed_group_ids = self.env.ref("base.group_user")
        self.assertNoUser("in no allowed group")
        self.assertFalse(self.created())
        self.api.allowed_group_ids += self.env.ref("base.group_portal")
        self.assertCreates()

    def test_a_new_user_is_of_the_api_s_company(self):
        self.give_to_company(
            self.api, self.env["res.company"].create({"name": "Branch"})
        )
        user, _information = self.assertCreates()
        self.assertEqual(user.company_ids, self.api.company_id)
        self.assertEqual(user.company_id, self.api.company_id)


class TestMatchByCreateAgain(CreateCase):
    """Whom a user was made for is known by the account, whatever becomes of grants."""

    def setUp(self):
        super().setUp()
        self.made, _information = self.assertCreates()
        self.identity = self.asked["client_user_identity"]

    def test_the_same_account_becomes_the_same_created_user(self):
        self.assertBecomes(self.made, identity=self.identity)
        self.assertBecomes(self.made)
        self.grant_of(self.identity).unlink()
        self.assertBecomes(self.made)
        self.assertEqual(len(self.created()), 1)

    def test_a_created_user_is_found_by_its_account_and_not_by_email(self):
        for claims in ({"email": "new@example.com"}, {"email_verified": False}, {}):
            self.provider.claims = claims
            self.assertBecomes(self.made)

    def test_another_account_with_that_email_gets_no_created_user(self):
        self.provider.login = "mallory"
        self.assertNoUser("exists already")

    def test_another_provider_s_account_gets_no_created_user(self):
        self.provider_record.client_ids.client_user_ids.unlink()
        issuer = "https://another.example.com"
        self.provider_record.issuer = issuer
        self.provider.id_token_claims_override = {"iss": issuer}
        url = self.sign_in(self.ask()["authorization_url"])
        response = self.visit(url.partition("&iss=")[0])
        self.assertNoUser("exists already", response=response)

    def test_an_archived_created_user_stays_archived(self):
        self.made.active = False
        self.assertNoUser("is archived")
        self.assertFalse(self.made.active)

    def test_a_deleted_created_user_is_created_again(self):
        self.made.unlink()
        user, _information = self.assertCreates()
        self.assertTrue(user)
