import importlib.util
import os
import unittest
from pathlib import Path

from odoo.tests import tagged
from odoo.tools import mute_logger

from .json2_common import Json2Case

if importlib.util.find_spec("odoolib"):
    import httpx  # it comes with the library

_EXAMPLES = (
    os.environ.get("OAUTH2_TEST_EXAMPLES") or Path(__file__).parents[1] / "examples"
)
_SCRIPT = Path(_EXAMPLES) / "clients" / "json2_library.py"
_INSTALLED = importlib.util.find_spec("odoolib") and _SCRIPT.exists()


@unittest.skipUnless(_INSTALLED, "needs odoo-client-lib and the examples")
@tagged("post_install", "-at_install")
class TestJson2ClientLibrary(Json2Case):
    """odoo-client-lib, as it is, with ``<base>/<api>`` as its base."""

    def setUp(self):
        super().setUp()
        spec = importlib.util.spec_from_file_location("json2_library", _SCRIPT)
        self.script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.script)

    def connect(self, token=None):
        connection = self.script.connect(
            self.base_url(),
            "orders",
            self.env.cr.dbname,
            token or self.access.token,
        )
        connection.cookies = {"test_request_key": self.http_request_key}
        return connection

    def test_the_api_in_the_host_is_all_that_the_library_needs(self):
        connection = self.script.odoolib.get_connection(
            "odoo.example.com/orders", "json2s", 443, "db", None, "token"
        )
        self.assertEqual(
            connection.connector.url, "https://odoo.example.com/orders/json/2/"
        )

    def test_an_existing_program_reads_and_writes(self):
        self.open("res.partner", "read", "create", "write", "unlink")
        with self.allow_requests():
            partners = self.connect().get_model("res.partner")
            created = partners.create(vals_list=[{"name": "By library"}])
            partners.write(ids=created, vals={"email": "library@example.com"})
            found = partners.search_read(
                domain=[["id", "in", created]], fields=["name", "email"]
            )
            self.assertEqual(
                found,
                [
                    {
                        "id": created[0],
                        "name": "By library",
                        "email": "library@example.com",
                    }
                ],
            )
            self.assertEqual(
                partners.read(ids=created, fields=["name"]),
                {"id": created[0], "name": "By library"},
            )
            partners.unlink(ids=created)
        self.env.invalidate_all()
        self.assertFalse(self.env["res.partner"].browse(created).exists())

    def test_an_existing_program_may_give_arguments_by_position(self):
        self.open("res.partner", "read", "create", "write", "unlink")
        with self.allow_requests():
            partners = self.connect().get_model("res.partner")
            created = partners.create([{"name": "By position"}])
            partners.write(created, {"email": "position@example.com"})
            found = [["id", "in", created]]
            self.assertEqual(partners.search(found, 0, 5, "name"), created)
            told = {"id": created[0], "email": "position@example.com"}
            self.assertEqual(partners.search_read(found, ["email"]), [told])
            self.assertEqual(partners.read(created, ["email"]), told)
            self.assertEqual(partners.search_count(found), 1)
            partners.unlink(created)
            self.assertEqual(partners.search_count(found), 0)

    @mute_logger("odoo.http")
    def test_what_no_scope_opens_is_refused_in_its_words(self):
        library = self.script.odoolib
        with self.allow_requests():
            users = self.connect().get_model("res.users")
            with self.assertRaisesRegex(ValueError, "403.*insufficient_scope"):
                users.search_read(domain=[], fields=["login"])
            with self.assertRaisesRegex(httpx.HTTPStatusError, "403"):
                users.search_read([], ["login"])
            with self.assertRaises(library.json2.AuthenticationError):
                self.connect("wrong").get_model("res.partner").search(domain=[])

    def test_the_login_check_of_the_library_needs_its_method_in_a_scope(self):
        with self.allow_requests():
            with self.assertRaisesRegex(ValueError, "insufficient_scope"):
                self.connect().check_login()
            self.open("res.users", methods="context_get")
            self.assertTrue(self.connect().check_login())
            self.assertFalse(self.connect("wrong").check_login())
