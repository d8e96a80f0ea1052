"""Properties: rules that must hold for whatever hypothesis comes up with.

The same examples each time, none kept in a file, no clock: a test that fails once fails
always. ``./dev fuzz`` is where the examples are new ones.
"""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis.configuration import set_hypothesis_home_dir

from odoo.tools import config

set_hypothesis_home_dir(os.path.join(config["data_dir"], "hypothesis"))


def holds_for(*strategies, examples=60, **named):
    """Decorate a test method that is called with many examples."""

    def decorate(method):
        return settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )(given(*strategies, **named)(method))

    return decorate
