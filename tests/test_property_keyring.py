"""Whatever stands where a key, a stored secret or a line of the log should."""

from cryptography.fernet import Fernet
from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..protocol.keyring import CannotDecrypt, EncryptionKeys, derived_key, split_keys
from ..protocol.logs import without_secrets
from ..protocol.token_response import expires_at, token_information
from .generators import VISIBLE, objects, texts, unlogged_texts
from .property_common import holds_for

_NOW = 1_900_000_000
_KEYS = [derived_key(text) for text in ("first", "second", "third")]
_query = st.text(VISIBLE, max_size=20)


class TestPropertyKeyring(BaseCase):
    """Keys of a configuration, and what a database holds under them."""

    @holds_for(st.lists(st.one_of(texts, st.sampled_from(_KEYS)), max_size=3))
    def test_any_configured_key_is_usable_or_malformed(self, texts_of_keys):
        keys = split_keys(",".join(texts_of_keys))
        self.assertFalse([key for key in keys if not key or "," in key])
        try:
            ring = EncryptionKeys([*keys, _KEYS[0]])
        except ValueError:
            self.assertLess({*keys} & {*_KEYS}, {*keys})
            return
        self.assertEqual(ring.decrypt(ring.encrypt("secret")), "secret")
        self.assertRegex(ring.fingerprint, "^[0-9a-f]{16}$")
        for key in keys:
            self.assertNotIn(key, ring.fingerprint)

    @holds_for(unlogged_texts, st.permutations(_KEYS))
    def test_what_one_key_wrote_each_ring_with_it_reads_and_re_encrypts(
        self, text, keys
    ):
        text += " (made up)"  # of no other test, whose logs are searched for it
        written = EncryptionKeys(keys[:1]).encrypt(text)
        self.assertTrue(written.isascii())
        for ring in (EncryptionKeys(keys), EncryptionKeys(keys[::-1])):
            self.assertEqual(ring.decrypt(written), text)
            # Also as version 19.0.1 wrote it, without the id of its key.
            for each in (written, written.partition(":")[2]):
                renewed = ring.re_encrypt(each)
                self.assertTrue(renewed.startswith(ring.prefix))
                self.assertEqual(ring.decrypt(renewed), text)
                self.assertEqual(ring.re_encrypt(renewed), renewed)
        other = EncryptionKeys(keys[1:])
        self.assertFalse(written.startswith(other.prefix))
        for read in (other.decrypt, other.re_encrypt):
            with self.assertRaises(CannotDecrypt) as raised:
                read(written)
            self.assertTrue(written.startswith(f"{raised.exception.key_id}:"))

    @holds_for(
        st.one_of(
            texts,
            st.binary().map(lambda b: Fernet(_KEYS[1]).encrypt(b).decode()),
            texts.map(lambda text: EncryptionKeys(_KEYS[:1]).prefix + text),
            st.binary().map(
                lambda b: (
                    EncryptionKeys(_KEYS[:1]).prefix
                    + Fernet(_KEYS[1]).encrypt(b).decode()
                )
            ),
        ),
        examples=100,
    )
    def test_any_stored_text_that_no_key_wrote_is_not_read(self, stored):
        ring = EncryptionKeys(_KEYS[:1])
        with self.assertRaises(CannotDecrypt):
            ring.decrypt(stored)

    @holds_for(unlogged_texts, st.integers(0, 10_000), st.sampled_from(VISIBLE))
    def test_a_changed_character_is_not_read_as_something_else(self, text, place, new):
        ring = EncryptionKeys(_KEYS[:1])
        written = ring.encrypt(text)
        place %= len(written)
        try:
            told = ring.decrypt(written[:place] + new + written[place + 1 :])
        except CannotDecrypt:
            return
        self.assertEqual(told, text)


_OTHERS = st.lists(
    st.from_regex(r"x[a-z]{1,4}=[a-z0-9]{0,5}", fullmatch=True), max_size=3
)


class TestPropertyLogLines(BaseCase):
    """No line of the server's log has what a caller put into an address of ours."""

    @holds_for(
        st.sampled_from(("GET", "POST", "HEAD")),
        st.from_regex(r"/[a-z][a-z0-9_-]{0,8}", fullmatch=True),
        st.sampled_from(("callback", "callback/7", "start", "token", "x", "")),
        st.sampled_from(("code", "state", "request", "client_secret", "access_token")),
        _OTHERS,
        _query.map(lambda text: text.replace("&", "")),
    )
    def test_a_secret_parameter_of_ours_is_left_out_and_nothing_else(
        self, method, api, name, parameter, others, more
    ):
        secret = "a-secret-of-the-query"
        before = "&".join([*others, f"{parameter}="])
        after = "".join(f"&{other}" for other in others)
        path = f"{api}/oauth2/{name}?{before}{secret}{more}{after}"
        for line in (f'"{method} {path} HTTP/1.1" 200 -', f"{method} {path}", path):
            clean = without_secrets(line)
            self.assertNotIn(secret, clean)
            self.assertIn(f"{api}/oauth2/{name}?{before}…", clean)
            self.assertEqual(clean.endswith('HTTP/1.1" 200 -'), "HTTP/" in line)

    @holds_for(st.from_regex(r"/[a-z0-9_/-]{0,20}", fullmatch=True), _OTHERS)
    def test_an_address_of_others_stays_as_it_is(self, path, others):
        query = "&".join([*others, "access_token=a-portal-link"])
        line = f'"GET {path}?{query} HTTP/1.1" 200 -'
        if "oauth2" not in line:
            self.assertEqual(without_secrets(line), line)

    @holds_for(texts, texts)
    def test_a_call_with_a_client_s_secret_is_told_by_its_name(self, before, after):
        secret = "a-secret-of-a-client"
        line = (
            f"call oauth2.client.write({before!r}, client_secret={secret!r}, {after!r})"
        )
        self.assertNotIn(secret, without_secrets(line))
        self.assertEqual(without_secrets(before), before)


class TestPropertyTokenInformation(BaseCase):
    """What an application receives, whatever the provider added to its answer."""

    @holds_for(
        st.fixed_dictionaries(
            {"access_token": st.just("a-token")},
            optional={
                "expires_in": st.one_of(
                    st.integers(0, 10**11),
                    st.floats(0, 1e11),
                    st.integers(0, 10**11).map(str),
                ),
                "expires_at": st.one_of(texts, st.integers()),
                "db": texts,
                "login": texts,
                "scope": texts,
            },
        ),
        objects,
        st.integers(60, 10**9),
    )
    def test_ours_win_and_all_else_is_handed_on(self, answer, extra, lifetime):
        extra.pop("expires_in", None)  # drawn beside it, as a number
        answer = {**extra, **answer}
        said = answer.get("expires_in")
        expires = expires_at(answer, lifetime, now=_NOW)
        told = token_information(
            answer, expires=expires, db="odoo", login="olivia", now=_NOW
        )
        self.assertEqual((told["db"], told["login"]), ("odoo", "olivia"))
        self.assertEqual(told["expires_at"], _NOW + told["expires_in"])
        self.assertTrue(0 <= told["expires_in"] <= lifetime)
        if said is not None and float(said) >= 1:  # else it says nothing
            self.assertLessEqual(told["expires_in"], float(said))
        ours = {"db", "login", "expires_in", "expires_at"}
        for name in answer.keys() - ours:
            self.assertIs(told[name], answer[name])  # verbatim
