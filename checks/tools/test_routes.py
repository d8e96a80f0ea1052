"""The command that lists routes, without Odoo."""

import pathlib
import tempfile
import unittest

import other_addons
from commands import routes
from console import Failure


class TestRoutes(unittest.TestCase):
    def test_a_folder_is_an_addon_or_what_several_lie_in(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name).resolve()
            with self.assertRaisesRegex(Failure, "is no addon"):
                other_addons.found(folder)
            for addon in ("one", "two"):
                (folder / addon).mkdir()
                (folder / addon / "__manifest__.py").touch()
            both = [folder / "one", folder / "two"]
            self.assertEqual(other_addons.found(folder), both)
            self.assertEqual(other_addons.found(folder / "two"), [folder / "two"])

    def test_a_table_tells_what_each_route_asks_for_and_which_are_refused(self):
        route = {
            "path": "/<api>/a",
            "methods": ["GET"],
            "auth": "oauth2",
            "scopes": ["a.read", "b"],
            "endpoint": "",
            "addons": ["one"],
            "problem": "",
        }
        other = {"methods": [], "scopes": [], "endpoint": "crm", "problem": "no API"}
        self.assertEqual(
            list(routes._table([route, route | other])),
            [
                "method  path      auth    scopes    api   addon",
                "GET     /<api>/a  oauth2  a.read b  each  one",
                "any     /<api>/a  oauth2  -         crm   one",
                "    refused: no API",
            ],
        )
