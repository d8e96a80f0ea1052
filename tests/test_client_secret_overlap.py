"""A new secret of a client ends no application: the former one proves for some hours
more, at each endpoint of the JSON contract.
"""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..protocol.rate_limit import FixedWindowCounter
from ..services.authentication.client_secret import ClientSecrets
from ..services.server.last_use import FORMER_SECRET
from .authorization_server_common import AuthorizationServerCase
from .common import basic_authorization
from .test_revoke import RevokeCase

FORMER = "demo-secret"
NEW = "renewed-secret"
REFUSED = 401, "invalid_client"


@tagged("post_install", "-at_install")
class TestOverlap(RevokeCase):
    """The client of a provider: its secret is typed in, and sent there."""

    def setUp(self):
        super().setUp()
        self.client.client_secret = NEW
        self.provider.client_secret = NEW

    def proven(self, secret):
        """:return: the answers to a secret: of authorize, token and revoke"""
        asked = {"client_id": "demo-app", "client_secret": secret}
        yield self.call("provider/authorize", asked)
        yield self.refresh(client_secret=secret)
        yield self.refresh(headers=basic_authorization(secret=secret))
        yield self.revoke(client_secret=secret)

    def assertProves(self, secret):
        with self.row(secret):
            for response in self.proven(secret):
                self.assertEqual(response.status_code, 200, response.text)

    def assertProvesNothing(self, secret):
        with self.row(secret):
            for response in self.proven(secret):
                self.assertRefused(response, *REFUSED)

    def test_a_new_secret_and_the_former_one_prove_at_each_endpoint(self):
        self.client.require_secret = True
        for secret in (NEW, FORMER):
            self.assertProves(secret)
        self.assertProvesNothing("neither-of-both")

    def test_odoo_itself_sends_its_provider_the_new_secret_at_once(self):
        self.refreshed(self.refresh(client_secret=FORMER))
        self.assertEqual(self.provider.calls["token"], 1)

    def test_a_former_secret_ends_after_the_hours_that_its_client_says(self):
        for hours, moment in ((24, None), (168, 168), (1, 1)):
            if moment:
                self.client.secret_overlap = hours
                self.client.client_secret = f"renewed-for-{hours}-hours"
            left = self.client.former_secret_ends_at - fields.Datetime.now()
            self.assertAlmostEqual(left.total_seconds(), hours * 3600, delta=60)
        self.client.client_secret = NEW
        self.client.sudo().former_secret_ends_at = fields.Datetime.now()
        self.assertProvesNothing("renewed-for-1-hours")
        self.assertProves(NEW)

    def test_a_client_that_wants_no_overlap_has_none(self):
        self.client.secret_overlap = 0
        self.client.client_secret = "renewed-once-more"
        self.assertFalse(self.client.has_former_secret)
        self.assertProvesNothing(NEW)
        self.assertProvesNothing(FORMER)

    def test_a_newer_secret_ends_an_older_former_one(self):
        self.client.client_secret = self.provider.client_secret = "renewed-once-more"
        self.assertProvesNothing(FORMER)
        for secret in (NEW, "renewed-once-more"):
            self.assertProves(secret)

    def test_the_same_secret_typed_in_again_changes_nothing(self):
        end = self.client.former_secret_ends_at
        self.client.client_secret = NEW
        self.assertEqual(self.client.former_secret_ends_at, end)
        for secret in (NEW, FORMER):
            self.assertProves(secret)

    def test_a_secret_that_is_taken_away_takes_the_former_one_along(self):
        self.client.client_secret = False
        for secret in (NEW, FORMER):
            self.assertProvesNothing(secret)

    def test_end_now_ends_the_former_secret_and_not_the_new_one(self):
        ClientSecrets(self.client).end_former()
        self.assertFalse(self.client.has_former_secret)
        self.assertProvesNothing(FORMER)
        self.assertProves(NEW)

    def test_no_secret_of_a_public_client_proves_anything(self):
        self.client.client_type = "public"
        for secret in (NEW, FORMER):
            self.assertProvesNothing(secret)
        self.client.client_type = "confidential"
        self.assertProvesNothing(FORMER)
        self.assertProves(NEW)

    def test_what_one_provider_knew_proves_nothing_at_another(self):
        self.env["oauth2.authorization.request"].search([]).unlink()
        self.client.client_user_ids.unlink()
        self.env["oauth2.revocation"].search([]).unlink()
        self.client.provider_id = self.make_provider()
        self.assertFalse(ClientSecrets(self.client).known())

    def test_the_day_of_a_secret_is_not_the_next_ones(self):
        self.client.secret_expires_on = "2040-01-01"
        self.client.client_secret = "renewed-once-more"
        self.assertFalse(self.client.secret_expires_on)
        self.client.write(
            {"client_secret": "renewed-again", "secret_expires_on": "2041-01-01"}
        )
        self.assertEqual(str(self.client.secret_expires_on), "2041-01-01")

    def test_a_provider_decides_itself_when_its_secret_ends(self):
        self.client.secret_expires_on = "2020-01-01"
        self.assertProves(NEW)

    def test_use_of_a_former_secret_is_written_down_every_five_minutes(self):
        self.patch(FORMER_SECRET, "noted", FixedWindowCounter(9))
        self.refreshed(self.refresh(client_secret=NEW))
        self.env.cr.postcommit.run()
        self.assertFalse(self.used_at())
        self.refreshed(self.refresh(client_secret=FORMER))
        FORMER_SECRET.note(self.env, self.client.id)
        self.env.cr.postcommit.run()
        first = self.used_at()
        self.assertTrue(first)
        self.client.sudo().former_secret_used_at = first - timedelta(days=1)
        self.env.flush_all()
        FORMER_SECRET.note(self.env, self.client.id)
        self.env.cr.postcommit.run()
        self.assertEqual(self.used_at(), first - timedelta(days=1))

    def used_at(self):
        self.env.invalidate_all()
        return self.client.former_secret_used_at


class TestOverlapOfOwnClient(AuthorizationServerCase):
    """The client of this Odoo, at the endpoints of the standard and of JSON."""

    def setUp(self):
        super().setUp()
        self.token = self.tokens()["refresh_token"]
        self.former, self.secret = self.secret, self.own._generate_secret()

    def answers(self, secret):
        """:return: statuses of refresh, introspection and a JSON revocation"""
        headers = basic_authorization("own-app", secret)
        refreshed = self.refresh(self.token, headers)
        if refreshed.status_code == 200:
            self.token = refreshed.json()["refresh_token"]
        introspected = self.url_open(
            "/orders/oauth2/introspect",
            data={"token": self.token},
            headers=headers,
            method="POST",
        )
        names = {"client_id": "own-app", "client_user_identity": "of-no-user"}
        revoked = self.call("revoke", {**names, "client_secret": secret})
        return (
            refreshed.status_code,
            introspected.status_code,
            revoked.json()["error"],
        )

    def assertProves(self, secret):
        self.assertEqual(self.answers(secret), (200, 200, "invalid_grant"))

    def assertProvesNothing(self, secret):
        self.assertEqual(self.answers(secret), (401, 401, "invalid_client"))

    def test_both_secrets_prove_until_the_former_one_is_ended(self):
        for secret in (self.former, self.secret):
            self.assertProves(secret)
        self.assertProvesNothing("odoo_cs_" + "x" * 43)
        self.own.action_end_former_secret()
        self.assertProvesNothing(self.former)
        self.assertProves(self.secret)

    def test_a_former_secret_proves_nothing_after_its_hours(self):
        self.own.sudo().former_secret_ends_at = fields.Datetime.now()
        self.assertProvesNothing(self.former)
        self.assertProves(self.secret)

    def test_a_secret_proves_nothing_after_its_last_day(self):
        self.own.secret_expires_on = fields.Date.today()
        self.assertProves(self.secret)
        self.own.secret_expires_on = fields.Date.today() - timedelta(days=1)
        self.assertProvesNothing(self.secret)
