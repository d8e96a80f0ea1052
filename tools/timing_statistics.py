"""Do two samples of durations come from one distribution? No more than that."""

import math
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

#: Standard errors by which chance falls short once in a hundred: a difference that is
#: said to be found is beyond the limits by as much
MARGIN = 2.33
_FINER = 1.05  # the factor between two differences that are tried


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


def detectable(left, right, size):
    """Return the seconds by which A would have to be slower to be told apart.

    :param int size: how many durations of each side there will be

    With N of each, t grows with √N, and the shift has a standard error of √(1/6N).
    The least delay is returned that, added to one of two copies of both samples
    together, gives t ≥ T_LIMIT + MARGIN and shift ≥ SHIFT_LIMIT + MARGIN·√(1/6N), or a
    tail with z ≥ T_LIMIT + MARGIN: 99 of 100 runs tell it apart.
    """
    pooled = sorted([*left, *right])
    scale = math.sqrt(size / len(pooled))
    far = T_LIMIT + MARGIN
    shifted = SHIFT_LIMIT + MARGIN * math.sqrt(1 / (6 * size))
    quarters = quantiles(pooled, n=4)
    later = max(quarters[2] - quarters[0], 1e-6) / 100
    while True:
        found = compare([value + later for value in pooled], pooled)
        if found.t * scale >= far and found.shift >= shifted:
            return later
        if any(z * scale >= far for _left, _right, z in found.tails):
            return later
        later *= _FINER


def detectable_part(size):
    """Return the part of A's durations that would have to be much slower, or None.

    Where a part s of them is beyond all others, the slowest p of both sides together
    have s·(1 - q) more of A than of B, at most 2·p, with q = (p - s/2) / (1 - s/2) of
    the others. Of N, chance leaves s - MARGIN·√((s·(1 - s) + 2·q·(1 - q)) / N) at
    least. The smallest s is returned for which z of what it leaves is T_LIMIT: 99 of
    100 runs tell it apart.

    :param int size: how many durations of each side there are
    """
    for thousandths in range(1, 1000):
        part = thousandths / 1000
        for tail in TAILS:
            others = _others(part, tail)
            noise = part * (1 - part) + 2 * others * (1 - others)
            least = part - MARGIN * math.sqrt(noise / size)
            more = min(least * (1 - _others(least, tail)), 2 * tail)
            if more >= T_LIMIT * math.sqrt(2 * tail * (1 - tail) / size):
                return part
    return None


def _others(part, tail):
    """The part of all other durations that a tail has, too."""
    return max(0, (tail - part / 2) / (1 - part / 2))


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
