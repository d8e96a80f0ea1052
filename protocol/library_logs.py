"""Keeps secrets out of the logs of the libraries that this addon uses.

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

import oauthlib.oauth2  # noqa: F401  its loggers must exist before they are guarded
import requests_oauthlib  # noqa: F401  the same

from .connections import call_under_way

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
