"""What is done now and then only."""

from odoo.tests import BaseCase, tagged

from ..models.throttle import Throttle


@tagged("post_install", "-at_install")
class TestThrottle(BaseCase):
    def test_a_key_is_due_once_in_a_period(self):
        throttle = Throttle(seconds=3600)
        self.assertTrue(throttle.is_due("one"))
        self.assertFalse(throttle.is_due("one"))
        self.assertTrue(throttle.is_due("another"))

    def test_it_is_due_again_when_the_period_is_over(self):
        throttle = Throttle(seconds=3600)
        throttle.is_due("one")
        throttle.seconds = 0
        self.assertTrue(throttle.is_due("one"))

    def test_keys_beyond_the_capacity_cost_no_memory(self):
        throttle = Throttle(seconds=3600, capacity=2)
        for key in range(5):
            self.assertTrue(throttle.is_due(key))
        self.assertFalse(throttle.is_due(4))  # the last ones are remembered
        self.assertTrue(throttle.is_due(0))

    def test_what_is_forgotten_is_due(self):
        throttle = Throttle(seconds=3600)
        throttle.is_due("one")
        throttle.forget()
        self.assertTrue(throttle.is_due("one"))
