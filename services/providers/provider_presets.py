"""What is known of common providers, and what of it only the administrator knows.

- A preset's addresses have words in capitals (``WORDS``) where each organisation has
  its own; ``complete`` puts the administrator's in their place, ``parameters`` finds
  them again in addresses that were completed. So nothing is stored twice.
- Addresses that were edited by hand or read from the issuer may follow their preset no
  more: then there is nothing to complete.
- ``guide`` tells where to click at the provider, ``caveats`` what is not as elsewhere.
"""

import re

from markupsafe import Markup

from .preset import WORDS
from .presets_hosted import HOSTED
from .presets_self_hosted import OTHERS, SELF_HOSTED
from .presets_social import SOCIAL

PRESETS = HOSTED | SELF_HOSTED | SOCIAL | OTHERS
_WORD = re.compile("|".join(map(re.escape, WORDS)))
_LINK = Markup('%s <a href="%s" target="_blank" rel="noopener noreferrer">%s</a>')
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)

SIGN_IN_SCOPES = {
    scope
    for preset in PRESETS.values()
    for scope in preset.values.get("scope", "").split()
}


def preset_values(key):
    """:return: ``{field: value}`` that a preset fills in, ``None`` for the field's
    default: what another preset filled in must not stay. Of one without values: none
    """
    known = PRESETS[key].values
    names = set().union(*(preset.values for preset in PRESETS.values()))
    return dict.fromkeys(names) | known if known else {}


def name_of(key):
    """:return: the name of a preset's provider, False where it is no single one's"""
    return bool(PRESETS[key].console_url) and PRESETS[key].label.partition(" (")[0]


def words_in(text):
    """:return: list of the words that stand in a text, each once"""
    return [word for word in WORDS if word in text]


def complete(key, parameters):
    """
    :param dict parameters: ``{word: what the administrator wrote}``; a word stays where
        that is empty
    :return: ``{field: address}`` of a preset
    """
    known = {word: _cleaned(text or "") for word, text in parameters.items()}
    return {
        name: _replaced(address, known)
        for name, address in PRESETS[key].addresses().items()
    }


def parameters(key, addresses):
    """
    :param dict addresses: ``{field: address}`` of a provider
    :return: ``{word: text}`` of which its preset's addresses were completed, "" for a
        word that still stands there; ``{}`` where they follow the preset no more
    """
    found = {}
    for name, template in PRESETS[key].addresses().items():
        match = _pattern(template).fullmatch(addresses.get(name) or "")
        for group, text in match.groupdict().items() if match else [("", None)]:
            if text is None or found.setdefault(group, text) != text:
                return {}
    texts = {word: found.get(_group(word)) for word in WORDS}
    return {word: "" if text == word else text for word, text in texts.items() if text}


def guide(env, key, addresses):
    """:return: ``Markup`` that tells where to click at a provider, in the user's
    language, with links to its console, once its address is known, and documentation
    """
    preset = PRESETS[key]
    console = _replaced(preset.console_url, parameters(key, addresses))
    links = [
        _LINK % (what, url, _cleaned(url))
        for what, url in (
            (env._("Console:"), console),
            (env._("Documentation:"), preset.source_url),
        )
        if url and not words_in(url)
    ]
    translated = env._  # what LazyTranslate marks; the linter wants `_` with literals
    steps = [Markup("<li>%s</li>") % translated(step) for step in preset.steps]
    return Markup("<p>%s</p><ol>%s</ol>") % (
        Markup("<br/>").join(links),
        Markup().join(steps),
    )


def caveats(env, key):
    """:return: text of what is not as at other providers, a line each"""
    translated = env._
    return "\n".join(f"• {translated(caveat)}" for caveat in PRESETS[key].caveats)


def _replaced(text, known):
    return _WORD.sub(lambda found: known.get(found[0]) or found[0], text)


def _pattern(template):
    """:return: what finds the words' texts in an address; a host may have a path"""
    pieces, end = [], 0
    for found in _WORD.finditer(template):
        signs = "[^?#]+?" if found[0] == "HOST" else "[^/?#]+"
        group = f"(?P<{_group(found[0])}>{signs})"
        pieces += [re.escape(template[end : found.start()]), group]
        end = found.end()
    return re.compile("".join([*pieces, re.escape(template[end:])]))


def _group(word):
    return word.replace("-", "_")


def _cleaned(text):
    """:return: a host that was pasted as an address, without what an address adds"""
    return _SCHEME.sub("", text.strip()).strip("/")
