"""Do two samples of durations come from one distribution? No more than that."""

import math
from dataclasses import dataclass
from statistics import fmean, quantiles, variance

#: |t| beyond which the tools for constant-time code call two samples different
T_LIMIT = 4.5
#: how far the chance of A being slower than B may be from one half
SHIFT_LIMIT = 0.05
#: what a busy machine does to the slowest answers says nothing about the code
KEPT = 0.9


@dataclass(frozen=True)
class Comparison:
    """Two samples side by side; durations in seconds."""

    quartiles: tuple  # of each: the first, the median, the third
    t: float
    shift: float

    @property
    def is_clear(self):
        """Whether the two can be told apart, by both measures."""
        return abs(self.t) > T_LIMIT and abs(self.shift) > SHIFT_LIMIT


def compare(left, right):
    """Return the Comparison of two samples (lists of seconds, interleaved)."""
    limit = quantiles([*left, *right], n=100)[int(KEPT * 100) - 1]
    kept = [[value for value in side if value <= limit] for side in (left, right)]
    return Comparison(
        quartiles=tuple(quantiles(side, n=4) for side in (left, right)),
        t=_welch(*kept),
        shift=_slower(left, right) - 0.5,
    )


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
