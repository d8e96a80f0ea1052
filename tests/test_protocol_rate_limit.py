from odoo.tests import BaseCase, tagged

from ..protocol.rate_limit import WINDOW, Windows, network, seconds_left


@tagged("post_install", "-at_install")
class TestNetwork(BaseCase):
    """Whom an address counts for."""

    def assertSame(self, expected, *addresses):
        for address in addresses:
            with self.subTest(address=address):
                self.assertEqual(network(address), expected)

    def test_an_ipv4_address_is_one_caller(self):
        self.assertSame("192.0.2.7", "192.0.2.7")
        self.assertNotEqual(network("192.0.2.7"), network("192.0.2.8"))

    def test_an_ipv6_64_is_one_caller(self):
        self.assertSame(
            "2001:db8:0:1::/64",
            "2001:db8:0:1::1",
            "2001:db8:0:1:ffff:ffff:ffff:ffff",
            "2001:0DB8:0000:0001::7%eth0",
        )
        self.assertNotEqual(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"))

    def test_ipv4_in_ipv6_is_the_ipv4_address(self):
        self.assertSame(
            "192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207", "64:ff9b::192.0.2.7"
        )

    def test_a_port_that_a_proxy_adds_is_left_out(self):
        self.assertSame("192.0.2.7", "192.0.2.7:4711")
        self.assertSame("2001:db8:0:1::/64", "[2001:db8:0:1::1]:4711")

    def test_what_is_no_address_is_one_caller_as_it_is(self):
        self.assertSame("", "")
        self.assertSame("unknown", "unknown")
        self.assertSame("1.2.3.4.5", "1.2.3.4.5")


@tagged("post_install", "-at_install")
class TestWindows(BaseCase):
    def test_a_window_begins_with_its_first_call(self):
        windows = Windows(capacity=9)
        self.assertEqual(windows.count("a", 1000.0), (1, WINDOW))
        self.assertEqual(windows.count("a", 1000.0 + WINDOW - 1), (2, 1))
        self.assertEqual(windows.count("a", 1000.0 + WINDOW), (1, WINDOW))

    def test_each_key_has_its_own(self):
        windows = Windows(capacity=9)
        windows.count("a", 0.0)
        self.assertEqual(windows.count("b", 0.0)[0], 1)

    def test_never_more_keys_than_the_capacity(self):
        windows = Windows(capacity=3)
        for number in range(100):
            windows.count(number, 0.0)
            self.assertLessEqual(len(windows), 3)

    def test_who_calls_on_is_not_forgotten(self):
        windows = Windows(capacity=3)
        for number in range(100):
            count, _left = windows.count("attacker", 0.0)
            windows.count(number, 0.0)
        self.assertEqual(count, 100)

    def test_the_seconds_to_wait_are_whole_and_never_none(self):
        self.assertEqual(seconds_left(0.001), 1)
        self.assertEqual(seconds_left(-1), 1)
        self.assertEqual(seconds_left(59.2), 60)
        self.assertEqual(seconds_left(61), 60)
