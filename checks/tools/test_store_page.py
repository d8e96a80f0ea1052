"""The page for Odoo's app store, static/description/index.html."""

import unittest

from lxml import html

import places

FOLDER = places.ROOT / "static" / "description"
#: What the store's sanitizer keeps, of what the page needs.
TAGS = set("section div h1 h2 h3 p ul li b i img pre".split())
ATTRIBUTES = {"class", "style", "src", "alt"}
MEGABYTE = 2**20


class TestStorePage(unittest.TestCase):
    def setUp(self):
        super().setUp()
        self.page = html.fragments_fromstring((FOLDER / "index.html").read_text())

    def elements(self):
        return [element for part in self.page for element in part.iter()]

    def test_the_store_keeps_every_element_of_its_page(self):
        self.assertEqual({element.tag for element in self.elements()} - TAGS, set())
        given = {name for element in self.elements() for name in element.attrib}
        self.assertEqual(given - ATTRIBUTES, set())

    def test_each_picture_of_the_store_s_page_is_there_and_said_in_words(self):
        shown = [element for element in self.elements() if element.tag == "img"]
        self.assertTrue(shown)
        for image in shown:
            self.assertTrue((FOLDER / image.get("src")).is_file(), image.get("src"))
            self.assertTrue(image.get("alt"))
        pictures = {path.name for path in FOLDER.glob("*.png")} - {"icon.png"}
        self.assertEqual({image.get("src") for image in shown}, pictures)

    def test_the_store_s_pictures_are_small(self):
        size = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
        self.assertLess(size, MEGABYTE)
