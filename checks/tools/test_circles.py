"""Whether calls that go from a service to a record and up to a service are found."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import circles

_MODEL = """
from ..services.audit.audit import Audit

class Grant(models.Model):
    def end(self):
        Audit(self.env).record()

    def end_later(self):
        self.end()

    def unlink(self):
        self.end_later()

    def is_over(self):
        return True
"""


class TestCircles(unittest.TestCase):
    def said(self, call):
        """:return: what is printed of a service that makes this call"""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (
                ("models/grant.py", _MODEL),
                ("services/tokens/expiry.py", f"def run(grant):\n    {call}\n"),
            ):
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True)
                path.write_text(text)
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                status = circles.main(pathlib.Path(folder))
        self.assertEqual(status, bool(printed.getvalue().strip()))
        return printed.getvalue()

    def test_a_service_that_calls_a_record_which_makes_a_service_is_told(self):
        for method in ("end", "end_later"):
            self.assertIn(
                f"services/tokens/expiry.py:2: {method} makes a service",
                self.said(f"grant.{method}()"),
            )

    def test_a_record_that_makes_no_service_may_be_called(self):
        self.assertFalse(self.said("grant.is_over()").strip())

    def test_what_odoo_calls_may_make_a_service(self):
        self.assertFalse(self.said("grant.unlink()").strip())
