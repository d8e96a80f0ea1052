"""Where a server of ``./dev`` is found, no other one is."""

import socket
import unittest

import ports


class TestPorts(unittest.TestCase):
    def taken(self, family, address):
        """A port at which another process listens."""
        other = self.enterContext(socket.socket(family))
        other.bind((address, 0))
        other.listen()
        return other.getsockname()[1]

    def test_a_port_that_is_taken_on_either_loopback_address_is_left_alone(self):
        for family, address in (
            (socket.AF_INET, "127.0.0.1"),
            (socket.AF_INET, "0.0.0.0"),
            (socket.AF_INET6, "::1"),
        ):
            with self.subTest(address):
                port = self.taken(family, address)
                with ports.Listening(port) as ours:
                    self.assertNotEqual(ours.port, port)

    def test_the_preferred_port_is_taken_where_it_is_free(self):
        port = ports.free()
        with ports.Listening(port) as ours:
            self.assertEqual(ours.port, port)

    def test_no_other_process_can_listen_on_a_port_once_it_is_chosen(self):
        with ports.Listening() as ours:
            for family, address in (
                (socket.AF_INET, "127.0.0.1"),
                (socket.AF_INET6, "::1"),
            ):
                with self.subTest(address), socket.socket(family) as other:
                    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    with self.assertRaises(OSError):
                        other.bind((address, ours.port))
                        other.listen()
