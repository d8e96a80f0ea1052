"""What a client is on an API: remembered with the configuration, without a secret."""

from typing import NamedTuple

from .admission import Admission
from .authorization_errors import InvalidScope
from .client_secret import NO_SECRET
from .errors import InvalidClient
from .provider_errors import safe_text


class RegisteredClient(NamedTuple):
    """A client that is served (RFC 6749 section 2): record ids, names and rules."""

    api_id: int
    api_name: str
    client_id: int  # of the record
    client_name: str
    client_identifier: str  # the wire's client_id
    is_public: bool
    secrets: tuple  # of protocol.client_secret.SecretDigest, two at most
    redirect_uris: tuple
    networks: tuple  # that it may call from; none: from anywhere
    grant_types: frozenset
    scopes: dict  # {name: id} of what it may have on the API
    service_user_id: int  # or False
    access_token_lifetime: int  # seconds, as those that follow
    refresh_token_lifetime: int
    authorization_lifetime: int
    admission: Admission  # to the API
    version: int  # of the configuration that was read

    def parameters(self, **others):
        """:return: what statements about its tokens and grants ask for, dict"""
        return {"api": self.api_id, "client": self.client_id, **others}

    def check_authenticated(self, credentials):
        """:param credentials: ``protocol.credentials.ClientCredentials``, whose secret
            is right if there is one
        :raises InvalidClient: it is confidential, and sent no secret (RFC 6749 section
            3.2.1)
        """
        if not self.is_public and not credentials.has_secret:
            raise InvalidClient(reason=NO_SECRET, cause="secret_missing")

    def may_have(self, names):
        """What is granted of what is asked for: what is not the client's is left out,
        as RFC 6749 section 3.3 lets a server do.

        :param names: of scopes; none: all that it may have
        :return: ``{name: id}``
        :raises InvalidScope: nothing is left
        """
        if not names:
            return self.scopes
        found = {name: self.scopes[name] for name in names if name in self.scopes}
        if not found:
            raise InvalidScope(reason=self._why_none(names))
        return found

    def _why_none(self, names):
        asked = safe_text(" ".join(sorted(names)))
        may_have = " ".join(sorted(self.scopes)) or "none"
        return (
            f"Of the scopes {asked} the client may have none; it may have: {may_have}."
        )

    def names_of(self, granted):
        """:param granted: ids of scopes, or the text in which a token carries them
        :return: names of those scopes that it may still have, sorted
        """
        scope_ids = read_ids(granted) if isinstance(granted, str) else set(granted)
        return sorted(name for name, each in self.scopes.items() if each in scope_ids)


def read_ids(text):
    """:return: set of the scope ids that a token carries"""
    return {int(each) for each in (text or "").split(",") if each}
