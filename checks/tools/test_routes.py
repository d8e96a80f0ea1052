"""Addons of others, and the command that lists routes, without Odoo."""

import contextlib
import pathlib
import tempfile
import types
import unittest
from unittest.mock import patch

import databases
import odoo_home
import other_addons
import places
from commands import routes
from console import Failure


class Installed:
    """Databases, as far as they tell which modules are installed."""

    def __init__(self, *names):
        self.names = names

    def execute(self, _database, _statement):
        return [(name,) for name in self.names]


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

    def test_an_addon_that_the_demo_installed_is_found_again_with_its_database(self):
        with self.demo_with_an_addon() as (odoo, addon):
            other_addons.find_those_of(odoo, Installed("base", "one"), "demo")
            self.assertIn(addon.parent, odoo.home.addons)

    def test_an_addon_of_a_database_whose_folder_is_gone_is_told_with_its_folder(self):
        with self.demo_with_an_addon() as (odoo, addon):
            (addon / "__manifest__.py").unlink()
            with self.assertRaisesRegex(Failure, f"one.*{addon.parent}"):
                other_addons.find_those_of(odoo, Installed("base", "one"), "demo")

    def test_an_addon_of_a_database_that_no_demo_made_is_told_not_left_out(self):
        with self.demo_with_an_addon() as (odoo, _addon):
            with self.assertRaisesRegex(Failure, "one"):
                other_addons.find_those_of(odoo, Installed("base", "one"), "mine")

    def test_a_folder_among_names_of_tests_is_an_addon_of_one_s_own_unless_ours(self):
        with self.demo_with_an_addon() as (_odoo, addon):
            self.assertEqual(other_addons.named([str(addon)]), [addon])
            with self.assertRaisesRegex(Failure, "alone"):
                other_addons.named([str(addon), "test_token"])
        for name in (".", "tests", "examples", "checks", "checks/e2e", "plain", ""):
            self.assertEqual(other_addons.named([name]), [])

    def test_the_routes_of_an_addon_are_listed_without_building_the_web_client(self):
        self.assertFalse(databases._build(routes.KIND))

    @contextlib.contextmanager
    def demo_with_an_addon(self):
        """Yields an Odoo with ``base`` alone, and an addon that the demo remembers."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name).resolve()
            for path in (folder / "odoo" / "base", folder / "own" / "one"):
                path.mkdir(parents=True)
                (path / "__manifest__.py").touch()
            self.enterContext(patch.object(places, "DEV", folder))
            home = odoo_home.OdooHome(folder, (folder / "odoo",), "key")
            addon = folder / "own" / "one"
            other_addons.remember("demo", [addon])
            yield types.SimpleNamespace(home=home, addons=folder), addon

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
