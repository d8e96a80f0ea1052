"""A walk of ``./dev demo`` over real HTTP: steps, and what they print.

What is walked: ``demo_standard.py``, ``demo_json_contract.py``.
"""

import json
import re

import requests

from console import paint, say

#: Who signs in.
LOGIN = PASSWORD = "olivia@example.com"
TIMEOUT_SECONDS = 30
#: What is printed shortened, in JSON, forms and addresses.
SECRETS = (
    "access_token|refresh_token|id_token|token|client_secret|client_user_identity|code"
    "|code_verifier|code_challenge|state|nonce|csrf_token|request|password"
)
_SECRET = re.compile(
    rf'(?:\b|(?<=%3F)|(?<=%26))((?:{SECRETS})"?(?:[=:]|%3D) ?"?)([^&%\s",]{{13,}})'
    r"|(Authorization: (?:Bearer|Basic) )(\S{13,})"
)
_MOST_LINES = 16


class WalkEnded(Exception):
    """A step went wrong in a way that leaves nothing for the next ones."""


def without_secrets(text):
    """A text with shortened tokens, as in ``access_token=eyJh…(812 chars)``."""

    def shorten(found):
        before, value = (found[1], found[2]) if found[1] else (found[3], found[4])
        return f"{before}{value[:8]}…({len(value)} chars)"

    return _SECRET.sub(shorten, text)


class Shown(requests.Session):
    """Prints each request to Odoo and its answer."""

    def __init__(self, base, *arguments, **options):
        super().__init__(*arguments, **options)
        self.base = base

    def send(self, sent, **options):
        if not sent.url.startswith(self.base):
            return super().send(sent, **options)
        say(f"   {paint('→', '36')} {sent.method} {without_secrets(sent.url)}")
        if "Authorization" in sent.headers:
            told = f"Authorization: {sent.headers['Authorization']}"
            say(f"       {without_secrets(told)}")
        if sent.body:
            body = sent.body if isinstance(sent.body, str) else sent.body.decode()
            say(f"       {without_secrets(body)}")
        options = {**options, "timeout": TIMEOUT_SECONDS}
        answer = super().send(sent, **options)
        _show(answer)
        return answer


def _show(answer):
    colour = "32" if answer.status_code < 400 else "33"
    status = paint(f"{answer.status_code} {answer.reason}", colour)
    say(f"   {paint('←', '36')} {status}")
    for name in ("WWW-Authenticate", "Location"):
        if name in answer.headers:
            say(f"       {name}: {without_secrets(answer.headers[name])}")
    if told := as_json(answer):
        text = json.dumps(told, ensure_ascii=False, indent=2)
        lines = without_secrets(text).splitlines()
        more = ["…"] if len(lines) > _MOST_LINES else []
        for line in [*lines[:_MOST_LINES], *more]:
            say(f"       {line}")


class Walk:
    """Steps in their order, each a method whose docstring is its title."""

    STEPS = ()

    def __init__(self, base):
        self.base = base
        self.number = self.wrong = 0

    def run(self):
        """Walk all steps; returns the exit status."""
        try:
            for name in self.STEPS:
                step = getattr(self, name)
                self.number += 1
                say(f"\n{paint(f'{self.number}. {step.__doc__}', '1')}")
                step()
        except (WalkEnded, requests.RequestException) as error:
            self.check(f"went on: {error}", False)
        finally:
            self.clean()
        done = f"all {self.number} steps did what they should"
        say()
        verdict(
            not self.wrong, "not every step did what it should" if self.wrong else done
        )
        return 1 if self.wrong else 0

    def clean(self):
        """Let go of what the walk kept."""

    def check(self, text, ok, needed=False):
        """Note whether something is as it should be."""
        if needed and not ok:
            raise WalkEnded(text)
        self.wrong += not ok
        verdict(ok, text)

    def check_refused(self, headers=None):
        """A call of a route is refused as RFC 6750 section 3 has it."""
        session = Shown(self.base)
        answer = session.get(f"{self.base}/demo/partners", headers=headers)
        challenge = answer.headers.get("WWW-Authenticate", "")
        self.check("401", answer.status_code == 401)
        self.check("a Bearer challenge", challenge.startswith("Bearer"))
        self.check("a JSON body with the error", "error" in as_json(answer))


def as_json(answer):
    """The answer's JSON; no members where it is another thing."""
    try:
        return answer.json()
    except ValueError:
        return {}


def verdict(ok, text):
    """Print what was to be, and whether it is."""
    say(f"   {paint('✓', '32') if ok else paint('✗', '31;1')} {text}")
