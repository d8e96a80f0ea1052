"""Load from wrk, and what it tells."""

import re
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from console import Failure

ROUNDS = 3
SECONDS = 4  # of one round


@dataclass
class Told:
    """What one load told: requests a second, and milliseconds at two percentiles."""

    per_second: float
    p50: float
    p99: float


def measure(urls, token, connections):
    """Load all of the URLs at once, several rounds; returns the median ``Told``.

    :param connections: at each URL
    """
    rounds = []
    for _round in range(ROUNDS):
        with ThreadPoolExecutor(len(urls)) as pool:
            told = list(pool.map(lambda url: _load(url, token, connections), urls))
        rounds.append(
            Told(
                sum(one.per_second for one in told),
                max(one.p50 for one in told),
                max(one.p99 for one in told),
            )
        )
    return Told(
        *(
            statistics.median(getattr(told, name) for told in rounds)
            for name in ("per_second", "p50", "p99")
        )
    )


def _load(url, token, connections):
    """Load a URL; returns a ``Told``.

    :raises Failure: when a single answer was no success
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency"]
    command += ["-H", f"Authorization: Bearer {token}", url]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    text = answer.stdout
    rate = re.search(r"Requests/sec: +([\d.]+)", text)
    wrong = re.search(r"Non-2xx.*|Socket errors: (?!connect 0, read 0).*", text)
    if answer.returncode or not rate or wrong:
        raise Failure(f"wrk was not served: {wrong[0] if wrong else answer.stderr}")
    return Told(float(rate[1]), _percentile(text, 50), _percentile(text, 99))


def _percentile(text, percent):
    """Milliseconds from wrk's table of latencies."""
    found = re.search(rf"^ +{percent}% +([\d.]+)(us|ms|s)", text, re.M)
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]
