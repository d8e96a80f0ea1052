"""Stages side by side: in three lanes, the longest first."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import console
import processes
import selection

LANES = 3  # of two processors: a stage waits a third of its time


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


def run(ground, plan, count=LANES):
    """Run the planned stages, so many at once; returns verdicts in the plan's order.

    First those that need no database: meanwhile others wait until the template is made.
    When one raises, or we are stopped, the others are ended: each leaves through its
    ``finally``, and is waited for.
    """
    in_order = sorted(plan, key=lambda it: (it[0].needs_database, -it[0].seconds))
    with ThreadPoolExecutor(count) as pool:
        begun = {
            stage: pool.submit(_run, ground, stage, words, pool)
            for stage, words in in_order
        }
        try:
            for ended in as_completed(begun.values()):
                if not ended.cancelled():
                    ended.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            processes.end_all()
            raise
    return [begun[stage].result() for stage, _words in plan]


def _run(ground, stage, words, pool):
    """Run one stage in this thread; returns its verdict. If it raises, none begins."""
    console.begin_lines_with(f"{stage.name}: ")
    begun = time.monotonic()
    try:
        verdict = stage.run(ground, words)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    took = time.monotonic() - begun
    console.say(f"{verdict.passed} passed, {verdict.failed} failed in {took:.0f} s")
    return verdict
