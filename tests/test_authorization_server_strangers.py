"""What strangers, public clients and another API get of this Odoo's tokens: nothing."""

from odoo.tests import tagged

from ..protocol.rate_limit import FixedWindowCounter
from ..services.authentication import rate_limit
from ..services.authentication.rate_limit import LIMIT_PARAMETER
from ..services.keys.keyring import Keyring
from .authorization_server_common import REDIRECT_URI
from .common import BROWSER_HEADERS, basic_authorization
from .test_authorization_server_attacks import ServerAttackCase


@tagged("post_install", "-at_install")
class TestTwoAPIs(ServerAttackCase):
    """The same client serves both; what is of one opens nothing of the other."""

    def test_tokens_of_one_api_are_nothing_at_another(self):
        tokens = self.tokens()
        access, refresh = tokens["access_token"], tokens["refresh_token"]
        self.assertEqual(self.call_as(access, "/crm/oauth2/whoami"), 401)
        response = self.ask_token(
            api="crm", grant_type="refresh_token", refresh_token=refresh
        )
        self.assertRefused(response, 400, "invalid_grant")
        for token in (access, refresh):
            self.assertEqual(self.introspected(token, "crm"), {"active": False})
            revoked = self.post("/crm/oauth2/revoke", {"token": token})
            self.assertEqual((revoked.status_code, revoked.json()), (200, {}))
        self.assertEqual(self.call_as(access), 200)
        self.assertEqual(self.refresh(refresh).status_code, 200)

    def test_a_consent_page_of_one_api_is_unknown_at_another(self):
        address, page = self.open_consent()
        other = address.replace("/orders/", "/crm/")
        self.assertEqual(self.visit(other, BROWSER_HEADERS).status_code, 400)
        response = self.decide(other, page)
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.own.client_user_ids)
        self.assertIn("code", self.answer(self.decide(address, page)))

    def test_a_client_of_one_api_is_unknown_at_another(self):
        code = self.code()
        self.own.write(
            {"scope_ids": [(6, 0, self.crm.scope_ids.ids)], "api_ids": self.crm}
        )
        self.env.flush_all()
        response = self.ask_for_code()
        self.assertEqual(response.status_code, 400)
        self.assertNotIn("Location", response.headers)
        self.assertRefused(self.exchange(code), 401, "invalid_client")

    def test_each_api_names_itself_as_the_issuer(self):
        self.assertEqual(
            self.answer(self.ask_for_code(scope="unknown"))["iss"], self.issuer
        )
        token = self.tokens()["access_token"]
        told = self.introspected(token)
        self.assertEqual((told["iss"], told["aud"]), (self.issuer, self.issuer))


@tagged("post_install", "-at_install")
class TestStrangers(ServerAttackCase):
    def setUp(self):
        super().setUp()
        self.make_own_client(
            name="Public", client_identifier="public-app", client_type="public"
        )
        self.env.flush_all()

    def test_introspection_tells_a_stranger_nothing(self):
        tokens = self.tokens()
        for kind in ("access_token", "refresh_token"):
            with self.subTest(kind):
                told = self.introspected(tokens[kind], headers=self.by_stranger())
                self.assertEqual(told, {"active": False})
        for name, headers, form in (
            ("without secret", {}, {"client_id": "own-app"}),
            ("wrong secret", basic_authorization("own-app", "guessed-secret"), {}),
            ("empty secret", basic_authorization("own-app", ""), {}),
            ("public client", {}, {"client_id": "public-app"}),
            ("public, empty secret", basic_authorization("public-app", ""), {}),
            ("unknown client", basic_authorization("nobody-app", "guessed-secret"), {}),
        ):
            with self.subTest(name):
                form = {"token": tokens["access_token"], **form}
                response = self.post("/orders/oauth2/introspect", form, headers)
                self.assertRefused(response, 401, "invalid_client")

    def test_a_strangers_revocation_ends_nothing(self):
        tokens = self.tokens()
        access, refresh = tokens["access_token"], tokens["refresh_token"]
        for name, headers, form in (
            ("another client", self.by_stranger(), {}),
            ("public client", {}, {"client_id": "public-app"}),
        ):
            for token in (access, refresh):
                with self.subTest(name):
                    form = {"token": token, **form}
                    response = self.post("/orders/oauth2/revoke", form, headers)
                    self.assertEqual((response.status_code, response.json()), (200, {}))
        for name, headers, form in (
            ("no secret", {}, {"client_id": "own-app"}),
            ("wrong secret", basic_authorization("own-app", "guessed-secret"), {}),
        ):
            for token in (access, refresh, "unknown"):
                with self.subTest(name, token=token[:7]):
                    form = {**form, "token": token}
                    response = self.post("/orders/oauth2/revoke", form, headers)
                    self.assertRefused(response, 401, "invalid_client")
        self.assertEqual(self.call_as(access), 200)
        self.assertEqual(self.refresh(refresh).status_code, 200)

    def test_a_token_of_one_kind_is_none_of_another(self):
        tokens = self.tokens()
        code = self.code(scope="orders.read")
        for text in (tokens["refresh_token"], code, self.secret):
            self.assertEqual(self.call_as(text), 401)
        for text in (tokens["access_token"], code, self.secret):
            self.assertRefused(self.refresh(text), 400, "invalid_grant")
        for text in (*map(tokens.get, ("access_token", "refresh_token")), self.secret):
            self.assertRefused(self.exchange(text), 400, "invalid_grant")

    def test_a_refresh_token_serves_its_client_alone(self):
        token = self.tokens()["refresh_token"]
        for headers, form, error in (
            (self.by_stranger(), {}, "invalid_grant"),
            ({}, {"client_id": "public-app"}, "invalid_grant"),
            ({}, {"client_id": "own-app"}, "invalid_client"),
            (basic_authorization("own-app", "guessed-secret"), {}, "invalid_client"),
        ):
            with self.subTest(error, **form):
                self.assertGivesNothing(self.refresh(token, headers, **form), error)
        self.assertEqual(self.refresh(token).status_code, 200)

    def test_client_credentials_need_a_confidential_client_and_its_service_user(self):
        robot = self.serve_as(self.make_user("robot@example.com"))
        administrators = self.env.ref("base.group_system")

        def client(column, value):
            """As a record that an earlier version has left."""
            query = f"UPDATE oauth2_client SET {column} = %s WHERE id = %s"
            self.env.cr.execute(query, (value, self.own.id))

        def archive():
            robot.active = False

        def restrict():
            self.api.allowed_group_ids = administrators

        for name, change, error, anonymous in (
            ("no secret", None, "invalid_client", True),
            ("public", ("client_type", "public"), "unauthorized_client", True),
            (
                "no service user",
                ("service_user_id", None),
                "unauthorized_client",
                False,
            ),
            (
                "not allowed",
                ("allows_client_credentials", False),
                "unauthorized_client",
                False,
            ),
            ("archived", archive, "unauthorized_client", False),
            ("in no allowed group", restrict, "unauthorized_client", False),
        ):
            with self.row(name):
                if callable(change):
                    change()
                elif change:
                    client(*change)
                self.env.flush_all()
                self.env.invalidate_all()
                self.registry.clear_all_caches()
                headers = {} if anonymous else None
                form = {"client_id": "own-app"} if anonymous else {}
                response = self.ask_token(
                    headers, grant_type="client_credentials", **form
                )
                self.assertGivesNothing(response, error)
                self.env.invalidate_all()
                self.assertFalse(self.own.client_user_ids)
        response = self.ask_token(grant_type="client_credentials")
        self.assertEqual(response.status_code, 200, response.text)


@tagged("post_install", "-at_install")
class TestTwoDoors(ServerAttackCase):
    """The JSON contract and the standard share records, not names of grants."""

    def test_a_grant_of_the_standard_has_no_name_at_the_json_door(self):
        tokens = self.tokens()
        grant = self.own.client_user_ids
        for identity in (
            grant.identity_digest,
            str(grant.id),
            f"service user {self.user.id} []",
            "cui_" + "A" * 43,
        ):
            for proof in (
                {"refresh_token": tokens["refresh_token"]},
                {"client_secret": self.secret},
                {},
            ):
                with self.subTest(identity=identity[:8], proof=list(proof)):
                    body = {
                        "client_id": "own-app",
                        "client_user_identity": identity,
                        **proof,
                    }
                    for name in ("token", "revoke"):
                        response = self.call(name, body)
                        self.assertGivesNothing(
                            response, "invalid_grant", "invalid_client"
                        )
        self.assertEqual(self.call_as(tokens["access_token"]), 200)
        self.assertEqual(self.refresh(tokens["refresh_token"]).status_code, 200)

    def test_a_service_grant_has_no_name_at_the_json_door(self):
        robot = self.serve_as(self.make_user("robot@example.com"))
        answer = self.ask_token(grant_type="client_credentials").json()
        self.env.invalidate_all()
        ids = sorted(self.own._scopes_on(self.api).ids)
        name = f"service user {robot.id} {ids}"
        digests = Keyring(self.env).identity_digests(name)
        self.assertNotIn(self.own.client_user_ids.identity_digest, digests)
        body = {"client_id": "own-app", "client_user_identity": name}
        response = self.call("revoke", {**body, "client_secret": self.secret})
        self.assertRefused(response, 400, "invalid_grant")
        self.assertEqual(self.call_as(answer["access_token"]), 200)

    def test_a_code_is_nothing_at_the_json_door(self):
        code = self.code()
        body = {
            "grant_type": "authorization_code",
            "client_id": "own-app",
            "client_secret": self.secret,
            "client_user_identity": "42",
            "code": code,
            "code_verifier": self.verifier,
            "redirect_uri": REDIRECT_URI,
        }
        response = self.call("token", body)
        self.assertRefused(response, 400, "unsupported_grant_type")
        self.assertEqual(self.exchange(code).status_code, 200)


@tagged("post_install", "-at_install")
class TestGuessers(ServerAttackCase):
    def limit(self, **limits):
        self.patch(rate_limit, "counter", FixedWindowCounter(capacity=100))
        for name, value in limits.items():
            self.env["ir.config_parameter"].set_param(LIMIT_PARAMETER % name, value)
        self.env.flush_all()

    def test_a_guesser_is_slowed_down_and_keeps_no_owner_out(self):
        code = self.code()
        tokens = self.tokens()
        self.make_own_client(
            name="Public", client_identifier="public-app", client_type="public"
        )
        wrong = basic_authorization("own-app", "guessed-secret")
        public = {"client_id": "public-app"}
        guesses = {
            "secrets at token": lambda: self.refresh("odoo_rt_x", wrong),
            "codes": lambda: self.exchange("odoo_ac_x", {}, **public),
            "refresh tokens": lambda: self.refresh("odoo_rt_x", {}, **public),
            "secrets at introspection": lambda: self.post(
                "/orders/oauth2/introspect", {"token": "odoo_at_x"}, wrong
            ),
            "secrets at revocation": lambda: self.post(
                "/orders/oauth2/revoke", {"token": "odoo_at_x"}, wrong
            ),
            "tokens at revocation": lambda: self.post(
                "/orders/oauth2/revoke", {"token": "odoo_at_x", **public}, {}
            ),
            "no proof at all": lambda: self.ask_token(
                {}, grant_type="client_credentials", **public
            ),
        }
        for name, guess in guesses.items():
            with self.subTest(name):
                self.limit(client_address="3")
                answers = [guess().status_code for _time in range(5)]
                self.assertNotIn(429, answers[:3])
                self.assertEqual(answers[3:], [429, 429])
        self.limit(address="1")
        self.assertEqual(guesses["codes"]().status_code, 400)
        self.assertEqual(guesses["codes"]().status_code, 429)
        self.assertEqual(self.exchange(code).status_code, 200)
        again = self.refresh(tokens["refresh_token"])
        self.assertEqual(again.status_code, 200)
        self.assertTrue(self.introspected(again.json()["access_token"])["active"])
        form = {"token": again.json()["refresh_token"]}
        self.assertEqual(self.post("/orders/oauth2/revoke", form).status_code, 200)
        self.assertEqual(self.call_as(again.json()["access_token"]), 401)

    def test_authorization_requests_of_an_address_are_limited(self):
        self.limit(address="2")
        self.assertEqual(self.ask_for_code().status_code, 303)
        self.assertEqual(self.ask_for_code().status_code, 303)
        response = self.ask_for_code()
        self.assertEqual(response.status_code, 429)
        self.assertNotIn("Location", response.headers)


@tagged("post_install", "-at_install")
class TestIssuedAtRest(ServerAttackCase):
    def test_no_secret_of_this_odoo_is_readable_in_the_database(self):
        address, page = self.open_consent()
        form_secret = page.text.partition('name="csrf_token" value="')[2][:43]
        cookies = [
            cookie.value
            for cookie in self.opener.cookies
            if cookie.name.startswith("oauth2_")
        ]
        used = self.answer(self.decide(address, page))["code"]
        first = self.exchange(used).json()
        second = self.refresh(first["refresh_token"]).json()
        unused = self.code(scope="orders.read")
        secrets = [
            address.partition("request=")[2],
            form_secret,
            *cookies,
            used,
            unused,
            self.secret,
            self.strangers_secret,
            self.verifier,
            *(answer[f"{k}_token"] for answer in (first, second) for k in KINDS),
        ]
        self.assertEqual(min(map(len, secrets)), 43)
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema ="
            " current_schema() AND table_type = 'BASE TABLE' AND (table_name LIKE"
            " 'oauth2%' OR table_name IN ('ir_config_parameter', 'mail_message',"
            " 'mail_tracking_value', 'ir_logging'))"
        )
        tables = [table for (table,) in self.env.cr.fetchall()]
        self.assertGreater(len(tables), 10)
        for table in tables:
            query = (
                f'SELECT count(*) FROM "{table}" each WHERE strpos(each::text, %s) > 0'
            )
            for number, secret in enumerate(secrets):
                with self.subTest(table=table, number=number):
                    self.env.cr.execute(query, (secret,))
                    self.assertEqual(self.env.cr.fetchone(), (0,))


KINDS = ("access", "refresh")
