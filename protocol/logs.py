"""Keeps codes, states, tokens and secrets out of the server's own log.

Odoo writes the address of each request to the logger ``werkzeug``: that of a callback
has the code and the state in it, that of a start page its one-use token, and a client
that errs may put a token or a secret into an address. What stands behind the question
mark is left out of these lines, also where a proxy or a typing error has bent the path
(what Odoo answers with 404 or a redirect is written, too), and where an address of ours
stands in another's query, as that of a start page does on the way through Odoo's login
page. At level DEBUG it writes the arguments of each call of a method: where an
administrator sets a client's secret, they are left out too. Both on import of this
module, whatever levels are configured before or after.

Keeps secrets out of the logs of the libraries that this addon uses.

requests-oauthlib writes every request and answer of the token endpoint at level DEBUG:
code, verifier, client secret, tokens. oauthlib's server writes codes. A system
administrator who sets `log_level = debug` to find another problem must not fill the log
with them, so DEBUG records of these two libraries are dropped here, on import of
`protocol`, whatever levels are configured before or after.

urllib3 warns of lines in an answer that are no headers, and quotes them. Of calls to
providers such records are dropped, too: what is wrong with an answer is told by the
addon, without the provider's words.
"""

import logging
import re
from urllib.parse import unquote

import oauthlib.oauth2  # noqa: F401  its loggers must exist before they are guarded
import requests_oauthlib  # noqa: F401  the same

from .transport import call_under_way

ACCESS_LOG = "werkzeug"
CALL_LOGS = ("odoo.service.model",)
#: A path and its query, up to the end of the request's line.
_ADDRESS = re.compile(r"([^\s?\"]*)\?(.*?)(?=\s+HTTP/|$)", re.DOTALL)
#: RFC 6749 section 4.1.2, RFC 9207: two of these are a callback's, wherever it came to.
_OF_CALLBACK = re.compile(r"(?:^|[?&;])(code|state|error|iss)=")
#: One alone: a code that is long enough to be one; a state or a start page's token, as
#: `digests.random_token` makes them.
_ALONE = re.compile(
    r"(?:^|[?&;])(?:code=[^\s&;]{20}|(?:state|request)=[\w-]{43}(?![\w-]))"
)
#: RFC 6750 section 2.3, which nothing here reads, and nobody should send.
_TOKEN = re.compile(r"(?<=[?&]access_token=)[^\s&]+")
_SECRET = "client_secret"


def without_queries(line):
    """:return: a line of the access log without what must not stand there"""
    return _TOKEN.sub("…", _ADDRESS.sub(_without_query, line))


def _without_query(found):
    path, query = found.groups()
    query = unquote(unquote(query))  # an address within is quoted once or twice
    if (
        "oauth2" in path.lower()
        or "oauth2/" in query.lower()
        or len(set(_OF_CALLBACK.findall(query))) > 1
        or _ALONE.search(query)
    ):
        return f"{path}?…"
    return found[0]


def without_secret(line):
    """:return: a line about a call; if it has a client's secret, without arguments"""
    if _SECRET not in line:
        return line
    call = re.match(r"call [\w.]+", line)
    return f"{call[0] if call else 'a call'}(…): it has a client's secret"


class Cleaned(logging.Filter):
    """Lets every line pass, cleaned.

    :param clean: callable that takes a line and returns it without secrets
    """

    def __init__(self, clean):
        super().__init__()
        self._clean = clean

    def filter(self, record):
        try:
            line = record.getMessage()
        except (TypeError, ValueError):
            return True  # logging itself will complain
        if (clean := self._clean(line)) != line:
            record.msg, record.args = clean, ()
        return True


_access, _calls = Cleaned(without_queries), Cleaned(without_secret)


def guard_server_logs():
    """Have the server's loggers leave out secrets. May be called again."""
    logging.getLogger(ACCESS_LOG).addFilter(_access)
    for name in CALL_LOGS:
        logging.getLogger(name).addFilter(_calls)


guard_server_logs()


LIBRARIES = ("oauthlib", "requests_oauthlib")
#: Which one writes depends on the version.
_OF_ANSWERS = ("urllib3.connection", "urllib3.connectionpool")


class NoDebugRecords(logging.Filter):
    """Lets nothing pass that was logged at DEBUG or below."""

    def filter(self, record):
        return record.levelno > logging.DEBUG


class NoWarningsOfProviders(logging.Filter):
    """Lets nothing pass above DEBUG that is logged while a provider is called."""

    def filter(self, record):
        return record.levelno <= logging.DEBUG or not call_under_way.get(None)


_no_debug_records = NoDebugRecords()
_no_warnings_of_providers = NoWarningsOfProviders()


def guard_library_logs():
    """Drop what the libraries should not write. May be called again.

    A filter acts only on the logger that it is attached to, not on the loggers below,
    so each existing one gets it; the level is for loggers that come later.
    """
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.INFO)
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in LIBRARIES:
            logging.getLogger(name).addFilter(_no_debug_records)
    for name in _OF_ANSWERS:
        logging.getLogger(name).addFilter(_no_warnings_of_providers)


guard_library_logs()
