import contextlib
import re
from urllib.parse import urlsplit

import psycopg2
from hypothesis import strategies as st

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import OAuth2Records
from .generators import VISIBLE, texts
from .property_common import holds_for

_addresses = st.lists(
    st.one_of(
        st.sampled_from(
            (
                "https://",
                "http://",
                "a.example",
                "localhost",
                "[::1]",
                ":8069",
                "/",
                "?",
            )
        ),
        st.sampled_from(
            ("#", "@", "*", ":0", ":65536", "É.example", "A", ".", "-", "_")
        ),
        texts.filter(lambda text: "\0" not in text and text.isprintable()),
    ),
    max_size=5,
).map("".join)


@tagged("post_install", "-at_install")
class TestPropertyRecords(OAuth2Records, TransactionCase):
    """What an administrator may write is what the grammars allow."""

    def setUp(self):
        super().setUp()
        self.api = self.make_api()
        self.provider = self.make_provider()
        self.client = self.make_client(self.api, self.provider)
        self.env.flush_all()

    def written(self, record, name, value):
        """:return: what the field holds then, None when the value is refused; for the
        next value it is as before"""
        held = None
        with contextlib.suppress(ValidationError, psycopg2.IntegrityError):
            with self.env.cr.savepoint() as savepoint:
                record[name] = value
                record.flush_recordset()
                held = record[name]
                savepoint.rollback()
        record.invalidate_recordset(flush=False)
        return held

    @mute_logger("odoo.sql_db")
    @holds_for(
        st.one_of(
            texts.filter(lambda t: "\0" not in t and t.isprintable()),
            st.from_regex(r"[a-z0-9A-Z_ -]{1,9}", fullmatch=True),
        ),
        examples=80,
    )
    def test_an_endpoint_is_one_plain_part_of_a_path(self, value):
        endpoint = self.written(self.api, "endpoint", value)
        if endpoint is not None:
            self.assertRegex(endpoint, r"\A[a-z0-9][a-z0-9_-]*\Z")

    @holds_for(_addresses, examples=200)
    def test_an_origin_is_what_a_browser_sends(self, value):
        """RFC 6454 section 6.2: scheme, host and port, in ASCII and lower case."""
        told = self.written(self.client, "allowed_origins", value)
        for origin in (told or "").split():
            self.assertRegex(
                origin, r"\Ahttps?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d+)?\Z"
            )
            parts = urlsplit(origin)
            self.assertIn(parts.port, [*range(1, 65536), None])
            if parts.scheme == "http":
                self.assertRegex(parts.hostname, r"\A(localhost|127\.[\d.]+|[0:]+1)\Z")

    @holds_for(_addresses, examples=120)
    def test_a_provider_s_address_is_https_without_user_and_fragment(self, value):
        for name in ("token_endpoint", "jwks_uri"):
            url = self.written(self.provider, name, value)
            if url:
                self.assertTrue(set(url) <= set(VISIBLE) - {"#", "\\"}, url)
                self.assertTrue(url.lower().startswith("https://"), url)
                self.assertNotIn("@", urlsplit(url).netloc)
                self.assertTrue(urlsplit(url).hostname)

    @holds_for(_addresses, examples=120)
    def test_a_base_url_is_scheme_host_and_port(self, value):
        settings = self.env["res.config.settings"].new({})
        settings.api_auth_oauth2_base_url = value
        try:
            settings._check_api_auth_oauth2_base_url()
        except ValidationError:
            return
        if value:
            self.assertTrue(re.fullmatch(r"(?i)https?://[^/?#@\s]+/*", value), value)
            self.assertTrue(value.isascii())
