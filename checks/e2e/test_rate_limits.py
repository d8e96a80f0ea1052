"""Rate limits with many callers at once, on a server of several processes."""

import unittest

from providers import QuickProvider
from server import ServerCase, at_once, log_of, sql

CALLERS = 60
LIMIT = 3
PROCESSES = 8  # at most that many answer
_TOLD = (
    "More than 1 calls a minute of one client and address failed or were not"
    " authenticated."
)


class TestEachProcess(ServerCase):
    """Each process serves as many calls as the limit says, and no call more."""

    def setUp(self):
        self.provider = self.enterContext(QuickProvider())
        self.site = self.make_site().use(self.provider)
        self.tokens, self.identity = self.site.authorize()

    def limit(self, name, value):
        def set_param(value):
            name_ = f"api_auth_oauth2.limit_{name}"
            self.administrator.call("ir.config_parameter", "set_param", name_, value)

        self.addCleanup(set_param, False)
        set_param(str(value))

    def assertLimited(self, call, status, least=LIMIT):
        """All calls have a status, or 429; return how many were served."""
        answers = at_once(*[call] * CALLERS)
        statuses = [answer.status_code for answer in answers]
        self.assertLessEqual(set(statuses), {status, 429})
        served = statuses.count(status)
        self.assertIn(served, range(least, LIMIT * PROCESSES + 1), statuses)
        for answer in answers:
            if answer.status_code == 429:
                self.assertEqual(answer.json()["error"], "temporarily_unavailable")
                self.assertIn(int(answer.headers["Retry-After"]), range(1, 61))
        return served

    def test_calls_of_authorize_at_once_meet_the_limit_of_each_process(self):
        self.limit("client_address", LIMIT)
        served = self.assertLimited(
            lambda: self.site.call("provider/authorize", {}), 200, least=LIMIT - 1
        )
        made = "SELECT count(*) FROM oauth2_authorization_request WHERE api_id = %s"
        self.assertEqual(sql(made, self.site.api_id), [(served + 1,)])  # one in setUp

    def test_wrong_secrets_on_token_at_once_meet_the_limit_of_each_process(self):
        self.limit("client_address", LIMIT)
        body = {"client_user_identity": "1", "client_secret": "guess"}
        self.assertLimited(lambda: self.site.call("token", body), 401, least=LIMIT - 1)

    def test_proofs_are_served_while_guesses_are_refused(self):
        self.limit("client_address", LIMIT)
        self.assertLimited(lambda: self.site.revoke("cui_guess"), 400, least=LIMIT - 1)
        own = [lambda: self.site.refresh(self.identity)] * CALLERS
        self.assertEqual({one.status_code for one in at_once(*own)}, {200})
        self.assertEqual(self.provider.calls["token"], 2)  # with the sign-in's
        self.assertEqual(self.site.revoke(self.identity).status_code, 200)

    def test_a_reached_rate_limit_writes_one_event_for_each_process(self):
        self.limit("client_address", 1)
        since = sql("SELECT coalesce(max(id), 0) FROM oauth2_event")[0][0]
        at_once(*[lambda: self.site.revoke("cui_guess")] * CALLERS)
        told = sql(
            "SELECT reason FROM oauth2_event WHERE id > %s AND error = %s",
            since,
            "temporarily_unavailable",
        )
        self.assertEqual(set(told), {(_TOLD,)})
        self.assertLessEqual(len(told), PROCESSES)


class TestRefusedTokens(ServerCase):
    """Each process counts the tokens that it refused, and writes nothing."""

    def setUp(self):
        self.provider = self.enterContext(QuickProvider())
        self.site = self.make_site().use(self.provider)
        self.tokens, _identity = self.site.authorize()

    def test_valid_tokens_are_served_while_others_are_refused(self):
        name = "api_auth_oauth2.limit_refused_tokens"
        self.administrator.call("ir.config_parameter", "set_param", name, "5")
        self.addCleanup(
            self.administrator.call, "ir.config_parameter", "set_param", name, False
        )
        lines = len(log_of("tokens of 127.0.0.1 were refused"))
        refused = [lambda: self.site.partners("made-up").status_code] * 200
        valid = [
            lambda: self.site.partners(self.tokens["access_token"]).status_code
        ] * 20
        statuses = at_once(*refused[:30], *valid) + [call() for call in refused[30:]]
        self.assertEqual(set(statuses[30:50]), {200})
        self.assertLessEqual(set(statuses[:30] + statuses[50:]), {401, 429})
        self.assertGreater(statuses.count(429), 50)
        # At most one line for each process, not one for each call; none where another
        # test has just used up the window.
        new = len(log_of("tokens of 127.0.0.1 were refused")) - lines
        self.assertIn(new, range(17))


if __name__ == "__main__":
    unittest.main()
