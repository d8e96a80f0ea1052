"""Keeps secrets out of the logs of the libraries that this addon uses.

requests-oauthlib writes every request and answer of the token endpoint at level DEBUG:
code, verifier, client secret, tokens. oauthlib's server writes codes. A system
administrator who sets `log_level = debug` to find another problem must not fill the log
with them, so DEBUG records of these two libraries are dropped here, on import of
`protocol`, whatever levels are configured before or after.
"""

import logging

import oauthlib.oauth2  # noqa: F401  its loggers must exist before they are guarded
import requests_oauthlib  # noqa: F401  the same

LIBRARIES = ("oauthlib", "requests_oauthlib")


class NoDebugRecords(logging.Filter):
    """Lets nothing pass that was logged at DEBUG or below."""

    def filter(self, record):
        return record.levelno > logging.DEBUG


_no_debug_records = NoDebugRecords()


def guard_library_logs():
    """Drop the DEBUG records of oauthlib and requests-oauthlib. May be called again.

    A filter acts only on the logger that it is attached to, not on the loggers below,
    so each existing one gets it; the level is for loggers that come later.
    """
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.INFO)
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in LIBRARIES:
            logging.getLogger(name).addFilter(_no_debug_records)


guard_library_logs()
