"""fuzz [COUNT] [SEED]  send generated requests to a real server (10000 by default)

Every endpoint gets good requests and mutated ones, and a provider that now and then
answers oddly. A breach is an answer of 500, one that is not whole within a minute, a
dropped connection, a traceback in an answer or in the log, an HTML page where JSON is
due, a secret in an answer or in the log, an error in the log. Ends with status 1 on any
breach, and where too few requests of an endpoint got through, because then little was
tested.
"""

import json
import os
import random

import artifact
import console
import databases
import fuzz_report
import odoo_server
import places
import ports
import processes
import rate_limits
from console import Failure
from e2e_variables import e2e_variables

WORKERS = 4
COUNT = 10_000
FOLDER = places.ROOT / "tests" / "fuzz"
ADDON = "api_auth_oauth2_fuzz"

#: Rate limits, in calls a minute, switched up: at their own values they would answer
#: for everything behind them.
LIMITS = rate_limits.parameters(1_000_000)


def run(args):
    """Start a server, fuzz it, tell what came of it. Returns the exit status."""
    count, seed = _numbers(args)
    places.make_dev()
    with artifact.locked(places.DEV / ".fuzz.lock", "fuzzes"):
        with odoo_server.ready() as odoo:
            with databases.opened(odoo) as made, made.temporary("fuzz") as database:
                _install(odoo, made, database)
                return _fuzz(odoo, made, database, count, seed)


def _numbers(args):
    """COUNT and SEED; a seed that is not given is drawn, and told."""
    if len(args) > 2 or not all(arg.isdecimal() for arg in args):
        raise Failure("./dev fuzz [COUNT] [SEED], both numbers")
    count = int(args[0]) if args else COUNT
    return count, int(args[1]) if args[1:] else random.randrange(10_000)


def _addons_path(odoo):
    folders = [*odoo.home.addons, places.ADDONS, FOLDER / "addons"]
    return f"--addons-path={','.join(map(str, folders))}"


def _install(odoo, made, database):
    modules = ",".join([*places.our_modules(), ADDON])
    with console.step(f"Installing {modules}"):
        odoo.run(
            database,
            ["-i", modules, "--stop-after-init", _addons_path(odoo)],
            log="fuzz-install.log",
        )
    for key, value in LIMITS.items():
        made.set_parameter(database, key, value)


def _fuzz(odoo, made, database, count, seed):
    port, log = ports.free(), "fuzz-server.log"
    url = f"http://localhost:{port}"
    made.set_parameter(database, "api_auth_oauth2.base_url", url)
    result = places.DEV / "fuzz-result.json"
    result.unlink(missing_ok=True)
    env = odoo.env() | e2e_variables(url, database, places.LOGS / log)
    del env["PYTHONSAFEPATH"]  # its own folders are its own
    env["PYTHONPATH"] = os.pathsep.join([str(FOLDER.parent / "e2e"), env["PYTHONPATH"]])
    server = [f"--workers={WORKERS}", "--max-cron-threads=0", _addons_path(odoo)]
    with odoo.serving(database, port, *server, log=log):
        with console.step(f"{count} requests, seed {seed}"):
            command = [odoo.python, FOLDER, count, seed, result]
            with processes.running(command, env=env, cwd=places.DEV) as child:
                child.wait()
    if not result.exists():
        raise Failure("The fuzzing ended early: see above")
    told = json.loads(result.read_text())
    return fuzz_report.tell(told, places.LOGS / log, count, seed)
