"""timing [N]       measure that no answer's time tells an identity, secret or user

Two requests at a time that must take equally long are sent in turns, N times each
(1000 by default), to a server of one process. Run it on a machine that does nothing
else. It ends with an error when two can be told apart.
"""

import databases
import odoo_server
import places
import ports
import processes
import selection
from console import Failure, step


def run(args):
    """Measure; returns the exit status."""
    if len(args) > 1 or not all(arg.isdigit() for arg in args):
        raise Failure("./dev timing takes a number of samples, or nothing")
    samples = args[0] if args else "1000"
    if int(samples) < 50:
        raise Failure("./dev timing needs at least 50 samples to tell anything")
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
        env = odoo.env() | {
            "OAUTH2_E2E_URL": url,
            "OAUTH2_E2E_DB": database,
            "OAUTH2_E2E_ADMIN_LOGIN": "admin",
            "OAUTH2_E2E_ADMIN_PASSWORD": "admin",
            "OAUTH2_E2E_SERVER_LOG": str(places.LOGS / "timing-server.log"),
        }
        env["PYTHONPATH"] = f"{selection.E2E}:{env['PYTHONPATH']}"
        command = [odoo.python, places.TOOLS / "timing_cases.py", samples]
        del env["PYTHONSAFEPATH"]  # it finds its neighbours
        with processes.running(command, env=env, cwd=selection.E2E) as child:
            return child.wait()
