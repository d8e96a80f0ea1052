"""i18n/: a catalogue is its template's; a translation has what the code needs."""

import tempfile
import unittest
from pathlib import Path

import polib

import catalogues

_HEADERS = {
    "Language": "fr",
    "Plural-Forms": catalogues.PLURAL_FORMS["fr"],
    "Content-Type": "text/plain; charset=UTF-8",
    "POT-Creation-Date": "2026-11-29 10:00+0000",
}
_VIEW = [("model_terms:ir.ui.view,arch_db:x", "")]


def _written(path, terms, headers=(), **more):
    """Write a catalogue of ``{source: translation}``."""
    catalogue = polib.POFile()
    catalogue.metadata = _HEADERS | dict(headers)
    for source, translation in terms.items():
        entry = polib.POEntry(msgid=source, msgstr=translation, **more)
        catalogue.append(entry)
    catalogue.save(path)
    return path


class TestCatalogues(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.pot, self.po = Path(folder.name, "x.pot"), Path(folder.name, "fr.po")

    def assertFault(self, expected, source, translation, **more):
        _written(self.pot, {source: ""}, **more)
        _written(self.po, {source: translation}, **more)
        found = catalogues.faults(self.po, self.pot)
        self.assertEqual(found, [f"{expected}: {source!r}"] if expected else [])

    def test_every_catalogue_is_without_a_fault(self):
        for pot in catalogues.templates():
            self.assertTrue(pot.exists(), pot)
            for path in catalogues.catalogues(pot):
                with self.subTest(path):
                    self.assertEqual(catalogues.faults(path, pot), [])

    def test_a_translation_has_the_placeholders_of_its_source(self):
        for source, wrong in (
            ("Ends %s", "Finit"),
            ("Ends %s", "Finit %d"),
            ("Ends %s", "Finit % s"),
            ("%(user)s acts", "%(utilisateur)s agit"),
            ("At most 5%% of %s", "Au plus 5 % de %s"),
            ("{name} acts", "{nom} agit"),
            ("%s of %s", "%s"),
        ):
            with self.subTest(source, wrong=wrong):
                self.assertFault("other placeholders", source, wrong)
        self.assertFault(None, "%(user)s of {name}", "{name} de %(user)s")
        self.assertFault(None, "Half: 50%", "Moitié : 50 %")

    def test_a_translation_has_the_markup_of_its_source(self):
        for source, wrong in (
            ("<b>Allow</b> it", "Le permettre"),
            ("<b>Allow</b> it", "<i>Permettre</i>"),
            ('<a href="/x">See</a>', '<a href="/y">Voir</a>'),
            ('<a t-att-href="url">See</a>', "<a>Voir</a>"),
            ('<t t-out="name"/> acts', '<t t-out="nom"/> agit'),
            ("<p><b>A</b></p>", "<p>A</p><b>A</b>"),
            ("All of them", "<b>Tous</b>"),
        ):
            with self.subTest(source, wrong=wrong):
                self.assertFault("other markup", source, wrong, occurrences=_VIEW)
        titled = '<b title="%s">%s</b>'
        self.assertFault(None, titled % ("Name", "x"), titled % ("Nom", "x"))

    def test_a_translation_is_well_formed_where_its_source_has_markup(self):
        for source, wrong in (
            ("<b>Allow</b> it", "<b>Permettre"),
            ("Read &amp; write", "Lire & écrire"),
        ):
            with self.subTest(source):
                self.assertFault("broken markup", source, wrong, occurrences=_VIEW)
        self.assertFault(None, "APIs & Services", "API & services")

    def test_a_translation_begins_and_ends_with_the_spaces_of_its_source(self):
        for source, wrong in (("Ends ", "Finit"), ("\nEnds", "Finit"), ("a", "a\n")):
            with self.subTest(source):
                self.assertFault("other spaces at an end", source, wrong)

    def test_no_translation_is_fuzzy_or_obsolete(self):
        self.assertFault("fuzzy or obsolete", "Ends", "Finit", flags=["fuzzy"])
        self.assertFault("fuzzy or obsolete", "Ends", "Finit", obsolete=True)

    def test_the_terms_are_the_templates_in_its_order(self):
        _written(self.pot, {"a": "", "b": ""})
        for terms, expected in (
            ({"a": "", "b": "", "c": ""}, "not in the template: 'c'"),
            ({"a": ""}, "without an entry: 'b'"),
            ({"b": "", "a": ""}, "not in the template's order, or a term twice"),
        ):
            with self.subTest(expected):
                found = catalogues.faults(_written(self.po, terms), self.pot)
                self.assertEqual(found, [expected])

    def test_the_headers_tell_language_plurals_and_charset(self):
        _written(self.pot, {"a": ""})
        for name, wrong in (
            ("Language", "de"),
            ("Plural-Forms", "nplurals=2; plural=n != 1;"),
            ("Content-Type", "text/plain; charset=CHARSET"),
        ):
            with self.subTest(name):
                _written(self.po, {"a": "b"}, {name: wrong})
                [found] = catalogues.faults(self.po, self.pot)
                self.assertTrue(found.startswith(f"header {name}: "), found)

    def test_a_refresh_keeps_translations_adds_terms_and_drops_what_vanished(self):
        _written(self.pot, {"b": "", "c": "", "d": ""}, occurrences=_VIEW)
        _written(self.po, {"c": "C", "a": "A", "d": "d"}, {"Last-Translator": "Ann"})
        self.assertEqual(catalogues.refresh(self.po, self.pot), 2)
        refreshed = polib.pofile(self.po)
        told = [(one.msgid, one.msgstr, one.occurrences) for one in refreshed]
        self.assertEqual(told, [("b", "", _VIEW), ("c", "C", _VIEW), ("d", "", _VIEW)])
        self.assertEqual(refreshed.metadata["Last-Translator"], "Ann")
        self.assertEqual(catalogues.faults(self.po, self.pot), [])

    def test_an_empty_file_becomes_a_catalogue_without_translations(self):
        _written(self.pot, {"a": "", "b": ""})
        self.po.touch()
        self.assertEqual(catalogues.refresh(self.po, self.pot), 2)
        self.assertEqual(catalogues.faults(self.po, self.pot), [])

    def test_a_refresh_without_news_leaves_the_file_alone(self):
        _written(self.pot, {"a": ""}, {"POT-Creation-Date": "2026-11-30 10:00+0000"})
        _written(self.po, {"a": "A"})
        before = self.po.read_bytes()
        catalogues.refresh(self.po, self.pot)
        self.assertEqual(self.po.read_bytes(), before)
        catalogues.write_template(self.pot, polib.pofile(_written(self.po, {"a": ""})))
        self.assertIn("2026-11-30", self.pot.read_text())
