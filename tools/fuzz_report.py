"""What ``./dev fuzz`` found: a table, the breaches, what the server's log says."""

import re

import console
import log_search
import odoo_log

_MOST = 10  # entries of the log that are shown
_SOMETIMES = 0.5  # the part of answers that may be 429
_TRACEBACK = "Traceback (most recent call last)"
#: What Python writes between the tracebacks of one exception and its causes.
_CHAINED = (
    "\nDuring handling of the above exception, another exception occurred:\n",
    "\nThe above exception was the direct cause of the following exception:\n",
)
#: What Odoo's own JSON-2 writes at a body that is nested deeper than it reads. Where
#: the route is ours, the answer to it is a breach.
_TOO_DEEP = re.compile(
    r"Exception during request handling\.\n.*"
    r"self\.jsonrequest = self\.request\.get_json_data\(\)\n(?:.*\n)?"
    r"RecursionError: maximum recursion depth exceeded while decoding a JSON [^\n]*\s*",
    re.DOTALL,
)
#: What Odoo writes where a route returns what is no JSON, chained tracebacks; any route
#: but that of the fuzzing has a breach for its answer.
_NO_JSON = re.compile(
    r"Exception during request handling\.\n.*"
    r"\.controllers\.json_answer\.NotJson: [^\n]*\s*",
    re.DOTALL,
)
#: (level, logger) that tells what a caller's value made Odoo's own methods raise.
_TOLD = ("INFO", "odoo.addons.api_auth_oauth2.services.calls.json2_errors")

# What is logged though nothing is wrong: (logger, text). Odoo's core, of a caller's bad
# value (a query of our own tables is never explained); we, of a route of the fuzzing
# that returns what is no JSON.
EXPLAINED = [
    (r"odoo\.sql_db$", r"^bad query: (?!.*oauth2_(?!example))"),
    (
        r"odoo\.addons\.api_auth_oauth2\.controllers\.dispatchers$",
        r"^Error [0-9a-f]{32}: the answer is no JSON: .* at /[^/\n]+/fuzz/answer *$",
    ),
]


def tell(told, log, count, seed):
    """Print it; returns the exit status.

    :param told: what ``checks/fuzz`` wrote
    :param log: the server's, a path
    """
    answers = {
        name: {int(status): number for status, number in statuses.items()}
        for name, statuses in told["answers"].items()
    }
    _table(answers)
    problems = [_breach(breach) for breach in told["breaches"]]
    problems += list(_vacuous(answers, told["least"], count))
    if not told["misbehaved"]:
        problems.append("the provider behaved all the time")
    problems += list(_in_the_log(log, told["secrets"]))
    for problem in problems:
        console.say(f"\n{console.paint('BREACH', '31;1')} {problem}")
    sent = sum(sum(statuses.values()) for statuses in answers.values())
    console.say(f"\nThe provider answered oddly {told['misbehaved']} times")
    console.say(f"The server's log is {log}")
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


def _vacuous(answers, least, count):
    """Targets that were hardly tested.

    :param least: of each, the part of requests that must get through
    """
    for name, row in answers.items():
        through, sent = _through(row), sum(row.values())
        if through < max(1, least[name] * sent):
            yield (
                f"{name}: {through} of {sent} requests got through, less than"
                f" {least[name]:.0%}: what is behind the first check is hardly tested"
            )
        if row.get(429, 0) > _SOMETIMES * sum(row.values()):
            yield f"{name}: rate limits answered for it; see LIMITS in commands/fuzz.py"
    if sum(sum(row.values()) for row in answers.values()) < count:
        yield f"fewer requests than {count} were sent"


def _in_the_log(log, secrets):
    """Errors that nothing explains, and secrets."""
    complaints = [
        entry
        for entry in odoo_log.complaints(log, ("ERROR", "CRITICAL"))
        if not any(
            re.match(logger, entry.logger) and re.search(text, entry.text, re.DOTALL)
            for logger, text in EXPLAINED
        )
    ]
    found = [
        entry
        for entry in odoo_log.entries(log)
        if (entry in complaints or _tracebacks(entry)) and not _is_excused(entry)
    ]
    for entry in found[:_MOST]:
        yield f"in the log: {str(entry)[:3000]}"
    if found[_MOST:]:
        yield f"in the log: {len(found) - _MOST} more"
    text = log.read_text(errors="replace")
    known = sum(entry.text.count(_TRACEBACK) for entry in odoo_log.entries(log))
    if text.count(_TRACEBACK) > known:
        yield f"before the first record of the log: {text[:3000]}"
    with log_search.Search(log.with_suffix(".secrets"), [log]) as search:
        for secret in secrets:
            search.keep("secret", secret, "./dev fuzz")
        for complaint in search.complaints():
            # Odoo names a device by the first half of its session's id.
            if not complaint.endswith("INFO odoo.addons.base.models.res_device"):
                yield f"in the log, a secret: {complaint}"


def _is_excused(entry):
    if entry.logger != "odoo.http":
        return False
    own = entry.text.count(_TRACEBACK) - sum(map(entry.text.count, _CHAINED))
    is_one = entry.text.count(_TRACEBACK) == 1
    return bool(
        (is_one and _TOO_DEEP.fullmatch(entry.text))
        or (own == 1 and _NO_JSON.fullmatch(entry.text))
    )


def _tracebacks(entry):
    """How many tracebacks of a record nothing explains, whatever its level.

    What a process writes to its standard error stands behind another record.
    """
    told = entry.text.count(_TRACEBACK)
    if told and (entry.level, entry.logger) == _TOLD:
        told -= 1 + sum(map(entry.text.count, _CHAINED))
    return told
