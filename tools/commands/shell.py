"""shell [-d NAME]  Odoo's Python shell on the demo's database, or another"""

import argparse

import databases
import odoo_server
import processes
from commands import demo
from console import Failure


def run(args):
    """Run ``odoo shell`` on the terminal."""
    parser = argparse.ArgumentParser("./dev shell")
    parser.add_argument("-d", "--database", default=demo.DATABASE)
    database = parser.parse_args(args).database
    with odoo_server.ready() as odoo:
        if not databases.Databases(odoo).exists(database):
            raise Failure(f"There is no database {database}; ./dev demo makes one")
        command = odoo.command(database, "--no-http", subcommand=["shell"])
        # It reads the terminal, so it stays in our process group.
        return processes.foreground(command, env=odoo.env())
