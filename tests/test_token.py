import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..services.jobs.clean_up import CleanUp
from .common import OAuth2Case, basic_authorization


@tagged("post_install", "-at_install")
class TokenCase(OAuth2Case):
    """A grant, signed in with an identity that the client chose: ``42``."""

    own_identity = "42"

    def setUp(self):
        super().setUp()
        self.information, self.identity = self.authorize(self.own_identity)
        self.names = {"client_id": "demo-app", "client_user_identity": self.identity}
        self.provider.calls.clear()

    @property
    def grant(self):
        return self.grant_of(self.identity)

    def send(self, name, **options):
        return super().send(name, **{**self.names, **options})

    def refresh(self, bearer=None, **options):
        return self.send("token", bearer=bearer, **options)

    def by_secret(self, **body):
        return self.refresh(client_secret="demo-secret", **body)

    def refreshed(self, response):
        """The token information of an answer."""
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def age(self, **seconds):
        """Let time go by: what the database remembers moves into the past."""
        delta = timedelta(**seconds)
        grant = self.grant
        if grant.last_refresh_at:
            grant.last_refresh_at -= delta
        for token in grant.token_ids:
            token.expires_at -= delta
            if token.rotated_at:
                token.rotated_at -= delta

    def stored(self):
        """:return: what grant and tokens hold"""
        fields = self.grant._fields.values()
        names = {field.name for field in fields if field.store and field.prefetch}
        [grant] = self.grant.read(
            names - {"refresh_began_at", "write_date", "write_uid"}
        )
        return grant, self.grant.token_ids.read()

    def assertUnchanged(self, call, calls=0):
        """A refused call leaves grant and tokens as they were.

        But for the note that the provider was asked: see ``test_refresh_records``.

        :return: the response
        """
        before = self.stored()
        response = call()
        self.assertEqual(self.stored(), before)
        self.assertEqual(self.provider.calls["token"], calls)
        return response


class TestToken(TokenCase):
    """``POST /<api>/oauth2/token``: new token information for a grant."""

    def test_a_refresh_answers_the_provider_s_answer_plus_db_and_login(self):
        answer = {
            "access_token": "new-token",
            "token_type": "bearer",
            "refresh_token": "new-refresh-token",
            "scope": "email  custom",
            "custom": {"nested": [1, None, "é"]},
            "login": "theirs",
        }
        self.provider.answer("token", json={**answer, "expires_in": "600"})
        response = self.by_secret()
        information = self.refreshed(response)
        end = information.pop("expires_at")
        self.assertIs(type(end), int)
        self.assertTrue(580 <= end - time.time() <= 600)
        self.assertIs(type(information["expires_in"]), int)
        self.assertTrue(580 <= information.pop("expires_in") <= 600)
        self.assertEqual(
            information,
            {**answer, "db": self.env.cr.dbname, "login": self.user.login},
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertEqual(response.headers["Pragma"], "no-cache")
        self.assertNotIn("Set-Cookie", response.headers)

    def test_the_provider_is_sent_its_refresh_token(self):
        """RFC 6749 section 6"""
        self.refreshed(self.by_secret())
        request = self.provider.requests[-1]
        self.assertEqual(request["endpoint"], "token")
        self.assertEqual(
            request["params"],
            {
                "grant_type": "refresh_token",
                "refresh_token": self.information["refresh_token"],
            },
        )

    def test_the_grant_type_of_a_refresh_may_be_left_out(self):
        for grant_type in (None, "", "refresh_token"):
            self.refreshed(self.by_secret(grant_type=grant_type))

    def test_token_refuses_another_grant_type(self):
        """RFC 6749 section 5.2"""
        for grant_type in (
            "authorization_code",
            "client_credentials",
            "password",
            "REFRESH_TOKEN",
            "urn:ietf:params:oauth:grant-type:device_code",
        ):
            response = self.assertUnchanged(
                lambda kind=grant_type: self.by_secret(grant_type=kind)
            )
            self.assertRefused(response, 400, "unsupported_grant_type")

    def test_token_takes_a_form(self):
        response = self.url_open(
            "/orders/oauth2/token",
            data={**self.names, "client_secret": "demo-secret"},
        )
        self.refreshed(response)

    def test_the_api_s_lifetime_counts_at_a_refresh(self):
        self.api.access_token_lifetime = 90
        information = self.refreshed(self.by_secret())
        self.assertTrue(70 <= information["expires_in"] <= 90)

    def test_the_new_access_token_opens_routes(self):
        information = self.refreshed(self.by_secret())
        response = self.bearer("/orders/partners", information["access_token"])
        self.assertEqual(response.status_code, 200, response.text)

    def test_a_rotated_access_token_opens_routes_for_at_most_60_seconds(self):
        old = self.information["access_token"]
        self.refreshed(self.by_secret())
        self.assertEqual(self.bearer("/orders/partners", old).status_code, 200)
        token = self.grant.token_ids.filtered("rotated_at").filtered(
            lambda t: t.kind == "access"
        )
        left = token.expires_at - fields.Datetime.now()
        self.assertLessEqual(left.total_seconds(), 60)
        token.expires_at -= timedelta(hours=1)
        response = self.bearer("/orders/partners", old)
        self.assertRefused(response, 401, "invalid_token")

    def test_a_rotated_access_token_never_lives_longer_than_before(self):
        token = self.grant._current_token("access")
        token.expires_at = end = fields.Datetime.now() + timedelta(seconds=20)
        self.refreshed(self.by_secret())
        self.assertEqual(token.expires_at, end)

    def test_the_old_refresh_token_is_kept_if_none_came(self):
        self.provider.rotate = False
        information = self.refreshed(self.by_secret())
        self.assertNotIn("refresh_token", information)
        self.age(seconds=100)
        self.refreshed(self.by_secret())
        self.assertEqual(
            self.provider.requests[-1]["params"]["refresh_token"],
            self.information["refresh_token"],
        )

    def test_a_refresh_token_in_use_lives_on(self):
        self.provider.rotate = False
        token = self.grant._current_token("refresh")
        token.expires_at = fields.Datetime.now() + timedelta(seconds=100)
        self.refreshed(self.by_secret())
        token.invalidate_recordset()
        left = token.expires_at - fields.Datetime.now()
        self.assertAlmostEqual(
            left.total_seconds(), self.api.refresh_token_lifetime, delta=30
        )

    def test_the_rotated_refresh_token_replaces_the_old_one(self):
        first = self.refreshed(self.by_secret())
        self.assertNotEqual(first["refresh_token"], self.information["refresh_token"])
        left = self.grant._current_token("refresh").expires_at - fields.Datetime.now()
        lifetime = self.api.refresh_token_lifetime
        self.assertAlmostEqual(left.total_seconds(), lifetime, delta=30)
        self.age(seconds=100)
        self.refreshed(self.by_secret())
        self.assertEqual(
            self.provider.requests[-1]["params"]["refresh_token"],
            first["refresh_token"],
        )

    def test_rotated_tokens_are_deleted_not_revoked(self):
        self.refreshed(self.by_secret())
        self.age(seconds=100)
        self.refreshed(self.by_secret())
        self.tell_providers()
        self.assertEqual(self.provider.calls["revocation"], 0)
        # Those of the first refresh are forgotten by the job, not by the second one.
        self.age(seconds=-100)
        self.grant.token_ids.filtered("rotated_at").sorted("rotated_at")[
            :2
        ].rotated_at = "2020-01-01"
        CleanUp(self.env).forget_tokens(100, None)
        rotated = self.grant.token_ids.filtered("rotated_at")
        # Access tokens are kept for the grant's revocation: see test_revoke.
        kinds = sorted(rotated.mapped("kind"))
        self.assertEqual(kinds, ["access", "access", "refresh"])
        refresh = rotated.filtered(lambda token: token.kind == "refresh")
        self.assertFalse(refresh.sudo().value)


class TestTokenStoredAnswer(TokenCase):
    """Who crossed another one's refresh gets the same answer, from the store."""

    def assertSameAnswer(self, response, first, without=()):
        again = self.refreshed(response)
        for name in ("expires_in", *without):
            again.pop(name, None)
            first = {key: first[key] for key in first if key != name}
        self.assertEqual(again, first)
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_second_refresh_within_5_seconds_gets_the_same_answer(self):
        first = self.refreshed(self.by_secret())
        self.assertSameAnswer(self.by_secret(), first)
        self.age(seconds=2)
        self.assertSameAnswer(self.refresh(headers=basic_authorization()), first)
        self.age(seconds=4)
        second = self.refreshed(self.by_secret())
        self.assertNotEqual(second["access_token"], first["access_token"])
        self.assertEqual(self.provider.calls["token"], 2)

    def test_a_rotated_access_token_gets_the_same_answer_for_60_seconds(self):
        old = self.information["access_token"]
        first = self.refreshed(self.refresh(bearer=old))
        self.assertSameAnswer(self.refresh(bearer=old), first)
        self.age(seconds=45)
        self.assertSameAnswer(self.refresh(bearer=old), first)
        self.age(seconds=20)
        self.assertRefused(self.refresh(bearer=old), 400, "invalid_grant")
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_token_rotated_before_60_seconds_proves_no_refresh(self):
        old = self.information["access_token"]
        self.refreshed(self.by_secret())
        self.age(seconds=50)
        self.refreshed(self.by_secret())
        self.age(seconds=15)
        self.assertRefused(self.refresh(bearer=old), 400, "invalid_grant")
        self.assertEqual(self.provider.calls["token"], 2)

    def test_a_rotated_refresh_token_gets_the_same_answer_for_60_seconds(self):
        old = self.information["refresh_token"]
        first = self.refreshed(self.refresh(refresh_token=old))
        self.age(seconds=45)
        self.assertSameAnswer(self.refresh(refresh_token=old), first)
        self.age(seconds=20)
        self.assertRefused(self.refresh(refresh_token=old), 400, "invalid_grant")

    def test_a_cached_answer_to_an_access_token_has_no_refresh_token(self):
        first = self.refreshed(self.by_secret())
        self.assertIn("refresh_token", first)
        self.assertSameAnswer(
            self.refresh(bearer=self.information["access_token"]),
            first,
            without=["refresh_token"],
        )

    def test_the_current_token_always_gets_a_new_answer(self):
        first = self.refreshed(self.by_secret())
        second = self.refreshed(self.refresh(bearer=first["access_token"]))
        self.assertEqual(self.provider.calls["token"], 2)
        self.assertNotEqual(second["access_token"], first["access_token"])
        current = self.refreshed(self.by_secret())["refresh_token"]
        self.assertEqual(self.provider.calls["token"], 2)
        third = self.refreshed(self.refresh(refresh_token=current))
        self.assertEqual(self.provider.calls["token"], 3)
        self.assertNotEqual(third["access_token"], second["access_token"])

    def test_a_rotated_token_without_cached_answer_is_refused(self):
        self.refreshed(self.by_secret())
        self.grant.sudo().cached_token_response = False
        response = self.refresh(bearer=self.information["access_token"])
        self.assertRefused(response, 400, "invalid_grant")
