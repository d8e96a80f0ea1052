"""Properties: rules that must hold for whatever hypothesis comes up with.

The same examples each time, none kept in a file, no clock: a test that fails once fails
always. ``./dev fuzz`` is where the examples are new ones.
"""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from odoo.tools import config

set_hypothesis_home_dir(os.path.join(config["data_dir"], "hypothesis"))

VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
PRINTABLE = " " + VISIBLE

#: Any text, halves of surrogate pairs and NUL included, and what parsers stumble over.
texts = st.one_of(
    st.text(max_size=30),
    st.text(PRINTABLE, max_size=12),
    st.text(st.characters(exclude_categories=()), max_size=10),
    st.sampled_from(
        ("", "\0", "\ud800", "\r\nX: 1", "a" * 300, "%00", "9" * 400, "null", "١٢")
    ),
)
numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from((2**31, 2**63, 10**400, -1, True, 1e300)),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
#: Any JSON value.
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, max_size=4)


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
