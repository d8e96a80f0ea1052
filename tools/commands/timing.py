"""timing [N]       measure that no answer's time tells an identity, secret or user

Two requests at a time that must take equally long are sent in turns, N times each
(1000 by default, 400 at least), to a server of one process. Run it on a machine that
does nothing else. Of each case it says how small a difference would have been seen; one
request is delayed by as much on purpose. It ends with an error when two can be told
apart, when that delay cannot, or when N samples of a case would not tell a difference
that matters (``tools/timing_cases.py``).
"""

import databases
import e2e_site
import odoo_server
import places
from console import Failure

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
    # One process: between several, the ways that they differ would be measured.
    server = ["--workers=0", "--max-cron-threads=0", "--proxy-mode", "--log-level=warn"]
    program, what = (places.TOOLS / "timing_cases.py", samples), "Timing answers"
    with odoo_server.ready() as odoo, databases.opened(odoo) as made:
        with made.temporary("timing") as database:
            e2e_site.install(odoo, database, places.our_modules(), "timing")
            return e2e_site.run(
                odoo, made, database, "timing", server, program, what=what
            )
