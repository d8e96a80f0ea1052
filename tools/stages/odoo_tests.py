"""Tests with Odoo's own runner, on a fresh database."""

import console
import odoo_log
import places
import selection
from stages.stage import Stage


class Plain(Stage):
    """The addon's tests, and those of its examples."""

    name = "plain"
    seconds = 240

    def takes(self, found, suffix):
        """A tag, but for tests of another folder and those with a website alone."""
        others = {selection.E2E, selection.TOOLS} & {*found.path.parents}
        return "" if others or "-standard" in found.tags else found.odoo_tag + suffix

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
            ground.made.temporary(self.name, kind=self.name) as database,
            console.step("Odoo's test runner", lambda: _begun(log)),
        ):
            odoo.run(database, arguments, log=log.name, check=False)
        return odoo_log.verdict(log)


class Website(Plain):
    """What must hold on a database with a website, too."""

    name = "website"
    seconds = 80

    def takes(self, found, suffix):
        """A tag, for the classes that bear the website's."""
        tag = selection.WITH_WEBSITE
        return tag + found.odoo_tag + suffix if tag in found.tags else ""

    def everything(self, words):
        """The website's own tag."""
        return [selection.WITH_WEBSITE]


def _begun(log):
    return f"{odoo_log.started(log)} tests begun"
