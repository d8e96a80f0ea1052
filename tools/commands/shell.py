"""shell [-d NAME]  Odoo's Python shell on the demo's database, or another"""

import argparse

import databases
import odoo_server
import other_addons
import processes
from commands import demo
from console import Failure


def run(args):
    """Run ``odoo shell`` on the terminal."""
    parser = argparse.ArgumentParser("./dev shell")
    parser.add_argument("-d", "--database", default=demo.DATABASE)
    database = parser.parse_args(args).database
    with odoo_server.ready() as odoo:
        made = databases.Databases(odoo)
        if not made.exists(database):
            raise Failure(f"There is no database {database}; ./dev demo makes one")
        other_addons.find_those_of(odoo, made, database)
        command = odoo.command(database, "--no-http", subcommand=["shell"])
        # It reads the terminal, so it stays in our process group.
        return processes.foreground(command, env=odoo.env())
