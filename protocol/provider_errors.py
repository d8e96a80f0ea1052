"""What can go wrong in a call to a provider: three cases, answered differently.

    ProviderError
    ├── ProviderRefused         the provider says no (RFC 6749 5.2)
    ├── ProviderUnavailable     no answer, too slow, or "try again later"
    │   ├── NameNotResolved     its name leads to no address
    │   └── TlsFailed           its certificate is not trusted, or it speaks no TLS
    └── ProviderMisbehaved      an answer that no specification allows
        ├── AddressNotAllowed   it is where it must not be called
        ├── NotHttps            its address is plain http
        ├── IssuerMismatch      its description is another issuer's
        └── Redirected          it sends elsewhere

`reason` is for the administrator's log: static English, at most followed by the
provider's own text in sanitised ASCII. No token, code, secret or personal claim is ever
part of it, and nothing of it belongs in an answer to a caller.
"""

import re

MAX_TEXT_LENGTH = 200
# RFC 6749 5.2: the characters of an `error` value.
_ERROR_CODE = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,100}")


def safe_text(text, *, secrets=()):
    """Return `text`, which came from outside, fit for one line of a log.

    Printable ASCII only, at most MAX_TEXT_LENGTH characters, and each of `secrets` that
    an echoing provider put into it blotted out.
    """
    text = str(text)
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return re.sub(r"[^\x20-\x7e]", "?", text)[:MAX_TEXT_LENGTH]


def sentence(text):
    """Return `text` as it begins and ends in a log that people read."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def is_error_code(value):
    """Return whether `value` has the shape of an OAuth error code (RFC 6749 5.2)."""
    return isinstance(value, str) and bool(_ERROR_CODE.fullmatch(value))


class ProviderError(Exception):
    """A call to a provider failed; `was_sent` unless surely nothing reached it."""

    was_sent = True

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class ProviderRefused(ProviderError):
    """The provider says no; `code` is the OAuth error's, "" when it gave none."""

    def __init__(self, code, reason, status=400):
        super().__init__(reason)
        self.code = code
        self.status = status

    @property
    def ends_grant(self):
        """Whether what was sent, a code or refresh token, is good for nothing."""
        # The latter is Zoho's: zoho.com/contracts/api/getting-started/
        # generating-access-tokens.html
        return self.code in ("invalid_grant", "invalid_token")

    @property
    def is_about_client(self):
        """Whether any request of this client would be refused (RFC 6749 5.2)."""
        if self.code in ("invalid_client", "unauthorized_client"):
            return True
        return self.status == 401 and not self.ends_grant


class ProviderUnavailable(ProviderError):
    """No answer, or one that asks to come back (in `retry_after` seconds, if any)."""

    def __init__(self, reason, retry_after=None, status=None):
        super().__init__(reason)
        self.retry_after = retry_after
        self.status = status


class ProviderMisbehaved(ProviderError):
    """The provider's answer, or its configured address, cannot be worked with."""


class NameNotResolved(ProviderUnavailable):
    """The provider's name leads to no address."""


class TlsFailed(ProviderUnavailable):
    """No trusted connection: an unknown authority, another name, an old certificate."""


class AddressNotAllowed(ProviderMisbehaved):
    """The provider is where it must not be called (`network_policy`)."""


class NotHttps(ProviderMisbehaved):
    """The provider's address is plain http, which is not allowed there."""


class IssuerMismatch(ProviderMisbehaved):
    """The provider's description names another issuer."""


class Redirected(ProviderMisbehaved):
    """The answer leads to another address, which is not gone to."""

    def __init__(self, reason, status, location):
        super().__init__(reason)
        self.status = status
        self.location = location
