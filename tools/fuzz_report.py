"""What ``./dev fuzz`` found: a table, the breaches, what the server's log says."""

import re

import console
import odoo_log

_MOST = 10  # entries of the log that are shown
_SOMETIMES = 0.5  # the part of answers that may be 429
_DEEP = 0.1  # the part of requests that must get through, so that all of it is tested
_TRACEBACK = "Traceback (most recent call last)"

# What Odoo's core logs of a caller's bad value, though the answer is no 500: (logger,
# text). A query of our own tables is never explained.
EXPLAINED = [
    (r"odoo\.sql_db$", r"^bad query: (?!.*oauth2_(?!example))"),
]


def tell(told, log, count, seed):
    """Print it; returns the exit status.

    :param told: what ``tests/fuzz`` wrote
    :param log: the server's, a path
    """
    answers = {
        name: {int(status): number for status, number in statuses.items()}
        for name, statuses in told["answers"].items()
    }
    _table(answers)
    problems = [_breach(breach) for breach in told["breaches"]]
    problems += list(_vacuous(answers, count))
    problems += list(_in_the_log(log, told["secrets"]))
    for problem in problems:
        console.say(f"\n{console.paint('BREACH', '31;1')} {problem}")
    sent = sum(sum(statuses.values()) for statuses in answers.values())
    console.say(f"\nThe server's log is {log}")
    console.say(f"{sent} requests, seed {seed}, {len(problems)} breaches")
    return 1 if problems else 0


def _table(answers):
    statuses = sorted({status for row in answers.values() for status in row})
    width = max(map(len, answers))
    console.say()
    heads = [f"{status or 'none':>6}" for status in statuses]
    console.say(" ".join([" " * width, "  sent", "through", *heads]))
    for name, row in answers.items():
        cells = [f"{row.get(status, 0) or '':>6}" for status in statuses]
        sums = f"{sum(row.values()):>6} {_through(row):>7}"
        console.say(" ".join([f"{name:<{width}}", sums, *cells]))


def _through(row):
    """How many got what they asked for: an answer, or a redirect to sign in."""
    return sum(n for status, n in row.items() if 200 <= status < 400 and status != 308)


def _breach(breach):
    return (
        f"{breach['target']}: {breach['what']}\n"
        f"  {breach['request']}\n  answer: {breach['answer']}"
    )


def _vacuous(answers, count):
    for name, row in answers.items():
        if _through(row) < _DEEP * sum(row.values()):
            yield f"{name}: only {_through(row)} requests got through"
        if row.get(429, 0) > _SOMETIMES * sum(row.values()):
            yield f"{name}: rate limits answered for it; see LIMITS in commands/fuzz.py"
    if sum(sum(row.values()) for row in answers.values()) < count:
        yield f"fewer requests than {count} were sent"


def _in_the_log(log, secrets):
    """Errors that nothing explains, and secrets."""
    levels = ("ERROR", "CRITICAL")
    found = [
        entry
        for entry in odoo_log.complaints(log, levels)
        if not any(
            re.match(logger, entry.logger) and re.search(text, entry.text, re.DOTALL)
            for logger, text in EXPLAINED
        )
    ]
    found += [entry for entry in odoo_log.entries(log) if _tells_of_a_bug(entry)]
    for entry in found[:_MOST]:
        yield f"in the log: {str(entry)[:3000]}"
    if found[_MOST:]:
        yield f"in the log: {len(found) - _MOST} more"
    text = log.read_text(errors="replace")
    for secret in secrets:
        if secret in text:
            line = next(line for line in text.splitlines() if secret in line)
            yield f"in the log, a secret: {line.replace(secret, '***')[:500]}"


def _tells_of_a_bug(entry):
    """:return: whether a record below ERROR has a traceback that nothing explains"""
    # Of a method of Odoo's that a caller has called with a bad value (JSON-2).
    is_explained = entry.level == "INFO" and entry.logger.endswith(".json2_errors")
    return entry.level in ("DEBUG", "INFO", "WARNING") and (
        _TRACEBACK in entry.text and not is_explained
    )
