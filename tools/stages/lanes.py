"""Stages side by side: in two lanes, the longest first."""

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, as_completed

import console
import processes
import selection

LANES = 2


def planned(names, stages):
    """What the NAMEs mean: [(stage, the words for its runner)]; all for no NAME."""
    tests = selection.select([])
    whole = {name for name in names if name in {stage.name for stage in stages}}
    others = [name for name in names if name not in whole]
    chosen = selection.select(others) if others else []
    plan = []
    for stage in stages:
        if stage.name in whole or not names:
            words = stage.everything(_taken(stage, tests))
        else:
            words = _taken(stage, chosen)
        if words:
            plan.append((stage, words))
    return plan


def _taken(stage, chosen):
    return list(filter(None, (stage.takes(found, suffix) for found, suffix in chosen)))


def run(ground, plan):
    """Run the planned stages; returns their verdicts in the plan's order.

    When one raises, or we are stopped, the others are ended: each leaves through its
    ``finally``, and is waited for.
    """
    waiting = deque(sorted(plan, key=lambda planned: -planned[0].seconds))
    verdicts = {}
    with ThreadPoolExecutor(LANES) as pool:
        try:
            lanes = [
                pool.submit(_lane, ground, waiting, verdicts) for _ in range(LANES)
            ]
            for lane in as_completed(lanes):
                lane.result()
        except BaseException:
            waiting.clear()
            processes.end_all()
            raise
    return [verdicts[stage] for stage, _words in plan]


def _lane(ground, waiting, verdicts):
    """Run one stage after the other in this thread, as long as one waits."""
    while planned := _next(waiting):
        stage, words = planned
        console.begin_lines_with(f"{stage.name}: ")
        begun = time.monotonic()
        try:
            verdict = verdicts[stage] = stage.run(ground, words)
        except BaseException:
            waiting.clear()
            raise
        took = time.monotonic() - begun
        console.say(f"{verdict.passed} passed, {verdict.failed} failed in {took:.0f} s")


def _next(waiting):
    """Take what waits first; None where nothing does."""
    try:
        return waiting.popleft()
    except IndexError:
        return None
