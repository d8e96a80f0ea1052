"""routes [FOLDER]  the routes that ask for access tokens, of an addon or a database

With a folder of an addon, or of several, these are installed in a database of their
own, and their routes alone are shown. ``-d NAME`` shows those of a database,
``./dev demo``'s by default. The status is 1 where a route is refused, which only looks
protected.
"""

import argparse
import json
import pathlib
import tempfile

import console
import databases
import odoo_server
import other_addons
import places
from commands import demo
from console import Failure

KIND = "bare"  # of the database of addons

# With an API, as routes with <api> are there for the sake of one.
SCRIPT = """
import json
from odoo.addons.api_auth_oauth2.services.scopes.route_list import list_routes
if not env["oauth2.api"].search([], limit=1):
    env["oauth2.api"].create({{"name": "API", "endpoint": "an-api"}})
with open({file!r}, "w") as file:
    found = [route._asdict() for route in list_routes(env, own=True)]
    json.dump(found, file, default=sorted)
env.cr.rollback()
"""
COLUMNS = ("method", "path", "auth", "scopes", "api", "addon")


def run(args):
    """Print the routes; returns the exit status."""
    parser = argparse.ArgumentParser("./dev routes")
    parser.add_argument("folder", nargs="?", help="an addon, or what several lie in")
    parser.add_argument("-d", "--database", default=demo.DATABASE)
    given = parser.parse_args(args)
    addons = other_addons.found(given.folder) if given.folder else []
    with odoo_server.ready() as odoo, databases.opened(odoo) as made:
        if addons:
            routes = _of_addons(odoo, made, addons)
        elif made.exists(given.database):
            other_addons.find_those_of(odoo, made, given.database)
            routes = _ask(odoo, given.database)
        else:
            raise Failure(
                f"There is no database {given.database}: ./dev demo makes one, and"
                " ./dev routes FOLDER needs none"
            )
    for line in _table(routes):
        console.say(line)
    return int(any(route["problem"] for route in routes))


def _of_addons(odoo, made, addons):
    """The routes of addons, installed in a database for the purpose."""
    names = {addon.name for addon in addons}
    other_addons.put_on_path(odoo, addons)
    with made.temporary("routes", kind=KIND) as database:
        modules = ",".join(sorted(names | {places.ADDON}))
        with console.step(f"Installing {modules}"):
            install = ["-i", modules, "--stop-after-init"]
            odoo.run(database, install, log="routes-install.log")
        other_addons.check_installed(made, database, addons, "routes-install.log")
        routes = _ask(odoo, database)
    return [route for route in routes if names & set(route["addons"])]


def _ask(odoo, database):
    """The routes of a database, as ``Route`` of the addon has them, as dicts."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "routes.json")
        script = SCRIPT.format(file=str(file))
        odoo.run(database, [], log="routes.log", script=script)
        if not file.exists():
            raise Failure(f"Odoo told no routes; see {places.LOGS / 'routes.log'}")
        return json.loads(file.read_text())


def _table(routes):
    """The lines of a table."""
    rows = [
        (
            ",".join(route["methods"]) or "any",
            route["path"],
            route["auth"],
            " ".join(route["scopes"]) or "-",
            route["endpoint"] or "each",
            ",".join(route["addons"]),
        )
        for route in routes
    ]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    problems = ["", *(route["problem"] for route in routes)]
    for row, problem in zip([COLUMNS, *rows], problems, strict=True):
        cells = map(str.ljust, row, widths)
        yield "  ".join(cells).rstrip()
        if problem:
            yield f"    refused: {problem}"
