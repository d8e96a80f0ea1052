"""``token`` while a sign-in is under way, and after it (RFC 8628 section 3.5)."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..protocol.rate_limit import FixedWindowCounter
from ..services.authentication import rate_limit
from ..services.authentication.rate_limit import LIMIT_PARAMETER
from ..services.jobs.clean_up import CleanUp
from ..services.tokens import sign_in_progress
from ..services.tokens.cached_token_response import CachedTokenResponse
from .common import BROWSER_HEADERS, SCRIPT_HEADERS, basic_authorization
from .test_confirm import ConfirmCase
from .test_constant_shape import shape


class SignInCase(ConfirmCase):
    """``42`` is an identity that the client chose; the other one Odoo issued."""

    def setUp(self):
        super().setUp()
        self.at_its_pace()

    def at_its_pace(self):
        """Each call comes an interval after the one before."""
        self.patch(sign_in_progress.polls, "window", -1)

    def poll(self, identity=None, **options):
        return self.send(
            "token", client_user_identity=identity or self.identity, **options
        )

    @property
    def sign_in_record(self):
        self.env.invalidate_all()
        return self.env["oauth2.authorization.request"].search([], limit=1)

    def assertPending(self, response):
        self.assertRefused(response, 400, "authorization_pending")

    def assertDenied(self, response):
        self.assertRefused(response, 400, "access_denied")

    def assertTokens(self, response):
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()


@tagged("post_install", "-at_install", "with_website")
class TestSignInUnderWay(SignInCase):
    """What an application is told that waits for its user."""

    def test_authorize_tells_the_interval_at_which_to_ask(self):
        self.assertEqual(self.ask()["interval"], 5)

    def test_a_proven_caller_is_told_that_the_user_has_not_decided(self):
        proofs = {
            "issued identity": lambda: self.poll(),
            "secret": lambda: self.poll("42", client_secret="demo-secret"),
            "secret in the header": lambda: self.poll(
                "42", headers=basic_authorization()
            ),
        }
        self.ask("42")
        for name, poll in proofs.items():
            with self.subTest(name):
                self.assertPending(poll())
        self.assertRefused(self.poll("42"), 401, "invalid_client")
        self.api.trust_identity = True
        self.assertPending(self.poll("42"))

    def test_the_user_decides_only_on_the_page_not_at_the_provider(self):
        form = self.open_page()
        self.assertPending(self.poll())
        self.decide(form)
        self.assertTokens(self.poll())

    def test_after_deny_the_application_is_told(self):
        self.decide(self.open_page(), "deny")
        self.assertDenied(self.poll())
        self.assertDenied(self.poll(client_secret="demo-secret"))
        self.asked = self.ask(self.identity)
        self.assertPending(self.poll())

    def test_a_refused_sign_in_is_denied(self):
        def no_user():
            self.provider.claims["email"] = "nobody@example.com"
            self.assertEqual(self.come_back(BROWSER_HEADERS).status_code, 403)

        def said_no_there():
            self.come_back_with(error="access_denied")

        def error_there():
            self.come_back_with(error="server_error")

        def code_refused():
            self.come_back_with(code="made-up")

        for end in (no_user, said_no_there, error_there, code_refused):
            with self.row(end.__name__):
                end()
                self.assertDenied(self.poll())

    def come_back_with(self, **parameters):
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        path = f"/orders/oauth2/callback?state={self.sent['state']}&{query}"
        self.assertEqual(self.visit(path, BROWSER_HEADERS).status_code, 400)

    def test_a_sign_in_whose_provider_gave_no_answer_is_denied_after_a_minute(self):
        self.provider.answer("token", status=503)
        self.assertEqual(self.come_back(BROWSER_HEADERS).status_code, 503)
        record = self.sign_in_record
        self.assertTrue(record.exchange_began_at)
        self.assertPending(self.poll())
        record.exchange_began_at -= timedelta(minutes=2)
        self.assertDenied(self.poll())

    def test_a_sign_in_that_is_not_finished_in_time_has_expired(self):
        self.open_page()
        self.sign_in_record.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertRefused(self.poll(), 400, "expired_token")
        CleanUp(self.env).abandon_sign_ins(100, None)
        self.assertTrue(self.sign_in_record.decided_at)
        self.assertRefused(self.poll(), 400, "expired_token")
        self.sign_in_record.unlink()
        self.assertRefused(self.poll(), 400, "invalid_grant")

    def test_the_latest_sign_in_of_an_identity_counts(self):
        self.decide(self.open_page(), "deny")
        self.asked = self.ask(self.identity)
        self.assertPending(self.poll())

    def test_a_grant_in_force_is_refreshed_whatever_a_later_sign_in_comes_to(self):
        information = self.token_information()
        self.asked = self.ask(self.identity)
        self.assertNotEqual(
            self.assertTokens(self.poll())["access_token"], information["access_token"]
        )
        self.pause()
        self.decide(self.open_page(), "deny")
        self.assertTokens(self.poll())

    def test_a_grant_that_cannot_be_refreshed_waits_for_the_later_sign_in(self):
        self.token_information()
        grant = self.grant_of(self.identity)
        grant._current_token("refresh").unlink()
        self.assertRefused(self.poll(), 400, "invalid_grant")
        self.asked = self.ask(self.identity)
        self.assertPending(self.poll())
        grant.state = "expired"
        self.assertPending(self.poll())

    def test_what_the_provider_says_of_a_grant_is_told_at_once(self):
        self.token_information()
        self.ask(self.identity)
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertRefused(self.poll(), 400, "invalid_grant")
        self.assertPending(self.poll())


@tagged("post_install", "-at_install")
class TestStrangers(SignInCase):
    """Whether a sign-in is under way is told to its own application alone."""

    def assertSame(self, known, unknown):
        self.assertGreaterEqual(known.status_code, 400)
        self.assertEqual(shape(known), shape(unknown))

    def test_a_caller_without_proof_learns_of_no_sign_in(self):
        self.ask("42")
        self.assertSame(self.poll("42"), self.poll("43"))
        for proof in (
            {"refresh_token": "wrong"},
            {"bearer": "wrong"},
            {"client_secret": "wrong"},
        ):
            with self.subTest(proof):
                self.assertSame(self.poll("42", **proof), self.poll("43", **proof))

    def test_a_token_proves_no_other_identity_s_sign_in(self):
        information = self.token_information()
        self.ask("42")
        for proof in (
            {"refresh_token": information["refresh_token"]},
            {"bearer": information["access_token"]},
        ):
            with self.subTest(list(proof)):
                self.assertSame(self.poll("42", **proof), self.poll("43", **proof))

    def test_an_issued_identity_is_a_proof_for_its_own_client_alone(self):
        self.make_client(
            self.api, self.provider_record, client_identifier="other", name="Other"
        )
        other = {"client_id": "other"}
        made_up = "cui_" + "A" * 43
        self.assertSame(self.poll(**other), self.poll(made_up, **other))
        other["client_secret"] = "demo-secret"
        self.assertSame(self.poll(**other), self.poll(made_up, **other))

    def test_a_client_that_must_send_its_secret_is_told_nothing_without(self):
        self.client.require_secret = True
        self.assertRefused(self.poll(), 401, "invalid_client")
        self.assertPending(self.poll(client_secret="demo-secret"))


@tagged("post_install", "-at_install")
class TestPace(SignInCase):
    """Asking at the pace of the interval is no failure."""

    def limit(self, **limits):
        """Set limits; what was called before does not count."""
        self.patch(rate_limit, "counter", FixedWindowCounter(capacity=100))
        for name, value in limits.items():
            self.env["ir.config_parameter"].set_param(LIMIT_PARAMETER % name, value)
        self.env.flush_all()

    def faster(self):
        self.patch(sign_in_progress.polls, "window", 60)

    def refusals(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search_count([("kind", "=", "refusal")])

    def test_asking_at_the_pace_is_counted_as_no_failure_and_is_no_event(self):
        self.api.trust_identity = True
        self.ask("42")
        before = self.refusals()
        self.limit(address=2, client_address=2)
        for _time in range(4):
            self.assertPending(self.poll())
            self.assertPending(self.poll("42"))
        self.assertEqual(self.refusals(), before)
        self.assertRefused(self.poll("43"), 400, "invalid_grant")

    def test_asking_faster_is_told_to_slow_down_and_counted(self):
        before = self.refusals()
        self.limit(address=2, client_address=2)
        self.faster()
        self.assertPending(self.poll())
        for _time in range(2):
            self.assertRefused(self.poll(), 400, "slow_down")
        self.assertEqual(self.refusals(), before)
        response = self.poll()
        self.assertRefused(response, 429, "temporarily_unavailable")
        self.at_its_pace()
        self.assertPending(self.poll())  # whatever failed at its address

    def test_each_sign_in_has_a_pace_of_its_own(self):
        self.faster()
        self.assertPending(self.poll())
        other = self.ask()["client_user_identity"]
        self.assertPending(self.poll(other))
        self.assertRefused(self.poll(), 400, "slow_down")

    def test_a_decision_is_told_at_any_pace(self):
        self.faster()
        self.assertPending(self.poll())
        self.decide(self.open_page(), "deny")
        self.assertDenied(self.poll())


@tagged("post_install", "-at_install")
class TestTokensOfASignIn(SignInCase):
    """After Allow: the first call gets the tokens of the sign-in."""

    def allow(self):
        """:return: the token information that the page shows"""
        shown = self.embedded(self.decide(self.open_page()))
        self.provider.calls.clear()
        return shown

    def assertGiven(self, response, shown):
        """The answer is what the page showed, and the provider was not asked."""
        given = self.assertTokens(response)
        del given["expires_in"]
        self.assertEqual(given, {k: v for k, v in shown.items() if k in given})
        self.assertEqual(len(given), len(shown) - 1)
        self.assertEqual(self.provider.calls["token"], 0)

    def later(self, **time):
        """What is kept for the application was kept so long ago."""
        cached = CachedTokenResponse(self.env, self.grant_of(self.identity))
        stored = cached._load()
        stored["until"] -= timedelta(**time).total_seconds()
        cached._store(stored)

    def test_the_first_call_gets_the_tokens_of_the_sign_in(self):
        shown = self.allow()
        self.assertGiven(self.poll(), shown)
        opened = self.bearer("/orders/oauth2/whoami", shown["access_token"])
        self.assertEqual(opened.json()["login"], self.user.login)

    def test_a_provider_without_refresh_tokens_serves_who_waits_for_its_user(self):
        self.provider.issue_refresh_token = False
        shown = self.allow()
        self.assertNotIn("refresh_token", shown)
        self.assertGiven(self.poll(), shown)
        self.later(minutes=2)
        self.assertRefused(self.poll(), 400, "invalid_grant")

    def test_a_repeated_call_within_the_grace_gets_the_same_answer(self):
        shown = self.allow()
        self.assertGiven(self.poll(), shown)
        self.later(seconds=50)
        self.assertGiven(self.poll(client_secret="demo-secret"), shown)
        self.later(seconds=15)
        refreshed = self.assertTokens(self.poll())
        self.assertNotEqual(refreshed["access_token"], shown["access_token"])
        self.assertEqual(self.provider.calls["token"], 1)

    def test_tokens_that_are_not_asked_for_in_time_are_refreshed(self):
        shown = self.allow()
        self.later(minutes=11)
        refreshed = self.assertTokens(self.poll())
        self.assertNotEqual(refreshed["access_token"], shown["access_token"])

    def test_an_access_token_that_has_ended_is_refreshed(self):
        shown = self.allow()
        cached = CachedTokenResponse(self.env, self.grant_of(self.identity))
        stored = cached._load()
        cached._store({**stored, "expires": stored["expires"] - 3601})
        refreshed = self.assertTokens(self.poll())
        self.assertNotEqual(refreshed["access_token"], shown["access_token"])

    def test_a_token_of_the_page_is_refreshed_and_not_answered_with_itself(self):
        for name in ("refresh_token", "access_token"):
            with self.row(name):
                shown = self.allow()
                sent = {"bearer": shown[name]}
                if name == "refresh_token":
                    sent = {name: shown[name]}
                refreshed = self.assertTokens(self.poll(**sent))
                self.assertNotEqual(refreshed["access_token"], shown["access_token"])
                again = self.assertTokens(self.poll())
                self.assertEqual(again["access_token"], refreshed["access_token"])
            self.asked = self.ask(self.identity)

    def test_a_script_that_followed_the_sign_in_gets_new_tokens(self):
        information = self.assertTokens(self.come_back(SCRIPT_HEADERS))
        refreshed = self.assertTokens(self.poll())
        self.assertNotEqual(refreshed["access_token"], information["access_token"])

    def test_no_access_is_given_by_a_grant_that_ended_meanwhile(self):
        self.allow()
        self.user.active = False
        self.assertRefused(self.poll(), 400, "invalid_grant")

    def test_tokens_that_are_not_asked_for_are_wiped(self):
        self.allow()
        grant = self.grant_of(self.identity)
        clean_up = CleanUp(self.env)
        clean_up.wipe_cached_token_responses(100, None)
        grant.invalidate_recordset()
        self.assertTrue(grant.sudo().cached_token_response)
        grant.authorized_at -= timedelta(minutes=12)
        self.env.flush_all()
        clean_up.wipe_cached_token_responses(100, None)
        grant.invalidate_recordset()
        self.assertFalse(grant.sudo().cached_token_response)
