"""What a breach is."""

import json
import re

from targets import ORIGIN
from wire import SECONDS, WHOLE

# What the server's own HTTP part refuses before Odoo sees the request.
_BEFORE_ODOO = {400, 408, 411, 413, 414, 417, 431, 501, 505}
_OURS = re.compile(r"/(@API@|@SESSIONAPI@|@OWNAPI@)/(oauth2|json|fuzz|partners|orders)")
#: Where browsers come, whatever target a changed path is of
_PAGES = re.compile(r"/[^/]+/oauth2/(authorize|callback|confirm|consent|start)")
_NATIVE = re.compile(r"/json/2/[\w.]+/\w+")
_ERROR_ID = re.compile(r"\b[0-9a-f]{32}\b")
_SESSIONS = "@SESSION@", "@STDCOOKIE@"
_NOT_ECHOED = 12  # characters; shorter texts occur by chance


def breach(target, request, answer, secrets):
    """What is wrong with an answer, as a text; None when nothing is.

    :param secrets: texts that no answer may contain
    """
    if not answer.status:
        # Nothing excuses a hang: all has been sent, however it is framed.
        if answer.is_late:
            return f"no whole answer within {SECONDS} seconds"
        if request.is_framed_well and len(request.body) <= 64 * 1024:
            return f"the connection was dropped ({answer.trouble})"
        return None
    is_busy = target.busy and answer.status in (502, 503)
    if answer.status >= 500 and not is_busy and not _is_core(request, answer):
        return f"status {answer.status}"
    if b"Traceback (most recent call last)" in answer.body and _is_ours(
        request, answer
    ):
        return "a traceback in the answer"
    is_page = answer.media_type == "text/html" and answer.status not in (204, 308)
    may_be_page = target.pages or _PAGES.fullmatch(request.path.partition("?")[0])
    if _is_ours(request, answer) and is_page and not may_be_page:
        if not (answer.status in _BEFORE_ODOO and not request.is_framed_well):
            return f"an HTML page with status {answer.status} from a JSON endpoint"
    if not (_leads_back(request, answer) or (target.tells and answer.status == 200)):
        told = answer.body + repr(_headers(request, answer)).encode()
        for secret in secrets:
            if len(secret) >= _NOT_ECHOED and secret.encode() in told:
                return "a secret in the answer"
    if not _is_json_where_it_says_so(answer):
        return "a body that is not the JSON that Content-Type promises"
    return None


def misdeed(request, answer, is_readable, refusal, done, untouched):
    """What is wrong with a deed; None when nothing is.

    :param is_readable: whether its body says one thing; None: nothing is said of it
    :param refusal: the status that is due all the same; 0: none
    :param done: whether all was done to the letter, and told
    :param untouched: whether nothing is changed
    """
    status = f"status {answer.status}"
    if answer.is_good:
        if is_readable is False or refusal:
            return f"{status} for what is to be refused"
        return None if done else f"{status}, and what it says is not what happened"
    if not untouched:
        return f"{status}, and something is changed"
    if request.framing not in WHOLE:
        return None  # its server may have refused it, in words of its own
    if is_readable and answer.status != refusal:
        return f"{status} for what is to be {refusal or 'done'}"
    told = answer_json(answer) if answer.is_json else None
    if not isinstance(told, dict) or not told.get("error"):
        return f"{status} without an error in JSON"
    if refusal and not _ERROR_ID.search(str(told.get("error_description"))):
        return f"{status} without an error's id"
    if answer.header("Access-Control-Allow-Origin") != ORIGIN:
        return f"{status}, which the page that calls cannot read"
    return None


def _is_core(request, answer):
    """Whether Odoo's own route for wrong addresses below /json/2 met a body that is
    nested deeper than it reads."""
    return (
        request.path.startswith("/json/2")
        and not _is_ours(request, answer)
        and b'"builtins.RecursionError"' in answer.body
    )


def _leads_back(request, answer):
    """Whether it is a redirect whose address repeats the one that was asked for.

    Werkzeug sends a caller who doubles a slash to the same address with one. Odoo sends
    a visitor without a session to its login page, which has to know the way back, and
    from its root to its web client, with the query. A decision that no page of this
    moment sent leads to the page again.
    """
    to, path = answer.header("Location"), request.path.partition("?")[0]
    is_login = to.startswith("/web/login?")
    is_root = path in ("", "/") and to.startswith("/odoo?")
    # The API's name is written into a path when it is sent.
    page = to.partition("?")[0].split("/")
    is_same = page[:1] == [""] and page[2:] == path.split("/")[2:] != []
    is_repeated = is_login or is_root or is_same
    return answer.status == 308 or (answer.status == 303 and is_repeated)


def _headers(request, answer):
    """The headers of an answer; a caller may be sent his own cookie once more."""
    sent = [value for name, value in request.headers if name.lower() == "cookie"]
    if not any(each in value for value in sent for each in _SESSIONS):
        return answer.headers
    return [each for each in answer.headers if "session_id=" not in each[1]]


def _is_ours(request, answer):
    """Whether this addon must have answered, and not Odoo's core."""
    if b"No database is selected" in answer.body:
        return False
    if request.method == "POST" and _NATIVE.fullmatch(request.path.partition("?")[0]):
        # A caller without a token of ours is Odoo's own.
        return ("Authorization", "Bearer @ACCESS@") in request.headers and (
            answer.status not in (401, 415)
        )
    return bool(_OURS.match(request.path))


def _is_json_where_it_says_so(answer):
    if not answer.is_json or not answer.body:
        return True
    try:
        answer_json(answer)
    except ValueError:
        return False
    return True


def answer_json(answer):
    """:return: the JSON of an answer
    :raises ValueError: where it is none (RFC 8259 knows no NaN)
    """

    def refuse(name):
        raise ValueError(name)

    return json.loads(answer.body, parse_constant=refuse)
