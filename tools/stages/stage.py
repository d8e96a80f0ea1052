"""What a stage of ``./dev test`` is, and what it is run on."""

import dataclasses
from dataclasses import dataclass

import databases
import log_search
import odoo_server


@dataclass
class Ground:
    """What the stages of a run share; each changes a copy of the Odoo alone."""

    odoo: odoo_server.Odoo
    made: databases.Databases
    search: log_search.Search

    def with_variables(self, variables):
        """The Odoo with more variables in its environment."""
        env = self.odoo.extra_env | variables
        return dataclasses.replace(self.odoo, extra_env=env)


class Stage:
    """Tests that one runner runs; several stages run at the same time.

    So everything that a stage makes bears its name: databases, logs, files in ``.dev``.
    """

    name = ""  # before each line that it prints, and a NAME of ./dev test
    seconds = 0  # that it takes, about: the longest begins first
    needs_database = True
    folder = None  # of its tests, where unittest runs them

    def takes(self, found, suffix):
        """What its runner calls a test, "" for one of another stage.

        :param found: a ``selection.TestClass``
        :param str suffix: ``.method``, or "" for the whole class
        """
        inside = self.folder in found.path.parents
        return found.unittest_name + suffix if inside else ""

    def everything(self, words):
        """What it runs where all of it is meant, given all that it takes."""
        return words

    def run(self, ground, words):
        """Run what its runner calls by the words; returns an ``odoo_log.Verdict``.

        Whatever ends it, what it made must be gone afterwards; ``processes`` ends its
        child processes when another stage fails.
        """
        raise NotImplementedError
