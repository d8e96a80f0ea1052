"""Who calls the token endpoint, introspection or revocation: client authentication as
RFC 6749 section 2.3 has it.

- What a client is comes from the configuration that the process remembers.
- A secret that is sent is right, whatever else is.
- Unknown clients and wrong secrets get one answer, after the same comparison.
"""

from ...protocol.client_networks import allows, not_from_there
from ...protocol.client_secret import WRONG_SECRET, find_secret
from ...protocol.errors import InvalidClient, InvalidRequest
from ...protocol.registered_client import RegisteredClient
from ..server import last_use
from ..server.last_signal import newest_signal
from ..server.request_context import remote_address, set_audit_context
from .client_secret import ClientSecrets
from .rate_limit import RateLimit


def registered_client(env, endpoint, client_identifier):
    """:param str endpoint: the ``<api>`` of the path
    :param str client_identifier: the wire's ``client_id``
    :return: ``protocol.registered_client.RegisteredClient``
    :raises InvalidClient: unknown or archived API or client
    """
    version = newest_signal(env)

    def read():
        return _read(env, endpoint, client_identifier, version)

    return env["oauth2.api"]._registration(endpoint, client_identifier, version, read)


def _read(env, endpoint, client_identifier, version):
    oauth2_api = env["oauth2.api"]._by_endpoint(endpoint)
    client = oauth2_api._client(client_identifier)
    return RegisteredClient(
        api_id=oauth2_api.id,
        api_name=oauth2_api.name,
        client_id=client.id,
        client_name=client.name,
        client_identifier=client_identifier,
        is_public=client.client_type == "public",
        secrets=ClientSecrets(client).known(),
        redirect_uris=tuple(client._redirect_uris()),
        networks=client._networks(),
        grant_types=client._grant_types(),
        scopes={each.name: each.id for each in client._scopes_on(oauth2_api)},
        service_user_id=client._service_user().id,
        access_token_lifetime=oauth2_api.access_token_lifetime,
        refresh_token_lifetime=oauth2_api.refresh_token_lifetime,
        authorization_lifetime=oauth2_api.authorization_lifetime,
        admission=oauth2_api._admission(client),
        version=version,
    )


def records_of(env, client):
    """:param client: ``RegisteredClient``
    :return: ``(oauth2.api, oauth2.client)``, its records, which are not read yet
    """
    env = env(su=True)
    return (
        env["oauth2.api"].browse(client.api_id),
        env["oauth2.client"].browse(client.client_id),
    )


def authenticate(env, endpoint, credentials, *, revokes=False):
    """Find the client that calls; where it sent a secret, that is right.

    :param credentials: ``protocol.credentials.ClientCredentials``
    :param bool revokes: whether a token is to end: no limit of proven calls counts,
        nor where the call comes from
    :return: ``RegisteredClient``, whose ``check_authenticated`` demands one
    :raises InvalidClient: unknown, a wrong secret, or not from one of its networks
    :raises InvalidRequest: a token is no client's authentication
    :raises TooManyRequests: the client's proven callers call too often
    """
    if credentials.access_token:
        raise InvalidRequest("Authenticate the client by Basic or in the body.")
    client = registered_client(env, endpoint, credentials.client_id)
    parties = records_of(env, client)
    set_audit_context(*parties, is_proven=False)
    if not (revokes or allows(client.networks, remote_address())):
        reason = not_from_there(client.networks)
        raise InvalidClient(reason=reason, cause="network")
    if not _sent_secret(client, credentials):
        return client
    sent = (credentials.client_secret, credentials.raw_secret)
    found = [find_secret(client.secrets, text) for text in sent]
    if not (secret := found[0] or found[1]):
        raise InvalidClient(reason=WRONG_SECRET, cause="secret")
    if secret.is_former:
        last_use.FORMER_SECRET.note(env, client.client_id)
    set_audit_context(*parties)
    if not revokes:
        RateLimit(env).count_proven(*parties)
    return client


def _sent_secret(client, credentials):
    """RFC 6749 section 2.3.1: an empty secret may be sent, of a client without one."""
    is_empty = not credentials.client_secret
    return credentials.has_secret and not (client.is_public and is_empty)
