from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..protocol import digests
from .common import basic_authorization
from .test_token import TokenCase


@tagged("post_install", "-at_install")
class TestTokenProof(TokenCase):
    """Names are no secrets: ``token`` needs a proof (design, "Proof")."""

    def assertNoProof(self, response):
        """401, in the very words that an unknown client reads."""
        self.assertRefused(response, 401, "invalid_client")
        unknown = self.call("token", {**self.names, "client_id": "nobody"})
        self.assertEqual(response.content, unknown.content)
        for header in ("WWW-Authenticate", "Cache-Control", "Content-Type"):
            self.assertEqual(response.headers[header], unknown.headers[header])

    def test_names_alone_prove_nothing(self):
        self.assertNoProof(self.assertUnchanged(self.refresh))

    def test_without_proof_an_unknown_identity_looks_the_same(self):
        self.assertNoProof(self.refresh(client_user_identity="nobody"))

    def test_the_secret_in_the_header(self):
        self.refreshed(self.refresh(headers=basic_authorization()))

    def test_the_secret_in_the_header_names_the_client_too(self):
        response = self.refresh(headers=basic_authorization(), client_id=None)
        self.refreshed(response)

    def test_the_secret_in_the_body(self):
        self.refreshed(self.refresh(client_secret="demo-secret"))

    def test_the_secret_in_both(self):
        """RFC 6749 section 2.3"""
        response = self.assertUnchanged(
            lambda: self.refresh(
                headers=basic_authorization(), client_secret="demo-secret"
            )
        )
        self.assertRefused(response, 400, "invalid_request")

    def test_a_wrong_secret_is_refused_whatever_else_is_right(self):
        self.api.trust_identity = True
        right = {"refresh_token": self.information["refresh_token"]}
        for wrong in (
            {"client_secret": "wrong", **right},
            {"client_secret": "demo-secre", **right},
            {"headers": basic_authorization(secret="wrong"), **right},
            {"headers": basic_authorization(secret=""), **right},
            {"client_secret": "wrong", "bearer": self.information["access_token"]},
        ):
            response = self.assertUnchanged(lambda wrong=wrong: self.refresh(**wrong))
            self.assertNoProof(response)

    def test_another_client_s_secret(self):
        self.make_client(
            self.api,
            self.provider_record,
            client_identifier="other-app",
            client_secret="other-secret",
        )
        self.assertNoProof(self.refresh(client_secret="other-secret"))
        response = self.refresh(client_id="other-app", client_secret="other-secret")
        self.assertRefused(response, 400, "invalid_grant")

    def test_the_secret_proves_no_unknown_identity(self):
        response = self.by_secret(client_user_identity="nobody")
        self.assertRefused(response, 400, "invalid_grant")


@tagged("post_install", "-at_install")
class TestTokenProofByBearer(TokenCase):
    """The grant's current access token proves a refresh, and gets no more than it."""

    def by_bearer(self, token=None, **body):
        return self.refresh(bearer=token or self.information["access_token"], **body)

    def access(self):
        return self.grant._current_token("access")

    def test_the_current_one(self):
        information = self.refreshed(self.by_bearer())
        self.assertNotIn("refresh_token", information)
        self.assertEqual(information["login"], self.user.login)

    def test_its_answer_never_has_a_refresh_token(self):
        for body in (
            {},
            {"client_secret": "demo-secret"},
            {"refresh_token": self.grant._current_token("refresh")._plaintext()},
        ):
            response = self.by_bearer(self.access()._plaintext(), **body)
            self.assertNotIn("refresh_token", self.refreshed(response))
            self.assertIn("refresh", self.grant.token_ids.mapped("kind"))

    def test_one_that_expired_within_a_day(self):
        self.access().expires_at = fields.Datetime.now() - timedelta(hours=23)
        self.refreshed(self.by_bearer())

    def test_one_that_expired_longer_ago(self):
        self.access().expires_at = fields.Datetime.now() - timedelta(hours=25)
        response = self.assertUnchanged(self.by_bearer)
        self.assertRefused(response, 400, "invalid_grant")

    def test_one_that_is_unknown_or_another_grant_s(self):
        _grant, other = self.make_grant(self.client, self.user)
        for token in (
            other,
            "unknown",
            self.information["refresh_token"],
            self.information["access_token"].swapcase(),
        ):
            response = self.assertUnchanged(lambda token=token: self.by_bearer(token))
            self.assertRefused(response, 400, "invalid_grant")

    def test_one_that_does_not_prove_another_identity(self):
        self.make_grant(self.client, self.user, identity="another")
        response = self.by_bearer(client_user_identity="another")
        self.assertRefused(response, 400, "invalid_grant")

    def test_a_wrong_one_beside_the_right_secret(self):
        response = self.assertUnchanged(
            lambda: self.by_bearer("unknown", client_secret="demo-secret")
        )
        self.assertRefused(response, 400, "invalid_grant")


@tagged("post_install", "-at_install")
class TestTokenProofByRefreshToken(TokenCase):
    """RFC 6749 section 6"""

    def test_the_current_one(self):
        response = self.refresh(refresh_token=self.information["refresh_token"])
        self.assertIn("refresh_token", self.refreshed(response))

    def test_an_unknown_or_foreign_one(self):
        other = self.make_grant(self.client, self.user)[0]
        foreign = digests.random_token()
        self.env["oauth2.token"]._store(
            other,
            "refresh",
            foreign,
            expires_at=fields.Datetime.now() + timedelta(days=1),
            scope="",
        )
        for token in ("unknown", foreign, self.information["access_token"]):
            response = self.assertUnchanged(
                lambda token=token: self.refresh(refresh_token=token)
            )
            self.assertRefused(response, 400, "invalid_grant")

    def test_one_that_expired(self):
        token = self.grant._current_token("refresh")
        token.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        for proof in (
            {"refresh_token": self.information["refresh_token"]},
            {"client_secret": "demo-secret"},
        ):
            response = self.assertUnchanged(lambda proof=proof: self.refresh(**proof))
            self.assertRefused(response, 400, "invalid_grant")


@tagged("post_install", "-at_install")
class TestTokenProofOfAnother(TokenCase):
    """RFC 6749 section 6: a token counts for its client alone, and ours for its API."""

    def assertProvesNothing(self, client_id="demo-app", api=None):
        names = {**self.names, "client_id": client_id}
        access, refresh = (
            self.information[name] for name in ("access_token", "refresh_token")
        )
        for body, headers in (
            ({"refresh_token": refresh}, {}),
            ({}, {"Authorization": f"Bearer {access}"}),
        ):
            for name in ("token", "revoke"):
                with self.subTest(name, body=list(body)):
                    sent = {**names, **body}
                    response = self.assertUnchanged(
                        lambda name=name, sent=sent, headers=headers: self.call(
                            name, sent, api=api, headers=headers
                        )
                    )
                    self.assertRefused(response, 400, "invalid_grant")

    def test_client(self):
        self.make_client(self.api, self.provider_record, client_identifier="other-app")
        self.assertProvesNothing(client_id="other-app")

    def test_api(self):
        self.client.api_ids += self.make_api("other")
        self.assertProvesNothing(api="other")


@tagged("post_install", "-at_install")
class TestTokenProofByIdentity(TokenCase):
    """An identity that Odoo issued is itself a proof; one chosen by a client is not."""

    own_identity = None

    def test_an_issued_identity(self):
        self.assertRegex(self.identity, "^cui_")
        self.assertIn("refresh_token", self.refreshed(self.refresh()))

    def test_one_that_odoo_did_not_issue(self):
        for identity in ("cui_", "cui_made-up", self.identity[:-1]):
            response = self.refresh(client_user_identity=identity)
            self.assertRefused(response, 400, "invalid_grant")

    def test_one_that_only_looks_issued(self):
        self.grant.identity_issued = False
        response = self.assertUnchanged(self.refresh)
        self.assertRefused(response, 400, "invalid_grant")

    def test_one_issued_for_another_client_or_api(self):
        crm = self.make_api("crm")
        self.client.api_ids += crm
        self.make_client(self.api, self.provider_record, client_identifier="other-app")
        response = self.refresh(client_id="other-app")
        self.assertRefused(response, 400, "invalid_grant")
        response = self.call("token", self.names, api="crm")
        self.assertRefused(response, 400, "invalid_grant")


@tagged("post_install", "-at_install")
class TestTokenSwitches(TokenCase):
    """``trust_identity`` takes the demand for a proof away, ``require_secret`` every
    choice."""

    def test_trust_identity_asks_for_nothing(self):
        self.api.trust_identity = True
        self.refreshed(self.refresh())
        response = self.refresh(client_user_identity="nobody")
        self.assertRefused(response, 400, "invalid_grant")

    def test_trust_identity_still_refuses_a_wrong_token(self):
        self.api.trust_identity = True
        for proof in ({"bearer": "wrong"}, {"refresh_token": "wrong"}):
            response = self.assertUnchanged(lambda proof=proof: self.refresh(**proof))
            self.assertRefused(response, 400, "invalid_grant")

    def test_require_secret_accepts_nothing_else(self):
        _information, issued = self.authorize()
        self.provider.calls.clear()
        self.client.require_secret = True
        self.api.trust_identity = True
        for proof in (
            {},
            {"bearer": self.information["access_token"]},
            {"refresh_token": self.information["refresh_token"]},
            {"client_user_identity": issued},
        ):
            response = self.assertUnchanged(lambda proof=proof: self.refresh(**proof))
            self.assertRefused(response, 401, "invalid_client")
        self.refreshed(self.by_secret())
