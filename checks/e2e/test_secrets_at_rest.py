"""What a dump of the running system's database gives away, and its log at debug level.

Each secret that was used is searched for in both, as it is and in other spellings, and
so is something that is known to be there.
"""

import base64
import importlib.util
import json
import os
import pathlib
import re
import secrets
import subprocess
import unittest

import requests
from beside import ledger, spellings
from cryptography.fernet import Fernet, InvalidToken
from providers import QuickProvider
from server import DB, LOG, SECONDS, URL, ServerCase, sql, visit

BROWSER = {
    "Accept": "text/html,application/xhtml+xml",
    "Accept-Language": "en",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "cross-site",
}
KEY = os.environ.get("API_AUTH_OAUTH2_KEYS", "")
_ROOT = pathlib.Path(__file__).resolve().parents[2]


def found(wanted, text):
    """Return which of the texts stand in `text` (bytes), however they are spelt."""
    binary = re.findall(rb"\\x([0-9a-f]{2,})", text)
    text += b"\n".join(
        bytes.fromhex(part.decode()) for part in binary if not len(part) % 2
    )
    return {one for one in wanted if any(form in text for form in spellings(one))}


def dump():
    """Return a dump of the server's database, as pg_dump writes it."""
    command = ["pg_dump", "--dbname", DB, "--inserts"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def log():
    return pathlib.Path(LOG).read_bytes()


def key_of_the_database(text):
    """Return the key that the holder of a dump can derive from it."""
    path = _ROOT / "protocol" / "keyring.py"
    spec = importlib.util.spec_from_file_location("keyring", path)
    keyring = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(keyring)
    secret = re.search(rb"'database.secret', '([^']+)'", text)[1]
    return keyring.derived_key(secret.decode())


def encrypted_values(text):
    """Return what Fernet encrypted, wherever it stands."""
    return re.findall(rb"gAAAAA[\w-]+=*", text)


def opened(key, values):
    """Return what a key decrypts of some values."""
    fernet, texts = Fernet(key), []
    for value in values:
        try:
            texts.append(fernet.decrypt(value))
        except InvalidToken:
            continue
    return texts


@unittest.skipUnless(ledger.PATH, "OAUTH2_TEST_LEDGER is not set")
class TestSecretsAtRest(ServerCase):
    """Sign-ins, refreshes, revocations and their failures; then nothing is found."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.enterClassContext(QuickProvider())
        cls.provider.client_secret = secrets.token_urlsafe(24)
        cls.site = cls.make(scope="openid email")
        cls.live()
        with open(ledger.PATH) as file:
            told = [json.loads(line) for line in file]
        ours = [one for one in told if one["where"] == cls.__qualname__]
        cls.kinds = {one["kind"] for one in ours}
        cls.secrets = {one["value"] for one in ours if len(one["value"]) > 8}

    @classmethod
    def make(cls, **values):
        """Return a site whose client has the secret."""
        client = {"client_secret": cls.provider.client_secret}
        return cls.make_site(cls).use(cls.provider, client, **values)

    @classmethod
    def live(cls):
        """Whatever may happen to a grant; what is left is as full as can be."""
        cls.provider.access_token_format = "jwt"
        site = cls.site
        # Revoked, while the provider does not listen: the outbox holds the tokens.
        _tokens, identity = site.authorize()
        cls.provider.answer("revocation", status=503)
        site.revoke(identity).raise_for_status()
        cls.provider.behave()
        # Alive and just refreshed, by each kind of proof.
        tokens, identity = site.authorize("customer-4711-of-acme")
        site.partners(tokens["access_token"]).raise_for_status()
        secret = {"client_secret": cls.provider.client_secret}
        tokens = site.refresh(identity, **secret).json()
        by_token = {"refresh_token": tokens["refresh_token"]}
        cls.go_wrong(identity, site.refresh(identity, **by_token).json())
        # One waits for a user's decision, one for a sign-in.
        url = site.sign_in(site.ask()["authorization_url"])
        visit(url, headers=BROWSER).raise_for_status()
        site.ask()
        # Waiting at a start page.
        url = cls.make(user_matching="session").ask()["authorization_url"]
        session = cls.administrator._session
        answer = session.get(url, allow_redirects=False, timeout=SECONDS)
        if answer.status_code != 303:
            raise AssertionError(answer.text)
        for job in ("clean_up", "revocations", "key_rotation"):
            cls.run_job(job)

    @classmethod
    def go_wrong(cls, identity, tokens):
        """Secrets where they do not belong, and failures that may echo them."""
        site, token = cls.site, tokens["access_token"]
        cls.provider.answer(
            "token", status=400, json={"error": tokens["refresh_token"]}
        )
        site.refresh(identity, refresh_token=tokens["refresh_token"])
        cls.provider.behave()
        site.refresh(identity, client_secret="wrong-secret-of-client")
        site.partners("an-unknown-bearer-token")
        in_query = {"client_secret": cls.provider.client_secret, "refresh_token": token}
        root = f"{URL}/{site.endpoint}"
        requests.post(f"{root}/oauth2/token", params=in_query, timeout=SECONDS)
        requests.get(
            f"{root}/partners", params={"access_token": token}, timeout=SECONDS
        )
        visit(f'{root}/oauth2/callback?code=a-forged-code&state="x y"')

    @classmethod
    def run_job(cls, name):
        [[cron]] = sql(
            "SELECT res_id FROM ir_model_data WHERE module = 'api_auth_oauth2'"
            " AND name = %s",
            f"ir_cron_{name}",
        )
        cls.administrator.call("ir.cron", "method_direct_trigger", [cron])

    def test_secrets_of_each_kind_were_collected_to_search_for(self):
        self.assertGreater(len(self.secrets), 30)
        self.assertIn(self.provider.client_secret, self.secrets)
        wanted = {*ledger.PARAMETERS, "bearer token", "cookie"}
        # This provider is shown a secret; the one of test_client_key a key.
        self.assertLessEqual(wanted - {"token", "client_assertion"}, self.kinds)

    def test_a_dump_of_the_database_holds_no_secret(self):
        text = dump()
        self.assertEqual(
            found({self.site.login, self.site.endpoint}, text),
            {self.site.login, self.site.endpoint},
        )
        self.assertEqual(found(self.secrets | {KEY}, text), set())

    def test_a_dump_of_the_database_does_not_hold_the_encryption_key(self):
        text = dump()
        values = encrypted_values(text)
        inside = b"\n".join(opened(KEY, values))
        # With the key of odoo.conf everything is there: the values are the right ones.
        self.assertIn(self.provider.client_secret.encode(), inside)
        self.assertEqual(len(opened(KEY, values)), len(values))
        self.assertEqual(opened(key_of_the_database(text), values), [])

    def test_a_secret_in_a_dump_would_be_found(self):
        secret = self.provider.client_secret
        for number, planted in enumerate(
            (
                secret,
                secret.encode().hex(),
                base64.b64encode(b"ab" + secret.encode() + b"cd").decode(),
                f'{{"token": "{secret}"}}',
            )
        ):
            name = f"planted.{number}"
            add = "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
            sql(add, name, planted)
            try:
                self.assertEqual(found({secret}, dump()), {secret}, planted)
            finally:
                sql("DELETE FROM ir_config_parameter WHERE key = %s", name)
        self.assertEqual(found({secret}, dump()), set())

    def test_the_server_s_log_that_is_searched_for_secrets_is_at_level_debug(self):
        text = log()
        for heard in (b" DEBUG ", b" urllib3.connectionpool: ", b" werkzeug: "):
            self.assertIn(heard, text)
        there = {self.site.endpoint, f"{self.site.endpoint}/oauth2/callback?code=…"}
        self.assertEqual(found(there, text), there)

    def test_addresses_of_other_pages_are_logged_whole(self):
        answer = visit(f"{URL}/web/login?whatever=stays")
        self.assertEqual(answer.status_code, 200)
        self.assertIn(b"whatever=stays", log())
