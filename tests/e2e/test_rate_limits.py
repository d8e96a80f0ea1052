"""Rate limits with many callers at once, on a server of several processes."""

import unittest

import requests
from providers import QuickProvider
from server import SECRET, URL, ServerCase, at_once, log_of, sql

CALLERS = 50
LIMIT = 20


class TestExact(ServerCase):
    """Of fifty calls in the same moment as many are served as the limit says."""

    def setUp(self):
        self.provider = self.enterContext(QuickProvider())
        self.site = self.make_site().use(self.provider)
        self.tokens, self.identity = self.site.authorize()
        self.addCleanup(self.begin_anew)
        self.begin_anew()

    def limit(self, name, value):
        def set_param(value):
            name_ = f"api_auth_oauth2.limit_{name}"
            self.administrator.call("ir.config_parameter", "set_param", name_, value)

        self.addCleanup(set_param, False)
        set_param(str(value))

    def begin_anew(self):
        sql("DELETE FROM oauth2_rate_limit")

    def assertExact(self, call, status):
        """So many calls are answered with a status, and all others with 429."""
        answers = at_once(*[call] * CALLERS)
        statuses = [answer.status_code for answer in answers]
        self.assertEqual(statuses.count(status), LIMIT, statuses)
        self.assertEqual(statuses.count(429), CALLERS - LIMIT, statuses)
        for answer in answers:
            if answer.status_code == 429:
                self.assertEqual(answer.json()["error"], "temporarily_unavailable")
                self.assertIn(int(answer.headers["Retry-After"]), range(1, 61))

    def hits(self):
        return sorted(hits for [hits] in sql("SELECT hits FROM oauth2_rate_limit"))

    def test_authorize_without_a_secret(self):
        self.limit("client_address", LIMIT)
        self.assertExact(lambda: self.site.call("provider/authorize", {}), 200)
        made = "SELECT count(*) FROM oauth2_authorization_request WHERE api_id = %s"
        self.assertEqual(sql(made, self.site.api_id), [(LIMIT + 1,)])  # one in setUp

    def test_wrong_secrets_on_token(self):
        self.limit("address", LIMIT)
        body = {"client_user_identity": "1", "client_secret": "guess"}
        self.assertExact(lambda: self.site.call("token", body), 401)

    def test_guesses_on_revoke(self):
        self.limit("client_address", LIMIT)
        self.assertExact(lambda: self.site.revoke("cui_guess"), 400)
        self.assertEqual(self.grants(self.site), 1)

    def test_proven_callers_of_one_client(self):
        self.limit("client", LIMIT)
        body = {"client_secret": SECRET}
        self.assertExact(lambda: self.site.refresh(self.identity, **body), 200)
        self.assertEqual(self.provider.calls["token"], 2)  # with the sign-in's

    def test_proven_calls_of_one_user(self):
        self.limit("user", LIMIT)
        self.assertExact(lambda: self.site.refresh(self.identity), 200)
        self.assertEqual(self.provider.calls["token"], 2)

    def test_every_place_is_given_back(self):
        answers = at_once(*[lambda: self.site.refresh(self.identity)] * CALLERS)
        self.assertEqual({answer.status_code for answer in answers}, {200})
        self.assertEqual(self.hits(), [0, 0, CALLERS, CALLERS])

    def test_guesses_and_callers_at_once(self):
        """Whoever guesses takes nothing from the callers of another client."""
        self.limit("client_address", LIMIT)
        other = self.make_site().use(self.provider)
        guess = [lambda: self.site.revoke("cui_guess")] * CALLERS
        call = [lambda: other.ask()["authorization_url"]] * LIMIT
        answers = at_once(*guess, *call)
        statuses = [answer.status_code for answer in answers[:CALLERS]]
        self.assertEqual(statuses.count(400), LIMIT, statuses)
        self.assertTrue(all(answers[CALLERS:]))

    def test_one_event_for_all(self):
        self.limit("client_address", 1)
        since = sql("SELECT coalesce(max(id), 0) FROM oauth2_event")[0][0]
        at_once(*[lambda: self.site.revoke("cui_guess")] * CALLERS)
        told = sql(
            "SELECT reason FROM oauth2_event WHERE id > %s AND error = %s",
            since,
            "temporarily_unavailable",
        )
        self.assertEqual(told, [("rate limit: client_address, 1 a minute",)])


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
        sql("DELETE FROM oauth2_rate_limit")
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
        self.assertEqual(sql("SELECT count(*) FROM oauth2_rate_limit"), [(0,)])


class TestProxy(ServerCase):
    def test_without_proxy_mode_a_forwarded_address_is_nothing(self):
        site = self.make_site()
        sql("DELETE FROM oauth2_rate_limit")
        for number in range(3):
            headers = {
                "X-Forwarded-For": f"192.0.2.{number}",
                "X-Forwarded-Host": URL.partition("://")[2],
            }
            answer = requests.post(
                f"{URL}/{site.endpoint}/oauth2/token",
                json={"client_id": "x", "client_user_identity": "1"},
                headers=headers,
                timeout=60,
            )
            self.assertRefused(answer, 401, "invalid_client")
        # One counter for the address, one for client and address.
        self.assertEqual(sql("SELECT hits FROM oauth2_rate_limit"), [(3,), (3,)])


if __name__ == "__main__":
    unittest.main()
