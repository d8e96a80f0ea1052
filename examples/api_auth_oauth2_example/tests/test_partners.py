from odoo.tests import HttpCase, tagged

from odoo.addons.api_auth_oauth2.tests.common import OAuth2Records


@tagged("post_install", "-at_install")
class TestPartners(OAuth2Records, HttpCase):
    """The routes of this addon, as an application with a token meets them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.api = cls.make_api(scopes=("partners.read", "partners.details"))
        cls.client_record = cls.make_client(cls.api, cls.make_provider())
        cls.user = cls.make_user()
        cls.grant, cls.token = cls.make_grant(cls.client_record, cls.user)
        cls.partner = cls.env["res.partner"].create(
            {"name": "Iris", "email": "iris@example.com", "phone": "+32 2 555 01 00"}
        )
        cls.env.flush_all()

    def get(self, path, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.url_open(f"/orders/{path}", headers=headers)

    def take_away(self, scope):
        """Take a scope from the client, as an administrator does."""
        scopes = self.client_record.scope_ids
        self.client_record.scope_ids = scopes.filtered(lambda s: s.name != scope)
        self.env.flush_all()

    def test_a_token_with_the_scope_lists_contacts(self):
        answer = self.get("partners", self.token)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertIn({"id": self.partner.id, "name": "Iris"}, answer.json())

    def test_the_list_is_as_long_as_asked(self):
        answer = self.get("partners?limit=1", self.token)
        self.assertEqual(len(answer.json()), 1)

    def test_a_limit_that_is_none_is_refused(self):
        for limit in ("many", "0"):
            answer = self.get(f"partners?limit={limit}", self.token)
            self.assertEqual(answer.status_code, 400, answer.text)
            self.assertEqual(answer.json()["error"], "invalid_request")

    def test_a_token_with_both_scopes_reads_a_contact(self):
        answer = self.get(f"partners/{self.partner.id}", self.token)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertEqual(
            answer.json(),
            {
                "id": self.partner.id,
                "name": "Iris",
                "email": "iris@example.com",
                "phone": "+32 2 555 01 00",
            },
        )

    def test_the_call_acts_as_the_tokens_user(self):
        """Record rules and access rights are that user's."""
        self.env["ir.rule"].create(
            {
                "name": "Nobody sees Iris",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": [("id", "!=", self.partner.id)],
            }
        )
        self.env.flush_all()
        listed = self.get("partners", self.token).json()
        self.assertNotIn("Iris", [partner["name"] for partner in listed])
        answer = self.get(f"partners/{self.partner.id}", self.token)
        self.assertEqual(answer.status_code, 404, answer.text)

    def test_an_unknown_contact_is_not_found(self):
        answer = self.get(f"partners/{self.partner.id + 1000}", self.token)
        self.assertEqual(answer.status_code, 404, answer.text)
        self.assertIn("error_description", answer.json())

    def test_without_the_second_scope_a_contact_stays_closed(self):
        """RFC 6750 section 3.1: 403, and the challenge names what is needed."""
        self.take_away("partners.details")
        answer = self.get(f"partners/{self.partner.id}", self.token)
        self.assertEqual(answer.status_code, 403, answer.text)
        self.assertEqual(answer.json()["error"], "insufficient_scope")
        challenge = answer.headers["WWW-Authenticate"]
        self.assertIn('scope="partners.details partners.read"', challenge)
        self.assertEqual(self.get("partners", self.token).status_code, 200)

    def test_without_the_first_scope_both_routes_stay_closed(self):
        self.take_away("partners.read")
        for path in ("partners", f"partners/{self.partner.id}"):
            with self.subTest(path=path):
                answer = self.get(path, self.token)
                self.assertEqual(answer.status_code, 403, answer.text)

    def test_without_a_token_both_routes_stay_closed(self):
        """RFC 6750 section 3: 401 with a challenge."""
        for path in ("partners", f"partners/{self.partner.id}"):
            with self.subTest(path=path):
                answer = self.get(path)
                self.assertEqual(answer.status_code, 401, answer.text)
                self.assertEqual(answer.json()["error"], "invalid_token")
                self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer"))

    def test_a_session_opens_nothing(self):
        self.authenticate(self.user.login, None)
        self.assertEqual(self.get("partners").status_code, 401)
