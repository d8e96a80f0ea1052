"""What may happen once only, tried by many at once, on several processes."""

import hashlib

from providers import QuickProvider
from server import ConfirmationPage, ServerCase, at_once, log_of, sql, visit

CALLERS = 20


class OnceOnly(ServerCase):
    def setUp(self):
        self.provider = self.enterContext(QuickProvider())
        self.site = self.make_site().use(self.provider)

    def assertOneSucceeds(self, answers, error):
        """One answer is a success, the others the same refusal; return the one."""
        successes = [answer for answer in answers if answer.status_code == 200]
        self.assertEqual(len(successes), 1, [answer.text for answer in answers])
        answers.remove(successes[0])
        for answer in answers:
            self.assertRefused(answer, 400, error)
        return successes[0]

    def callback(self):
        """Return the address at which a sign-in comes back."""
        return self.site.sign_in(self.site.ask()["authorization_url"])


class TestCallback(OnceOnly):
    def test_one_of_many_callbacks_with_one_state_succeeds(self):
        url = self.callback()
        answers = at_once(*[lambda: visit(url)] * CALLERS)
        told = self.assertOneSucceeds(answers, "invalid_request").json()
        self.assertEqual(self.provider.calls["token"], 1)
        self.assertOpens(self.site, told["access_token"])
        self.assertEqual(self.grants(self.site), 1)

    def test_sign_ins_of_different_users_do_not_disturb_each_other(self):
        urls = [self.callback() for _user in range(CALLERS)]
        answers = at_once(*[lambda url=url: visit(url) for url in urls])
        self.assertEqual({answer.status_code for answer in answers}, {200})
        self.assertEqual(self.grants(self.site), CALLERS)
        for answer in answers:
            self.assertOpens(self.site, answer.json()["access_token"])

    def sign_in_at_once(self, identity):
        """Finish several sign-ins of one identity in the same moment."""
        asked = [self.site.ask(identity) for _number in range(6)]
        urls = [self.site.sign_in(one["authorization_url"]) for one in asked]
        self.provider.calls.clear()
        answers = at_once(*[lambda url=url: visit(url) for url in urls])
        self.assertEqual({answer.status_code for answer in answers}, {200})
        # Odoo reruns those that met: a code can be exchanged only once.
        self.assertEqual(self.provider.calls["token"], len(urls))
        refreshed = self.site.refresh(identity, refresh_token=self.newest(answers))
        self.assertEqual(refreshed.status_code, 200, refreshed.text)

    def newest(self, answers):
        """Return the one refresh token that Odoo has kept of several sign-ins."""
        tokens = [answer.json()["refresh_token"] for answer in answers]
        by_digest = {hashlib.sha256(one.encode()).hexdigest(): one for one in tokens}
        [[digest]] = sql(
            "SELECT digest FROM oauth2_token"
            " WHERE digest IN %s AND rotated_at IS NULL AND kind = 'refresh'",
            tuple(by_digest),
        )
        return by_digest[digest]

    def test_sign_ins_of_one_identity_at_once_renew_one_grant(self):
        _tokens, identity = self.site.authorize("user-42")
        self.sign_in_at_once(identity)
        self.assertEqual(self.grants(self.site), 1)

    def test_sign_ins_of_a_new_identity_at_once_make_one_grant(self):
        reruns = len(log_of("tries left, try again"))
        for number in range(1, 11):
            self.sign_in_at_once(f"user-{number}")
            self.assertEqual(self.grants(self.site), number)
            if len(log_of("tries left, try again")) > reruns:
                return
        self.fail("they never met")


class TestDecision(OnceOnly):
    """The buttons of the confirmation page, pressed more than once."""

    def setUp(self):
        super().setUp()
        self.press = ConfirmationPage(self.callback()).press

    def assertRefused(self, answer, status, error):
        # It is a page that says so, or that another press was allowed already.
        self.assertEqual(answer.status_code, status, answer.text)
        self.assertRegex(answer.text, f"{error}|access was granted")

    def test_one_of_many_allows_succeeds(self):
        answers = at_once(*[lambda: self.press("allow")] * CALLERS)
        page = self.assertOneSucceeds(answers, "invalid_request")
        self.assertIn('id="token-information"', page.text)
        self.assertEqual(self.grants(self.site), 1)

    def test_of_allow_and_deny_one_counts(self):
        answers = at_once(
            *[lambda: self.press("allow"), lambda: self.press("deny")] * (CALLERS // 2)
        )
        page = self.assertOneSucceeds(answers, "invalid_request")
        allowed = 'id="token-information"' in page.text
        self.assertEqual(self.grants(self.site), int(allowed))
        query = "SELECT kind FROM oauth2_event WHERE client_id = %s AND kind IN %s"
        events = sql(query, self.site.client_id, ("sign_in", "deny"))
        self.assertEqual(events, [("sign_in" if allowed else "deny",)])


class TestRevocation(OnceOnly):
    def test_one_of_many_revocations_succeeds(self):
        _tokens, identity = self.site.authorize()
        answers = at_once(*[lambda: self.site.revoke(identity)] * CALLERS)
        told = self.assertOneSucceeds(answers, "invalid_grant").json()
        self.assertEqual(told, {"revoked": True, "provider_revoked": True})
        self.assertEqual(self.provider.calls["revocation"], 2)  # of two tokens
