"""fuzz [COUNT] [SEED]  send generated requests to a real server (10000 by default)

Every endpoint gets good requests and mutated ones, and a provider that now and then
answers oddly. A breach is an answer of 500, one that is not whole within a minute, a
dropped connection, a traceback in an answer or in the log, an HTML page where JSON is
due, a secret in an answer or in the log, an error in the log, a call that says it did
what the database does not have, and a refused one that changed something. Ends with
status 1 on any breach, and where too few requests of an endpoint got through, because
then little was tested.
"""

import json
import random

import artifact
import databases
import e2e_site
import fuzz_report
import odoo_server
import places
import rate_limits
from console import Failure

WORKERS = 4
COUNT = 10_000
FOLDER = places.CHECKS / "fuzz"
ADDON = "api_auth_oauth2_fuzz"

#: Rate limits, in calls a minute, switched up: at their own values they would answer
#: for everything behind them.
LIMITS = rate_limits.parameters(1_000_000)


def run(args):
    """Start a server, fuzz it, tell what came of it. Returns the exit status."""
    count, seed = _numbers(args)
    result = places.make_dev() / "fuzz-result.json"
    with (
        artifact.locked(places.DEV / ".fuzz.lock", "fuzzes"),
        odoo_server.ready() as odoo,
        databases.opened(odoo) as made,
        made.temporary("fuzz") as database,
    ):
        folders = [*odoo.home.addons, places.ADDONS, FOLDER / "addons"]
        addons = f"--addons-path={','.join(map(str, folders))}"
        modules = [*places.our_modules(), ADDON]
        e2e_site.install(odoo, database, modules, "fuzz", addons)
        result.unlink(missing_ok=True)
        server = [f"--workers={WORKERS}", "--max-cron-threads=0", addons]
        program, what = (FOLDER, count, seed, result), f"{count} requests, seed {seed}"
        options = {"what": what, "parameters": LIMITS}
        e2e_site.run(odoo, made, database, "fuzz", server, program, **options)
    if not result.exists():
        raise Failure("The fuzzing ended early: see above")
    told = json.loads(result.read_text())
    return fuzz_report.tell(told, places.LOGS / "fuzz-server.log", count, seed)


def _numbers(args):
    """COUNT and SEED; a seed that is not given is drawn, and told."""
    if len(args) > 2 or not all(arg.isdecimal() for arg in args):
        raise Failure("./dev fuzz [COUNT] [SEED], both numbers")
    count = int(args[0]) if args else COUNT
    return count, int(args[1]) if args[1:] else random.randrange(10_000)
