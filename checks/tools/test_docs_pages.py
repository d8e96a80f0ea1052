"""docs/: each page is in the index, links lead somewhere, each setting has its row."""

import ast
import re
import unittest
from pathlib import Path
from xml.etree import ElementTree

_ROOT = Path(__file__).parents[2]
_DOCS = _ROOT / "docs"
_KEY = re.compile(r"api_auth_oauth2\.[a-z_]+(%s)?")
#: Where the process keeps something under such a name, and not the database.
_IN_MEMORY = {"api_auth_oauth2.signal", "api_auth_oauth2.last_signal"}


def _code():
    folders = ("controllers", "models", "protocol", "services")
    paths = [path for name in folders for path in _ROOT.glob(f"{name}/**/*.py")]
    return [ast.parse(path.read_text()) for path in (*paths, _ROOT / "hooks.py")]


def _constant(name):
    """:return: the value that the code gives to a name, which one module alone does"""
    [value] = [
        ast.literal_eval(node.value)
        for tree in _code()
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name
    ]
    return value


def _xml_ids():
    """:return: full ids of the addon's records and menus, which look like parameters"""
    return {
        f"api_auth_oauth2.{node.get('id')}"
        for folder in ("data", "security", "views")
        for path in _ROOT.glob(f"{folder}/*.xml")
        for node in ElementTree.parse(path).iter()
        if node.get("id")
    }


def _parameters():
    """:return: names of the system parameters that the code reads or writes"""
    texts = {
        node.value
        for tree in _code()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    keys = set(filter(_KEY.fullmatch, texts)) - _xml_ids() - _IN_MEMORY
    limits = _constant("LIMIT_PARAMETER")
    keys.remove(limits)
    return keys | {limits % name for name in _constant("DEFAULT_LIMITS")}


def _documented():
    """:return: ``{name: default}``, of the page's tables of system parameters"""
    text = (_DOCS / "settings.md").read_text()
    rows = re.findall(r"^\| `(api_auth_oauth2\.\w+)` \| ([^|]+) \|", text, re.MULTILINE)
    return {name: default.strip() for name, default in rows}


def _anchors(path):
    """:return: what GitHub makes of a page's headings, for links"""
    pattern = r"^#+ (.+)$" if path.suffix == ".md" else r"^(.+)\n(?:=+|-+)$"
    titles = re.findall(pattern, path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", it.lower()).replace(" ", "-") for it in titles}


class TestSettingsPage(unittest.TestCase):
    def test_each_system_parameter_has_a_row_and_each_row_is_of_one(self):
        self.assertEqual(set(_documented()), _parameters())

    def test_defaults_of_limits_and_days_are_those_of_the_code(self):
        limits = _constant("LIMIT_PARAMETER")
        defaults = {limits % k: v for k, v in _constant("DEFAULT_LIMITS").items()}
        defaults[_constant("RETENTION_PARAMETER")] = _constant("RETENTION_DAYS")
        told = {key: _documented()[key] for key in defaults}
        self.assertEqual(told, {key: str(value) for key, value in defaults.items()})

    def test_each_scheduled_job_has_a_row_and_each_row_is_of_one(self):
        jobs = ElementTree.parse(_ROOT / "data" / "ir_cron.xml").iterfind("record")
        names = {job.find("field[@name='name']").text for job in jobs}
        text = (_DOCS / "settings.md").read_text()
        rows = re.findall(r"^\| (OAuth2: [^|]+) \|", text, re.MULTILINE)
        self.assertEqual(set(rows), names)


class TestPages(unittest.TestCase):
    def test_each_page_is_in_the_index_and_links_back_to_it(self):
        index = (_DOCS / "README.md").read_text()
        for page in sorted(_DOCS.glob("*.md")):
            if page.name != "README.md":
                with self.subTest(page.name):
                    self.assertIn(f"]({page.name})", index)
                    self.assertIn("(README.md)", page.read_text()[:300])

    def test_a_page_that_is_named_is_a_link(self):
        names = "|".join(page.stem for page in _DOCS.glob("*.md"))
        named = re.compile(rf"`(?:docs/)?(?:{names})\.md`")
        for page in sorted(_DOCS.glob("*.md")):
            if page.name != "decisions.md":  # which tells how pages were, too
                with self.subTest(page.name):
                    self.assertEqual(named.findall(page.read_text()), [])

    def test_each_link_between_pages_leads_to_a_file_and_a_heading(self):
        for page in sorted(_DOCS.glob("*.md")):
            for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
                if target.startswith("https://"):
                    continue
                with self.subTest(f"{page.name}: {target}"):
                    name, _, anchor = target.partition("#")
                    path = (_DOCS / name) if name else page
                    self.assertTrue(path.exists())
                    if anchor:
                        self.assertIn(anchor, _anchors(path))
