"""What refusals of the authorization server tell a standard client: nothing about which
clients, secrets, codes or tokens exist.
"""

from odoo.tests import tagged

from .attack_common import Browsers
from .common import basic_authorization
from .test_authorization_server_attacks import ServerAttackCase
from .test_constant_shape import SameShape


@tagged("post_install", "-at_install")
class TestSameAnswerToStandardClients(SameShape, Browsers, ServerAttackCase):
    """RFC 6749 section 5.2: one body for all causes of a code."""

    def test_unknown_clients_and_wrong_secrets_get_one_answer(self):
        code, tokens = self.code(), self.tokens(scope="orders.read")
        doors = {
            "token, code": ("token", self.exchange_form(code)),
            "token, refresh token": (
                "token",
                {"grant_type": "refresh_token", **tokens},
            ),
            "token, secret": ("token", {"grant_type": "client_credentials"}),
            "introspect": ("introspect", {"token": tokens["access_token"]}),
            "revoke": ("revoke", {"token": tokens["access_token"]}),
        }
        crm_only = self.make_own_client(
            name="CRM",
            client_identifier="crm-app",
            api_ids=[(6, 0, self.crm.ids)],
            scope_ids=[],
        )
        crm_secret = crm_only._generate_secret()
        self.serve_as(self.make_user("robot@example.com"))
        for door, (name, form) in doors.items():
            wrong = {
                "wrong secret": ("own-app", "guessed-secret", "orders"),
                "empty secret": ("own-app", "", "orders"),
                "another's secret": ("own-app", self.strangers_secret, "orders"),
                "unknown client": ("nobody-app", "guessed-secret", "orders"),
                "client of another API": ("crm-app", crm_secret, "orders"),
                "unknown API": ("own-app", self.secret, "nowhere"),
            }
            answers = {
                what: self.post(
                    f"/{api}/oauth2/{name}", form, basic_authorization(client, secret)
                )
                for what, (client, secret, api) in wrong.items()
            }
            by_body = {"client_id": "own-app", "client_secret": "guessed-secret"}
            for what, more in (
                ("wrong secret in the body", by_body),
                ("no secret", {"client_id": "own-app"}),
                ("unknown client without secret", {"client_id": "nobody-app"}),
            ):
                path = f"/orders/oauth2/{name}"
                answers[what] = self.post(path, {**form, **more}, {})
            with self.row("archived"):
                self.own.active = False
                self.env.flush_all()
                answers["archived client"] = self.post(f"/orders/oauth2/{name}", form)
            with self.subTest(door):
                answer = self.assertSameShape(answers)
                self.assertRefused(answer, 401, "invalid_client")
        self.assertEqual(self.exchange(code).status_code, 200)

    def test_bad_codes_and_refresh_tokens_get_one_answer(self):
        code, tokens = self.code(), self.tokens(scope="orders.read")
        token, stranger = tokens["refresh_token"], self.by_stranger()
        self.new_browser()  # an application has no session
        answers = {
            "unknown code": self.exchange("odoo_ac_" + "A" * 43),
            "no code at all": self.exchange("guessed-code"),
            "another client's code": self.exchange(code, stranger),
            "wrong verifier": self.exchange(code, code_verifier="w" * 43),
            "malformed verifier": self.exchange(code, code_verifier="w"),
            "other redirect URI": self.exchange(code, redirect_uri="https://a.example"),
            "unknown refresh token": self.refresh("odoo_rt_" + "A" * 43),
            "no refresh token at all": self.refresh("guessed-token"),
            "another client's refresh token": self.refresh(token, stranger),
            "access token": self.refresh(tokens["access_token"]),
        }
        with self.row("archived user"):
            self.user.active = False
            self.env.flush_all()
            answers["archived user, code"] = self.exchange(code)
            answers["archived user, refresh token"] = self.refresh(token)
        used = self.exchange(code)
        self.assertEqual(used.status_code, 200)
        answers["used code"] = self.exchange(code)
        ended = used.json()["refresh_token"]
        answers["refresh token of an ended grant"] = self.refresh(ended)
        answer = self.assertSameShape(answers)
        self.assertRefused(answer, 400, "invalid_grant")
