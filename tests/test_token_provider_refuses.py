"""A provider that refuses a refresh token: who is told what, and what is left."""

from odoo.tests import tagged

from ..protocol import back_off
from ..protocol.parameters import MAX_BODY
from .test_token import TokenCase

_HTML = {"body": b"<h1>Bad Request</h1>", "headers": {"Content-Type": "text/html"}}
#: Answers that say no, but not that the grant is over.
REFUSALS = {
    "400 with an empty body": {"status": 400},
    "400 with an HTML page": {"status": 400, **_HTML},
    "invalid_request": {"status": 400, "json": {"error": "invalid_request"}},
    "an unknown error": {"status": 400, "json": {"error": "oops"}},
    "an unknown error with 200": {"json": {"error": "oops"}},
    "a number as error": {"status": 400, "json": {"error": 4001}},
    "a number as error, with 200": {"json": {"error": 4001}},
    "an object as error": {"status": 400, "json": {"error": {"code": 190}}},
    "403 without an error": {"status": 403},
}
#: By these words providers say ``invalid_grant``.
ENDS = {
    "invalid_grant": {"status": 400, "json": {"error": "invalid_grant"}},
    "invalid_grant with 403": {"status": 403, "json": {"error": "invalid_grant"}},
    "invalid_code with 200": {"json": {"error": "invalid_code"}},
    "invalid_refresh_token": {"json": {"ok": False, "error": "invalid_refresh_token"}},
    "bad_refresh_token": {"json": {"error": "bad_refresh_token"}},
    "invalid_token with 401": {"status": 401, "json": {"error": "invalid_token"}},
}
OF_THE_CLIENT = {
    "invalid_client": {"status": 401, "json": {"error": "invalid_client"}},
    "unauthorized_client": {"status": 400, "json": {"error": "unauthorized_client"}},
    "bad_client_secret": {"json": {"error": "bad_client_secret"}},
    "401 without a word": {"status": 401},
    "401 access_denied": {"status": 401, "json": {"error": "access_denied"}},
}
LATER = {
    "slow_down": {"status": 400, "json": {"error": "slow_down"}},
    "server_error": {"status": 400, "json": {"error": "server_error"}},
    "temporarily_unavailable": {"json": {"error": "temporarily_unavailable"}},
    "429": {"status": 429, "json": {"error": "invalid_grant"}},
    "408": {"status": 408},
}


@tagged("post_install", "-at_install")
class TestTokenProviderRefuses(TokenCase):
    def last_event(self):
        self.env.invalidate_all()
        return self.env["oauth2.event"].search([], limit=1)

    def assertKept(self, answers, status, error):
        for name, answer in answers.items():
            with self.subTest(name):
                self.provider.calls.clear()
                self.provider.answer("token", **answer)
                self.pause()
                response = self.assertUnchanged(self.by_secret, calls=1)
                self.assertRefused(response, status, error)
        token = self.information["access_token"]
        opened = self.bearer("/orders/partners", token)
        self.assertEqual(opened.status_code, 200, opened.text)
        self.provider.behave()
        self.pause()
        self.refreshed(self.by_secret())

    def test_any_refusal_tells_to_authorize_again_and_keeps_the_grant(self):
        self.assertKept(REFUSALS, 400, "invalid_grant")

    def test_a_refusal_of_the_client_is_the_administrator_s(self):
        self.assertKept(OF_THE_CLIENT, 502, "server_error")

    def test_a_refusal_for_now_is_temporary(self):
        self.assertKept(LATER, 503, "temporarily_unavailable")

    def test_an_address_where_no_token_endpoint_is_is_the_administrator_s(self):
        self.assertKept(
            {"404": {"status": 404}, "405": {"status": 405, **_HTML}},
            502,
            "server_error",
        )

    def test_other_words_for_invalid_grant_end_the_grant_too(self):
        for name, answer in ENDS.items():
            with self.subTest(name):
                self.provider.answer("token", **answer)
                self.assertRefused(self.by_secret(), 400, "invalid_grant")
                self.assertEqual(self.grant.state, "expired")
                self.provider.behave()
                self.authorize(self.identity)

    def test_the_provider_s_words_are_in_the_event_not_in_the_answer(self):
        words = "Refresh token was inactive for 90 days"
        for code in ("invalid_request", "invalid_grant"):
            answer = {"error": code, "error_description": words}
            self.provider.answer("token", status=400, json=answer)
            response = self.by_secret()
            self.assertRefused(response, 400, "invalid_grant")
            self.assertNotIn(words, response.text)
            self.assertIn(f"{code}: {words}", self.last_event().reason)
        ended = self.env["oauth2.event"].search([("kind", "=", "end")])
        self.assertIn("the provider ended it: the provider answered", ended.reason)
        self.assertIn(words, ended.reason)

    def test_a_number_as_error_is_told_of_too(self):
        self.provider.answer("token", status=400, json={"error": 4001})
        self.by_secret()
        self.assertIn("status 400 and error 4001", self.last_event().reason)

    def test_the_grant_remembers_who_ended_it(self):
        self.provider.answer("token", **ENDS["invalid_grant"])
        self.by_secret()
        self.assertEqual(self.grant.ended_by, "provider")

    def test_an_error_that_says_nothing_is_left_out(self):
        for nothing in ("", None, 0, False, {}):
            self.provider.token_answer_override = {"error": nothing}
            self.refreshed(self.by_secret())
            self.age(seconds=6)


@tagged("post_install", "-at_install")
class TestTokenRetryAfter(TokenCase):
    """RFC 9110 section 10.2.3: who asks to be left alone is, by every caller."""

    def setUp(self):
        super().setUp()
        self.other, self.other_identity = self.authorize("43")
        self.provider.calls.clear()

    def by_other(self):
        return self.by_secret(client_user_identity=self.other_identity)

    def assertLeftAlone(self, response, most):
        self.assertRefused(response, 503, "temporarily_unavailable")
        self.assertIn(int(response.headers["Retry-After"]), range(1, most + 1))

    def test_no_other_caller_asks_before_its_time(self):
        for status in (503, 429):
            with self.subTest(status):
                back_off.requests_to_wait.clear()
                headers = {"Retry-After": "77"}
                self.provider.answer("token", status=status, headers=headers)
                self.assertLeftAlone(self.by_secret(), 77)
                self.pause()
                self.provider.behave()
                self.provider.calls.clear()
                self.assertLeftAlone(self.by_secret(), 77)
                self.assertLeftAlone(self.by_other(), 77)
                self.assertEqual(self.provider.calls["token"], 0)
                other = self.grant_of(self.other_identity)
                self.assertFalse(other.refresh_began_at, "nothing was sent")

    def test_once_the_time_is_over_it_is_asked_again(self):
        headers = {"Retry-After": "77"}
        self.provider.answer("token", status=503, headers=headers)
        self.assertLeftAlone(self.by_secret(), 77)
        self.pause()
        self.provider.behave()
        clock = back_off.requests_to_wait.clock
        self.patch(back_off.requests_to_wait, "clock", lambda: clock() + 78)
        self.refreshed(self.by_other())
        self.refreshed(self.by_secret())

    def test_a_very_long_time_is_an_hour_for_others(self):
        headers = {"Retry-After": "86400"}
        self.provider.answer("token", status=503, headers=headers)
        self.by_secret()
        self.assertLeftAlone(self.by_other(), 3600)

    def test_too_many_calls_of_one_client_are_no_other_client_s(self):
        headers = {"Retry-After": "77"}
        self.provider.answer("token", status=429, headers=headers)
        self.by_secret()
        self.provider.behave()
        self.provider.client_id = "other-app"
        other = self.make_client(
            self.api, self.provider_record, client_identifier="other-app"
        )
        _information, identity = self.authorize("44", client_id=other.client_identifier)
        names = {"client_id": "other-app", "client_user_identity": identity}
        self.refreshed(self.by_secret(**names))

    def test_a_sign_in_is_finished_all_the_same(self):
        headers = {"Retry-After": "77"}
        self.provider.answer("token", status=503, headers=headers)
        self.by_secret()
        self.provider.behave()
        self.authorize("45")


@tagged("post_install", "-at_install")
class TestTokenLongTokens(TokenCase):
    """What is stored of a provider proves later what it should."""

    def test_tokens_of_sixteen_kibibytes_prove(self):
        size = 16 * 1024
        for index, length in enumerate((8 * 1024 + 1, size)):
            with self.subTest(length):
                text = f"{index}x" * (length // 2) + "y" * (length % 2)
                self.provider.token_answer_override = {"refresh_token": text}
                self.information, self.identity = self.authorize(f"long {index}")
                self.names["client_user_identity"] = self.identity
                self.provider.token_answer_override = {}
                self.provider.grants[-1]["refresh"].append(text)
                self.assertLess(len(text), MAX_BODY)
                self.refreshed(self.refresh(refresh_token=text))

    def test_a_longer_one_is_not_stored(self):
        override = {"refresh_token": "x" * (16 * 1024 + 1)}
        self.provider.token_answer_override = override
        self.assertRefused(self.by_secret(), 502, "server_error")
