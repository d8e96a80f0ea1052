"""Whatever comes to the callback of a sign-in that is under way, it is judged."""

import json

from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from odoo.tests import TransactionCase, tagged

from ..controllers.callback import response_parameters
from ..protocol.errors import AccessDenied, InvalidRequest, OAuth2Error, ServerError
from ..protocol.json_object import load_json_object
from ..protocol.provider_errors import ProviderMisbehaved
from ..services.sign_in.authorization import Authorization
from ..services.sign_in.callback import AuthorizationResponse, Callback
from ..services.sign_in.user_matching import UserMatching
from .common import OAuth2Records
from .generators import PRINTABLE, texts, values
from .property_common import holds_for

#: What a server makes of a query: text without halves of surrogate pairs.
_sent = texts.map(lambda text: text.encode("utf-8", "replace").decode())
_emails = st.one_of(
    st.sampled_from(("olivia@example.com", "OLIVIA@example.com", " %", "_livia@a.b")),
    texts.map(lambda text: f"{text}@example.com"),
)


def _as_answered(claims):
    """What gets as far as this: the rest is refused where an answer is read."""
    try:
        return load_json_object(json.dumps(claims, allow_nan=False).encode())
    except (ValueError, ProviderMisbehaved):
        return {}


@tagged("post_install", "-at_install")
class TestPropertyCallback(OAuth2Records, TransactionCase):
    def setUp(self):
        super().setUp()
        self.api = self.make_api()
        self.provider = self.make_provider()
        self.client = self.make_client(self.api, self.provider)
        self.user = self.make_user()
        Authorization(self.env).ask(self.api, self.client, "42")
        self.record = self.env["oauth2.authorization.request"].search([], limit=1)
        self.callback = Callback(self.env)
        self.env.flush_all()

    @holds_for(
        st.lists(
            st.tuples(st.sampled_from(("code", "state", "iss", "error", "x")), _sent),
            max_size=5,
        )
    )
    def test_a_parameter_comes_once_or_the_callback_is_refused(self, pairs):
        names = [name for name, _value in pairs if name != "x"]
        try:
            told = response_parameters(MultiDict(pairs))
        except InvalidRequest:
            self.assertGreater(len(names), len(set(names)))
            return
        self.assertEqual(told, {n: v for n, v in pairs if n != "x"})

    @holds_for(st.one_of(st.none(), _sent), st.booleans())
    def test_any_iss_but_the_issuer_s_is_refused(self, iss, says_so):
        self.provider.authorization_response_iss_parameter_supported = says_so
        try:
            self.check_issuer(iss)
        except InvalidRequest:
            self.assertTrue(says_so or iss is not None)
            self.assertNotEqual(iss, self.provider.issuer)
        else:
            accepted = {self.provider.issuer} | (set() if says_so else {None})
            self.assertIn(iss, accepted)
        self.check_issuer(self.provider.issuer)

    def check_issuer(self, iss):
        response = AuthorizationResponse(iss=iss)
        self.callback._check_issuer(self.record, response)

    @holds_for(_sent)
    def test_any_error_ends_the_sign_in_and_is_no_text_of_ours(self, error):
        try:
            response = AuthorizationResponse(error=error)
            self.callback._check_provider_error(self.record, response)
        except OAuth2Error as refusal:
            self.assertTrue(set(refusal.reason) <= set(PRINTABLE), refusal.reason)
            self.assertLess(len(refusal.reason), 500)
            if len(error) > 3:
                self.assertNotIn(error, refusal.description)
        else:
            self.assertFalse(error)

    @holds_for(
        st.fixed_dictionaries(
            {
                "sub": st.one_of(values, st.just("olivia"), st.just("olivia")),
                "email": st.one_of(_emails, _emails, values),
                "email_verified": st.sampled_from((True, True, True, "true", 1, None)),
            },
            optional={"name": values, "upn": st.one_of(values, _emails)},
        ).map(_as_answered),
        st.sampled_from(
            (("login", False), ("login", "upn"), ("create", False), ("session", False))
        ),
        examples=150,
    )
    def test_any_claims_are_of_one_user_or_of_none(self, claims, how):
        matching, claim = how
        with self.env.cr.savepoint() as savepoint:
            self.provider.write(
                {
                    "user_matching": matching,
                    "match_claim": claim,
                    "vouches_for_claim": bool(claim),
                }
            )
            try:
                service = UserMatching(self.provider)
                service.subject(claims)
                user = self.provider._match_user(claims, self.env["res.users"])
                user = user or service.create_user(claims, self.env["res.company"])
            except (AccessDenied, ServerError):
                user = None
            self.env.flush_all()
            if user is not None:
                self.assertUser(user, claims, matching, claim or "email")
            savepoint.rollback()

    def assertUser(self, user, claims, matching, claim):
        self.assertEqual(len(user), 1)
        self.assertIn(matching, ("login", "create"))
        if claim == "email":
            self.assertIs(claims["email_verified"], True)
        if matching == "login":
            self.assertEqual(user, self.user)
            self.assertEqual(user.login, claims[claim])
        else:
            self.assertEqual(user.login, claims["email"].strip().lower())
            self.assertTrue(set(user.login) <= set(PRINTABLE) - set(' ,;:()<>[]"'))
            self.assertNotEqual(user, self.user)
            self.assertTrue(user.share)
