"""The providers of the tests, imported without Odoo."""

import contextlib
import threading

import requests
from beside import beside
from server import in_background

PATIENCE_SECONDS = 9  # less than Odoo's own with a provider

independent = beside("independent_provider")
FaultyProvider = beside("faulty_provider").FaultyProvider
IndependentProvider = independent.IndependentProvider


class QuickProvider(FaultyProvider):
    """A provider of this process that signs its user in without asking.

    `meanwhile` is called, with the request's parameters, while a caller waits for the
    token endpoint's answer.
    """

    meanwhile = None

    def sign_in(self, authorization_url, login):
        self.login = login
        answer = requests.get(authorization_url, allow_redirects=False, timeout=10)
        return answer.headers["Location"]

    def on_token(self, handler, params):
        if self.meanwhile:
            self.meanwhile(params)
        return super().on_token(handler, params)

    @contextlib.contextmanager
    def kept_waiting(self, call):
        """Make a call that asks for tokens, and let it wait while the block runs.

        Yields its future, which is done soon after the block.
        """
        asked, go_on = threading.Event(), threading.Event()

        def meanwhile(_params):
            self.meanwhile = None  # others are answered at once
            asked.set()
            go_on.wait(PATIENCE_SECONDS)

        self.meanwhile = meanwhile
        try:
            future = in_background(call)
            if not asked.wait(PATIENCE_SECONDS):
                raise AssertionError("the provider was not asked")
            yield future
        finally:
            go_on.set()
