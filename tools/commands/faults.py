"""faults [NAME…]  play faults for real and check what must hold after each

Processes are killed, PostgreSQL is restarted and its disk fills up, providers hang,
clocks differ, databases are copied: on a server of several processes, with a database
cluster of its own. Six to nine minutes; NAMEs are files, classes or cases of
``tests/faults``. The exit status is not 0 when anything was breached,
or not run because something is missing: a full disk and other clocks need root.
"""

import artifact
import odoo_home
import places
import processes
import python_env
import selection

# Servers, databases and a file system are to be removed, whatever ends us.
_CLEAN_UP_SECONDS = 90


def run(args):
    """Play the faults; returns the exit status."""
    names = selection.select_faults(args)
    places.make_dev()
    python = python_env.for_odoo()
    odoo_home.find()  # downloads it now, with a person watching
    # One at a time: there is one set of logs, and they are what is judged.
    with artifact.locked(places.DEV / ".faults.lock", "plays faults"):
        command = [python, places.TOOLS / "faults_stage.py", *names]
        child = processes.start(command)
        try:
            return child.wait()
        finally:
            processes.stop(child, seconds=_CLEAN_UP_SECONDS)
