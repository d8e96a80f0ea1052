"""Whether files that Odoo would stumble over, or never read, are found."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import files

_IMPORTS = "from . import test_token\nfrom . import (\n    test_route,\n)\n"


class TestFiles(unittest.TestCase):
    def said(self, **contents):
        """:return: what is printed of an addon with these files more or other"""
        made = {
            "views/api.xml": "<odoo><record id='a'/></odoo>",
            "tests/__init__.py": _IMPORTS,
            "tests/test_token.py": "",
            "tests/test_route.py": "",
            "tests/common.py": "",
        }
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (made | contents).items():
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                status = files.main(pathlib.Path(folder))
        self.assertEqual(status, bool(printed.getvalue().strip()))
        return printed.getvalue()

    def test_whole_files_and_imported_tests_are_in_order(self):
        self.assertEqual(self.said(), "")

    def test_xml_that_is_none_is_told_with_its_line(self):
        for name in (
            "views/api.xml",
            "static/src/dialog.xml",
            "companions/a/views.xml",
        ):
            for text in ("<odoo>\n<record></odoo>", "<odoo>\n<!-- a -- b --></odoo>"):
                with self.subTest(name, text=text):
                    self.assertIn(f"{name}:2: ", self.said(**{name: text}))

    def test_a_test_that_no_other_file_imports_is_told(self):
        for name in ("tests/test_new.py", "examples/a/tests/test_new.py"):
            with self.subTest(name):
                others = str(pathlib.Path(name).with_name("__init__.py"))
                told = self.said(**{name: "", others: _IMPORTS})
                self.assertIn(f"{name}: not imported", told)

    def test_what_the_tools_made_is_not_looked_at(self):
        self.assertEqual(self.said(**{".dev/cache/a.xml": "<odoo>"}), "")
