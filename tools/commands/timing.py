"""timing [N]       measure that no answer's time tells an identity, secret or user

Two requests at a time that must take equally long are sent in turns, N times each
(1000 by default, 400 at least), to a server of one process. Run it on a machine that
does nothing else. Of each case it says how small a difference would have been seen; one
request is delayed by as much on purpose. It ends with an error when two can be told
apart, when that delay cannot, or when N samples of a case would not tell a difference
that matters (``tools/timing_cases.py``).
"""

import databases
import odoo_server
import places
import ports
import processes
import selection
from console import Failure, step
from e2e_variables import e2e_variables

_AT_LEAST = 400  # of the case with the fewest, sign-ins, 240


def run(args):
    """Measure; returns the exit status."""
    if len(args) > 1 or not all(arg.isdigit() for arg in args):
        raise Failure("./dev timing takes a number of samples, or nothing")
    samples = args[0] if args else "1000"
    if int(samples) < _AT_LEAST:
        raise Failure(
            f"./dev timing needs {_AT_LEAST} samples: with fewer it could not tell that"
            " one in five sign-ins takes longer"
        )
    with odoo_server.ready() as odoo, databases.opened(odoo) as made:
        with made.temporary("timing") as database:
            return _measure(odoo, made, database, samples)


def _measure(odoo, made, database, samples):
    modules = ",".join(places.our_modules())
    with step(f"Installing {modules}"):
        arguments = ["-i", modules, "--stop-after-init"]
        odoo.run(database, arguments, log="timing-install.log")
    port = ports.free()
    url = f"http://localhost:{port}"
    made.set_parameter(database, "api_auth_oauth2.base_url", url)
    # One process: between several, the ways that they differ would be measured.
    server = ["--workers=0", "--max-cron-threads=0", "--proxy-mode", "--log-level=warn"]
    with odoo.serving(database, port, *server, log="timing-server.log"):
        log = places.LOGS / "timing-server.log"
        env = odoo.env() | e2e_variables(url, database, log)
        env["PYTHONPATH"] = f"{selection.E2E}:{env['PYTHONPATH']}"
        command = [odoo.python, places.TOOLS / "timing_cases.py", samples]
        del env["PYTHONSAFEPATH"]  # it finds its neighbours
        with processes.running(command, env=env, cwd=selection.E2E) as child:
            return child.wait()
