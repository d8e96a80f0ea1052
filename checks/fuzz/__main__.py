"""Fuzz the running server: ``python checks/fuzz COUNT SEED RESULT.json``

Started by ``./dev fuzz``, which also reads the server's log afterwards.
"""

import collections
import itertools
import json
import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from deeds import deeds, good_deeds, play
from ground import Ground, Stock
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as hypothesis_seed
from hypothesis.configuration import set_hypothesis_home_dir
from judge import answer_json, breach
from mutate import requests_of
from odd_provider import OddProvider
from server import URL
from targets import TARGETS
from wire import Answer, send

THREADS = 4
CHUNK = 100  # requests of one target in a row
_HOST = urlsplit(URL).netloc


class Breach(AssertionError):
    """An answer that must not be; hypothesis looks for a shorter request with it."""


class Tally:
    """What was sent and answered, over all threads."""

    def __init__(self, count):
        self.count = count
        self.answers = collections.defaultdict(collections.Counter)
        self.breaches = {}  # {(target, what): (request, answer)}, the shortest of each
        self._lock = threading.Lock()
        self._started = self._told = time.monotonic()

    def add(self, target, answer):
        with self._lock:
            self.answers[target.name][answer.status] += 1
            if time.monotonic() - self._told > 10:
                self._told = time.monotonic()
                self.tell_progress()

    def tell_progress(self):
        seconds = time.monotonic() - self._started
        print(
            f"  {self.sent} of {self.count} requests, {len(self.breaches)} breaches,"
            f" {seconds:.0f} s",
            flush=True,
        )

    def add_breach(self, target, what, request, answer):
        with self._lock:
            known = self.breaches.get((target.name, what))
            if known is None or request.weight < known[0].weight:
                self.breaches[target.name, what] = (request, answer)

    @property
    def sent(self):
        return sum(sum(statuses.values()) for statuses in self.answers.values())


class _Json(Answer):
    """An Answer that can be read as `Stock.learn` reads one."""

    def json(self):
        return answer_json(self)


def _answer(tally, target, stock, request):
    """Send a request with valid secrets in it; return its answer."""
    values = stock.values(request.placeholders(), request.fault)
    told = send(URL, request.as_bytes(_HOST, values), request.method)
    answer = _Json(**vars(told))
    tally.add(target, answer)
    if request.fault:
        stock.forget()
    else:
        stock.learn(target.name, answer)
    return answer


def _attempt(ground, tally, target, stock, case):
    """Send a request, or do a deed.

    :return: the request, the answer, and the breach or None
    """
    if target.deeds:
        return play(case, ground, partial(_answer, tally, target, stock), target)
    answer = _answer(tally, target, stock, case)
    return case, answer, breach(target, case, answer, ground.secrets_now())


def try_good_ones(ground, tally, target):
    """Send each good request as it is: what is refused would test nothing deep."""
    stock = Stock(ground)
    for case in good_deeds() if target.deeds else target.good:
        request, answer, what = _attempt(ground, tally, target, stock, case)
        if what or not (target.deeds or 200 <= answer.status < 400):
            what = what or "a good request is refused"
            tally.add_breach(target, what, request, answer)


def fuzz(ground, tally, target, seed, count):
    """Send `count` requests to a target; stops early at a breach that is new."""
    stock = Stock(ground)

    @hypothesis_seed(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(deeds() if target.deeds else requests_of(target))
    def check(case):
        request, answer, what = _attempt(ground, tally, target, stock, case)
        if what:
            is_new = (target.name, what) not in tally.breaches or stock.hunting == what
            tally.add_breach(target, what, request, answer)
            if is_new:
                stock.hunting = what
                raise Breach(what)

    try:
        check()
    except Exception as error:
        # Found and shortened; a flaky one is a breach all the same.
        if not stock.hunting:
            raise
        logging.getLogger(__name__).debug("%s", error)


def main(count, seed, result_path):
    """Fuzz all targets; write what came of it."""
    tally = Tally(count)
    whole = sum(target.share for target in TARGETS)
    with OddProvider() as provider:
        ground = Ground(provider)
        jobs = [
            (target, seed * 1000 + number, CHUNK)
            for target in TARGETS
            for number in range(-(-count * target.share // whole // CHUNK))
        ]
        # By turns; deeds alone, at last: others write wherever they may.
        jobs.sort(key=lambda job: (job[0].deeds, job[1]))
        for target in TARGETS:
            try_good_ones(ground, tally, target)
        try:
            for _are_deeds, some in itertools.groupby(jobs, lambda job: job[0].deeds):
                with ThreadPoolExecutor(THREADS) as pool:
                    futures = [pool.submit(fuzz, ground, tally, *job) for job in some]
                    for done in futures:
                        done.result()
        finally:
            tally.tell_progress()
            with open(result_path, "w") as file:
                json.dump(_result(tally, ground, provider), file)


def _result(tally, ground, provider):
    return {
        "misbehaved": provider.misbehaved,
        "answers": {target.name: tally.answers[target.name] for target in TARGETS},
        "least": {target.name: target.least for target in TARGETS},
        "breaches": [
            {
                "target": name,
                "what": what,
                "request": request.as_curl(URL),
                "answer": repr(answer.body[:1500]),
            }
            for (name, what), (request, answer) in tally.breaches.items()
        ],
        "secrets": sorted(ground.secrets),
    }


if __name__ == "__main__":
    set_hypothesis_home_dir(sys.argv[3] + ".hypothesis")
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
