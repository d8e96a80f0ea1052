"""What a scope opens over JSON-2 counts at once, in every process of the server."""

import requests
from providers import QuickProvider
from server import SECONDS, URL, ServerCase, at_once

CALLERS = 20
IN_API, NATIVE = "/{api}/json/2", "/json/2"


class TestInForce(ServerCase):
    def setUp(self):
        provider = self.enterContext(QuickProvider())
        self.site = self.make_site(json2_enabled=True, bearer_enabled=True)
        self.site.use(provider)
        model = "res.partner"
        [model_id] = self.administrator.call(
            "ir.model", "search", [("model", "=", model)]
        )
        self.line = self.administrator.create(
            "oauth2.scope.line", scope_id=self.site.scope_id, model_id=model_id
        )
        self.tokens, self.identity = self.site.authorize()

    def answers(self):
        """Return the answers of many calls at once, under the API and on Odoo's own."""
        token = self.tokens["access_token"]

        def call(base):
            return requests.post(
                f"{URL}{base.format(api=self.site.endpoint)}/res.partner/search_count",
                headers={"Authorization": f"Bearer {token}"},
                json={"domain": []},
                timeout=SECONDS,
            )

        calls = [lambda base=base: call(base) for base in (IN_API, NATIVE)]
        return at_once(*calls * (CALLERS // 2))

    def assertAllAnswer(self, status):
        answers = self.answers()
        self.assertEqual({a.status_code for a in answers}, {status}, answers[0].text)
        return answers

    def test_a_changed_scope_line_counts_for_the_next_json2_call(self):
        for _turn in range(3):
            self.assertAllAnswer(200)
            self.administrator.write(
                "oauth2.scope.line", self.line, perm_read=False, perm_write=True
            )
            for answer in self.assertAllAnswer(403):
                self.assertRefused(answer, 403, "insufficient_scope")
            self.administrator.write("oauth2.scope.line", self.line, perm_read=True)

    def test_a_scope_taken_from_a_client_counts_for_the_next_json2_call(self):
        self.assertAllAnswer(200)
        self.administrator.write("oauth2.client", self.site.client_id, scope_ids=[(5,)])
        self.assertAllAnswer(403)

    def test_json2_switched_off_counts_for_the_next_call(self):
        self.assertAllAnswer(200)
        self.administrator.write(
            "oauth2.api", self.site.api_id, json2_enabled=False, bearer_enabled=False
        )
        answers = self.answers()
        self.assertEqual({a.status_code for a in answers[0::2]}, {404})
        self.assertEqual({a.status_code for a in answers[1::2]}, {401})

    def test_a_revocation_counts_for_the_next_json2_call(self):
        self.assertAllAnswer(200)
        self.assertEqual(self.site.revoke(self.identity).status_code, 200)
        self.assertAllAnswer(401)
