"""A provider's address is checked, and the connection goes to what was checked."""

import ipaddress
import os
import socket
import time
from unittest.mock import patch
from urllib.parse import urlsplit

import requests

from odoo.tests import BaseCase, tagged

from ..protocol import transport
from ..protocol.checked_connection import call_under_way
from ..protocol.jwks import KeySetCache
from ..protocol.network_policy import PUBLIC, NetworkPolicy
from ..protocol.provider_client import ProviderClient
from ..protocol.provider_errors import ProviderMisbehaved, ProviderUnavailable
from ..protocol.provider_registration import ClientRegistration, ProviderMetadata
from ..protocol.transport import ProviderSession
from . import certificates
from .faulty_provider import FaultyProvider
from .protocol_common import THIS_MACHINE

_send = requests.Session.send  # Odoo's tests replace it by one for localhost only

HOST = certificates.HOST
PRIVATE = NetworkPolicy(private=True)

PUBLIC_ADDRESSES = (
    "8.8.8.8",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",  # NAT64 of 8.8.8.8
)
PRIVATE_ADDRESSES = (
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",  # NAT64 of 10.0.0.1
)
RESERVED_ADDRESSES = (
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
)


@tagged("post_install", "-at_install")
class TestAddresses(BaseCase):
    def admits(self, network_policy, address):
        try:
            network_policy.check_address(address)
        except ProviderMisbehaved:
            return False
        return True

    def check(self, addresses, network_policy, admitted):
        for address in addresses:
            with self.subTest(address):
                self.assertIs(self.admits(network_policy, address), admitted)
                literal = ipaddress.ip_address(address)
                self.assertIs(self.admits(network_policy, literal), admitted)

    def test_public_addresses_are_within_reach(self):
        self.check(PUBLIC_ADDRESSES, PUBLIC, True)
        self.check(PUBLIC_ADDRESSES, PRIVATE, True)

    def test_private_addresses_need_the_administrator(self):
        self.check(PRIVATE_ADDRESSES, PUBLIC, False)
        self.check(PRIVATE_ADDRESSES, PRIVATE, True)

    def test_no_provider_is_at_the_others(self):
        self.check(RESERVED_ADDRESSES, PUBLIC, False)
        self.check(RESERVED_ADDRESSES, PRIVATE, False)
        self.check(RESERVED_ADDRESSES, THIS_MACHINE, False)

    def test_every_way_to_write_an_address_is_read(self):
        for host in (
            "127.0.0.1",
            "127.1",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "2130706433",
            "0x7f000001",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:0:0:1]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "idp.localhost",
        ):
            with self.subTest(host), self.assertRaises(ProviderMisbehaved):
                PUBLIC.check_url(f"https://{host}:8443/token")
            PRIVATE.check_url(f"https://{host}:8443/token")
        for host in ("localhost.example.com", "127.0.0.1.example.com", "notlocalhost"):
            PUBLIC.check_url(f"https://{host}/token")

    def test_plain_http_is_asked_for_by_name(self):
        for network_policy in (PUBLIC, PRIVATE):
            with self.assertRaises(ProviderMisbehaved):
                network_policy.check_url("http://127.0.0.1/token")
        THIS_MACHINE.check_url("http://127.0.0.1/token")


class Resolver:
    """A name server that is the attacker's: each question has its own answer.

    `answers` are lists of addresses; the last one is given again and again, each after
    so many `seconds`. Addresses that are asked for are answered as they are.
    """

    seconds = 0

    def __init__(self, *answers):
        self.answers = answers
        self.questions = []
        self._resolve = socket.getaddrinfo

    def __call__(self, host, port, *args, **kwargs):
        addresses = [host]
        if host.strip(".").endswith(("example.com", "localhost")):
            index = min(len(self.questions), len(self.answers) - 1)
            self.questions.append(host)
            time.sleep(self.seconds)
            addresses = self.answers[index]
        return [
            entry
            for address in addresses
            for entry in self._resolve(address, port, *args, **kwargs)
        ]


class NetworkCase(BaseCase):
    """Names are resolved as the test says, so that no request leaves this machine."""

    handshake_seconds = 0  # that the provider takes for it

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        return _send(s, r, **kw)

    def setUp(self):
        super().setUp()
        self.names = []
        self.files = certificates.of_this_process()
        environment = {"REQUESTS_CA_BUNDLE": str(self.files.authority)}
        # What the machine that runs the tests has set must not decide them.
        for name in ("https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
            environment[name] = ""
        self.enterContext(patch.dict(os.environ, environment))
        self.provider = self.serve()
        self.port = urlsplit(self.provider.issuer).port

    def serve(self, **options):
        context = certificates.server_context(self.files)
        context.sni_callback = self.shake_hands
        provider = self.enterContext(FaultyProvider(context, **options))
        return provider

    def shake_hands(self, _socket, name, _context):
        self.names.append(name)
        time.sleep(self.handshake_seconds)

    def resolve(self, *answers):
        """Have names resolve so; return the resolver."""
        resolver = Resolver(*answers)
        self.enterContext(patch("socket.getaddrinfo", resolver))
        return resolver

    def get(self, network_policy, host=HOST):
        with ProviderSession(network_policy=network_policy) as session:
            return session.get(f"https://{host}:{self.port}/jwks")

    def assertRefused(self, network_policy, reason, host=HOST):
        with self.assertRaises(ProviderMisbehaved) as caught:
            self.get(network_policy, host)
        self.assertIn(reason, caught.exception.reason)
        self.assertFalse(self.provider.requests)
        self.assertFalse(self.names, "not even a connection")


@tagged("post_install", "-at_install")
class TestResolving(NetworkCase):
    def test_tls_and_host_header_have_the_name(self):
        self.resolve(["127.0.0.1"])
        self.assertEqual(self.get(PRIVATE).status_code, 200)
        self.assertEqual(self.names, [HOST])
        [request] = self.provider.requests
        self.assertEqual(request["headers"]["Host"], f"{HOST}:{self.port}")

    def test_a_name_that_leads_to_a_private_address_is_refused(self):
        for address in ("127.0.0.1", "10.0.0.1", "::1", "fd00::1"):
            self.resolve([address])
            self.assertRefused(PUBLIC, address)

    def test_a_name_that_leads_to_metadata_is_refused_whatever_is_allowed(self):
        for address in ("169.254.169.254", "fd00:ec2::254", "0.0.0.0", "fe80::1"):
            self.resolve([address])
            self.assertRefused(THIS_MACHINE, address)

    def test_one_private_address_among_public_ones_is_enough(self):
        self.resolve(["8.8.8.8", "127.0.0.1"])
        self.assertRefused(PUBLIC, "127.0.0.1")
        self.resolve(["127.0.0.1", "169.254.169.254"])
        self.assertRefused(PRIVATE, "169.254.169.254")

    def test_other_spellings_of_an_address_are_refused(self):
        for host in ("127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"):
            self.assertRefused(PUBLIC, "not allowed", host)

    def test_a_trailing_dot_is_no_other_name(self):
        resolver = self.resolve(["127.0.0.1"])
        self.assertEqual(self.get(PRIVATE, f"{HOST}.").status_code, 200)
        self.assertEqual(resolver.questions, [f"{HOST}."])
        self.assertEqual(self.names, [HOST])

    def assertNotSent(self, url):
        """A refresh token would be spent for an answer that no caller waits for."""
        with self.assertRaises(ProviderUnavailable) as caught:
            with ProviderSession(network_policy=THIS_MACHINE) as session:
                session.get(url)
        # Not that an answer was waited for in vain.
        self.assertIn("cannot be reached in time", caught.exception.reason)

    def test_no_connection_is_made_when_the_resolver_has_taken_all_the_time(self):
        plain = self.enterContext(FaultyProvider())
        port = urlsplit(plain.issuer).port
        self.resolve(["127.0.0.1"]).seconds = 0.4
        self.enterContext(patch.object(transport, "TOTAL_SECONDS", 0.3))
        for url in (f"https://{HOST}:{self.port}/jwks", f"http://localhost:{port}/"):
            with self.subTest(url):
                self.assertNotSent(url)
        self.assertFalse(self.names, "not even a connection")
        self.assertFalse(self.provider.calls + plain.calls)

    def test_nothing_is_sent_when_the_handshake_has_taken_all_the_time(self):
        self.resolve(["127.0.0.1"])
        self.handshake_seconds = 1.1
        self.enterContext(patch.object(transport, "TOTAL_SECONDS", 1))
        self.assertNotSent(f"https://{HOST}:{self.port}/jwks")
        self.assertEqual(self.names, [HOST])
        self.assertFalse(self.provider.calls)

    def test_a_name_that_no_resolver_knows_is_unavailable(self):
        for host in ("nobody.invalid", "a..b", "x" * 64 + ".example.com"):
            with patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "x")):
                with self.assertRaises(ProviderUnavailable):
                    self.get(PUBLIC, host)
        with self.assertRaises(ProviderUnavailable):
            self.get(PUBLIC, "x" * 64 + ".example.com")

    def test_the_next_address_is_tried_where_one_does_not_answer(self):
        self.resolve(["127.0.0.9", "127.0.0.1"])
        self.assertEqual(self.get(PRIVATE).status_code, 200)
        self.assertEqual(self.names, [HOST])

    def test_plain_http_stays_on_this_machine_whatever_localhost_is(self):
        self.resolve(["10.0.0.1"])
        with ProviderSession(network_policy=THIS_MACHINE) as session:
            with self.assertRaises(ProviderMisbehaved) as caught:
                session.get("http://localhost:8080/jwks")
        self.assertIn("leave this machine", caught.exception.reason)

    def test_a_connection_outside_of_a_call_is_stopped(self):
        with self.assertRaises(LookupError):
            call_under_way.get()


@tagged("post_install", "-at_install")
class TestRebinding(NetworkCase):
    """The name answers otherwise the next time it is asked."""

    def connections(self):
        """Record where connections go to, and let none out of this machine."""
        tried = []
        connect = socket.socket.connect

        def watched(sock, address):
            tried.append(address[0])
            if not address[0].startswith("127."):
                raise ConnectionRefusedError("not out of this machine")
            return connect(sock, address)

        self.enterContext(patch("socket.socket.connect", watched))
        return tried

    def test_a_public_name_that_turns_private_is_called_at_its_public_address(self):
        tried = self.connections()
        resolver = self.resolve(["8.8.8.8"], ["127.0.0.1"])
        with self.assertRaises(ProviderUnavailable):
            self.get(PUBLIC)
        self.assertEqual(tried, ["8.8.8.8"])
        self.assertEqual(resolver.questions, [HOST], "asked once")
        self.assertFalse(self.provider.requests)
        self.assertRefused(PUBLIC, "127.0.0.1")

    def test_each_call_connects_to_what_was_checked_for_it(self):
        tried = self.connections()
        resolver = self.resolve(["127.0.0.1"], ["8.8.8.8"])
        self.assertEqual(self.get(PRIVATE).status_code, 200)
        self.assertEqual(tried, ["127.0.0.1"])
        self.assertEqual(resolver.questions, [HOST], "asked once")


@tagged("post_install", "-at_install")
class TestEveryCall(NetworkCase):
    """No call to a provider goes around the check."""

    def client(self, network_policy):
        issuer = f"https://{HOST}:{self.port}"
        endpoints = {
            name: url.replace(self.provider.issuer, issuer)
            for name, url in self.provider.endpoints().items()
        }
        credentials = ClientRegistration(client_id="demo-app", client_secret="x")
        return ProviderClient(
            ProviderMetadata(**endpoints), credentials, network_policy
        )

    def calls(self, client):
        yield lambda: client.fetch_token(code="a", redirect_uri="b", code_verifier="c")
        yield lambda: client.refresh_token("a-token")
        yield lambda: client.revoke_token("a-token", "refresh_token")
        yield lambda: client.userinfo("a-token")
        id_token = self.provider.id_token("a-token")
        yield lambda: client.verify_id_token(id_token)

    def test_it_is_checked(self):
        self.resolve(["127.0.0.1"])
        for call in self.calls(self.client(PUBLIC)):
            with self.assertRaisesRegex(ProviderMisbehaved, "not allowed"):
                call()
        self.assertFalse(self.provider.requests)
        self.assertFalse(self.names)

    def test_a_page_that_the_browser_is_sent_to_is_checked_by_its_text(self):
        client = self.client(PUBLIC)
        arguments = {"redirect_uri": "a", "scope": "b", "state": "c"}
        arguments["code_verifier"] = "x" * 43
        self.assertIn(HOST, client.authorization_url(**arguments))
        for url in ("https://10.0.0.1/authorize", "http://localhost/authorize"):
            client.metadata = ProviderMetadata(
                issuer="", authorization_endpoint=url, token_endpoint=""
            )
            with self.assertRaises(ProviderMisbehaved):
                client.authorization_url(**arguments)

    def test_keys_that_another_provider_may_have_are_not_shared(self):
        cache = KeySetCache()
        self.resolve(["127.0.0.1"])
        url = f"https://{HOST}:{self.port}/jwks"
        wanted = {"kid": "key-1", "algorithm": "RS256"}
        cache.find(url, network_policy=PRIVATE, **wanted)
        with self.assertRaisesRegex(ProviderMisbehaved, "not allowed"):
            cache.find(url, network_policy=PUBLIC, **wanted)


@tagged("post_install", "-at_install")
class TestProxy(NetworkCase):
    """Where the environment names a proxy, the proxy resolves the provider's name."""

    def setUp(self):
        super().setUp()
        self.proxy = self.enterContext(FaultyProvider())
        os.environ["https_proxy"] = self.proxy.issuer

    def test_the_proxy_may_be_private_and_gets_the_name(self):
        with self.assertRaises(ProviderUnavailable):
            self.get(PUBLIC)  # this one answers no CONNECT: that it is asked counts
        self.assertEqual(self.proxy.methods["CONNECT"], 1)

    def test_a_private_address_that_is_written_out_is_refused_all_the_same(self):
        for host in ("127.0.0.2", "10.0.0.1", "169.254.169.254", "0x7f.1"):
            self.assertRefused(PUBLIC, "not allowed", host)
            self.assertRefused(PUBLIC, "not allowed", f"{host}.")
        self.assertRefused(PUBLIC, "not a usable URL", "%31%32%37.0.0.1")
        self.assertFalse(self.proxy.methods)
