from lxml import html

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..protocol.errors import ServerError
from ..services.sign_in.user_matching import UserMatching
from .common import BROWSER_HEADERS, OAuth2Case

_TENANT = "11111111-2222-3333-4444-555555555555"


@tagged("post_install", "-at_install")
class UserMatchingCase(OAuth2Case):
    """Each test signs in for real and looks whom the grant belongs to."""

    def come_back(self, headers=None, identity=None):
        """A whole sign-in.

        :return: the callback's answer
        """
        self.asked = self.ask(identity)
        return self.visit(self.sign_in(self.asked["authorization_url"]), headers)

    def decide(self, page, decision="allow"):
        """Press a button of the confirmation page.

        :return: the answer
        """
        (form,) = html.fromstring(page.text).forms
        data = {**dict(form.form_values()), "decision": decision}
        return self.url_open("/orders/oauth2/confirm", data, headers=BROWSER_HEADERS)

    def assertBecomes(self, user, **options):
        response = self.come_back(**options)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(response.json()["login"], user.login)
        grant = self.grant_of(self.asked["client_user_identity"])
        self.assertEqual(grant.user_id, user)
        return grant

    def assertNoUser(self, reason=None, response=None, **options):
        """Refused with 403; the caller is not told why, the audit log is."""
        grants = self.env["oauth2.client.user"]
        before = grants.search([]).ids
        if response is None:
            response = self.come_back(**options)
        self.assertRefused(response, 403, "access_denied")
        self.env.invalidate_all()
        self.assertEqual(grants.search([]).ids, before)
        refusal = self.env["oauth2.event"].search(
            [("client_id", "=", self.client.id)], limit=1
        )
        self.assertEqual((refusal.kind, refusal.error), ("refusal", "access_denied"))
        if reason:
            self.assertIn(reason, refusal.reason)

    def activate_in_database(self, user):
        """As an administrator who restores a database might find it."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_users SET active = true WHERE id = %s", [user.id]
        )
        self.env.invalidate_all()


class TestMatchByLogin(UserMatchingCase):
    """``match_claim`` equals the login of exactly one active user."""

    def match_by(self, claim, **values):
        self.provider_record.write(
            {"match_claim": claim, "vouches_for_claim": True, **values}
        )

    def test_a_verified_email_is_the_login(self):
        self.assertBecomes(self.user)

    def test_an_email_is_verified_by_boolean_true_alone(self):
        """OpenID Connect Core section 5.1"""
        for verified in ("true", "True", 1, "1", [True], False, 0, "", None):
            with self.subTest(email_verified=verified):
                self.provider.claims["email_verified"] = verified
                self.assertNoUser("not verified")

    def test_not_even_a_provider_that_vouches_makes_up_for_an_unverified_email(self):
        self.provider_record.vouches_for_claim = True
        self.provider.claims["email_verified"] = False
        self.assertNoUser("not verified")

    def test_a_provider_that_vouches_need_not_say_that_an_email_is_verified(self):
        """Most self-hosted ones do not send the claim."""
        self.provider_record.vouches_for_claim = True
        self.provider.claims["email_verified"] = None
        self.assertBecomes(self.user)
        self.assertEqual(self.provider.calls["userinfo"], 0)

    def test_email_verified_may_come_from_userinfo(self):
        for left_out in (
            {"email_verified": None, "email": None},
            {"email_verified": None},
        ):
            with self.subTest(left_out):
                self.provider.calls.clear()
                self.provider.id_token_claims_override = left_out
                self.assertBecomes(self.user)
                self.assertEqual(self.provider.calls["userinfo"], 1)

    def test_what_the_id_token_signs_is_not_overruled_by_userinfo(self):
        self.provider.claims["email_verified"] = False
        told = {**self.provider.user_claims(), "email_verified": True}
        self.provider.answer("userinfo", json=told)
        self.assertNoUser("not verified")

    def test_without_an_email_no_user_matches(self):
        for email in (None, "", " ", 42, ["olivia@example.com"]):
            with self.subTest(email=email):
                self.provider.claims["email"] = email
                self.assertNoUser("no claim email")

    def test_whom_a_refused_sign_in_was_of_is_told_to_the_administrator_alone(self):
        email = "somebody.unknown@example.com"
        self.provider.claims["email"] = email
        for headers in (None, BROWSER_HEADERS):
            with self.assertLogs(level="DEBUG") as logs:
                response = self.come_back(headers)
            self.assertEqual(response.status_code, 403)
            self.assertNotIn(email, response.text)
            self.assertNotIn(email, "\n".join(logs.output))
            event = self.env["oauth2.event"].search([("kind", "=", "refusal")], limit=1)
            self.assertEqual(
                event.reason,
                f"There is no active user with the login {email!r}, which came as"
                " email.",
            )
        self.provider.claims["email"] = "\uff4e\n" * 1000
        self.assertNoUser("login '\\uff4e\\n\\uff4e")

    def test_logins_are_compared_as_odoo_does(self):
        for email in (
            "nobody@example.com",
            "OLIVIA@example.com",
            "olivia@example._om",
            "%",
        ):
            with self.subTest(email=email):
                self.provider.claims["email"] = email
                self.assertNoUser("active user with the login")

    def test_two_users_never_have_one_login(self):
        # By the database, or by website's own rule.
        with mute_logger("odoo.sql_db"), self.assertRaisesRegex(Exception, "login"):
            with self.env.cr.savepoint():
                self.make_user()
        other = self.make_user("Olivia@example.com")
        self.assertBecomes(self.user)
        self.provider.claims["email"] = other.login
        self.provider.login = "another-olivia"
        self.assertBecomes(other)

    def test_an_email_matches_no_archived_user(self):
        self.user.active = False
        self.assertNoUser("active user with the login")

    def test_superuser_and_public_user_are_never_meant(self):
        self.match_by("preferred_username")
        for name in ("base.user_root", "base.public_user"):
            user = self.env.ref(name)
            self.provider.claims["preferred_username"] = user.login
            with self.subTest(user=user.login, active=False):
                self.assertNoUser("active user with the login")
            self.activate_in_database(user)
            with self.subTest(user=user.login, active=True):
                self.assertNoUser()

    def test_another_claim_needs_a_provider_that_vouches_for_it(self):
        with self.assertRaisesRegex(ValidationError, "vouch"):
            self.provider_record.match_claim = "preferred_username"
        self.match_by("preferred_username")
        self.provider.claims = {"preferred_username": self.user.login}
        self.assertBecomes(self.user)
        with self.assertRaisesRegex(ValidationError, "vouch"):
            self.provider_record.vouches_for_claim = False

    def test_another_claim_matches_no_user_of_a_provider_that_does_not_vouch(self):
        self.match_by("preferred_username")
        self.provider.claims["preferred_username"] = self.user.login
        self.env.flush_all()
        self.env.cr.execute("UPDATE oauth2_provider SET vouches_for_claim = false")
        self.env.invalidate_all()
        self.assertNoUser("vouch")

    def test_a_subject_may_be_another_claim_where_there_is_no_openid(self):
        """Also one within an object, or one whose name has dots."""
        url = "https://example.com/id"
        for name, claims, subject in (
            ("id", {"id": 4711}, "4711"),
            ("data.id", {"data": {"id": 4712}}, "4712"),
            (url, {url: "olivia"}, "olivia"),
        ):
            with self.subTest(name):
                self.env["oauth2.client.user"].search([]).unlink()
                self.provider_record.write({"scope": "email", "subject_claim": name})
                told = {"email": self.user.login, "email_verified": True, **claims}
                self.provider.answer("userinfo", json=told)
                self.assertEqual(self.assertBecomes(self.user).subject, subject)

    def be_of_tenant(self, tenant=_TENANT):
        """The user signs in at a provider of many tenants, such as Microsoft."""
        issuer = self.provider.issuer + "/{tenantid}/v2.0"
        if not self.provider_record.vouches_for_claim:
            self.match_by("email", issuer=issuer)
        self.provider.names_itself = False
        own = issuer.replace("{tenantid}", tenant)
        self.provider.id_token_claims_override = {"iss": own, "tid": tenant}
        return own

    def test_an_issuer_of_many_tenants_needs_a_provider_that_vouches(self):
        issuer = self.provider.issuer + "/{tenantid}/v2.0"
        with self.assertRaisesRegex(ValidationError, "vouch"):
            self.provider_record.issuer = issuer
        own = self.be_of_tenant()
        self.assertEqual(self.assertBecomes(self.user).issuer, own)

    def test_an_issuer_of_many_tenants_vouches_for_no_email_that_is_not_verified(self):
        self.be_of_tenant()
        self.provider.claims["email_verified"] = None
        self.assertNoUser("not verified")

    def test_one_subject_in_two_tenants_is_two_people(self):
        self.be_of_tenant()
        self.assertBecomes(self.user, identity="42")
        self.be_of_tenant(_TENANT.replace("1", "9"))
        self.assertNoUser("belongs to", identity="42")


class TestBoundForGood(UserMatchingCase):
    """An identity keeps issuer, subject and Odoo user; no other takes it over."""

    def setUp(self):
        super().setUp()
        self.grant = self.assertBecomes(self.user, identity="42")
        self.tokens = self.grant.token_ids

    def assertNotTakenOver(self, **options):
        self.assertNoUser("belongs to", identity="42", **options)
        self.assertEqual(self.grant_of("42"), self.grant)
        self.assertEqual(self.grant.user_id, self.user)
        self.assertEqual(self.grant.subject, "olivia")
        self.assertEqual(self.grant.token_ids, self.tokens)

    def test_an_identity_is_not_taken_over_by_another_subject(self):
        self.provider.login = "mallory"
        self.assertNotTakenOver()

    def test_an_identity_is_not_taken_over_by_another_user(self):
        self.provider.claims["email"] = self.make_user("other@example.com").login
        self.assertNotTakenOver()

    def test_tokens_of_a_refused_take_over_are_revoked(self):
        self.provider.login = "mallory"
        self.assertNotTakenOver()
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 2)

    def test_the_user_whom_the_page_showed_is_meant_or_none(self):
        page = self.come_back(BROWSER_HEADERS)
        self.assertIn(self.user.login, page.text)
        login, self.user.login = self.user.login, "renamed@example.com"
        self.env.flush_all()
        self.make_user(login)
        response = self.decide(page)
        self.assertEqual(response.status_code, 403, response.text)
        self.assertFalse(self.grant_of(self.asked["client_user_identity"]))

    def test_without_a_subject_there_is_no_grant(self):
        """Without openid the subject comes from the userinfo endpoint."""
        self.provider_record.scope = "email"
        claims = {"email": self.user.login, "email_verified": True}
        for subject in (None, "", 0.5, True, ["olivia"], "x" * 256):
            with self.subTest(subject=subject):
                self.provider.answer("userinfo", json={**claims, "sub": subject})
                self.assertRefused(self.come_back(), 502, "server_error")
                self.assertFalse(self.grant_of(self.asked["client_user_identity"]))

    def test_a_user_who_is_known_makes_up_for_no_subject_by_session_alone(self):
        matching = UserMatching(self.provider_record)
        for way in ("login", "create"):
            self.provider_record.user_matching = way
            with self.subTest(way), self.assertRaises(ServerError):
                matching.subject({"email": self.user.login}, self.user)


class TestAllowedGroups(UserMatchingCase):
    """``allowed_group_ids``: empty is everyone, else members of one of them."""

    def setUp(self):
        super().setUp()
        self.drivers, self.pilots = self.env["res.groups"].create(
            [{"name": "Drivers"}, {"name": "Pilots"}]
        )
        self.api.allowed_group_ids = self.drivers + self.pilots

    def test_a_user_in_no_allowed_group_is_refused(self):
        self.assertNoUser("in no allowed group")

    def test_a_user_in_one_allowed_group_is_admitted(self):
        self.user.group_ids += self.pilots
        self.assertBecomes(self.user)

    def test_implied_groups_count_as_allowed(self):
        captains = self.env["res.groups"].create(
            {"name": "Captains", "implied_ids": [(4, self.pilots.id)]}
        )
        self.user.group_ids += captains
        self.assertBecomes(self.user)

    def test_a_user_in_no_allowed_group_sees_no_consent_page(self):
        response = self.come_back(BROWSER_HEADERS)
        self.assertEqual(response.status_code, 403, response.text)
        self.assertNotIn("csrf_token", response.text)
