"""What a client's record may hold, in words for who fills in its form."""

from odoo.exceptions import ValidationError

from ...protocol.redirect_uri import check_redirect_uri
from ...protocol.web_address import is_https_page, is_origin

#: What :func:`texts` is about.
TEXTS = (
    *("redirect_uris", "allowed_origins", "allowed_networks"),
    *("homepage_uri", "privacy_uri", "terms_uri"),
)


def texts(client):
    for rule in (redirect_uris, origins, networks, links):
        yield from rule(client)


def redirect_uris(client):
    translate = client.env._  # of a text that `protocol` has marked
    for number, uri in enumerate(client._redirect_uris(), 1):
        try:
            check_redirect_uri(uri)
        except ValueError as error:
            yield client.env._(
                "Redirect URI %(number)s, %(uri)s: %(problem)s",
                number=number,
                uri=uri,
                problem=translate(str(error)),
            )


def origins(client):
    for origin in client._origins():
        if not is_origin(origin):
            yield client.env._(
                "%s is no origin: write scheme, host and port only, such as"
                " https://app.example.com.",
                origin,
            )


def networks(client):
    try:
        client._networks()
    except ValueError as error:
        yield client.env._(
            "%s is no address and no network: write such as 192.0.2.7 or 192.0.2.0/24.",
            error,
        )


def links(client):
    for uri in (client.homepage_uri, client.privacy_uri, client.terms_uri):
        if uri and not is_https_page(uri):
            yield client.env._("%s is no address that begins with https://.", uri)


def client_type(client):
    if client.client_type == "public" and client.require_secret:
        yield client.env._("A public client keeps no secret: do not require it.")


def service_user(client):
    user = client.sudo().service_user_id
    if client.allows_client_credentials and client.client_type == "public":
        yield client.env._("Client credentials are for confidential clients.")
    if client.allows_client_credentials and not user:
        yield client.env._("Client credentials need a service user.")
    if user and not (user.active and (user._is_internal() or user._is_portal())):
        yield client.env._("A service user is an active internal or portal user.")
    if client.service_user_is_system and not client.service_user_confirmed:
        yield client.env._(
            "The service user is a Settings administrator: who has the secret of this"
            " client could do everything that its scopes open. Choose a user with fewer"
            " rights, or confirm it."
        )


def scopes(client):
    if client.scope_ids.api_id - client.api_ids:
        yield client.env._("A client's scopes belong to its own APIs.")


def company(client):
    if client.api_ids.company_id - client.company_id:
        # Of no client by name: the user may not see it.
        yield client.env._(
            "An API that has a company has clients of that company alone: give the"
            " company to its clients first, and make a client for each company."
        )


def check(rule, clients):
    """:param rule: of this module
    :raises ValidationError: it tells what is wrong with one of the clients
    """
    for client in clients:
        for problem in rule(client):
            raise ValidationError(problem)
