"""Play the cases of ``checks/faults``.

A database cluster, an Odoo server of several processes and its database are made, and
removed however this ends.
"""

import base64
import importlib
import os
import shutil
import sys
import time

import console
import databases
import faults_cluster
import odoo_home
import odoo_server
import places
import ports
import python_env
import unittest_runner
from e2e_site import e2e_variables, install
from unittest_runner import BROKEN, SKIPPED

WORKERS = 4
FILES = ("killed", "issued", "decisions", "jobs", "database", "answers", "clocks")
FILES += ("life",)
DATABASE = "faults"
DATABASES = ("bare", "fresh", DATABASE, "life", "life_copy")


def main(names):
    """Prepare, play, judge; returns the exit status."""
    sys.path += [str(places.CHECKS / name) for name in ("faults", "e2e")]
    begun = time.monotonic()
    with faults_cluster.running() as cluster:
        odoo = _odoo(cluster)
        made = databases.Databases(odoo, private=True)
        _make_databases(odoo, made)
        port = ports.free()
        url, log = f"http://localhost:{port}", places.LOGS / "faults-server.log"
        os.environ.update(odoo.pg | odoo.extra_env | e2e_variables(url, DATABASE, log))
        world = importlib.import_module("world")
        world.set_up(odoo, made, cluster, port, WORKERS)
        try:
            result = unittest_runner.play(names or FILES)
        finally:
            world.tear_down()
            for name in DATABASES:
                shutil.rmtree(odoo_server.filestore(name), ignore_errors=True)
    minutes = (time.monotonic() - begun) / 60
    broken, not_run = result.count(BROKEN), result.count(SKIPPED)
    played = len(result.verdicts) - not_run
    console.say(
        f"\n{played} case{'' if played == 1 else 's'} played in {minutes:.1f} minutes,"
        f" {broken} broken, {not_run} not run"
    )
    if not_run:
        console.say("What was not run is not shown to hold: the exit status says so.")
    return 1 if broken or not_run or not played else 0


def _odoo(cluster):
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    keys = {"API_AUTH_OAUTH2_KEYS": key}
    return odoo_server.Odoo(
        odoo_home.find(), python_env.for_odoo(), cluster.variables, keys
    )


def _make_databases(odoo, made):
    """One without the addon, one with it to be copied, one to play on."""
    own_modules, _demo = databases.KINDS["plain"]
    install(odoo, "bare", [own_modules], "faults-bare")
    made.copy("bare", "fresh")
    install(odoo, "fresh", places.our_modules(), "faults")
    made.copy("fresh", DATABASE)
    # A crash so soon after a copy would set PostgreSQL's own sequences back.
    made.execute("postgres", "CHECKPOINT")
