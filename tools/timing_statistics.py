"""Do two samples of durations come from one distribution? No more than that."""

import math
import random
from dataclasses import dataclass
from statistics import fmean, quantiles, variance

#: |t| or |z| beyond which the tools for constant-time code call two samples different
T_LIMIT = 4.5
#: how far the chance of A being slower than B may be from one half
SHIFT_LIMIT = 0.05
#: Averages are taken of these: what a busy machine does to the slowest answers says
#: nothing about the code ...
KEPT = 0.9
#: ... unless it does so to one side more often: in these parts from the end.
TAILS = (0.1, 0.03)

_TRIES = 20
_FOUND = 18  # of the tries, in which a difference is found that is said to be found
_FINER = 1.1  # the factor between two differences that are tried


@dataclass(frozen=True)
class Comparison:
    """Two samples side by side; durations in seconds."""

    quartiles: tuple  # of each: the first, the median, the third
    t: float
    shift: float
    tails: tuple  # for each of TAILS: how many of it are A and B, and the z of that

    @property
    def is_clear(self):
        """Whether the two can be told apart: by most of them, or by the slowest."""
        by_most = abs(self.t) > T_LIMIT and abs(self.shift) > SHIFT_LIMIT
        return by_most or any(abs(z) > T_LIMIT for _left, _right, z in self.tails)


def compare(left, right):
    """Return the Comparison of two samples (lists of seconds, interleaved)."""
    limits = quantiles([*left, *right], n=100)
    limit = limits[round(KEPT * 100) - 1]
    kept = [[value for value in side if value <= limit] for side in (left, right)]
    return Comparison(
        quartiles=tuple(quantiles(side, n=4) for side in (left, right)),
        t=_welch(*kept),
        shift=_slower(left, right) - 0.5,
        tails=tuple(
            _tail(left, right, limits[round(100 * (1 - part)) - 1]) for part in TAILS
        ),
    )


def detectable(left, right):
    """Return by how many seconds A would have to be slower to be told apart.

    Found by trying: samples like these two together, one of them later and later, until
    nearly all of the tries are told apart.
    """
    pooled, draw = [*left, *right], random.Random(0)
    quarters = quantiles(pooled, n=4)
    later = (quarters[2] - quarters[0]) / 100
    while True:
        told = 0
        for _try in range(_TRIES):
            one = [value + later for value in draw.choices(pooled, k=len(left))]
            told += compare(one, draw.choices(pooled, k=len(right))).is_clear
        if told >= _FOUND:
            return later
        later *= _FINER


def _welch(left, right):
    """Welch's t of two samples."""
    error = math.sqrt(variance(left) / len(left) + variance(right) / len(right))
    return (fmean(left) - fmean(right)) / error if error else 0.0


def _slower(left, right):
    """The chance that one of `left` is slower than one of `right` (Mann-Whitney)."""
    ranked = sorted([*((v, 0) for v in left), *((v, 1) for v in right)])
    ranks = sum(rank for rank, (_v, side) in enumerate(ranked, 1) if side == 0)
    wins = ranks - len(left) * (len(left) + 1) / 2
    return wins / (len(left) * len(right))


def _tail(left, right, limit):
    """How many of each are slower than a limit, and the z of the two proportions."""
    found = [sum(value > limit for value in side) for side in (left, right)]
    sizes = len(left), len(right)
    pooled = sum(found) / sum(sizes)
    error = math.sqrt(pooled * (1 - pooled) * sum(1 / size for size in sizes))
    difference = found[0] / sizes[0] - found[1] / sizes[1]
    return *found, difference / error if error else 0.0
