"""faults [NAME…]  play faults for real and check what must hold after each

Processes are killed, PostgreSQL is restarted and its disk fills up, providers hang,
clocks differ, databases are copied: on a server of several processes, with a database
cluster of its own. Six to nine minutes; NAMEs are files, classes or cases of
``checks/faults``. The exit status is not 0 when anything was breached,
or not run because something is missing: a full disk and other clocks need root.
"""

import artifact
import faults_stage
import places
import selection


def run(args):
    """Play the faults; returns the exit status."""
    names = selection.select_faults(args)
    # One at a time: there is one set of logs, and they are what is judged.
    with artifact.locked(places.make_dev() / ".faults.lock", "plays faults"):
        return faults_stage.main(names)
