"""What proves that a grant may be refreshed or revoked (design, "Proof")."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..services.tokens.grant_tokens import GrantTokens
from .common import basic_authorization
from .test_revoke import RevokeCase

SERVED = None
NO_PROOF = 401, "invalid_client"
NO_GRANT = 400, "invalid_grant"

SECRET = {"client_secret": "demo-secret"}
WRONG = {"client_secret": "wrong-secret"}
HEADER = {"basic": "demo-secret"}
TOKEN = {"bearer": "{access}"}
REFRESH_TOKEN = {"refresh_token": "{refresh}"}
OTHER_CLIENT = {"client_id": "other-app"}
OTHER_SECRET = {"client_secret": "other-secret"}
OTHER_API = {"api": "crm"}
UNKNOWN = {"client_user_identity": "nobody"}
UNKNOWN_TOKEN = {"bearer": "unknown-token"}
UNKNOWN_REFRESH_TOKEN = {"refresh_token": "unknown-token"}

#: What is sent beside the names, by what token and revoke answer to it. A text in
#: braces stands for what the case has of that name. RFC 6749 sections 2.3 and 6.
PROOFS = {
    SERVED: {
        "the secret in the body": SECRET,
        "the secret in the header": HEADER,
        "the secret in a header that names the client": HEADER | {"client_id": None},
        "the access token": TOKEN,
        "the refresh token": REFRESH_TOKEN,
    },
    NO_PROOF: {
        "the names alone": {},
        "an unknown identity alone": UNKNOWN,
        "a wrong secret in the header": {"basic": "wrong-secret"},
        "an empty secret in the header": {"basic": ""},
        "the beginning of the secret": {"client_secret": "demo-secre"},
        "a wrong secret beside the refresh token": WRONG | REFRESH_TOKEN,
        "a wrong secret beside the access token": WRONG | TOKEN,
        "another client's secret": OTHER_SECRET,
    },
    NO_GRANT: {
        "another client with its secret": OTHER_CLIENT | OTHER_SECRET,
        "the secret for an unknown identity": SECRET | UNKNOWN,
        "an access token in other letters": {"bearer": "{swapped}"},
        "an unknown access token": UNKNOWN_TOKEN,
        "an unknown access token beside the secret": UNKNOWN_TOKEN | SECRET,
        "the refresh token as access token": {"bearer": "{refresh}"},
        "another grant's access token": {"bearer": "{foreign}"},
        "a token for another identity": TOKEN | {"client_user_identity": "another"},
        "the access token with another client": TOKEN | OTHER_CLIENT,
        "the access token on another API": TOKEN | OTHER_API,
        "an unknown refresh token": UNKNOWN_REFRESH_TOKEN,
        "another grant's refresh token": {"refresh_token": "{foreign}"},
        "the access token as refresh token": {"refresh_token": "{access}"},
        "the refresh token with another client": REFRESH_TOKEN | OTHER_CLIENT,
        "the refresh token on another API": REFRESH_TOKEN | OTHER_API,
    },
    (400, "invalid_request"): {"the secret in header and body": HEADER | SECRET},
}
#: An identity that Odoo issued is itself a proof; one chosen by a client is not.
ISSUED = {
    SERVED: {"an issued identity": {}},
    NO_GRANT: {
        "an issued identity with another client": OTHER_CLIENT,
        "an issued identity on another API": OTHER_API,
        "the beginning of an issued identity": {"client_user_identity": "{shortened}"},
        "a made-up identity": {"client_user_identity": "cui_made-up"},
        "a prefix for an identity": {"client_user_identity": "cui_"},
    },
}
TRUSTED = {
    SERVED: {"the names alone": {}},
    NO_GRANT: {
        "an unknown identity": UNKNOWN,
        "an unknown access token": UNKNOWN_TOKEN,
        "an unknown refresh token": UNKNOWN_REFRESH_TOKEN,
    },
    NO_PROOF: {"a wrong secret": WRONG},
}
SECRET_REQUIRED = {
    SERVED: {"the secret": SECRET},
    NO_PROOF: {
        "an issued identity": {},
        "the access token": TOKEN,
        "the refresh token": REFRESH_TOKEN,
    },
}


@tagged("post_install", "-at_install")
class TestProof(RevokeCase):
    """Each row on both endpoints; what is refused leaves all as it was."""

    def setUp(self):
        super().setUp()
        self.client.api_ids += self.make_api("crm")
        self.make_client(
            self.api,
            self.provider_record,
            client_identifier="other-app",
            client_secret="other-secret",
        )
        other, self.foreign = self.make_grant(
            self.client, self.user, identity="another"
        )
        in_a_day = fields.Datetime.now() + timedelta(days=1)
        GrantTokens(self.env).store_token(
            other, "refresh", self.foreign, expires_at=in_a_day
        )

    def sent(self, name, basic=None, **values):
        """:return: the answer to a row, with what stands for the names in braces"""
        access = self.information["access_token"]
        has = {
            "access": access,
            "swapped": access.swapcase(),
            "refresh": self.information["refresh_token"],
            "shortened": self.identity[:-1],
            "foreign": self.foreign,
        }
        values = {key: value and value.format(**has) for key, value in values.items()}
        headers = {} if basic is None else basic_authorization(secret=basic)
        return self.send(name, headers=headers, **values)

    def assertProves(self, proofs):
        for answer, rows in proofs.items():
            for row, values in rows.items():
                self.assertAnswers(row, values, token=answer, revoke=answer)

    def assertAnswers(self, row, values, **answers):
        """A row on each endpoint: served (None), or refused with status and error."""
        for name, refusal in answers.items():
            with self.row(f"{name}: {row}"):
                if refusal:
                    answer = self.assertUnchanged(
                        lambda name=name: self.sent(name, **values)
                    )
                    self.assertRefused(answer, *refusal)
                    self.assertFalse(self.told())
                    if refusal == NO_PROOF:
                        self.assertLikeAnUnknownClient(answer, name)
                elif name == "revoke":
                    self.assertRevoked(self.sent(name, **values))
                else:
                    self.refreshed(self.sent(name, **values))

    def assertLikeAnUnknownClient(self, answer, name):
        unknown = self.send(name, client_id="nobody")
        self.assertEqual(answer.content, unknown.content)
        for header in ("WWW-Authenticate", "Cache-Control", "Content-Type"):
            self.assertEqual(answer.headers[header], unknown.headers[header])

    def use_issued_identity(self):
        self.information, self.identity = self.authorize()
        self.names["client_user_identity"] = self.identity
        self.provider.calls.clear()

    def end(self, kind, **ago):
        ended = fields.Datetime.now() - timedelta(**ago)
        self.grant._current_token(kind).expires_at = ended

    def test_proofs_of_an_identity_that_the_client_chose(self):
        self.assertProves(PROOFS)

    def test_proofs_of_an_identity_that_odoo_issued(self):
        self.use_issued_identity()
        self.assertRegex(self.identity, "^cui_")
        self.assertProves(ISSUED)
        self.grant.identity_issued = False
        self.assertProves({NO_GRANT: {"one that looks issued and is not": {}}})

    def test_trust_identity_takes_the_demand_for_a_proof_away_and_no_more(self):
        self.api.trust_identity = True
        self.assertProves(TRUSTED)

    def test_require_secret_accepts_no_other_proof(self):
        self.use_issued_identity()
        self.client.require_secret = True
        self.api.trust_identity = True
        self.assertProves(SECRET_REQUIRED)

    def test_an_expired_access_token_proves_a_refresh_for_a_day_more(self):
        for hours, token in ((23, SERVED), (25, NO_GRANT)):
            self.end("access", hours=hours)
            for values in (TOKEN, TOKEN | REFRESH_TOKEN):
                row = f"{sorted(values)} after {hours} hours"
                self.assertAnswers(row, values, token=token, revoke=NO_GRANT)

    def test_an_expired_refresh_token_proves_and_refreshes_nothing(self):
        self.end("refresh", seconds=1)
        self.assertProves({NO_GRANT: {"the refresh token": REFRESH_TOKEN}})
        self.assertAnswers("the secret", SECRET, token=NO_GRANT, revoke=SERVED)

    def test_a_rotated_token_revokes_nothing(self):
        self.refreshed(self.by_secret())
        for proof in (TOKEN, REFRESH_TOKEN):
            self.assertKept(self.sent("revoke", **proof), *NO_GRANT)

    def test_the_answer_to_an_access_token_has_no_refresh_token(self):
        for proof in ({}, SECRET, REFRESH_TOKEN):
            with self.row(str(sorted(proof))):
                information = self.refreshed(self.sent("token", **TOKEN, **proof))
                self.assertNotIn("refresh_token", information)
                self.assertEqual(information["login"], self.user.login)
                self.assertIn("refresh", self.grant.token_ids.mapped("kind"))
        information = self.refreshed(self.sent("token", **REFRESH_TOKEN))
        self.assertIn("refresh_token", information)
