"""What a provider's record may hold, in words for who fills in its form."""

from urllib.parse import parse_qsl, urlsplit

from ...protocol.network_policy import NetworkPolicy, is_safe_url
from ...protocol.provider_client import (
    RESERVED_AUTHORIZE_PARAMS,
    RESERVED_TOKEN_PARAMS,
)
from ..providers.preset import ADDRESSES
from ..sign_in.user_matching import UserMatching


def addresses(provider):
    """By the text alone: where http is allowed depends on this Odoo's address, and is
    judged when the provider is called.
    """
    private = provider.allow_private_addresses
    policy = NetworkPolicy(private=private, plain_http=private)
    for name in ADDRESSES:
        url = provider[name]
        values = {"field": provider._fields[name].string, "value": url}
        if url and not is_safe_url(url):
            yield provider.env._(
                "%(field)s: %(value)s is no https address without user name and"
                " fragment (http is allowed on this machine only).",
                **values,
            )
        elif url and not policy.allows_url(url):
            yield provider.env._(
                "%(field)s: %(value)s is a private address. If the provider really is"
                " there, set Allow Private Addresses.",
                **values,
            )


def parameters(provider):
    query = urlsplit(provider.authorization_endpoint).query
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    try:
        names |= provider._parameters("authorize_params").keys()
        token_names = provider._parameters("token_params").keys()
    except ValueError:
        yield provider.env._(
            "Write extra parameters as name=value&name=value, each name once."
        )
        return
    taken = (RESERVED_AUTHORIZE_PARAMS & names) | (RESERVED_TOKEN_PARAMS & token_names)
    if taken:
        yield provider.env._("The flow itself sets %s.", ", ".join(sorted(taken)))


def user_matching(provider):
    if problem := UserMatching(provider).problem():
        yield problem


def subject_claim(provider):
    if provider.subject_claim != "sub" and provider._asks_for_openid():
        yield provider.env._("With openid, the claim that names a user is sub.")


def issuer_is_one_server(provider):
    """RFC 9207 section 4: an ``iss`` that two servers share tells nothing."""
    if not (provider.active and provider.issuer):
        return
    domain = [("issuer", "=", provider.issuer), ("id", "!=", provider.id)]
    for other in provider.sudo().search(domain):
        if other._server() != provider._server():
            yield provider.env._(
                "%(other)s has this issuer and other addresses. One issuer is one"
                " server: else a code of one could go to the other.",
                other=other.name,
            )
