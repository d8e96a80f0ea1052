"""No log of a test run holds a secret that the run used: the search, and its rules.

Tests, and the providers of tests, write each token, secret, verifier and identity to a
ledger (``tests/ledger.py``), in a file that lasts as long as the run. When the stages
are over, their logs, at level DEBUG, are searched for each of them, in each of the
spellings of ``tests/spellings.py``. What is found is told by its kind, its test and its
line, never by its value.

Every Odoo is started with canaries: names that it logs itself, and that are in the
ledger. A log in which they are not found fails the run: then it is not at DEBUG, or the
search does not see. So does a log that is not there when it is to be searched.
"""

import base64
import importlib.util
import json
import secrets
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import quote

import console
import odoo_log
import places
import postgres

LEDGER = places.DEV / "secrets-of-the-test-run"
CANARY = "canary"
#: What is longer, as a token of 43 signs, may be cut short by who logs it: then its
#: beginning or its end will do, so long.
WHOLE, PIECE = 32, 24
#: Left out of the search: what is shorter, or made of fewer signs (``aaaaaaaa``), …
MIN_LENGTH = 8
MIN_SIGNS = 5
#: … and these words, which tests send where a secret belongs, and which stand in any
#: log. Who needs another one makes the test's value unique instead.
WORDS = frozenset()
_TOLD = 40  # findings; the others are counted
#: How the canaries are spelt: as they are, in an address, in a Basic header.
_SPELT = (
    str,
    lambda value: quote(value, safe=""),
    lambda value: base64.b64encode(f"demo-app:{value}".encode()).decode(),
)

_spec = importlib.util.spec_from_file_location(
    "spellings", places.ROOT / "tests" / "spellings.py"
)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
spellings = _module.spellings


@dataclass(frozen=True)
class Secret:
    """An entry of the ledger: what it is and which test used it first."""

    kind: str
    value: str
    where: str


class Search:
    """The ledger of one run, and the logs in which its entries are looked for.

    In a ``with`` block, whose end removes the ledger. PostgreSQL's own log is among
    them unless others are named, where ``./dev`` runs it. All must have been written
    when they are searched.
    """

    def __init__(self, path=LEDGER, logs=None):
        self.path = path
        self._logs = list(logs or ([] if postgres.is_given() else [postgres.LOG]))

    def __enter__(self):
        self.path.unlink(missing_ok=True)
        self.path.touch(mode=0o600)
        return self

    def __exit__(self, *_exc):
        self.path.unlink(missing_ok=True)

    def keep(self, kind, value, where="./dev test"):
        """Add an entry: what it is, its text, which test it belongs to."""
        with self.path.open("a") as file:
            entry = {"kind": kind, "value": value, "where": where}
            file.write(f"{json.dumps(entry)}\n")

    def add(self, *logs):
        """Have logs searched that no Odoo writes."""
        self._logs += logs

    def environment(self, log=None):
        """The variables by which tests find the ledger.

        Of what a test keeps from the ``log``, a copy goes to a file beside it.
        """
        found = {"OAUTH2_TEST_LEDGER": str(self.path)}
        if log:
            captured = log.with_name(f"{log.stem}-captured.log")
            captured.write_text("")
            self.add(captured)
            found["OAUTH2_TEST_CAPTURED_LOG"] = str(captured)
        return found

    def odoo_arguments(self, log):
        """The arguments of an Odoo that writes a log to be searched.

        It writes the name of each logger whose level is set: canaries, each in
        another spelling.
        """
        self.add(log)
        names = []
        for spell in _SPELT:
            value = f"canary/{secrets.token_urlsafe(16)}"
            self.keep(CANARY, value, log.name)
            names.append(spell(value))
        handlers = [f"--log-handler={name}:DEBUG" for name in ("", *names)]
        return ["--log-level=debug", *handlers]

    def verdict(self):
        """Search, and say so; returns a Verdict, whose complaints are what is wrong."""
        wanted, left_out = self._read()
        size = sum(log.stat().st_size for log in self._logs if log.exists())
        with console.step(
            f"Searching {size / 1e6:.1f} MB of logs for {len(wanted)} secrets of this"
            f" run ({left_out} more are too short or too plain)"
        ):
            return odoo_log.Verdict(0, 0, 0, [], self.complaints())

    def complaints(self):
        """Search; returns as texts what was found, and which log or canary was not."""
        wanted, _left_out = self._read()
        logs = list(dict.fromkeys(self._logs))
        missing = [log for log in logs if not log.exists()]
        found = list(_findings(wanted, [log for log in logs if log not in missing]))
        seen = {(one.secret, one.log) for one in found}
        # Of these there is nothing more to say.
        seen |= {(secret, log.name) for secret in wanted for log in missing}
        blind = [f"{log.name} is not there: it was not searched" for log in missing]
        blind += [
            f"no canary was found in {secret.where}: it is not at level DEBUG, or the"
            " search does not see"
            for secret in wanted
            if secret.kind == CANARY and (secret, secret.where) not in seen
        ]
        return blind + _told([one for one in found if one.secret.kind != CANARY])

    def _read(self):
        """The entries that can be searched for, and how many cannot."""
        entries = {}
        with self.path.open() as file:
            for line in file:
                entry = Secret(**json.loads(line))
                # A value may be a token here and a code there: the first counts.
                entries.setdefault(entry.value, entry)
        wanted = [entry for entry in entries.values() if _searchable(entry.value)]
        return wanted, len(entries) - len(wanted)


@dataclass(frozen=True)
class Finding:
    """A secret in a log."""

    secret: Secret
    log: str
    line: int
    logger: str


def _pieces(value):
    """The parts of a text, one of which a log has if it has any of it.

    Logs break lines, and cut long texts short.
    """
    for line in value.splitlines():
        if len(line) <= WHOLE:
            yield line
        else:
            yield line[:PIECE]
            yield line[-PIECE:]


def _searchable(value):
    return (
        len(value) >= MIN_LENGTH and len(set(value)) >= MIN_SIGNS and value not in WORDS
    )


def _findings(wanted, logs):
    """What stands in the logs, line by line.

    Thousands of texts in many megabytes: they are filed under their first signs, and
    each place of a line is looked up once.
    """
    filed = defaultdict(list)
    for secret in wanted:
        for piece in filter(_searchable, _pieces(secret.value)):
            for spelling in spellings(piece):
                filed[spelling[:MIN_LENGTH]].append((spelling, secret))
    for log in logs:
        with log.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                for at in range(len(line) - MIN_LENGTH + 1):
                    if (head := line[at : at + MIN_LENGTH]) in filed:
                        for spelling, secret in filed[head]:
                            if line.startswith(spelling, at):
                                yield Finding(secret, log.name, number, _logger(line))


def _logger(line):
    """The level and the logger of a line, as far as it says."""
    found = odoo_log.RECORD.match(line.decode(errors="replace"))
    return f"{found['level']} {found['logger']}" if found else "a further line"


def _told(found):
    """Findings as texts: each secret once a logger and log, at its first line."""
    first = {}
    for one in found:
        first.setdefault((one.secret, one.log, one.logger), one)
    texts = [
        f"{one.secret.kind} of {one.secret.where}: {one.log}, line {one.line},"
        f" {one.logger}"
        for one in first.values()
    ]
    more = len(texts) - _TOLD
    return texts[:_TOLD] + ([f"… and {more} more secrets"] if more > 0 else [])
