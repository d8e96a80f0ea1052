"""What tests of JSON-2 share: calls over HTTP, and the reach of arguments."""

from odoo.tests import HttpCase, TransactionCase, tagged

from ..protocol.errors import InvalidRequest
from ..services.calls.json2_reach import reached
from .common import OAuth2Records
from .kept_routes import keep_routes

NOTHING = set()
REFUSED = InvalidRequest


class ReachCase(TransactionCase):
    """Asks for the reach of arguments, without a call."""

    def assertReach(self, method, table, model="res.partner"):
        """Check rows of ``(arguments, what is reached)``; ``context`` may be in."""
        for arguments, expected in table:
            arguments = dict(arguments)
            context = arguments.pop("context", {})
            with self.subTest(model=model, arguments=arguments, context=context):
                if expected is REFUSED:
                    with self.assertRaises(InvalidRequest):
                        reached(self.env[model], method, arguments, context)
                else:
                    reach = reached(self.env[model], method, arguments, context)
                    self.assertEqual(reach, expected)


@tagged("post_install", "-at_install")
class Json2Case(OAuth2Records, HttpCase):
    """A token that may read contacts over JSON-2, and nothing else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = cls.env.ref("base.group_user") + cls.env.ref(
            "base.group_partner_manager"
        )
        cls.user = cls.make_user(group_ids=[(6, 0, groups.ids)])
        cls.access = cls.make_access(
            scopes=["contacts"], user=cls.user, json2_enabled=True
        )
        cls.scope = cls.access.api.scope_ids
        cls.open("res.partner", "read")
        cls.partner = cls.env["res.partner"].create(
            {"name": "Deco", "email": "deco@example.com"}
        )
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        keep_routes(self.env)

    @classmethod
    def open(cls, model, *operations, methods=""):
        """Have the token's scope open a model, for these operations and no others."""
        cls.open_model(cls.scope, model, *operations, methods=methods)

    def make_key(self):
        """:return: an API key of the user, for Odoo's own JSON-2"""
        keys = self.env["res.users.apikeys"].with_user(self.user).sudo()
        key = keys._generate("rpc", "test", "2099-01-01")
        self.env.flush_all()
        return key

    def json2(self, model, method, base="/orders", token=None, **arguments):
        """Call a method; ``base=""`` is Odoo's own JSON-2."""
        return self.url_open(
            f"{base}/json/2/{model}/{method}",
            json=arguments,
            method="POST",
            headers={"Authorization": f"Bearer {token or self.access.token}"},
        )

    def assertServed(self, response):
        """:return: the answer's JSON"""
        self.assertEqual(response.status_code, 200, response.text)
        self.env.invalidate_all()
        return response.json()

    def assertBeyond(self, response):
        """No scope of the token opens what the call reaches."""
        self.assertEqual(response.status_code, 403, response.text)
        self.assertEqual(response.json()["error"], "insufficient_scope")

    def assertNotFollowed(self, response):
        """What the call reaches cannot be told."""
        self.assertEqual(response.status_code, 400, response.text)
        self.assertEqual(response.json()["error"], "invalid_request")
