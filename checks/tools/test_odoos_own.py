"""Which failures of Odoo's own tests the addon has to answer for."""

import unittest

from odoo_log import Entry
from stages import odoos_own

_FRAME = '  File "/x/api_auth_oauth2/models/ir_http.py", line 1, in _match'


class TestOdoosOwn(unittest.TestCase):
    def assertOurs(self, expected, text, *alone):
        beside = Entry("ERROR", "odoo.addons.test_lint.tests.test_pylint", text)
        found = odoos_own.ours([beside], [Entry("ERROR", "", one) for one in alone])
        self.assertEqual(found, [beside] if expected else [])

    def test_what_is_red_only_beside_the_addon_is_ours(self):
        self.assertOurs(True, "FAIL: TestA.test_a\nAssertionError: 3 != 2")
        self.assertOurs(True, "FAIL: TestA.test_a\n", "FAIL: TestA.test_b\n")

    def test_keys_of_oca_s_manifests_are_none_of_ours_and_others_are(self):
        text = (
            "FAIL: Subtest ManifestLinter.test_manifests (module='api_auth_oauth2')\n"
            "AssertionError: Items in the first set but not the second:\n"
            "'maintainers'\n"
            "%s : Unknown manifest keys in module 'api_auth_oauth2'. Either there are"
        )
        self.assertOurs(False, text % "'development_status'")
        self.assertOurs(True, text % "'instalable'")

    def test_what_is_red_without_the_addon_too_is_odoos(self):
        same = "FAIL: TestA.test_a\n%s\nAssertionError: 3 != 2"
        self.assertOurs(False, same % _FRAME, same % "")

    def test_a_failure_whose_message_names_the_addon_is_ours_though_odoo_has_it(self):
        same = "FAIL: TestA.test_a\nAssertionError: found\n%s"
        found = "SQL injection at test-addons/api_auth_oauth2/x.py:44"
        self.assertOurs(True, same % found, same % "SQL injection at sale/x.py:1")
