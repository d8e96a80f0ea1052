"""Odoo's own tests beside a checkout of the addon: what is red only with it fails.

What fails runs again where no addon of ours is on the path. Red there, too, and without
a word of ours, it is Odoo's own.
"""

import re
import shlex
import shutil

import console
import export
import odoo_log
import places
from stages.stage import Stage

TAGS = (
    "/test_http",
    "/rpc",
    "/base:TestOverrides",
    "/website/tests/test_performance.py",
    "/test_lint",
    "-/test_lint/tests/test_checkers.py",  # of Odoo's linters, with code of their own
)
_OURS = re.compile(rf"^\S.*\b({'|'.join(places.our_modules())})\b", re.M)
#: Keys that OCA's manifests have. Odoo's linter says that they must be white listed.
_OCAS_KEYS = {"maintainers", "development_status"}
_UNKNOWN_KEYS = "Unknown manifest keys in module"
# Odoo's test has pylint look at all of Odoo, too, which takes minutes.
_PYLINT = """#!/bin/sh
for path; do shift; [ "$path" = {odoo} ] || set -- "$@" "$path"; done
case "$*" in */{addon}*) exec {python} -m pylint "$@" ;; esac
"""


class OdoosOwn(Stage):
    """Odoo's tests of HTTP, RPC and files, and website's counts of queries."""

    name = "odoos_own"
    seconds = 120

    def everything(self, words):
        """Tags of Odoo's tests, as none of ours is among them."""
        return TAGS

    def run(self, ground, words):
        """Run them on a database with the addon and its examples, and judge."""
        narrow = {"PATH": _path_of_narrow_pylint(ground.odoo)}
        narrow["DEV_LINTED"] = ",".join([*places.all_modules(), places.PROBE.name])
        odoo = ground.with_variables(narrow)
        odoo.addons = _checked_out()
        beside = _verdict(odoo, ground.made, self.name, words, beside=True)
        failures = beside.failures
        if failures:
            odoo.addons = odoo.home.addons[0]
            words = sorted({f":{_class(entry)}" for entry in failures})
            alone = f"{self.name}-alone"
            alone = _verdict(odoo, ground.made, alone, words, beside=False)
            failures = ours(failures, alone.failures)
        excused = len(beside.failures) - len(failures)
        console.say(f"{excused} are red without the addon, too")
        complaints = [e for e in beside.complaints if e.logger == "dev" or _names_us(e)]
        # What Odoo skips by itself (no CRM, no eslint) is nothing that we left out.
        return odoo_log.Verdict(beside.passed, len(failures), 0, failures, complaints)


def _checked_out():
    """The addons path with the addon as a developer has it: a plain checkout."""
    folder = places.DEV / "checked-out"
    shutil.rmtree(folder, ignore_errors=True)
    return places.link_addons(places.DEV / "odoos-own-addons", export.checkout(folder))


def ours(beside, alone):
    """:return: of the failures beside the addon those that it has to answer for"""
    odoos = {entry.first_line for entry in alone}
    return [
        entry
        for entry in beside
        if (entry.first_line not in odoos or _names_us(entry))
        and not _is_of_ocas_keys(entry)
    ]


def _is_of_ocas_keys(entry):
    """Whether it complains of keys of a manifest, and of OCA's alone."""
    unknown = set(re.findall(r"^'(\w+)'", entry.text, re.M))
    return _UNKNOWN_KEYS in entry.text and unknown <= _OCAS_KEYS


def _verdict(odoo, made, name, tags, *, beside):
    """Run Odoo's tests on a fresh database, beside our addons or not."""
    log = places.LOGS / f"{name}.log"
    log.unlink(missing_ok=True)
    what = f"Odoo's own tests{'' if beside else ' that failed, without the addon'}"
    with (
        made.temporary(name, kind="odoos_own") as database,
        console.step(what, lambda: f"{odoo_log.started(log)} tests begun"),
    ):
        if beside:
            modules = ["-i", ",".join(places.our_modules()), "--stop-after-init"]
            odoo.run(database, modules, log=f"{name}-install.log")
        # With nothing to install, tests of all modules run, as far as they are chosen.
        arguments = ["--test-tags", ",".join(tags), "--stop-after-init"]
        odoo.run(database, arguments, log=log.name, check=False)
    return odoo_log.verdict(log)


def _path_of_narrow_pylint(odoo):
    """The ``PATH`` on which Odoo finds a pylint that looks at our addons alone."""
    folder = places.DEV / "odoos-own-bin"
    folder.mkdir(exist_ok=True)
    program = folder / "pylint"
    paths = {"odoo": odoo.home.python_path / "odoo", "python": odoo.python}
    quoted = {name: shlex.quote(str(path)) for name, path in paths.items()}
    program.write_text(_PYLINT.format(addon=places.ADDON, **quoted))
    program.chmod(0o755)
    return f"{folder}:{odoo.env()['PATH']}"


def _class(entry):
    """The test class of a failure: of a test, or of a ``setUpClass (path.to.Class)``"""
    test = odoo_log.FAILED.match(entry.text)["test"]
    return re.split(r"[.)]", test)[-2 if "(" in test else 0]


def _names_us(entry):
    """Whether its message names an addon of ours, beside the frames of a traceback."""
    return bool(_OURS.search(entry.text)) or places.ADDON in entry.logger
