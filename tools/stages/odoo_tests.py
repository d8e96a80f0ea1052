"""Tests with Odoo's own runner, on a fresh database."""

import console
import databases
import odoo_log
import places
import selection
from stages.stage import Stage


class Plain(Stage):
    """The addon's tests, and those of its examples."""

    name = kind = "plain"  # the kind of its database
    seconds = 400

    def takes(self, found, suffix):
        """A tag, but for tests of another folder and those with a website alone."""
        is_ours = places.CHECKS in found.path.parents
        return "" if is_ours or "-standard" in found.tags else found.odoo_tag + suffix

    def everything(self, words):
        """Whole modules: then none is forgotten."""
        return [f"/{module}" for module in places.our_modules()]

    def run(self, ground, words):
        """Install the addons on a fresh database with the tests that bear the tags."""
        log = places.LOGS / f"{self.name}.log"
        log.unlink(missing_ok=True)
        odoo = ground.with_variables(ground.search.environment(log))
        modules = ",".join(places.our_modules())
        arguments = [*ground.search.odoo_arguments(log), "-i", modules]
        arguments += ["--test-tags", ",".join(words), "--stop-after-init"]
        with (
            ground.made.temporary(self.name, kind=self.kind) as database,
            console.step("Odoo's test runner", lambda: _begun(log)),
        ):
            odoo.run(database, arguments, log=log.name, check=False)
        return odoo_log.verdict(log)


class Website(Plain):
    """What must hold on a database with a website, too."""

    name = kind = "website"
    seconds = 50

    def takes(self, found, suffix):
        """A tag, for the classes that bear the website's."""
        tag = selection.WITH_WEBSITE
        return tag + found.odoo_tag + suffix if tag in found.tags else ""

    def everything(self, words):
        """The website's own tag."""
        return [selection.WITH_WEBSITE]


class Beside(Plain):
    """The same tests on a database with more of Odoo's modules, or with demo data.

    No part of ``./dev test``: its ``--with`` and ``--demo`` run it instead.
    """

    name = "beside"

    def __init__(self, modules, demo):
        self.has_website = "website" in modules
        self.kind = "beside_demo" if demo else "beside"
        plain, _demo = databases.KINDS["plain"]
        databases.KINDS[self.kind] = ",".join([plain, *modules]), demo

    def takes(self, found, suffix):
        """A tag; with a website those of its own tests, too."""
        own = self.has_website and Website().takes(found, suffix)
        return own or super().takes(found, suffix)

    def everything(self, words):
        """Whole modules; with a website its own tag, too."""
        website = [selection.WITH_WEBSITE] if self.has_website else []
        return [*super().everything(words), *website]


def _begun(log):
    return f"{odoo_log.started(log)} tests begun"
