"""Keeps codes, states, tokens and secrets out of the logs.

Odoo writes the address of each request to the logger ``werkzeug``: a callback's has the
code and the state in it, a start page's its one-use token, and a client that errs may
send a token or a secret in one. In lines about our own paths the values of parameters
with these names are left out, also where a path of ours stands in another's query, as a
start page's does on the way through Odoo's login. Other addresses stay as they are. At
level DEBUG Odoo writes the arguments of each call of a method: those of a call that
sets a client's secret are left out.

requests-oauthlib writes every request and answer of the token endpoint at level DEBUG:
code, verifier, client secret, tokens; oauthlib's server writes codes. DEBUG records of
these two are dropped. urllib3 warns of lines in an answer that are no headers, and
quotes them: while a provider is called such warnings are dropped.

All of it on import of ``protocol``, whatever levels are configured before or after.
"""

import logging
import re

import oauthlib.oauth2  # noqa: F401  its loggers must exist before they are guarded
import requests_oauthlib  # noqa: F401  the same

from .checked_connection import call_under_way

SERVER_LOGS = ("werkzeug", "odoo.service.model")
_NAMES = (
    "code state request code_verifier code_challenge client_secret client_assertion"
    " client_user_identity token access_token refresh_token id_token iss error"
).split()
#: ``name=value``, also where the whole is quoted once or twice within another address.
_PARAMETER = re.compile(
    rf"(?<![\w-])((?:25)*(?:3F|26)?(?:{'|'.join(_NAMES)})(?:=|%(?:25)*3D))"
    r"(?:(?!\sHTTP/)[^&])*",
    re.IGNORECASE | re.DOTALL,
)
_FIRST_SEGMENT = re.compile(r"(?:\s|^)/*([^/?\s\"]+)[/?]")
_CALL = re.compile(r"call [\w.]+")
_ADDRESS = re.compile(r"^[^'\s]*/[^'\s]*\?|\"?[A-Z]+ \S*\?")

_endpoints = {"json"}  # Odoo's own JSON-2, which tokens open, too


def note_endpoints(endpoints):
    """Remember the first segments of paths that are ours, in whatever database.

    :param endpoints: of APIs
    """
    _endpoints.update(endpoints)


def without_secrets(line):
    """:return: a line of the server's log without what must not stand there"""
    call = _CALL.match(line)
    # In a call's arguments there may be anything, also what looks like an address.
    if "client_secret" in line and (call or not _ADDRESS.search(line)):
        return f"{call[0] if call else 'a call'}(…): it has a client's secret"
    return _PARAMETER.sub(r"\1…", line) if _is_ours(line) else line


def _is_ours(line):
    """:return: whether the line has an address of ours in it"""
    if "oauth2" in line.lower():
        return True
    found = _FIRST_SEGMENT.search(line.partition('"')[2] or line)
    return bool(found) and found[1] in _endpoints


class WithoutSecrets(logging.Filter):
    """Lets every line pass, without secrets."""

    def filter(self, record):
        try:
            line = record.getMessage()
        except (TypeError, ValueError):
            return True  # logging itself will complain
        if (clean := without_secrets(line)) != line:
            record.msg, record.args = clean, ()
        return True


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


_without_secrets = WithoutSecrets()
_no_debug_records = NoDebugRecords()
_no_warnings_of_providers = NoWarningsOfProviders()


def guard():
    """Have the loggers leave out secrets. May be called again.

    A filter acts only on the logger that it is attached to, not on the loggers below,
    so each existing one gets it; the level is for loggers that come later.
    """
    for name in SERVER_LOGS:
        logging.getLogger(name).addFilter(_without_secrets)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.INFO)
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in LIBRARIES:
            logging.getLogger(name).addFilter(_no_debug_records)
    for name in _OF_ANSWERS:
        logging.getLogger(name).addFilter(_no_warnings_of_providers)


guard()
