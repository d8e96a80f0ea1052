"""Calls to a provider, and its failures in the words of RFC 6749."""

import contextlib
import logging
from dataclasses import fields

from ...protocol.client_key import PRIVATE_KEY_JWT
from ...protocol.errors import InvalidGrant, ServerError, TemporarilyUnavailable
from ...protocol.provider_client import ProviderClient
from ...protocol.provider_errors import (
    ProviderMisbehaved,
    ProviderRefused,
    ProviderUnavailable,
)
from ...protocol.provider_registration import ClientRegistration, ProviderMetadata
from ..keys.client_keys import ClientKeys
from ..keys.keyring import Keyring

_logger = logging.getLogger(__name__)

_SPENT = (
    "The authorization server cannot be reached right now, and this sign-in is spent:"
    " start again in the application."
)

#: Where it is no failure of the provider's.
OWN_ERROR = "an error of Odoo's own, see its log"
#: Where the client's secret was encrypted with a key that this process lacks.
SECRET_LOST = "the client secret cannot be decrypted with the present keys"
_KEY_LOST = (
    "the client's private key cannot be decrypted with the present keys: make a new one"
)
_NO_KEY = "the client has no private key: make one in its form"


def client_secret(client):
    """
    :param client: the ``oauth2.client``
    :return: its secret, ``""`` when there is none or no key reads it
    :raises TemporarilyUnavailable: a configured key is missing
    """
    stored = client.sudo().client_secret_encrypted
    return Keyring(client.env).decrypt(stored) or ""


def is_secret_lost(client, secret):
    """:return: whether the client has a secret that no key reads

    :param str secret: of :func:`client_secret`
    """
    return bool(client.sudo().client_secret_encrypted) and not secret


def client_registration(client):
    """
    :param client: the ``oauth2.client``
    :return: its ``ClientRegistration``; a secret or key that cannot be read is empty
    :raises TemporarilyUnavailable: a configured key is missing
    """
    provider = client.provider_id
    by_key = provider.token_endpoint_auth_method == PRIVATE_KEY_JWT
    return ClientRegistration(
        client_id=client.client_identifier,
        client_secret="" if by_key else client_secret(client),
        token_endpoint_auth_method=provider.token_endpoint_auth_method,
        private_key=ClientKeys(client).private_key() if by_key else "",
        audience=provider._assertion_audience(),
    )


def provider_client(client):
    """
    :param client: the ``oauth2.client``
    :return: the ``ProviderClient`` through which it talks to its provider
    :raises ProviderRefused: its secret or key is missing or cannot be read, so the
        provider would refuse it
    :raises TemporarilyUnavailable: a configured key is missing
    """
    provider, registration = client.provider_id, client_registration(client)
    if registration.token_endpoint_auth_method == PRIVATE_KEY_JWT:
        if not registration.private_key:
            problem = _KEY_LOST if client.has_private_key else _NO_KEY
            raise ProviderRefused("invalid_client", problem)
    elif is_secret_lost(client, registration.client_secret):
        raise ProviderRefused("invalid_client", f"{SECRET_LOST}: type it in again")
    return ProviderClient(
        ProviderMetadata(
            **{
                each.name: provider[each.name] or ""
                for each in fields(ProviderMetadata)
            }
        ),
        registration,
        provider._network_policy(),
        provider._parameters("token_params"),
    )


def no_tokens_issued(error):
    """:return: whether the provider surely gave out nothing: it said no, or was not
    asked
    """
    cause = error.__cause__
    return isinstance(cause, ProviderRefused) or not getattr(cause, "was_sent", True)


def provider_refusal(error):
    """:return: the provider's refusal (``ProviderRefused``) behind an error, or None"""
    cause = error.__cause__
    return cause if isinstance(cause, ProviderRefused) else None


@contextlib.contextmanager
def translate_provider_errors(*, can_be_repeated=True):
    """Turn a provider's failure into the error that the caller receives.

    :param bool can_be_repeated: whether the same request may succeed later
    :raises InvalidGrant: the provider says ``invalid_grant``
    :raises TemporarilyUnavailable: it is down, overloaded or too slow
    :raises ServerError: it refuses Odoo itself, or its answer cannot be used
    """
    try:
        yield
    except ProviderUnavailable as failure:
        _logger.info("Provider unavailable: %s", failure.reason)
        if not can_be_repeated:
            raise TemporarilyUnavailable(
                _SPENT, reason=failure.reason, cause="provider_away"
            ) from failure
        raise TemporarilyUnavailable(
            reason=failure.reason,
            cause="provider_away",
            retry_after=failure.retry_after or 5,
        ) from failure
    except ProviderRefused as refusal:
        if refusal.code == "invalid_grant":
            raise InvalidGrant(
                reason=refusal.reason, cause="provider_refused"
            ) from refusal
        _logger.info("Provider refused: %s", refusal.reason)
        cause = "provider_client" if refusal.is_about_client else "provider_refused"
        raise ServerError(reason=refusal.reason, cause=cause) from refusal
    except ProviderMisbehaved as failure:
        _logger.info("Provider misbehaved: %s", failure.reason)
        raise ServerError(reason=failure.reason) from failure
