"""What a log of Odoo says: how its tests went, and what should not be there."""

import re
from dataclasses import dataclass

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ "
    r"(?P<level>[A-Z]+) (?P<database>\S+) (?P<logger>[^ :]+): (?P<text>.*)$"
)
SUMMARY = re.compile(r"(\d+) failed, (\d+) error\(s\) of (\d+) tests when loading")
FAILED = re.compile(r"^(?:FAIL|ERROR): (?:Subtest )?(?P<test>\S+(?: \([\w.]+\))?)")
TESTS_FAILED = re.compile(
    r"^Module \w+: \d+ failures, \d+ errors of \d+ tests$|"
    r"^At least one test failed when loading the modules\.$"
)
BAD_LEVELS = ("WARNING", "ERROR", "CRITICAL")

# Core's own noises: (logger, text) patterns, each with the reason it is harmless.
EXPLAINED = [
    # No package for PDF reports is installed; nothing here prints one.
    (r"odoo\.addons\.base\.models\.ir_actions_report", r".*wkhtmltopdf"),
    # Debian leaves this file out of its package; it blurs backgrounds in calls.
    (r"odoo\.addons\.base\.models\.assetsbundle", r".*/selfie_segmentation\.js"),
    # Werkzeug's development server of a test run.
    (r"werkzeug", r"WARNING: This is a development server"),
    # Part of a NAMEd run: the modules without a chosen test run none.
    (r"odoo\.tests\.result", r"0 failed, 0 error\(s\) of 0 tests"),
]


@dataclass
class Entry:
    """One record of the log, with the lines that follow it (a traceback)."""

    level: str
    logger: str
    text: str

    @property
    def first_line(self):
        """The record's own line."""
        return self.text.partition("\n")[0]

    def __str__(self):
        return f"{self.level} {self.logger}: {self.text}"


@dataclass
class Verdict:
    """How a run went."""

    passed: int
    failed: int
    skipped: int
    failures: list  # entries of failed tests, with their tracebacks
    complaints: list  # entries that nothing explains


def entries(path):
    """The records of a log file."""
    current = None
    with path.open(errors="replace") as lines:
        for line in lines:
            found = RECORD.match(line)
            if found:
                if current:
                    yield current
                current = Entry(found["level"], found["logger"], found["text"].rstrip())
            elif current:
                current.text += "\n" + line.rstrip("\n")
    if current:
        yield current


def started(path):
    """How many tests a log has seen begin."""
    if not path.exists():
        return 0
    return len(
        re.findall(r": Starting \S+ \.\.\. *$", path.read_text(errors="replace"), re.M)
    )


def verdict(path):
    """The verdict on a run of Odoo's tests, from its log."""
    failures, complaints, failed, skipped, total = [], [], set(), 0, None
    for entry in entries(path):
        test = FAILED.match(entry.text) if entry.level == "ERROR" else None
        summary = SUMMARY.search(entry.first_line)
        if summary:
            total = int(summary[3])
        elif test:
            failures.append(entry)
            failed.add((entry.logger, test["test"]))
        elif entry.level == "INFO" and entry.first_line.startswith("skipped "):
            skipped += 1
        elif _is_complaint(entry):
            complaints.append(entry)
    if total is None:
        complaints.append(Entry("ERROR", "dev", "Odoo ended before its tests had"))
        total = started(path)
    # An error outside of a test (in setUpClass) fails, but no test has run for it.
    inside = sum("(" not in name for _logger, name in failed)
    passed = max(0, total - skipped - inside)
    return Verdict(passed, len(failed), skipped, failures, complaints)


def complaints(path, levels=BAD_LEVELS):
    """The records of a log that should not be there."""
    return [entry for entry in entries(path) if _is_complaint(entry, levels)]


def _is_complaint(entry, levels=BAD_LEVELS):
    if entry.level not in levels or TESTS_FAILED.match(entry.first_line):
        return False
    return not any(
        re.match(logger, entry.logger) and re.match(text, entry.first_line)
        for logger, text in EXPLAINED
    )
