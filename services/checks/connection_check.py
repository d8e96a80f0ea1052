"""Whether a provider and its clients work, each step looked at by itself.

- Settings administrators alone: Odoo is made to call addresses.
- Each call goes through ``protocol/``, as in a sign-in: same reach, same time limits. A
  server that gave no answer is not asked again, and after ``BUDGET`` seconds no call is
  begun, so that the whole ends in time.
- Nothing is stored, and no line has a secret in it: what the client is tried with is a
  code made up for the moment, which the provider must refuse.
"""

import time
from urllib.parse import urlsplit

from odoo.exceptions import AccessError

from ...protocol.provider_errors import (
    AddressNotAllowed,
    NameNotResolved,
    NotHttps,
    ProviderError,
    ProviderUnavailable,
    TlsFailed,
)
from .check_line import bad, good, warning
from .client_check import ClientCheck
from .provider_check import ProviderCheck
from .server_check import ServerCheck

#: Seconds after which no further call is begun
BUDGET = 25
_NOT_AGAIN = "its server is not called again, as the first line says"


class OutOfTime(Exception):
    """The whole check has taken long enough."""


class ConnectionCheck:
    def __init__(self, provider):
        self.provider = provider
        self.env = provider.env
        self._deadline = time.monotonic() + BUDGET
        self._silent = set()  # origins that gave no answer
        self._answered = set()  # origins
        self._failures = {}  # kind of failure: what it was, of the first one

    def run(self):
        """:return: list of ``CheckLine``
        :raises AccessError: for others than Settings administrators
        """
        if not self.env.is_system():
            raise AccessError(
                self.env._("Only Settings administrators may have providers called.")
            )
        server = ServerCheck(self.env)
        lines = []
        try:
            lines += ProviderCheck(self.provider, self.call).run()
            clients = self.provider.client_ids.filtered("active")
            for client in clients:
                lines += ClientCheck(client, self.call).run()
            if not clients:
                lines.append(
                    warning(
                        "provider-clients",
                        self.env._("No application is registered at this provider."),
                        self.env._("Add a client with the ID that the provider gave."),
                    )
                )
        except OutOfTime:
            lines.append(
                warning(
                    "provider-time",
                    self.env._(
                        "The provider answers so slowly that the test was ended."
                    ),
                    self.env._("Users wait as long in a sign-in: ask the provider."),
                )
            )
        own = [server.encryption_key(), server.address(), server.proxy()]
        return [*self._reach(), *lines, *filter(None, own)]

    def call(self, url, ask):
        """Call the provider, unless its server gave no answer before.

        :param str url: where
        :param ask: callable without arguments
        :return: what it returns
        :raises ProviderError: the call failed, or an earlier one to that server
        :raises OutOfTime: none is begun any more
        """
        origin = urlsplit(url)[:2]
        if origin in self._silent:
            raise ProviderUnavailable(_NOT_AGAIN)
        if time.monotonic() > self._deadline:
            raise OutOfTime()
        try:
            result = ask()
        except ProviderError as failure:
            unreached = (AddressNotAllowed, NotHttps, ProviderUnavailable)
            if isinstance(failure, unreached) and not getattr(failure, "status", None):
                self._silent.add(origin)
                self._failures.setdefault(type(failure), (url, failure.reason))
            else:
                self._answered.add(origin)
            raise
        self._answered.add(origin)
        return result

    def _reach(self):
        """:return: name, address, TLS and connection, as the calls have shown them"""
        for kind, check_id, text, advice in (
            (
                NameNotResolved,
                "provider-name",
                self.env._("A name of the provider leads to no address"),
                self.env._(
                    "Compare the host with the provider's documentation, and ask this"
                    " server's DNS for it."
                ),
            ),
            (
                AddressNotAllowed,
                "provider-address",
                self.env._("The provider is at an address that Odoo may not call"),
                self.env._(
                    "If it really is in your own network, set Allow Private Addresses."
                ),
            ),
            (
                NotHttps,
                "provider-tls",
                self.env._("The provider's address is plain http"),
                self.env._(
                    "Use https. By http Odoo calls a provider on its own machine alone,"
                    " while its own base URL is http://localhost."
                ),
            ),
            (
                TlsFailed,
                "provider-tls",
                self.env._("The connection to the provider cannot be trusted"),
                self.env._(
                    "Check the certificate's names and end. Of an authority of your"
                    " own: name its file in REQUESTS_CA_BUNDLE for Odoo's process."
                ),
            ),
            (
                ProviderUnavailable,
                "provider-connection",
                self.env._("The provider gives no answer"),
                self.env._(
                    "Is it running, and does a firewall let this server call it?"
                ),
            ),
        ):
            if kind in self._failures:
                url, reason = self._failures[kind]
                told = f"{text}: {urlsplit(url).netloc} ({reason})."
                yield bad(check_id, told, advice)
        yield from self._reached()

    def _reached(self):
        if self._failures or not self._answered:
            return
        hosts = ", ".join(sorted(netloc for _scheme, netloc in self._answered))
        yield good("provider-name", self.env._("Found by name and reached: %s.", hosts))
        if any(scheme == "http" for scheme, _netloc in self._answered):
            yield warning(
                "provider-tls",
                self.env._("The provider is called by plain http, on this machine."),
                self.env._("Good for development only."),
            )
        else:
            yield good("provider-tls", self.env._("The connection is trusted (TLS)."))
