"""Translations: i18n/*.po beside their template, and what may be wrong with one.

Each addon has ``i18n/<addon>.pot`` and a catalogue for each language. A new language
is an empty file: ``refresh`` fills it.
"""

import re
from collections import Counter
from xml.etree import ElementTree

import polib

import places

_MANY = "((n != 0 && n % 1000000 == 0) ? 1 : 2)"
#: How languages count, as Odoo's own catalogues say it.
PLURAL_FORMS = {
    "de": "nplurals=2; plural=n != 1;",
    "es": f"nplurals=3; plural=(n == 1) ? 0 : {_MANY};",
    "fr": f"nplurals=3; plural=(n == 0 || n == 1) ? 0 : {_MANY};",
    "it": f"nplurals=3; plural=(n == 1) ? 0 : {_MANY};",
    "nl": "nplurals=2; plural=n != 1;",
    "pt_BR": f"nplurals=3; plural=(n == 0 || n == 1) ? 0 : {_MANY};",
}

_PLACEHOLDER = re.compile(r"%%|%(?:\(\w+\))?[a-z]\b|%|\{\w*\}")
_EDGES = re.compile(r"^\s*|\s*$")
#: Attributes that a person reads; the others belong to the program.
_READ = {"alt", "aria-label", "placeholder", "string", "title"}


def template(addon):
    """The path of an addon's template, by the addon's own path."""
    name = places.ADDON if addon == places.ROOT else addon.name
    return addon / "i18n" / f"{name}.pot"


def templates():
    """The paths of our addons' templates."""
    return [template(addon) for addon in (places.ROOT, *places.companions())]


def catalogues(pot):
    """The paths of a template's catalogues."""
    return sorted(pot.parent.glob("*.po"))


def write_template(path, new):
    """Write a template if its terms are others than before, not for its date alone."""
    if not path.exists() or _terms(polib.pofile(path)) != _terms(new):
        new.save(path)


def refresh(path, pot):
    """Give a catalogue the terms of its template, in its order; translations stay.

    One that equals its source goes: so Odoo exports it, and OCA's linter wants it.

    :return: how many terms have no translation, or need none
    """
    language, source, old = path.stem, polib.pofile(pot), polib.pofile(path)
    known = {entry.msgid: entry.msgstr for entry in old if not _is_doubtful(entry)}
    new = polib.POFile()
    new.header = source.header
    new.metadata = source.metadata | old.metadata
    new.metadata["Language"] = language
    new.metadata["Plural-Forms"] = PLURAL_FORMS[language]
    for entry in source:
        translation = known.get(entry.msgid, "")
        entry.msgstr = "" if translation == entry.msgid else translation
        new.append(entry)
    if (_terms(new), new.metadata) != (_terms(old), old.metadata):
        new.metadata["POT-Creation-Date"] = source.metadata["POT-Creation-Date"]
        new.save(path)
    return len(new.untranslated_entries())


def faults(path, pot):
    """What is wrong with a catalogue, a line for each; a term may have no translation.

    Rules: its headers tell language, plurals and UTF-8; its terms are the template's,
    in its order; nothing is fuzzy or obsolete; a translation has the placeholders, the
    markup and the spaces at both ends that its source has.
    """
    catalogue = polib.pofile(path)
    found = list(_header_faults(path.stem, catalogue.metadata))
    ids = [entry.msgid for entry in catalogue]
    expected = [entry.msgid for entry in polib.pofile(pot)]
    found += [f"not in the template: {one!r}" for one in set(ids) - set(expected)]
    found += [f"without an entry: {one!r}" for one in set(expected) - set(ids)]
    if not found and ids != expected:
        found.append("not in the template's order, or a term twice")
    for entry in catalogue:
        if _is_doubtful(entry):
            found.append(f"fuzzy or obsolete: {entry.msgid!r}")
        elif entry.msgstr:
            found += (f"{one}: {entry.msgid!r}" for one in _term_faults(entry))
    return found


def _terms(catalogue):
    return [str(entry) for entry in catalogue]


def _is_doubtful(entry):
    return entry.fuzzy or entry.obsolete


def _header_faults(language, headers):
    expected = {
        "Language": language,
        "Plural-Forms": PLURAL_FORMS.get(language),
        "Content-Type": "text/plain; charset=UTF-8",
    }
    for name, value in expected.items():
        if headers.get(name) != value:
            yield f"header {name}: {headers.get(name)!r} is not {value!r}"


def _term_faults(entry):
    source, translation = entry.msgid, entry.msgstr
    if _placeholders(source) != _placeholders(translation):
        yield "other placeholders"
    if _EDGES.findall(source) != _EDGES.findall(translation):
        yield "other spaces at an end"
    markup = _markup(source)
    if markup is None:
        return
    in_view = any(name.startswith("model_terms:") for name, _ in entry.occurrences)
    if markup or in_view:
        translated = _markup(translation)
        if translated is None:
            yield "broken markup"
        elif translated != markup:
            yield "other markup"


def _placeholders(text):
    return Counter(_PLACEHOLDER.findall(text))


def _markup(text):
    """:return: how often each element is there, or None of what is no markup

    An element is its tag, those it lies in, and the attributes for the program.
    """
    try:
        root = ElementTree.fromstring(f"<t>{text}</t>")
    except ElementTree.ParseError:
        return None
    found = Counter()

    def count(node, above):
        for child in node:
            kept = tuple(sorted(child.attrib.items() - _read(child)))
            path = (*above, child.tag)
            found[path, kept] += 1
            count(child, path)

    count(root, ())
    return found


def _read(node):
    return {(name, text) for name, text in node.attrib.items() if name in _READ}
