"""What the process of Odoo's own test runner tells the ledger, and lines it would hide.

``listen`` puts ears where secrets pass: what the addon draws at random, digests and
encrypts is one by definition, and HTTP carries the others. It records and changes
nothing. Two things about logs are set right for the search that follows:

- What a test expects (``assertLogs``, ``mute_logger``) goes to no log. It is written to
  the file in OAUTH2_TEST_CAPTURED_LOG as well.
- The runner's process is browser and server in one. What urllib3 says at DEBUG of a
  request that a test sends is left out: it has the address, with code and state in it,
  and no server would write it.
"""

import functools
import logging
import os
import threading

import requests

from . import ledger

CAPTURED_LOG = os.environ.get("OAUTH2_TEST_CAPTURED_LOG")
_HTTP_LOG = "urllib3.connectionpool"

_sending = threading.local()


def listen():
    """Begin, where there is a ledger; once a process, before tests are imported."""
    if not ledger.PATH:
        return
    listen_to_http()
    _listen_to_protocol()
    logging.getLogger(_HTTP_LOG).addFilter(_not_of_a_test)
    if CAPTURED_LOG:
        _write_captured_lines()


def _before(owner, name, hear):
    """Have a function called with the arguments of another one, before it."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def heard(*args, **kwargs):
        hear(*args, **kwargs)
        return original(*args, **kwargs)

    setattr(owner, name, heard)


def _after(owner, name, hear):
    """Have a function called with the result of another one."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def heard(*args, **kwargs):
        result = original(*args, **kwargs)
        hear(result)
        return result

    setattr(owner, name, heard)


def _listen_to_protocol():
    """Random values, and what is digested or encrypted."""
    from ..protocol import digests, keyring

    _after(digests, "random_token", lambda it: ledger.keep("random value", it))
    _before(digests, "digest", lambda it: ledger.keep("digested text", it))
    _before(
        digests,
        "keyed_digest",
        lambda _key, it: ledger.keep("client_user_identity", it),
    )
    _before(keyring.EncryptionKeys, "encrypt", lambda _self, it: _keep_encrypted(it))


def _keep_encrypted(text):
    """A provider's answer is encrypted as JSON: its tokens, or the text itself."""
    if text.startswith("{"):
        ledger.keep_body(text)
    else:
        ledger.keep("encrypted text", text)


# HTTP: whatever this process sends, and what it gets.


def listen_to_http():
    """Begin with the requests of this process, and their answers."""
    _after(requests.Session, "request", _keep_answer)
    send = requests.adapters.HTTPAdapter.send

    @functools.wraps(send)
    def heard(adapter, request, **kwargs):
        keep_request(request.url, request.headers, request.body)
        _sending.test = not type(adapter).__module__.endswith(".protocol.transport")
        try:
            return send(adapter, request, **kwargs)
        finally:
            _sending.test = False

    requests.adapters.HTTPAdapter.send = heard


def keep_request(url, headers, body):
    """Write down the secrets of a request."""
    ledger.keep_address(url)
    ledger.keep_authorization(headers.get("Authorization"))
    ledger.keep_body(body)


def _keep_answer(response):
    for each in [*response.history, response]:
        ledger.keep_address(each.headers.get("Location", ""))
        ledger.keep_cookies(each.cookies.items())
        ledger.keep_body(each.content)


def _not_of_a_test(record):
    """A filter: whether a line is of a request that the addon sent."""
    return record.levelno > logging.DEBUG or not getattr(_sending, "test", False)


# Lines that a test keeps for itself.


def _write_captured_lines():
    usual = set(logging.getLogger().handlers)
    kept = logging.FileHandler(CAPTURED_LOG)
    kept.setFormatter(
        logging.Formatter(
            "%(asctime)s %(process)d %(levelname)s - %(name)s: %(message)s"
        )
    )

    def hear(logger, record):
        if usual.isdisjoint(_handlers(logger)):
            kept.handle(record)

    _before(logging.Logger, "callHandlers", hear)


def _handlers(logger):
    """Return the handlers that a record of a logger comes to."""
    found = []
    while logger:
        found += logger.handlers
        logger = logger.parent if logger.propagate else None
    return found
