"""test [NAME…]  run every test, or those of a file, a class or a method

``./dev test --with sale,website,contacts --demo [NAME…]`` runs the tests of the addon
and its examples on a database with these modules of Odoo, and with demo data.
``./dev test FOLDER`` runs those of an addon of yours, or of several, with Odoo's own
runner; there an error in the log counts as failed, a warning does not.

In stages, three at a time (``tools/stages``): Odoo's own runner on a fresh database,
again for what must hold beside a website, Odoo's own tests beside the addon,
``checks/e2e`` with unittest against a real server of several processes,
``checks/pooled`` behind pgbouncer, ``checks/tools``.
A stage's name is a NAME, too. Odoo runs the addon as it would be packaged
(``tools/export.py``). The logs of our tests, at level DEBUG, are searched for every
secret that they used.
"""

import argparse
import dataclasses
import os
import shutil

import accessibility
import artifact
import console
import databases
import debian
import export
import log_search
import odoo_log
import odoo_server
import other_addons
import places
import provider
import stages
import stock_clients
from console import Failure
from stages import lanes
from stages.stage import Ground


def run(args):
    """Run the tests; the last line printed is ``N passed, N failed``."""
    if not (places.ROOT / "__manifest__.py").exists():
        raise Failure("There is no addon here yet: __manifest__.py is missing")
    names, chosen = _options(args)
    if addons := other_addons.named(names):
        return _report([_of_addons(addons, chosen[0].kind)])
    plan = lanes.planned(names, chosen)
    places.make_dev()
    # One at a time: there is one set of logs, and they are what is judged.
    with artifact.locked(places.DEV / ".test.lock", "runs tests"):
        with odoo_server.ready() as odoo, log_search.Search() as search:
            odoo.extra_env = _what_tests_need(odoo.python)
            odoo.addons = _exported()
            with databases.opened(odoo) as made:
                verdicts = lanes.run(Ground(odoo, made, search), plan)
            verdicts.append(search.verdict())
        return _report(verdicts)


def _of_addons(addons, kind):
    """Run the tests of addons of one's own; returns their Verdict.

    :param kind: of the database
    """
    names = [addon.name for addon in addons]
    tags = ",".join(f"/{name}" for name in names)
    arguments = ["-i", ",".join([places.ADDON, *names]), "--test-tags", tags]
    log = places.make_dev() / "log" / "addons.log"
    with (
        artifact.locked(places.DEV / ".test.lock", "runs tests"),
        odoo_server.ready() as odoo,
        databases.opened(odoo) as made,
        made.temporary("addons", kind=kind) as database,
    ):
        other_addons.put_on_path(odoo, addons)
        with console.step(f"Odoo's test runner on {', '.join(names)}"):
            arguments.append("--stop-after-init")
            odoo.run(database, arguments, log=log.name, check=False)
        other_addons.check_installed(made, database, addons, log.name)
        verdict = odoo_log.verdict(log)
        errors = [one for one in verdict.complaints if one.level != "WARNING"]
        return dataclasses.replace(verdict, complaints=errors)


def _options(args):
    """:return: the NAMEs of the command line, and the stages to run"""
    parser = argparse.ArgumentParser("./dev test")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--with", dest="modules", default="", metavar="MODULE,…")
    parser.add_argument("--demo", action="store_true")
    given = parser.parse_args(args)
    modules = sorted(filter(None, given.modules.split(",")))
    if not (modules or given.demo):
        return given.names, stages.ALL
    return given.names, (stages.Beside(modules, given.demo),)


def _exported():
    """The addons path with the addon as a server gets it; what is no part is absent."""
    folder = places.DEV / "exported"
    shutil.rmtree(folder, ignore_errors=True)
    return places.link_addons(places.DEV / "test-addons", export.working_tree(folder))


def _what_tests_need(python):
    """The variables by which tests find the provider and a browser."""
    installed = provider.install(python)
    if not shutil.which("chromium"):
        debian.require("chromium")
    clients, axe = stock_clients.install(python), accessibility.install(python)
    return (
        clients
        | axe
        | {
            "OAUTH2_TEST_NODE": installed.node,
            "OAUTH2_TEST_PROVIDER": installed.server,
            "OAUTH2_TEST_CHROMIUM": shutil.which("chromium") or "",
            "OAUTH2_TEST_EXAMPLES": str(places.ROOT / "examples"),
        }
    )


def _report(verdicts):
    """Print what failed and the closing line; return the exit status."""
    for verdict in verdicts:
        for entry in verdict.failures:
            console.say(f"\n{console.paint('FAILED', '31;1')} {entry.text.strip()}")
        for entry in verdict.complaints:
            console.say(f"\n{console.paint('IN THE LOG', '31;1')} {entry}".rstrip())
    passed = sum(verdict.passed for verdict in verdicts)
    failed = sum(verdict.failed for verdict in verdicts)
    skipped = sum(verdict.skipped for verdict in verdicts)
    if any(verdict.complaints for verdict in verdicts):
        console.say("\nFAILED the log is not clean: see above")
        failed += 1
    if not passed + failed:
        console.say("\nNo test was run.")
    console.say(f"\nThe logs are in {os.path.relpath(places.LOGS)}/")
    tail = f", {skipped} skipped" if skipped else ""
    closing = f"{passed} passed, {failed} failed{tail}"
    (places.DEV / "test-summary").write_text(f"{closing}\n")
    console.say(closing)
    return 1 if failed or not passed else 0
