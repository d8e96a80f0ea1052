"""Play the cases of ``tests/faults``.

A database cluster, an Odoo server of
several processes and its database are made, and removed however this ends.
"""

import base64
import importlib
import os
import shutil
import sys
import time
import unittest

import console
import databases
import faults_cluster
import odoo_home
import odoo_server
import places
import ports
import python_env
from e2e_site import e2e_variables

WORKERS = 4
FILES = ("killed", "decisions", "jobs", "database", "answers", "clocks", "life")
DATABASE = "faults"
DATABASES = ("bare", "fresh", DATABASE, "life", "life_copy")


class Result(unittest.TestResult):
    """Prints each case and its verdict."""

    played = breached = not_run = 0

    def startTest(self, test):
        super().startTest(test)
        self._begun = time.monotonic()

    def _tell(self, test, verdict, colour, text=""):
        seconds = time.monotonic() - self._begun
        name = test.shortDescription() or test.id()
        verdict = console.paint(f"{verdict:8}", colour)
        console.say(f"{verdict} {name} ({seconds:.1f} s){text}")

    def addSuccess(self, test):
        self.played += 1
        self._tell(test, "holds", "32")

    def addFailure(self, test, err):
        self.played += 1
        self.breached += 1
        text = "\n".join(self._exc_info_to_string(err, test).splitlines()[-16:])
        if hasattr(test, "_testMethodName"):
            self._tell(test, "BREACHED", "31;1", f"\n{text}")
        else:
            console.say(f"{console.paint('BREACHED', '31;1')} {test}\n{text}")

    def addError(self, test, err):
        if isinstance(err[1], console.Stopped):
            raise err[1]  # unittest would go on with the next case
        self.addFailure(test, err)

    def addSkip(self, test, reason):
        self.not_run += 1
        self._tell(test, "not run", "33", f": {reason}")


def main(names):
    """Prepare, play, judge; returns the exit status."""
    sys.path += [str(places.ROOT / "tests" / name) for name in ("faults", "e2e")]
    begun, result = time.monotonic(), Result()
    with faults_cluster.running() as cluster:
        odoo = _odoo(cluster)
        with console.step("Making the databases"):
            _make_databases(odoo)
        port = ports.free()
        url, log = f"http://localhost:{port}", places.LOGS / "faults-server.log"
        os.environ.update(odoo.pg | odoo.extra_env | e2e_variables(url, DATABASE, log))
        world = importlib.import_module("world")
        world.set_up(odoo, cluster, port, WORKERS)
        suite = unittest.defaultTestLoader.loadTestsFromNames(names or FILES)
        try:
            suite.run(result)
        finally:
            world.tear_down()
            for name in DATABASES:
                shutil.rmtree(odoo_server.filestore(name), ignore_errors=True)
    minutes = (time.monotonic() - begun) / 60
    console.say(
        f"\n{result.played} case{'' if result.played == 1 else 's'} played"
        f" in {minutes:.1f} minutes,"
        f" {result.breached} breached, {result.not_run} not run"
    )
    if result.not_run:
        console.say("What was not run is not shown to hold: the exit status says so.")
    return 1 if result.breached or result.not_run or not result.played else 0


def _odoo(cluster):
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    keys = {"API_AUTH_OAUTH2_KEYS": key}
    return odoo_server.Odoo(
        odoo_home.find(), python_env.for_odoo(), cluster.variables, keys
    )


def _make_databases(odoo):
    """One without the addon, one with it to be copied, one to play on."""
    modules = ",".join(places.our_modules())
    odoo.run(
        "bare",
        ["-i", "base,web,rpc,auth_oauth", "--stop-after-init"],
        log="faults-bare.log",
    )
    copy(odoo, "bare", "fresh")
    odoo.run("fresh", ["-i", modules, "--stop-after-init"], log="faults-install.log")
    copy(odoo, "fresh", DATABASE)
    # A crash so soon after a copy would set PostgreSQL's own sequences back.
    databases.rows(odoo, "postgres", "CHECKPOINT")


def copy(odoo, source, target):
    """Copy a database that nobody is connected to, as PostgreSQL does it."""
    drop(odoo, target)
    databases.rows(odoo, "postgres", f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    files = odoo_server.filestore(source)
    if files.is_dir():
        shutil.copytree(files, odoo_server.filestore(target))


def drop(odoo, database):
    """Drop a database of this run and its files, whoever is connected."""
    databases.rows(
        odoo, "postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'
    )
    shutil.rmtree(odoo_server.filestore(database), ignore_errors=True)
