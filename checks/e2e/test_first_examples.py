"""The programs of docs/first-example.md and endpoints.md, run as they stand there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from beside import ledger
from browser import ALLOW, BrowserCase
from server import SECONDS, URL, Site

DOCS = Path(__file__).parents[2] / "docs"
PASSWORD = "correct-horse-battery"
BACK = "http://localhost:8400/back"


def example(beginning):
    """Return the page's code that begins with a text."""
    [code] = re.findall(
        rf"^```\w+\n({re.escape(beginning)}.*?)^```$",
        (DOCS / "first-example.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    return code


def standard_by_hand():
    """Return the blocks of shell of "The standard, by hand", in their order."""
    text = (DOCS / "endpoints.md").read_text().partition("\n## The endpoints")[0]
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def documents(text):
    """Yield the JSON values that stand in a text one after the other."""
    while text := text.strip():
        value, end = json.JSONDecoder().raw_decode(text)
        yield value
        text = text[end:]


class TestFirstExamples(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        site = Site(cls.administrator, {"endpoint": "demo"})
        admin = cls.administrator
        for name in ("user", "other_user", "service"):
            setattr(cls, name, f"first-{name}@example.com")
            user_id = admin.make_user(getattr(cls, name), name=name, password=PASSWORD)
        client_id = admin.create(
            "oauth2.client",
            name="First example",
            client_identifier="demo-client",
            redirect_uris=BACK,
            api_ids=[site.api_id],
            scope_ids=[site.scope_id],
            allows_client_credentials=True,
            service_user_id=user_id,
        )
        shown = admin.call("oauth2.client", "action_rotate_secret", [client_id])
        cls.secret = shown["context"]["default_client_secret"]
        ledger.keep("client_secret", cls.secret)

    def running(self, *command):
        # The environment that a person has who pasted what `./dev demo` prints.
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        told = {"OAUTH2_BASE_URL": URL, "OAUTH2_CLIENT_SECRET": self.secret}
        return subprocess.Popen(
            command,
            env=kept | told,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def came_back(self, address, user):
        """Log in and allow; return the address at which the browser ends."""
        ledger.keep_address(address)
        self.page.goto(address)
        self.page.fill("input[name=login]", user)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.press("input[name=password]", "Enter")
        # Nothing listens at the redirect URI.
        with self.page.expect_request(f"{BACK}?**") as came_back:
            self.page.click(ALLOW)
        return came_back.value.url

    def test_a_stock_client_with_two_urls_acts_as_the_user_who_allowed_it(self):
        with self.running(sys.executable, "-uc", example("import os")) as program:
            program.stdout.readline()
            address = program.stdout.readline().strip()
            came_back = self.came_back(address, self.user)
            printed, complaint = program.communicate(f"{came_back}\n", timeout=SECONDS)
        self.assertEqual(program.returncode, 0, complaint)
        self.assertIn(f"'login': '{self.user}'", printed)
        self.assertIn("'scopes': ['partners.read']", printed)
        self.assertRegex(printed, r"\[\{'id': \d+, 'name': ")

    def test_four_lines_of_curl_act_as_the_client_s_own_user(self):
        with self.running("sh", "-ec", example("TOKEN=")) as program:
            printed, complaint = program.communicate(timeout=SECONDS)
        self.assertEqual(program.returncode, 0, complaint)
        self.assertIn(f'"login": "{self.service}"', printed)
        self.assertRegex(printed, r'\[\{"id": \d+, "name": ')

    def test_the_standard_goes_by_hand_from_discovery_to_revocation(self):
        where, ask, code, *rest = standard_by_hand()
        with self.running("sh", "-es") as program:
            program.stdin.write(where + ask)
            program.stdin.flush()
            # curl ends no line: the address follows the document.
            document, address = program.stdout.readline().strip().rsplit("}", 1)
            came_back = urlsplit(self.came_back(address, self.other_user))
            [given] = parse_qs(came_back.query)["code"]
            ledger.keep("code", given)
            pasted = code.replace("PASTE-THE-CODE-HERE", given)
            printed, complaint = program.communicate(
                pasted + "".join(rest), timeout=SECONDS
            )
        self.assertEqual(program.returncode, 0, complaint)
        self.assertIn(f'"issuer": "{URL}/demo"', document)
        exchanged, printed = printed.split("\n", 1)
        whoami, refreshed, introspected, revoked, without_user = documents(printed)
        self.assertIn('"refresh_token"', exchanged)
        self.assertEqual(whoami["login"], self.other_user)
        self.assertIn("refresh_token", refreshed)
        self.assertTrue(introspected["active"])
        self.assertEqual(revoked, {})
        self.assertNotIn("refresh_token", without_user)
