"""What a provider's form warns of: it may be meant so, and something is lost by it."""

from ..providers.preset import ADDRESSES
from ..providers.provider_presets import SIGN_IN_SCOPES, words_in

_SIGN_IN_SCOPES = SIGN_IN_SCOPES | {"address", "phone"}


def provider_warnings(provider):
    """:return: the warnings in words, in the user's language"""
    env = provider.env
    scopes = set((provider.scope or "").split())
    is_known = provider.authorization_endpoint  # else the form is not filled in yet
    if is_known and "openid" in scopes and not (provider.issuer and provider.jwks_uri):
        yield env._(
            "openid is asked for, but without issuer and JWKS URI no id_token can be"
            " checked: sign-ins will be refused."
        )
    if foreign := scopes - _SIGN_IN_SCOPES:
        yield env._(
            "The scopes %s open more than a sign-in: the holder of such a token can use"
            " it elsewhere than in Odoo.",
            ", ".join(sorted(foreign)),
        )
    addresses = [provider[name] or "" for name in ADDRESSES]
    if provider.allow_private_addresses and not provider._network_policy().plain_http:
        if any(url.startswith("http:") for url in addresses[1:]):
            yield env._(
                "This Odoo's own base URL is not http://localhost, so it is taken for a"
                " production system: a provider is called by https only."
            )
    yield from _lost_protection(provider, "openid" in scopes)
    asked = (provider.preset_words or "").split()  # by fields of their own
    if words := [word for word in words_in(" ".join(addresses)) if word not in asked]:
        yield env._(
            "Replace the words in capitals in the addresses by your own: %s.",
            ", ".join(words),
        )
    others = provider.sudo().client_ids.api_ids.client_ids.provider_id
    tells = (
        provider.own_redirect_uri,
        provider.authorization_response_iss_parameter_supported,
    )
    if others - provider._origin and not any(tells):  # RFC 9700 section 4.4
        yield env._(
            "An API of this provider has another provider, too, and nothing tells which"
            " of them answered a sign-in: set Supports iss (RFC 9207), if this one"
            " does, or Distinct Redirect URI."
        )


def _lost_protection(provider, has_id_token):
    """RFC 9700 section 2.1.1: what binds a code to the sign-in that asked for it"""
    env = provider.env
    if not provider.use_pkce and not (provider.use_nonce and has_id_token):
        yield env._(
            "Without PKCE and nonce nothing binds a code to its sign-in: a code that"
            " was stolen from one user can be used in the sign-in of another, who then"
            " acts as that user."
        )
    elif not provider.use_pkce:
        yield env._(
            "Without PKCE a stolen code can be exchanged by another application that"
            " knows the client's secret, or by any where there is none."
        )
    elif not provider.use_nonce and has_id_token:
        yield env._(
            "Without a nonce an id_token of another sign-in is not noticed: PKCE alone"
            " binds a code to its sign-in."
        )
