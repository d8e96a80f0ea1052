"""What a client's form gives developers to paste: programs that run, and values."""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import requests
from lxml import html

from odoo.tests import Form, tagged

from ..services.connect.snippets import SECRET_PLACEHOLDER, Snippets
from ..services.sign_in import authorization
from ..services.tokens import sign_in_progress
from .authorization_server_common import AuthorizationServerCase
from .common import BROWSER_HEADERS
from .test_client_scripts import UNLIMITED

_SECONDS = 60
_NODE = os.environ.get("OAUTH2_TEST_NODE") or shutil.which("node")
_KEYS = ["curl", "python", "javascript", "n8n", "postman"]
#: What each program is run by, and how its file ends.
_RUN_BY = {"curl": ["sh"], "python": [sys.executable], "javascript": [_NODE]}
_SUFFIX = {"curl": "sh", "python": "py", "javascript": "mjs"}


@tagged("post_install", "-at_install")
class SnippetCase(AuthorizationServerCase):
    def texts(self, client=None, secret=None):
        """:return: ``{key: text}`` of a client's snippets"""
        client = client or self.own
        made = Snippets(client, self.api, secret).snippets()
        return {key: text for key, _label, text in made}

    def start(self, key, text):
        """Run a program; what it prints can be read while it runs."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        file = folder / f"connect.{_SUFFIX[key]}"
        file.write_text(text, encoding="utf-8")
        if not (command := _RUN_BY[key])[0]:
            self.skipTest("there is no node")
        program = subprocess.Popen(
            [*UNLIMITED, *command, str(file)],
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        return program

    def asked_address(self, program):
        """:return: the address that a program asks its user to open"""
        self.assertIn("Open this address", program.stdout.readline())
        return program.stdout.readline().strip()

    def assertTellsWho(self, program, login, given="", *, reads=True):
        """It ends well, with what whoami answered, and three contacts if it reads."""
        with self.allow_requests(all_requests=True):
            printed, complaints = program.communicate(given, timeout=_SECONDS)
        self.assertEqual(program.returncode, 0, complaints)
        self.assertIn(login, printed)
        self.assertEqual(printed.count("display_name"), 3 if reads else 0)

    def assertRun(self, texts, login, decide=None, *, reads=True):
        """Each program ends with what whoami answers to its token.

        :param decide: what the user does at the address that a program prints; returns
            what the program is given for it
        """
        self.env.flush_all()
        for key in _RUN_BY:
            with self.subTest(key):
                program = self.start(key, texts[key])
                given = decide(self.asked_address(program)) if decide else ""
                self.assertTellsWho(program, login, given, reads=reads)

    def come_back(self, address):
        """The user opens the authorization endpoint, signs in and allows.

        :return: where the browser ends
        """
        consent = self.visit(address, BROWSER_HEADERS).headers["Location"]
        answer = self.visit(consent, BROWSER_HEADERS)
        if answer.status_code != 303:
            answer = self.decide(consent, answer)
        return answer.headers["Location"] + "\n"


class TestPrograms(SnippetCase):
    def setUp(self):
        super().setUp()
        self.api.json2_enabled = True
        scope = self.api.scope_ids.filtered(lambda s: s.name == "partners.read")
        self.open_model(scope, "res.partner", "read")

    def test_programs_with_client_credentials_reach_contacts(self):
        self.serve_as(self.make_user("service@example.com"))
        self.own.redirect_uris = False
        texts = self.texts(secret=self.secret)
        self.assertRun(texts, "service@example.com")

    def test_programs_hold_any_client_id_as_it_is(self):
        self.own.client_identifier = """it's "an" \\odd $HOME `id` {{scope}} %41+"""
        self.serve_as(self.make_user("service@example.com"))
        self.own.redirect_uris = False
        self.assertRun(self.texts(secret=self.secret), "service@example.com")

    def test_programs_with_the_code_flow_reach_contacts_once_the_user_allowed(self):
        texts = self.texts(secret=self.secret)
        self.assertRun(texts, self.user.login, self.come_back)

    def test_programs_of_a_public_client_name_no_secret_and_reach_whoami(self):
        self.own.write({"client_type": "public", "scope_ids": False})
        texts = self.texts()
        for text in texts.values():
            self.assertNotIn("secret", text.replace("secrets", "").lower())
        self.assertRun(texts, self.user.login, self.come_back, reads=False)

    def test_programs_that_speak_the_json_contract_wait_for_the_user(self):
        self.patch(authorization, "INTERVAL", timedelta(seconds=1))
        self.patch(sign_in_progress.polls, "window", -1)
        texts = self.texts(self.client, "demo-secret")

        self.env.flush_all()
        for key in _RUN_BY:
            with self.subTest(key):
                program = self.start(key, texts[key])
                with self.allow_requests(all_requests=True):
                    self.allow_at_provider(self.asked_address(program))
                self.assertTellsWho(program, self.user.login)

    def allow_at_provider(self, address):
        """What the user's browser does, while a program asks again and again."""
        with requests.Session() as browser:
            browser.headers.update(BROWSER_HEADERS)
            page = browser.get(self.sign_in(address), timeout=_SECONDS)
            (form,) = html.fromstring(page.text).forms
            decided = browser.post(
                f"{self.base_url()}{form.action}",
                data={**dict(form.form_values()), "decision": "allow"},
                timeout=_SECONDS,
            )
        self.assertEqual(decided.status_code, 200, decided.text)


class TestValues(SnippetCase):
    def values(self, client=None, secret=None):
        return dict(Snippets(client or self.own, self.api, secret).values())

    def more_values(self, client=None):
        return dict(Snippets(client or self.own, self.api).more_values())

    def test_each_client_has_the_five_snippets_in_one_order(self):
        for client in (self.own, self.client):
            self.assertEqual(list(self.texts(client)), _KEYS)

    def test_a_secret_that_odoo_cannot_show_is_a_placeholder(self):
        for client in (self.own, self.client):
            self.assertEqual(self.values(client)["Client Secret"], SECRET_PLACEHOLDER)
            for key, text in self.texts(client).items():
                self.assertIn(SECRET_PLACEHOLDER, text, key)
                self.assertNotIn("demo-secret", text)

    def test_values_are_those_that_the_client_needs(self):
        code = {
            "Authorization URL": f"{self.issuer}/oauth2/authorize",
            "Token URL": f"{self.issuer}/oauth2/token",
            "Client ID": "own-app",
            "Client Secret": "shown-once",
        }
        self.assertEqual(self.values(secret="shown-once"), code)
        more = {"Issuer URL": self.issuer, "Scope": "orders.read partners.read"}
        self.assertEqual(self.more_values(), more)
        # Most clients need its own two, and read or know the addresses.
        first = list(self.values(secret="shown-once"))[:2]
        self.assertEqual(first, ["Client ID", "Client Secret"])
        self.own.write({"client_type": "public", "scope_ids": False})
        del code["Client Secret"], more["Scope"]
        self.assertEqual((self.values(), self.more_values()), (code, more))
        contract = self.values(self.client)
        sign_in_url = f"{self.issuer}/oauth2/provider/authorize"
        self.assertEqual(contract["Sign-in URL"], sign_in_url)
        self.assertNotIn("Authorization URL", contract)
        self.assertFalse(self.more_values(self.client))

    def test_a_client_of_a_provider_with_a_redirect_uri_speaks_the_standard(self):
        self.client.redirect_uris = "https://app.example.com/back"
        self.assertIn("code_challenge", self.texts(self.client)["python"])

    def test_the_form_shows_the_snippets_of_the_chosen_api(self):
        other = self.make_api("crm")
        self.own.api_ids += other
        self.env.flush_all()
        self.env.invalidate_all()  # as a form is read: APIs in their order
        events = self.env["oauth2.event"].search_count([])
        with Form(self.own) as form:
            for oauth2_api in (other, self.api):
                form.snippet_api_id = oauth2_api
                address = f"/{oauth2_api.endpoint}/oauth2/whoami"
                for name in ("snippet_n8n", "snippet_postman"):
                    self.assertIn(address, form[name])
        self.assertEqual(self.env["oauth2.event"].search_count([]), events)

    def test_steps_for_tools_are_of_the_grant_type_that_the_client_uses(self):
        texts = self.texts()
        self.assertIn("Grant Type: PKCE\n", texts["n8n"])
        self.assertIn("Grant type: Authorization Code (With PKCE)\n", texts["postman"])
        self.serve_as(self.make_user("service@example.com"))
        self.own.redirect_uris = False
        texts = self.texts()
        self.assertIn("Grant Type: Client Credentials\n", texts["n8n"])
        self.assertIn("Grant type: Client Credentials\n", texts["postman"])
        for key in ("n8n", "postman"):
            self.assertNotIn("oauth2/authorize", texts[key])

    def test_steps_for_tools_end_with_a_call_that_reads_where_a_scope_opens_a_model(
        self,
    ):
        self.open_model(self.own.scope_ids[:1], "res.bank", "create")
        self.open_model(self.own.scope_ids[:1], "res.country", "read")
        for served in (False, True):
            self.api.json2_enabled = served
            for key in ("n8n", "postman"):
                text = self.texts()[key]
                self.assertEqual("json/2/res.country/search_read" in text, served)
                self.assertNotIn("res.bank", text)
