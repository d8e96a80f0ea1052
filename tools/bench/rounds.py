"""Rounds in which every contestant runs once, in an order that changes."""

import random
import statistics
from dataclasses import dataclass, field

import console
from bench import load


@dataclass
class Series:
    """What one contestant reached, round by round."""

    rates: list = field(default_factory=list)  # answers per second
    p99s: list = field(default_factory=list)  # milliseconds

    def add(self, measure):
        self.rates.append(measure.rate)
        self.p99s.append(measure.p99)


def play(calls, *, rounds, seconds, connections, folder, warm_up=2):
    """Run all calls in each round; returns {name: Series}.

    A round is short, and a slower moment of the machine meets all of its contestants:
    only ratios within one round are told.
    """
    found = {name: Series() for name in calls}
    options = {"connections": connections, "folder": folder}
    for call in calls.values():
        load.run(call, seconds=warm_up, **options)
    order = list(calls)
    shuffle = random.Random(19).shuffle  # the same order each time
    for number in range(1, rounds + 1):
        shuffle(order)
        for name in order:
            found[name].add(load.run(calls[name], seconds=seconds, **options))
        rates = "  ".join(f"{n} {s.rates[-1]:.0f}" for n, s in found.items())
        console.say(f"  round {number}: {rates}")
    return found


def ratio(ours, theirs):
    """(median, lowest, highest) of the ratios of two series, round by round."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)
