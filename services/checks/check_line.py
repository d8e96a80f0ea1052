"""A line of a check: what was looked at, how it stands, and what to do about it."""

from dataclasses import dataclass

GOOD, WARNING, BAD = "good", "warning", "bad"


@dataclass(frozen=True)
class CheckLine:
    """
    :param str id: stable, in kebab-case; docs/checks.md has a place of this name
    :param str level: ``good``, ``warning`` or ``bad``
    :param str text: what was found, a sentence without secrets
    :param str advice: what to do, ``""`` where there is nothing to do
    :param str trial_url: where the administrator tries the sign-in, if it can be tried
    :param records: that it is about, to be opened; ``None`` for none
    """

    id: str
    level: str
    text: str
    advice: str = ""
    trial_url: str = ""
    records: object = None


def good(check_id, text):
    return CheckLine(check_id, GOOD, text)


def warning(check_id, text, advice):
    return CheckLine(check_id, WARNING, text, advice)


def bad(check_id, text, advice):
    return CheckLine(check_id, BAD, text, advice)
