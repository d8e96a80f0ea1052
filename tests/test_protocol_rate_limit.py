from concurrent.futures import ThreadPoolExecutor

from odoo.tests import BaseCase, tagged

from ..protocol.rate_limit import (
    WINDOW,
    FixedWindowCounter,
    LimitReached,
    network,
    seconds_left,
)


@tagged("post_install", "-at_install")
class TestNetwork(BaseCase):
    def test_an_address_counts_for_its_network_however_it_is_written(self):
        """Beside test_property_addresses."""
        for address, expected in {
            "2001:0DB8:0000:0001::7%eth0": "2001:db8:0:1::/64",
            "64:ff9b::192.0.2.7": "192.0.2.7",  # NAT64
            "": "",
            "unknown": "unknown",
            "1.2.3.4.5": "1.2.3.4.5",
        }.items():
            with self.subTest(address):
                self.assertEqual(network(address), expected)


@tagged("post_install", "-at_install")
class TestFixedWindowCounter(BaseCase):
    def setUp(self):
        super().setUp()
        self.counter = FixedWindowCounter(capacity=3)

    def acquire(self, now=0.0, limit=2, *, keys=("a",)):
        return self.counter.acquire(dict.fromkeys(keys, limit), now)

    def assertReached(self, *call, **keys):
        with self.assertRaises(LimitReached) as caught:
            self.acquire(*call, **keys)
        return caught.exception

    def test_a_window_begins_with_its_first_call(self):
        self.acquire(1000.0), self.acquire(1000.0 + WINDOW - 1)
        self.assertEqual(self.assertReached(1000.0 + WINDOW - 1).seconds_left, 1)
        self.acquire(1000.0 + WINDOW), self.acquire(1000.0 + WINDOW)
        reached = self.assertReached(1000.0 + WINDOW)
        self.assertEqual(reached.seconds_left, WINDOW)

    def test_each_key_has_its_own(self):
        self.acquire(limit=1)
        self.acquire(limit=1, keys=("b",))
        self.assertReached(limit=1, keys=("b",))

    def test_it_is_all_places_or_none(self):
        self.acquire(), self.acquire()
        for _time in range(5):
            self.assertEqual(self.assertReached(keys=("a", "b")).key, "a")
        self.acquire(keys=("b",)), self.acquire(keys=("b",))
        self.assertReached(keys=("b",))

    def test_the_key_that_is_waited_for_longest_is_told(self):
        self.acquire(0.0, 1, keys=("b",))
        self.acquire(10.0, 1, keys=("a",))
        reached = self.assertReached(20.0, 1, keys=("a", "b"))
        self.assertEqual((reached.key, reached.seconds_left), ("a", WINDOW - 10))

    def test_the_first_refusal_of_a_window_is_known(self):
        for began in (0.0, float(WINDOW)):
            self.acquire(began, 1)
            told = [self.assertReached(began, 1).is_first for _time in range(3)]
            self.assertEqual(told, [True, False, False])

    def test_a_place_that_is_given_back_is_free(self):
        self.counter.refund(self.acquire(limit=1))
        self.acquire(limit=1)
        self.assertReached(limit=1)

    def test_a_place_of_a_window_that_is_over_frees_none(self):
        places = self.acquire(0.0, 1)
        self.acquire(float(WINDOW), 1)
        self.counter.refund(places)
        self.assertReached(float(WINDOW), 1)

    def test_never_more_keys_than_the_capacity(self):
        for number in range(100):
            self.acquire(keys=(number,))
            self.assertLessEqual(len(self.counter), 3)

    def test_a_refused_call_takes_no_memory(self):
        self.acquire(limit=1)
        for number in range(100):
            self.assertReached(limit=1, keys=("a", number))
        self.assertEqual(len(self.counter), 1)

    def test_a_key_that_is_counted_on_is_not_forgotten(self):
        self.acquire(limit=1)
        for number in range(100):
            self.assertReached(limit=1)
            self.acquire(keys=(number,))

    def test_a_key_is_due_once_in_a_window(self):
        self.assertTrue(self.counter.is_due("one"))
        self.assertFalse(self.counter.is_due("one"))
        self.assertTrue(self.counter.is_due("another"))
        self.counter.window = 0  # it is over
        self.assertTrue(self.counter.is_due("one"))

    def test_of_callers_at_once_as_many_are_served_as_the_limit_says(self):
        def call(_number):
            try:
                return bool(self.acquire(0.0, 100))
            except LimitReached:
                return False

        with ThreadPoolExecutor(20) as callers:
            self.assertEqual(sum(callers.map(call, range(1000))), 100)


@tagged("post_install", "-at_install")
class TestRetryAfter(BaseCase):
    def test_the_seconds_to_wait_are_whole_and_never_none(self):
        self.assertEqual(seconds_left(0.001), 1)
        self.assertEqual(seconds_left(-1), 1)
        self.assertEqual(seconds_left(59.2), 60)
        self.assertEqual(seconds_left(61), 60)
