"""What hypothesis makes of any input: texts, numbers, JSON values.

Property tests and ``./dev fuzz`` draw from these. Imports nothing of Odoo.
"""

from hypothesis import strategies as st

VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
PRINTABLE = " " + VISIBLE

#: Texts that broke something, somewhere, once.
TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\u202eabc",
    "\ufeff",
    "\U0001f4a9" * 3,
    "ǅ",
    "ß",
    "%00",
    "%",
    "%s%n",
    "{0}",
    "{{7*7}}",
    "'",
    "'; --",
    '"',
    "\\",
    "\r\nX-Injected: 1",
    "١٢",
    "9" * 400,
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "-1",
    "1e309",
    "NaN",
    "null",
    "true",
    "9" * 30,
    "cui_" + "A" * 43,
    "2026-02-30",
    "0000-00-00 00:00:00",
    "a" * 256,
    "a" * 9000,
    "a.b.c.d.e.f",
    "name.name",
    "parent_id" + ".parent_id" * 40,
    "__class__",
    "id",
    "display_name",
    "child_ids.name",
)
NUMBERS = (
    0,
    -1,
    1,
    2**31 - 1,
    2**31,
    -(2**31) - 1,
    2**63,
    10**254,
    10**256,
    10**400,
    True,
    0.1,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
)

#: Any text, halves of surrogate pairs and NUL included.
texts = st.one_of(
    st.sampled_from(TEXTS),
    st.text(max_size=40),
    st.text(PRINTABLE, max_size=12),
    st.text(st.characters(exclude_categories=()), max_size=10),
)
numbers = st.one_of(st.integers(), st.floats(), st.sampled_from(NUMBERS))
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
#: Any JSON value.
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=10,
)
objects = st.dictionaries(texts, values, max_size=4)
