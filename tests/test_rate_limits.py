"""Rate limits of the endpoints: by address, by client and address, by proven client.

That they are exact under callers at once is shown by ``test_protocol_rate_limit``, in
a server of several processes by ``e2e/test_rate_limits.py``.
"""

import re

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import config

from ..protocol.rate_limit import FixedWindowCounter
from ..services.authentication import rate_limit
from ..services.authentication.rate_limit import (
    DEFAULT_LIMITS,
    LIMIT_PARAMETER,
    RateLimit,
)
from ..services.tokens.grant_tokens import GrantTokens
from .common import BROWSER_HEADERS, OAuth2Case, basic_authorization


class RateLimitCase(OAuth2Case):
    def limit(self, **limits):
        """Set limits; those left out keep their default."""
        for name, value in limits.items():
            self.env["ir.config_parameter"].set_param(LIMIT_PARAMETER % name, value)
        self.env.flush_all()

    def from_address(self, address):
        """:return: headers of a call that a proxy passes on"""
        return {"X-Forwarded-For": address, "X-Forwarded-Host": self.base_host()}

    def base_host(self):
        return self.base_url().partition("://")[2]

    def behind_a_proxy(self):
        previous = config["proxy_mode"]
        config["proxy_mode"] = True
        self.addCleanup(config.__setitem__, "proxy_mode", previous)

    def guess(self, name="token", client_id="demo-app", **options):
        """A call without valid proof."""
        body = {"client_id": client_id, "client_user_identity": "42"}
        return self.call(name, body, **options)

    def forget_calls(self):
        """No call was counted yet."""
        self.patch(rate_limit, "counter", FixedWindowCounter(capacity=100))

    def use_up(self, *, name="token", client_id="demo-app"):
        """Fail until the address has no place left."""
        while self.guess(name, client_id=client_id).status_code != 429:
            pass

    def events(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search(
            [("error", "=", "temporarily_unavailable")]
        )

    def assertLimited(self, response):
        self.assertRefused(response, 429, "temporarily_unavailable")
        self.assertRegex(response.headers["Retry-After"], "^([1-9]|[1-5][0-9]|60)$")

    def assertNotLimited(self, response):
        self.assertIn(response.status_code, (200, 400, 401), response.text)

    def after_a_window(self):
        self.patch(rate_limit.counter, "window", -1)
        self.assertNotLimited(self.guess())
        self.patch(rate_limit.counter, "window", 60)


@tagged("post_install", "-at_install")
class TestUnproven(RateLimitCase):
    """What proves nothing is counted for its address."""

    def test_failed_calls_of_an_address_are_limited(self):
        self.limit(address=3)
        for name in ("token", "revoke", "provider/authorize"):
            self.assertNotLimited(self.guess(name, client_id=f"unknown-{name}"))
        for name in ("token", "revoke", "provider/authorize"):
            self.assertLimited(self.guess(name, client_id=f"unknown-{name}"))

    def test_sign_ins_asked_for_without_a_secret_are_limited(self):
        self.limit(client_address=2)
        self.ask(), self.ask()
        self.assertLimited(self.call("provider/authorize", {"client_id": "demo-app"}))

    def test_a_refused_call_takes_no_place(self):
        self.limit(client_address=1, address=2)
        self.guess()
        for _time in range(5):
            self.assertLimited(self.guess())
        self.assertNotLimited(self.guess(client_id="another"))
        self.assertLimited(self.guess(client_id="third"))

    def test_after_the_time_to_wait_the_caller_is_served(self):
        self.limit(client_address=1)
        self.guess()
        self.assertLimited(self.guess())
        self.after_a_window()
        self.assertLimited(self.guess())

    def test_what_is_malformed_costs_nothing_and_is_not_counted(self):
        self.limit(address=1)
        for _time in range(3):
            self.assertRefused(self.call("token", b"{"), 400, "invalid_request")
        self.assertNotLimited(self.guess())

    def test_unknown_apis_are_counted(self):
        self.limit(address=1)
        self.assertNotLimited(self.guess(api="nowhere"))
        self.assertLimited(self.guess(api="elsewhere"))

    def test_a_limit_of_0_is_none(self):
        self.limit(address=0, client_address=0, client=0, user=0)
        for _time in range(5):
            self.assertNotLimited(self.guess())
        self.authorize()
        self.assertEqual(len(rate_limit.counter), 0)

    def test_a_limit_that_is_no_number_is_the_default(self):
        for text in ("", "many", "-1"):
            self.limit(address=text)
            limit = RateLimit(self.env).limit("address")
            self.assertEqual(limit, DEFAULT_LIMITS["address"])


@tagged("post_install", "-at_install")
class TestPages(RateLimitCase):
    """The addresses that browsers come to."""

    def test_forged_callbacks_are_limited(self):
        self.limit(address=2)
        path = f"/{self.api.endpoint}/oauth2/callback?code=x&state=forged"
        for _time in range(2):
            self.assertRefused(self.visit(path), 400, "invalid_request")
        self.assertLimited(self.visit(path))
        page = self.visit(path, BROWSER_HEADERS)
        self.assertEqual(page.status_code, 429)
        self.assertGreater(int(page.headers["Retry-After"]), 0)
        self.assertIn("text/html", page.headers["Content-Type"])

    def test_forged_decisions_are_limited(self):
        self.limit(address=1)
        form = {"decision": "allow", "csrf_token": "forged"}
        path = f"/{self.api.endpoint}/oauth2/confirm"
        self.assertEqual(self.url_open(path, data=form).status_code, 400)
        self.assertEqual(self.url_open(path, data=form).status_code, 429)

    def test_forged_start_pages_are_limited(self):
        self.limit(address=1)
        self.authenticate(self.user.login, self.user.login)
        path = f"/{self.api.endpoint}/oauth2/start?request=forged"
        self.assertEqual(self.visit(path).status_code, 400)
        self.assertEqual(self.visit(path).status_code, 429)

    def test_sign_ins_that_succeed_are_not_counted(self):
        """Many users may sign in from behind one address."""
        asked = [self.ask() for _time in range(3)]
        self.limit(address=1)
        self.forget_calls()
        for one in asked[:2]:
            response = self.visit(self.sign_in(one["authorization_url"]))
            self.assertEqual(response.status_code, 200, response.text)
        page = self.visit(self.sign_in(asked[2]["authorization_url"]), BROWSER_HEADERS)
        self.assertEqual(page.status_code, 200, page.text)
        self.assertNotLimited(self.guess())  # the one place is free


@tagged("post_install", "-at_install")
class TestProven(RateLimitCase):
    """Callers with a proof are counted together, by client and API."""

    def setUp(self):
        super().setUp()
        self.information, self.identity = self.authorize()
        self.forget_calls()

    def proofs(self):
        """:return: ``{name: (body, headers)}`` of every proof there is"""
        bearer = {"Authorization": f"Bearer {self.information['access_token']}"}
        refresh = {"refresh_token": self.information["refresh_token"]}
        return {
            "issued identity": ({}, {}),
            "secret": ({}, basic_authorization()),
            "access token": ({}, bearer),
            "refresh token": (refresh, {}),
        }

    def refresh(self, body=(), headers=None, *, name="token", **options):
        body = {"client_user_identity": self.identity, **dict(body)}
        if not headers:
            body["client_id"] = "demo-app"
        elif "Bearer" in headers["Authorization"]:
            body["client_id"] = "demo-app"
        return self.call(name, body, headers=headers or {}, **options)

    def test_each_proof_is_served_whatever_fails_at_its_address(self):
        self.limit(address=1, client_address=1)
        self.use_up()
        for name, proof in self.proofs().items():
            for _time in range(2):
                with self.subTest(proof=name):
                    response = self.refresh(*proof)
                    self.assertEqual(response.status_code, 200, response.text)
        self.assertLimited(self.guess())

    def test_each_proof_revokes_whatever_fails_at_its_address(self):
        """Nor does it matter what the client's proven callers have used up."""
        grants = [self.authorize() for _time in range(4)]
        self.limit(address=1, client_address=1, client=1, user=1)
        self.forget_calls()
        self.use_up()
        self.assertEqual(self.refresh().status_code, 200)
        self.assertLimited(self.refresh())
        for number, (self.information, self.identity) in enumerate(grants):
            name = list(self.proofs())[number]
            with self.subTest(proof=name):
                response = self.refresh(*self.proofs()[name], name="revoke")
                self.assertEqual(response.status_code, 200, response.text)
                self.assertFalse(self.grant_of(self.identity))

    def test_proofs_that_are_wrong_are_failures(self):
        self.limit(client_address=1)
        wrong = {
            "issued identity": ({"client_user_identity": "cui_guess"}, {}),
            "secret": ({}, basic_authorization(secret="guess")),
            "access token": ({}, {"Authorization": "Bearer guess"}),
            "refresh token": ({"refresh_token": "guess"}, {}),
        }
        for endpoint in ("token", "revoke"):
            for name, proof in wrong.items():
                with self.subTest(endpoint=endpoint, proof=name):
                    self.forget_calls()
                    self.assertNotLimited(self.refresh(*proof, name=endpoint))
                    self.assertLimited(self.refresh(*proof, name=endpoint))
        self.assertTrue(self.grant_of(self.identity))

    def test_what_proves_nothing_on_authorize_takes_a_place_first(self):
        self.limit(client_address=1)
        body = {"client_id": "demo-app"}
        headers = {"Authorization": "Bearer guess"}
        for status in (200, 429):
            response = self.call("provider/authorize", body, headers=headers)
            self.assertEqual(response.status_code, status)

    def test_revocations_that_fail_count_for_their_client(self):
        """Each leaves a line in the audit log, which no caller may fill."""
        self.limit(client=2)
        body = {"client_user_identity": "unknown"}
        for status in (400, 400, 429):
            response = self.refresh(body, basic_authorization(), name="revoke")
            self.assertEqual(response.status_code, status, response.text)

    def test_a_secret_proves_on_authorize(self):
        self.limit(address=1)
        for _time in range(3):
            response = self.call(
                "provider/authorize", {}, headers=basic_authorization()
            )
            self.assertEqual(response.status_code, 200, response.text)

    def test_one_user_does_not_use_up_what_a_client_s_users_share(self):
        """However many grants a user has, they count as one caller."""
        self.limit(client=6, user=2)
        _information, second = self.authorize()
        self.provider.login = "anna"
        self.make_user("anna@example.com")
        self.provider.claims = {"email": "anna@example.com", "email_verified": True}
        _information, another = self.authorize()
        self.provider.login = "olivia"
        self.forget_calls()
        for identity, status in (
            (self.identity, 200),
            (second, 200),
            (self.identity, 429),
            (second, 429),
        ):
            response = self.refresh({"client_user_identity": identity})
            self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(
            self.events().reason,
            "More than 2 calls a minute came with the tokens of one user of one"
            " client.",
        )
        self.assertEqual(self.events().user_id, self.user)
        self.provider.login = "anna"
        body = {"client_user_identity": another}
        self.assertEqual(self.refresh(body).status_code, 200)
        self.provider.login = "olivia"
        # The application itself calls for whomever it likes.
        for _time in range(3):
            response = self.refresh(headers=basic_authorization())
            self.assertEqual(response.status_code, 200, response.text)

    def test_what_the_users_of_a_client_share_is_limited(self):
        self.limit(client=2, user=10)
        self.forget_calls()
        for status in (200, 200, 429):
            response = self.refresh({"client_user_identity": self.identity})
            self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(
            self.events().reason,
            "More than 2 calls a minute of one client were authenticated.",
        )

    def test_a_stolen_token_does_not_keep_its_user_from_revoking_it(self):
        self.limit(user=1, client=10)
        stolen = {"Authorization": f"Bearer {self.information['access_token']}"}
        for status in (200, 429, 429):
            response = self.refresh(headers=stolen)
            self.assertEqual(response.status_code, status, response.text)
        names = {"client_id": "demo-app", "client_user_identity": self.identity}
        # It was rotated.
        response = self.call("revoke", names, headers=stolen)
        self.assertRefused(response, 400, "invalid_grant")
        token = self.grant_of(self.identity)._current_token("refresh")
        token = GrantTokens(self.env).plaintext(token)
        response = self.call("revoke", {**names, "refresh_token": token})
        self.assertEqual(response.status_code, 200, response.text)
        self.assertFalse(self.grant_of(self.identity))

    def test_a_proven_caller_who_is_limited_takes_nothing_from_its_address(self):
        self.limit(client=1, address=2)
        for status in (200, 429, 429, 429):
            self.assertEqual(self.refresh().status_code, status)
        self.assertNotLimited(self.guess())

    def test_a_public_client_id_is_no_kill_switch(self):
        """A caller who knows a client_id uses up his own places alone."""
        self.behind_a_proxy()
        self.limit(address=5, client_address=5, client=5)
        attacker = self.from_address("198.51.100.66")
        secret = basic_authorization(secret="guess")
        while self.guess(headers={**attacker, **secret}).status_code != 429:
            pass
        for name in ("token", "revoke", "provider/authorize"):
            self.assertLimited(self.guess(name, headers=attacker))
        own = self.from_address("192.0.2.1")
        response = self.refresh(headers={**basic_authorization(), **own})
        self.assertEqual(response.status_code, 200, response.text)
        response = self.call(
            "provider/authorize", {"client_id": "demo-app"}, headers=own
        )
        self.assertEqual(response.status_code, 200, response.text)

    def test_a_trusted_identity_is_limited_like_no_proof(self):
        """Where identities are trusted, a name must not count as its client."""
        self.api.trust_identity = True
        self.limit(client_address=1)
        self.authorize("user-42")
        self.forget_calls()
        body = {"client_id": "demo-app", "client_user_identity": "user-42"}
        self.assertEqual(self.call("token", body).status_code, 200)
        self.assertLimited(self.call("token", body))


@tagged("post_install", "-at_install")
class TestAddress(RateLimitCase):
    """Whose address is counted."""

    def setUp(self):
        super().setUp()
        self.limit(address=1)

    def test_without_proxy_mode_no_caller_invents_an_address(self):
        self.guess(headers=self.from_address("192.0.2.1"))
        self.assertLimited(self.guess(headers=self.from_address("192.0.2.2")))
        self.assertIn("proxy_mode", self.events().reason)

    def test_a_proxy_that_odoo_does_not_believe_is_in_the_event(self):
        """Odoo believes it only where it also sends X-Forwarded-Host."""
        self.behind_a_proxy()
        for last in (1, 2):
            headers = {"X-Forwarded-For": f"192.0.2.{last}"}
            response = self.guess(headers=headers)
        self.assertLimited(response)
        self.assertIn("X-Forwarded-Host", self.events().reason)

    def test_with_proxy_mode_the_proxy_tells_the_address(self):
        self.behind_a_proxy()
        self.assertNotLimited(self.guess(headers=self.from_address("192.0.2.1")))
        self.assertNotLimited(self.guess(headers=self.from_address("192.0.2.2")))
        self.assertLimited(self.guess(headers=self.from_address("192.0.2.1")))

    def test_what_a_caller_puts_before_the_proxy_s_word_does_not_count(self):
        self.behind_a_proxy()
        self.guess(headers=self.from_address("203.0.113.1, 192.0.2.1"))
        response = self.guess(headers=self.from_address("203.0.113.2, 192.0.2.1"))
        self.assertLimited(response)

    def test_an_ipv6_64_is_one_caller(self):
        self.behind_a_proxy()
        self.guess(headers=self.from_address("2001:db8:0:1::1"))
        self.assertLimited(self.guess(headers=self.from_address("2001:db8:0:1:f::9")))
        self.assertNotLimited(self.guess(headers=self.from_address("2001:db8:0:2::1")))


@tagged("post_install", "-at_install")
class TestBookkeeping(RateLimitCase):
    """What is left of a limit: one event."""

    def test_one_event_for_a_window_and_not_one_for_each_call(self):
        self.limit(client_address=1)
        for _time in range(5):
            self.guess()
        event = self.events()
        self.assertEqual(len(event), 1)
        self.assertEqual(event.address, "127.0.0.1")
        self.assertEqual(
            event.reason,
            "More than 1 calls a minute of one client and address failed or were not"
            " authenticated.",
        )
        self.after_a_window()
        for _time in range(5):
            self.guess()
        self.assertEqual(len(self.events()), 2)

    def test_no_call_costs_a_row(self):
        """Not even one that fails: an attack fills no table."""
        self.guess()  # the client's line of the hour
        self.env.flush_all()
        with self.assertLogs("odoo.sql_db", "DEBUG") as log:
            self.guess()
        written = [line for line in log.output if re.search("INSERT|UPDATE", line)]
        self.assertEqual(written, [])


@tagged("post_install", "-at_install")
class TestSettings(RateLimitCase):
    def settings(self, **values):
        names = {f"api_auth_oauth2_limit_{name}": v for name, v in values.items()}
        return self.env["res.config.settings"].create(names)

    def test_default_limits_are_shown(self):
        for name, default in DEFAULT_LIMITS.items():
            shown = self.settings()[f"api_auth_oauth2_limit_{name}"]
            self.assertEqual(shown, default)

    def test_each_limit_is_set_in_the_settings(self):
        for name in DEFAULT_LIMITS:
            for value in (7, 0):
                with self.subTest(limit=name, value=value):
                    self.settings(**{name: value}).execute()
                    self.assertEqual(RateLimit(self.env).limit(name), value)
                    shown = self.settings()[f"api_auth_oauth2_limit_{name}"]
                    self.assertEqual(shown, value)

    def test_only_settings_administrators_set_limits(self):
        settings = self.env["res.config.settings"].with_user(self.user)
        with self.assertRaises(AccessError):
            settings.set_values()  # on no record, as over RPC
        limit = RateLimit(self.env).limit("address")
        self.assertEqual(limit, DEFAULT_LIMITS["address"])

    def test_a_limit_below_0_is_refused(self):
        with self.assertRaisesRegex(Exception, "0, for none"):
            self.settings(address=-1)
