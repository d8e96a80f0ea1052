"""Whatever stands where an address or an issuer should, it is judged rightly."""

import ipaddress

from hypothesis import strategies as st

from odoo.tests import BaseCase

from ..protocol.id_token import TENANT_PLACEHOLDER, is_issuer
from ..protocol.network_policy import NetworkPolicy, literal_address
from ..protocol.provider_errors import ProviderMisbehaved
from ..protocol.rate_limit import network
from .generators import texts
from .property_common import holds_for

_ISSUER = f"https://login.example.com/{TENANT_PLACEHOLDER}/v2.0"
_LINK_LOCAL = st.integers(0, 2**16 - 1).map(
    lambda number: str(ipaddress.IPv4Address(0xA9FE0000 + number))
)


class TestPropertyCaller(BaseCase):
    """Where a call came from, as a proxy's header says."""

    @holds_for(texts, examples=200)
    def test_any_text_is_some_caller(self, text):
        self.assertIsInstance(network(text), str)

    @holds_for(st.integers(0, 2**128 - 1), st.integers(0, 2**64 - 1))
    def test_an_ipv6_64_is_one_caller(self, address, other):
        """Its addresses are one key, however written; its neighbour is another."""
        prefix = address >> 64 << 64
        texts_of_it = {str(ipaddress.IPv6Address(prefix + other))}
        texts_of_it.add(ipaddress.IPv6Address(prefix + other).exploded)
        texts_of_it |= {f"[{text}]:443" for text in set(texts_of_it)}
        keys = {network(text) for text in texts_of_it}
        self.assertEqual(len(keys), 1, texts_of_it)
        neighbour = ipaddress.IPv6Address((prefix ^ (1 << 64)) + other)
        self.assertNotIn(network(str(neighbour)), keys)

    @holds_for(st.ip_addresses(v=4))
    def test_an_ipv4_address_is_one_caller_however_it_is_written(self, address):
        number = int(address)
        mapped = ipaddress.IPv6Address((0xFFFF << 32) + number)
        for text in (address, f"{address}:80", mapped, f"[{mapped}]:80"):
            self.assertEqual(network(str(text)), str(address))


class TestPropertyIssuer(BaseCase):
    """``iss`` of a callback (RFC 9207 section 2.4)."""

    @holds_for(texts, texts, examples=200)
    def test_only_the_issuer_itself_is_the_issuer(self, text, issuer):
        if TENANT_PLACEHOLDER not in issuer:
            self.assertIs(is_issuer(text, issuer), text == issuer)

    @holds_for(texts, examples=200)
    def test_a_tenant_is_a_guid_and_nothing_else(self, tenant):
        self.assertFalse(
            is_issuer(_ISSUER.replace(TENANT_PLACEHOLDER, tenant), _ISSUER)
        )
        self.assertFalse(is_issuer(tenant, _ISSUER))

    @holds_for(st.uuids(), texts.filter(bool))
    def test_a_tenant_s_issuer_with_more_is_refused(self, tenant, more):
        good = _ISSUER.replace(TENANT_PLACEHOLDER, str(tenant))
        self.assertTrue(is_issuer(good, _ISSUER))
        for wrong in (good + more, more + good, good.replace("/v2.0", f"{more}/v2.0")):
            self.assertFalse(is_issuer(wrong, _ISSUER), wrong)


class TestPropertyReachOfAddresses(BaseCase):
    """Hosts that are addresses, in all the ways to write one."""

    @holds_for(texts, examples=200)
    def test_any_host_is_an_address_or_none(self, host):
        address = literal_address(host)
        self.assertTrue(address is None or int(address) >= 0)

    @holds_for(_LINK_LOCAL, st.booleans())
    def test_link_local_addresses_are_out_of_reach_however_written(self, text, private):
        number = int(ipaddress.IPv4Address(text))
        network_policy = NetworkPolicy(private=private, plain_http=private)
        for host in (text, str(number), hex(number), f"[::ffff:{text}]"):
            with self.assertRaises(ProviderMisbehaved, msg=host):
                network_policy.check_url(f"https://{host}/latest/meta-data")
