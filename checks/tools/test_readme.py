"""README.rst and the fragments that it is made of, in readme/."""

import re
import unittest

import places
from commands import readme

README = places.ROOT / "README.rst"
FRAGMENTS = places.ROOT / "readme"


class TestReadme(unittest.TestCase):
    def test_the_readme_is_what_its_fragments_make(self):
        self.assertEqual(README.read_text(), readme.text(), "run ./dev readme")

    def test_each_fragment_is_one_that_oca_s_generator_takes(self):
        known = {name for name, _title in readme.SECTIONS + readme.CREDITS}
        names = {path.name for path in FRAGMENTS.iterdir()}
        self.assertLessEqual(names, {f"{name}.rst" for name in known | {"DESCRIPTION"}})

    def test_each_link_of_the_readme_leads_to_a_file_of_this_folder(self):
        targets = re.findall(r"`[^`<]+<([^>`]+)>`_", README.read_text())
        self.assertTrue(targets)
        for target in targets:
            if not target.startswith("https://"):
                with self.subTest(target):
                    self.assertTrue((places.ROOT / target.partition("#")[0]).exists())

    def test_the_readme_is_rest_without_a_warning(self):
        from docutils.core import publish_string

        # As OCA's generator checks it: 2 is a warning.
        publish_string(
            README.read_text(),
            writer_name="html4css1",
            settings_overrides={"halt_level": 2, "report_level": 2},
        )

    def test_the_readme_is_read_in_a_few_minutes(self):
        self.assertLess(len(README.read_text().splitlines()), 200)
