"""What ``./dev timing`` calls told apart: of samples that are made up."""

import random
import unittest

import timing_statistics

_MILLISECOND = 0.001
_RUNS = 40


class TestTimingStatistics(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.random = random.Random(20261125)

    def sample(self, count, later=0.0, outliers=0.0):
        """Durations of a machine with some noise, and now and then a pause.

        :param float later: seconds by which all are
        :param float outliers: the share that comes 20 ms later
        """
        values = []
        for _number in range(count):
            value = self.random.gauss(4, 0.3) + self.random.expovariate(10)
            pause = 20 if self.random.random() < outliers else 0
            values.append((value + pause) * _MILLISECOND + later)
        return values

    def told_apart(self, count=1000, **left):
        """How many of the runs tell two samples apart."""
        return sum(
            timing_statistics.compare(
                self.sample(count), self.sample(count, **left)
            ).is_clear
            for _run in range(_RUNS)
        )

    def test_what_is_the_same_is_never_told_apart(self):
        self.assertEqual(self.told_apart(), 0)
        self.assertEqual(self.told_apart(count=160), 0)

    def test_what_always_comes_a_little_later_is(self):
        self.assertEqual(self.told_apart(later=0.15 * _MILLISECOND), _RUNS)

    def test_what_seldom_comes_much_later_is(self):
        self.assertEqual(self.told_apart(outliers=0.08), _RUNS)

    def test_pauses_of_both_sides_are_none(self):
        paused = (self.sample(1000, outliers=0.05) for _sample in range(2 * _RUNS))
        for left, right in zip(paused, paused, strict=True):
            self.assertFalse(timing_statistics.compare(left, right).is_clear)

    def test_a_delay_that_is_said_to_be_found_is_found(self):
        for count in (240, 400, 1000):
            pair = self.sample(count), self.sample(count)
            found = timing_statistics.detectable(*pair, count)
            self.assertGreaterEqual(self.told_apart(count, later=found), 0.9 * _RUNS)
            half = self.told_apart(count, later=found / 2)
            self.assertLess(half, 0.5 * _RUNS, count)  # the figure is no excuse

    def test_some_of_the_samples_tell_what_all_will_find(self):
        few = timing_statistics.detectable(self.sample(200), self.sample(200), 1000)
        all_ = timing_statistics.detectable(self.sample(1000), self.sample(1000), 1000)
        self.assertAlmostEqual(few / all_, 1, delta=0.3)
        more = timing_statistics.detectable(self.sample(200), self.sample(200), 200)
        self.assertGreater(more, 1.5 * few)

    def test_a_part_that_is_said_to_be_found_is_found(self):
        for count in (240, 400, 1000):
            part = timing_statistics.detectable_part(count)
            told = self.told_apart(count, outliers=part)
            self.assertGreaterEqual(told, 0.9 * _RUNS, (count, part))
            half = self.told_apart(count, outliers=part / 2)
            self.assertLess(half, 0.5 * _RUNS, (count, part))

    def test_with_too_few_no_part_is_found(self):
        self.assertIsNone(timing_statistics.detectable_part(40))
