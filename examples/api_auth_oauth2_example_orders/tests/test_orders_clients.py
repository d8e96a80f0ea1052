import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.api_auth_oauth2.tests.common import OAuth2Records

_SECONDS = 60

# Odoo limits its address space, and with it that of what it starts; Node needs more.
_UNLIMITED = ["sh", "-c", 'ulimit -S -v "$(ulimit -H -v)"; exec "$@"', "sh"]


@tagged("post_install", "-at_install")
class TestOrdersClients(OAuth2Records, HttpCase):
    """The client scripts beside this addon, run as a person runs them."""

    def setUp(self):
        super().setUp()
        scopes = ["orders.read", "orders.write", "orders.confirm"]
        self.access = self.make_access("crm", scopes)
        self.customer = self.env["res.partner"].create({"name": "Deco"})
        self.env.flush_all()

    def run_client(self, command, *words, status=0):
        """Run a script against this server.

        :param list command: the script, and what runs it
        :return: what it printed
        """
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "OAUTH2_BASE_URL": self.base_url(),
            "OAUTH2_API": "crm",
            "OAUTH2_DATABASE": self.env.cr.dbname,
            "OAUTH2_ACCESS_TOKEN": self.access.token,
        }
        self.env.flush_all()
        with self.allow_requests(all_requests=True):
            done = subprocess.run(
                [*_UNLIMITED, *command, *map(str, words)],
                env=environment,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        self.env.invalidate_all()
        printed = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, printed)
        return printed

    @mute_logger("odoo.http")
    def check_client(self, *command, refused=1):
        """Do with a script whatever can be done.

        :param int refused: its exit status when Odoo says no
        """
        listed = self.run_client(command, "list")
        self.assertEqual(json.loads(listed), {"orders": [], "total": 0})
        product = 'Chair "Øre" \\ oak'
        order = json.loads(
            self.run_client(command, "create", self.customer.id, product, 2, 40.5)
        )
        self.assertEqual(order["lines"][0]["product"], product)
        self.assertEqual(order["total"], 81)
        shown = self.run_client(command, "show", order["id"])
        self.assertEqual(json.loads(shown), order)
        confirmed = self.run_client(command, "confirm", order["id"])
        self.assertEqual(json.loads(confirmed)["state"], "confirmed")
        record = self.env["oauth2.example.order"].browse(order["id"])
        self.assertEqual(record.state, "confirmed")
        told = self.run_client(command, "confirm", order["id"], status=refused)
        self.assertIn("is confirmed already", told)

    def script(self, name):
        """:return: the script's path; skips where the addon came without them"""
        for addons in Path(__file__).resolve().parents[2:4]:
            for root in (addons, addons / "api_auth_oauth2" / "examples"):
                if (script := root / "clients" / "orders" / name).exists():
                    return str(script)
        return self.skipTest("the client scripts are not here")

    def test_python(self):
        self.check_client(sys.executable, self.script("orders.py"))

    def test_javascript(self):
        node = os.environ.get("OAUTH2_TEST_NODE") or shutil.which("node")
        if not node:
            self.skipTest("there is no node")
        self.check_client(node, self.script("orders.mjs"))

    def test_curl(self):
        if not shutil.which("curl"):
            self.skipTest("there is no curl")
        # 22: curl's status for an answer of 400 and above
        self.check_client("sh", self.script("orders.sh"), refused=22)
