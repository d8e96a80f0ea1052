import json
from datetime import timedelta
from urllib.parse import urlencode

from odoo import fields
from odoo.tests import tagged

from ..services.jobs.clean_up import CleanUp
from ..services.tokens import grant_tokens
from ..services.tokens.grant_lock import GrantLock
from ..services.tokens.grant_tokens import GrantTokens
from .test_token import TokenCase


@tagged("post_install", "-at_install")
class RevokeCase(TokenCase):
    def revoke(self, **options):
        return self.send("revoke", **options)

    def told(self):
        """What the provider was asked to revoke, in order."""
        return [
            (request["params"]["token_type_hint"], request["params"]["token"])
            for request in self.provider.requests
            if request["endpoint"] == "revocation"
        ]

    @property
    def pending(self):
        self.env.invalidate_all()
        return self.env["oauth2.revocation"].search(
            [("client_id", "=", self.client.id)]
        )

    def assertRevoked(self, response, at_provider=True):
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(
            response.json(), {"revoked": True, "provider_revoked": at_provider}
        )
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        self.assertGone()

    def assertGone(self):
        self.assertFalse(self.grant)
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertRefused(answer, 401, "invalid_token")

    def assertKept(self, response, status, error):
        self.assertRefused(response, status, error)
        self.assertTrue(self.grant)
        self.assertFalse(self.told())
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)


class TestRevoke(RevokeCase):
    """``GET|POST /<api>/oauth2/revoke``: the grant ends here and at the provider."""

    def test_revoke_by_get_and_post_with_json_or_form_is_the_same(self):
        for number, (method, media_type, write) in enumerate(
            (
                ("GET", "application/json", json.dumps),
                ("POST", "application/json", json.dumps),
                ("GET", "application/x-www-form-urlencoded", urlencode),
                ("POST", "application/x-www-form-urlencoded", urlencode),
            )
        ):
            with self.subTest(method=method, media_type=media_type):
                self.information, self.identity = self.authorize(f"user {number}")
                self.names["client_user_identity"] = self.identity
                response = self.url_open(
                    "/orders/oauth2/revoke",
                    data=write({**self.names, "client_secret": "demo-secret"}),
                    method=method,
                    headers={"Content-Type": media_type},
                )
                self.assertRevoked(response)

    def test_a_revocation_tells_the_provider_refresh_then_access_token(self):
        """RFC 7009 section 2.1"""
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual(
            self.told(),
            [
                ("refresh_token", self.information["refresh_token"]),
                ("access_token", self.information["access_token"]),
            ],
        )
        self.assertFalse(self.provider.grants)
        self.assertFalse(self.pending)

    def refreshed_again(self):
        """:return: the tokens of the sign-in and of two refreshes, the newest last"""
        found = [self.information]
        for _time in range(2):
            token = found[-1]["refresh_token"]
            found.append(self.refreshed(self.refresh(refresh_token=token)))
        self.age(seconds=120)
        self.env.flush_all()
        return found

    def rotated(self, kind="access"):
        return self.grant.token_ids.filtered(
            lambda token: token.kind == kind and token.rotated_at
        )

    def test_a_revocation_tells_of_access_tokens_that_refreshes_rotated(self):
        """At some providers they live on; their rotated refresh tokens do not."""
        oldest, old, new = self.refreshed_again()
        CleanUp(self.env).forget_tokens(100, None)
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        tokens = [new["refresh_token"]]
        tokens += [each["access_token"] for each in (new, old, oldest)]
        self.assertEqual([token for _hint, token in self.told()], tokens)

    def test_a_rotated_token_that_is_kept_opens_and_proves_nothing(self):
        for text in [each["access_token"] for each in self.refreshed_again()[:2]]:
            answer = self.bearer("/orders/partners", text)
            self.assertRefused(answer, 401, "invalid_token")
            for call in (self.refresh, self.revoke):
                self.assertRefused(call(bearer=text), 400, "invalid_grant")
        self.assertEqual(len(self.rotated()), 2)

    def test_a_rotated_token_is_kept_no_longer_than_the_provider_honours_it(self):
        self.refreshed_again()
        kept, over = self.rotated()
        over.revocable_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertNotIn(over, GrantTokens(self.env).revocable(self.grant))
        CleanUp(self.env).forget_tokens(100, None)
        self.assertEqual(self.rotated(), kept)

    def test_no_rotated_token_is_kept_where_the_provider_cannot_revoke_it(self):
        self.provider_record.revocation_endpoint = False
        self.refreshed_again()
        CleanUp(self.env).forget_tokens(100, None)
        self.assertFalse(self.rotated())

    def test_of_rotated_tokens_the_youngest_are_kept(self):
        self.patch(grant_tokens, "_KEPT", 1)
        _oldest, old, new = self.refreshed_again()
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        tokens = [new["refresh_token"], new["access_token"], old["access_token"]]
        self.assertEqual([token for _hint, token in self.told()], tokens)

    def test_where_the_provider_says_no_end_a_rotated_token_is_kept_with_its_grant(
        self,
    ):
        self.provider.expires_in = None
        self.information, _identity = self.authorize(self.identity)
        self.refreshed_again()
        self.assertIn(self.grant.expires_at, self.rotated().mapped("revocable_until"))

    def test_a_revocation_tells_of_the_refresh_token_of_an_earlier_sign_in(self):
        new, _identity = self.authorize(self.identity)
        self.age(seconds=120)
        CleanUp(self.env).forget_tokens(100, None)
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual(
            self.told(),
            [
                (hint, information[hint])
                for hint in ("refresh_token", "access_token")
                for information in (new, self.information)
            ],
        )

    def test_a_revocation_tells_of_the_tokens_of_a_grant_that_the_provider_ended(self):
        """The provider refused the refresh token, of the others it said nothing."""
        signed_in = self.refreshed_again()
        self.provider.answer("token", status=400, json={"error": "invalid_grant"})
        self.assertRefused(self.by_secret(), 400, "invalid_grant")
        self.assertEqual(self.grant.state, "expired")
        self.provider.behave()
        texts = [each["access_token"] for each in reversed(signed_in)]
        for text in texts:
            answer = self.bearer("/orders/partners", text)
            self.assertRefused(answer, 401, "invalid_token")
            for call in (self.refresh, self.revoke):
                self.assertRefused(call(bearer=text), 400, "invalid_grant")
        CleanUp(self.env).forget_tokens(100, None)
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual(self.told(), [("access_token", text) for text in texts])

    def overtake(self):
        """Have another call delete the grant just before its row is locked."""
        lock = GrantLock.lock

        def overtaken(refresh, grant):
            grant.search([]).unlink()
            grant.env.invalidate_all()
            lock(refresh, grant)

        self.patch(GrantLock, "lock", overtaken)

    def test_a_grant_that_another_call_deletes_meanwhile_is_invalid_grant(self):
        """It is found, and gone when its row is to be locked."""
        self.overtake()
        for call in (self.revoke, self.refresh):
            token = self.information["refresh_token"]
            self.assertRefused(call(refresh_token=token), 400, "invalid_grant")
            self.information, _identity = self.authorize(self.own_identity)

    def test_a_token_that_another_call_revokes_meanwhile_is_no_error_to_rfc_7009(self):
        """Section 2.2: what its client wanted is reached."""
        self.overtake()
        response = self.url_open(
            "/orders/oauth2/revoke",
            data={"token": self.information["refresh_token"], "client_id": "demo-app"},
        )
        self.assertEqual((response.status_code, response.json()), (200, {}))
        self.assertGone()

    def test_a_second_revocation_is_invalid_grant(self):
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        response = self.revoke(client_secret="demo-secret")
        self.assertRefused(response, 400, "invalid_grant")
        self.assertEqual(len(self.told()), 2)

    def test_a_revocation_leaves_other_grants_alone(self):
        other, _identity = self.authorize("43")
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        answer = self.bearer("/orders/partners", other["access_token"])
        self.assertEqual(answer.status_code, 200, answer.text)

    def test_an_expired_grant_can_be_revoked(self):
        self.grant.state = "expired"
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
