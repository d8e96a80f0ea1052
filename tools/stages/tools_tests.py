"""Tests of the tools: of what ``./dev`` does, without an Odoo."""

import debian
import places
import selection
from stages import with_unittest
from stages.stage import Stage


class ToolsTests(Stage):
    """The tests of ``checks/tools``."""

    name = "tools"
    seconds = 20
    needs_database = False
    folder = selection.TOOLS

    def run(self, ground, words):
        """Run them with the tools on their path."""
        debian.require("wrk")  # for those of the load that ./dev bench makes
        beside = places.TOOLS, places.CHECKS / "fuzz"
        return with_unittest.run(ground.odoo, selection.TOOLS, words, beside=beside)
