"""What a refusal tells: nothing about which identities, secrets, tokens or users exist.

The answers are compared byte by byte. How long they take is measured, not tested:
``./dev timing``. Here only the work is counted.
"""

import contextlib
import itertools
import re
import sys
import threading
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.tests import tagged

from .. import protocol
from ..protocol import digests
from ..protocol.client_secret import find_secret
from ..protocol.credentials import ClientCredentials
from ..protocol.errors import OAuth2Error
from ..services.authentication.client_authentication import ClientAuthentication
from ..services.sign_in.authorization import Authorization
from ..services.sign_in.consent import Consent
from .common import BROWSER_HEADERS, basic_authorization
from .test_token import TokenCase

_VARYING = {"date"}
_PROTOCOL = str(Path(protocol.__file__).parent)


def shape(response):
    """:return: all of an answer that its caller sees"""
    headers = {name.lower(): value for name, value in response.headers.items()}
    kept = {name: value for name, value in headers.items() if name not in _VARYING}
    return response.status_code, kept, response.content


class SameShape:
    """Compares answers; for a test case that speaks HTTP."""

    def assertSameShape(self, responses):
        """:param responses: ``{what is wrong: response}``"""
        first, *others = responses
        expected = shape(responses[first])
        self.assertGreaterEqual(expected[0], 400)
        for name in others:
            with self.subTest(name, like=first):
                self.assertEqual(shape(responses[name]), expected)
        return responses[first]


@tagged("post_install", "-at_install")
class ShapeCase(SameShape, TokenCase):
    """``42`` is Olivia's. ``43`` is no user's."""

    def setUp(self):
        super().setUp()
        self.other, self.foreign = self.make_grant(
            self.client, self.make_user("otto@example.com"), identity="44"
        )
        self.crm = self.make_api("crm")
        self.make_client(
            self.crm, self.provider_record, client_identifier="crm-app", name="CRM"
        )
        self.env.flush_all()


class TestSameAnswer(ShapeCase):
    """One body and one set of headers for all causes (design, "Refusals")."""

    def test_invalid_client(self):
        def call(name, body=None, **options):
            names = {**self.names, **(body or {})}
            return self.call(name, names, **options)

        for name in ("provider/authorize", "token", "revoke"):
            wrong = {
                "unknown client": call(name, {"client_id": "nobody"}),
                "unknown client and a secret": call(
                    name, {"client_id": "nobody", "client_secret": "demo-secret"}
                ),
                "unknown API": call(name, api="nowhere"),
                "client of another API": call(name, {"client_id": "crm-app"}),
                "wrong secret": call(name, {"client_secret": "wrong"}),
                "wrong secret in the header": call(
                    name, headers=basic_authorization(secret="wrong")
                ),
                "wrong secret, unknown identity": call(
                    name, {"client_secret": "wrong", "client_user_identity": "43"}
                ),
            }
            if name != "provider/authorize":
                wrong["no proof"] = call(name)
                wrong["no proof, unknown identity"] = call(
                    name, {"client_user_identity": "43"}
                )
            self.client.require_secret = True
            wrong["no secret"] = call(name)
            token = self.information["access_token"]
            wrong["no secret but a token"] = call(
                name, headers={"Authorization": f"Bearer {token}"}
            )
            self.client.require_secret = False
            self.client.active = False
            wrong["archived client"] = call(name)
            self.client.active = True
            with self.subTest(name):
                answer = self.assertSameShape(wrong)
                self.assertRefused(answer, 401, "invalid_client")

    def test_invalid_grant(self):
        for call in (self.refresh, self.revoke):
            wrong = {
                "unknown identity, wrong token": call("wrong", identity="43"),
                "wrong token": call("wrong"),
                "refresh token as bearer": call(self.information["refresh_token"]),
                "token of another": call(self.foreign),
                "own token, identity of another": call(self.foreign, identity="42"),
                "own token, unknown identity": call(self.foreign, identity="43"),
                "wrong refresh token": call(refresh_token="wrong"),
                "wrong refresh token, unknown identity": call(
                    refresh_token="wrong", identity="43"
                ),
                "secret, unknown identity": call(
                    client_secret="demo-secret", identity="43"
                ),
                "made-up cui": call(identity="cui_" + "A" * 43),
            }
            token = self.grant._current_token("access")
            end, token.expires_at = token.expires_at, "2000-01-01"
            wrong["old token"] = call(self.information["access_token"])
            token.expires_at = end
            if call == self.refresh:
                self.grant.state = "expired"
                wrong["expired grant"] = call(client_secret="demo-secret")
                self.grant.state = "active"
                self.user.active = False
                wrong["archived user"] = call(client_secret="demo-secret")
                self.user.active = True
                self.grant._current_token("refresh").unlink()
                wrong["no refresh token"] = call(client_secret="demo-secret")
            with self.subTest(call.__name__):
                answer = self.assertSameShape(wrong)
                self.assertRefused(answer, 400, "invalid_grant")

    def refresh(self, bearer=None, identity="42", **body):
        return super().refresh(bearer, client_user_identity=identity, **body)

    def revoke(self, bearer=None, identity="42", **body):
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        names = {**self.names, "client_user_identity": identity, **body}
        return self.call("revoke", names, headers=headers)

    def test_invalid_token(self):
        def call(token):
            return self.bearer("/orders/partners", token)

        grant, archived = self.make_grant(
            self.client, self.make_user("anna@example.com"), identity="45"
        )
        grant.user_id.active = False
        _grant, crm = self.make_grant(self.crm.client_ids, self.user)
        grant, over = self.make_grant(self.client, self.user, identity="46")
        grant.expires_at = fields.Datetime.now() - timedelta(days=1)
        grant, ended = self.make_grant(
            self.client, self.user, identity="47", state="expired"
        )
        wrong = {
            "unknown": call("unknown"),
            "unknown, of the right length": call(digests.random_token()),
            "almost": call(self.information["access_token"][:-1] + "."),
            "refresh token": call(self.information["refresh_token"]),
            "digest": call(digests.digest(self.information["access_token"])),
            "another API's": call(crm),
            "archived user": call(archived),
            "grant that is over": call(over),
            "grant that the provider ended": call(ended),
        }
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        wrong["user in no allowed group"] = call(self.information["access_token"])
        self.api.allowed_group_ids = False
        answer = self.assertSameShape(wrong)
        self.assertRefused(answer, 401, "invalid_token")

    def test_a_state(self):
        for headers in ({}, BROWSER_HEADERS):
            wrong = {
                name: self.visit(
                    f"/orders/oauth2/callback?code=x&state={state}", headers
                )
                for name, state in self.wrong_states().items()
            }
            with self.subTest(headers=bool(headers)):
                answer = self.assertSameShape(
                    {name: self.timeless(response) for name, response in wrong.items()}
                )
                self.assertEqual(answer.status_code, 400)

    def come_back_with(self, state, headers=None):
        return self.visit(f"/orders/oauth2/callback?code=x&state={state}", headers)

    def wrong_states(self):
        """Used, expired, another API's, unknown: by name."""
        used = self.state_of(self.ask())
        self.come_back_with(used)
        expired = self.state_of(self.ask())
        self.env["oauth2.authorization.request"].search(
            [], limit=1
        ).expires_at = "2000-01-01"
        foreign = self.call("provider/authorize", {"client_id": "crm-app"}, api="crm")
        return {
            "unknown": digests.random_token(),
            "used": used,
            "expired": expired,
            "another API's": self.state_of(foreign.json()),
        }

    def state_of(self, asked):
        return asked["authorization_url"].partition("state=")[2].partition("&")[0]

    def timeless(self, response):
        """The page says when it was shown, and has a reference of its own."""
        content = re.sub(rb"[A-Z2-9]{4}-[A-Z2-9]{4}", b"", response.content)
        response._content = content.partition(b"<dt>Time</dt>")[0]
        response.headers.pop("Content-Length", None)
        return response

    def test_a_user(self):
        """Whether a person has an Odoo user is told by none of the refusals."""
        self.make_user("retired@example.com").active = False
        self.make_user("unlucky@example.com")
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        wrong = {}
        for email in ("nobody", "retired", "unlucky"):
            self.provider.login = email
            self.provider.claims = {
                "email": f"{email}@example.com",
                "email_verified": True,
            }
            wrong[email] = self.visit(self.sign_in(self.ask()["authorization_url"]))
        answer = self.assertSameShape(wrong)
        self.assertRefused(answer, 403, "access_denied")

    def test_authorize_tells_no_identity(self):
        """``42`` has a grant, ``43`` has none: the answers differ by nothing but what
        is made at random."""
        answers = [self.ask(identity) for identity in ("42", "43")]
        self.assertEqual(*(set(answer) for answer in answers))
        self.assertEqual(*(answer["expires_in"] for answer in answers))
        urls = [answer["authorization_url"] for answer in answers]
        self.assertEqual(*(len(url) for url in urls))
        for answer, identity in zip(answers, ("42", "43"), strict=True):
            self.assertEqual(answer["client_user_identity"], identity)


class TestSameWork(ShapeCase):
    """As much to do whether something exists or not: more would take longer.

    Queries are counted, and calls of what decrypts and digests.
    """

    def assertSameWork(self, call, known="42", unknown="43"):
        """:param call: takes the name; what it caches is there for both"""
        counts = {}
        for name in (known, unknown, known, unknown):
            self.env.flush_all()
            self.env.invalidate_all()
            with contextlib.suppress(OAuth2Error), self.counting_work() as counted:
                call(name)
            counts[name] = counted
        self.assertGreater(counts[known]["queries"], 0)
        self.assertEqual(counts[known], counts[unknown])

    @contextlib.contextmanager
    def counting_work(self):
        """Count what this thread calls of ``protocol``, and its queries: another one
        writes the counts of calls every few seconds.
        """
        counted, thread = {"calls": 0}, threading.current_thread()
        thread.query_count, thread.query_time = 0, 0.0  # Odoo adds to them

        def profile(frame, event, _argument):
            is_ours = frame.f_code.co_filename.startswith(_PROTOCOL)
            counted["calls"] += event == "call" and is_ours

        earlier = sys.getprofile()
        sys.setprofile(profile)
        try:
            yield counted
        finally:
            sys.setprofile(earlier)
            counted["queries"] = thread.query_count

    def test_a_wrong_token_of_a_known_and_of_an_unknown_identity(self):
        authentication = ClientAuthentication(self.env)
        for offered in (
            {"access_token": "wrong"},
            {"refresh_token": "wrong"},
            {"access_token": "wrong", "refresh_token": "wrong"},
            {"access_token": self.foreign},
        ):
            with self.subTest(offered):
                sent = ClientCredentials("demo-app", **offered)
                self.assertSameWork(
                    lambda name, sent=sent: authentication.authenticate(
                        self.api, self.client, name, sent
                    )
                )

    def test_a_token_of_another_client_and_one_that_was_never_issued(self):
        authentication = ClientAuthentication(self.env)
        for oauth2_api in (self.api, self.crm):
            name = f"stranger-{oauth2_api.name}"
            stranger = self.make_client(
                oauth2_api, self.provider_record, client_identifier=name, name=name
            )
            for kind, identity in itertools.product(
                ("access_token", "refresh_token"), ("", "42", "43")
            ):

                def call(text, kind=kind, whose=(oauth2_api, stranger, identity)):
                    sent = ClientCredentials(whose[1].client_identifier, **{kind: text})
                    authentication.authenticate(*whose, sent)

                with self.subTest(kind, stranger=name, identity=identity):
                    known = self.information[kind]
                    self.assertSameWork(call, known=known, unknown="never-issued")

    def test_a_wrong_secret_whether_there_is_none_one_or_a_former_one(self):
        present = (digests.digest("present-secret"), None, False)
        former = (digests.digest("former-secret"), 0, True)  # has ended
        counts = set()
        for known in ((), (present,), (present, former)):
            for sent in ("wrong-secret", "former-secret"):
                with self.counting_work() as counted:
                    self.assertIsNone(find_secret(known, sent))
                counts.add(counted["calls"])
        self.assertEqual(len(counts), 1, counts)

    def test_authorize_for_a_known_and_for_an_unknown_identity(self):
        authorization = Authorization(self.env)
        self.assertSameWork(lambda name: authorization.ask(self.api, self.client, name))

    def test_a_user_who_may_not_use_the_api_and_no_user(self):
        self.ask()
        record = self.env["oauth2.authorization.request"].search([], limit=1)
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        self.assertSameWork(
            lambda login: Consent(self.env).find_user(
                record, {"email": login, "email_verified": True}
            ),
            known=self.user.login,
            unknown="nobody@example.com",
        )

    def test_a_callback_of_a_user_who_may_not_use_the_api_and_of_no_user(self):
        """The whole of it, with what is recorded of the refusal."""
        self.assertSameCallback(self.user.login, "nobody@example.com")

    def test_a_callback_of_a_linked_user_who_may_not_use_the_api_and_of_no_user(self):
        link = self.env["auth.oauth.provider"].create(
            {
                "name": "Sign-in",
                "body": "Sign in",
                "auth_endpoint": f"{self.provider.issuer}/another-path",
                "validation_endpoint": f"{self.provider.issuer}/userinfo",
            }
        )
        self.provider_record.write(
            {"user_matching": "oauth_uid", "auth_provider_id": link.id}
        )
        self.user.write({"oauth_provider_id": link.id, "oauth_uid": self.user.login})
        self.assertSameCallback(self.user.login, "nobody@example.com")

    def assertSameCallback(self, known, unknown):
        """:param str known: subject and email of a user, who is in no allowed group"""
        self.api.allowed_group_ids = self.env.ref("base.group_system")
        counts = {}
        for login in (known, unknown) * 2:
            self.provider.login = login
            self.provider.claims = {"email": login, "email_verified": True}
            address = self.sign_in(self.ask()["authorization_url"])
            with self.counting_work() as counted:
                answer = self.visit(address)
            self.assertRefused(answer, 403, "access_denied")
            counts[login] = counted["queries"]
        self.assertEqual(*counts.values())
