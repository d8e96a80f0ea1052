"""A sign-in is asked for, and begins (RFC 6749 section 4.1.1).

- An identity that Odoo issues cannot be guessed: a caller may not invent one.
- State, PKCE verifier (RFC 7636) and nonce are made for each sign-in; what refers to it
  is kept as a digest, what must be sent again encrypted.
- The exact redirect URI is kept: the code is exchanged with the same one.
- Where the Odoo session decides who signs in, the address leads to a page of this Odoo
  first, which binds the sign-in to user and browser.
"""

from odoo import fields

from ...protocol import digests
from ...protocol.authorization_errors import UnauthorizedClient
from ...protocol.errors import InvalidRequest, UnknownSignIn
from ...protocol.pkce import create_code_verifier
from ...protocol.redirect_uri import matches, why_not_registered
from ..authentication.rate_limit import RateLimit
from ..keys.keyring import Keyring
from ..providers.provider_calls import provider_client, translate_provider_errors
from ..server.request_context import (
    remote_address,
    set_audit_context,
    set_return_address,
)
from ..tokens.sign_in_progress import INTERVAL, SIGN_IN_LIFETIME

#: What has a provider give refresh tokens (OpenID Connect Core section 11; Google).
_FOR_REFRESH = {
    "scope": {"offline_access"},
    "access_type": {"offline"},
    "prompt": {"consent"},
}


class Authorization:
    def __init__(self, env):
        self.env = env
        self.requests = env["oauth2.authorization.request"].sudo()

    def ask(self, oauth2_api, client, identity, redirect_uri="", state=""):
        """Begin a sign-in for an application.

        :param oauth2_api: the API, active
        :param client: the client, active, on that API
        :param str identity: the ``client_user_identity``; ``""`` has one issued
        :param str redirect_uri: where the browser goes after the decision; ``""``: it
            stays on a page of this Odoo
        :param str state: goes along there, to the letter
        :return: ``{"authorization_url", "client_user_identity", "expires_in",
            "interval"}``, the last two in seconds
        :raises UnauthorizedClient: one that may not ask users, or not in this way
        :raises InvalidRequest: for an identity that only Odoo may issue, and did not;
            for a redirect URI that is none of the client's
        :raises ServerError: the client cannot talk to its provider
        """
        self._check_client(client)
        _check_redirect_uri(client, redirect_uri, state)
        is_issued = identity.startswith(digests.ISSUED_IDENTITY_PREFIX)
        if not identity:
            identity, is_issued = digests.issue_identity(), True
        elif is_issued and not self._was_issued(oauth2_api, client, identity):
            raise InvalidRequest(
                "This client_user_identity was not issued by this server, or is no"
                " longer known: leave it out to be issued a new one.",
                cause="unknown_grant",
            )
        # Once, whether there is such an identity or not: each time takes a while.
        names = Keyring(self.env).identity_digests(identity)
        grants = self.env["oauth2.client.user"]
        known = grants._find_by_digest(oauth2_api, client, names)
        provider = client.provider_id
        record = self.requests.create(
            {
                "api_id": oauth2_api.id,
                "client_id": client.id,
                "identity_digest": known.identity_digest or names[0],
                "identity_display": _display(identity),
                "identity_issued": is_issued,
                "redirect_uri": provider._redirect_uri(oauth2_api),
                "client_redirect_uri": redirect_uri,
                "client_state": state,
                "address": remote_address(),
                "expires_at": fields.Datetime.now() + SIGN_IN_LIFETIME,
            }
        )
        return {
            "authorization_url": self.first_address(record),
            "client_user_identity": identity,
            "expires_in": int(SIGN_IN_LIFETIME.total_seconds()),
            "interval": int(INTERVAL.total_seconds()),
        }

    def _check_client(self, client):
        """A client of this Odoo asks users only as far as its registration says. A
        public one could not prove here that it is the one which the page names.
        """
        if client.provider_id:
            return
        if client.client_type == "public" or not client.allows_authorization_code:
            raise UnauthorizedClient(
                "This client may not use provider/authorize: a public one sends its"
                " user to oauth2/authorize, with PKCE."
            )

    def _was_issued(self, oauth2_api, client, identity):
        """:return: whether Odoo issued this identity for this API and client"""
        domain = [
            ("api_id", "=", oauth2_api.id),
            ("client_id", "=", client.id),
            ("identity_digest", "=", digests.digest(identity)),
            ("identity_issued", "=", True),
        ]
        grants = self.env["oauth2.client.user"].sudo()
        return bool(
            grants.search_count(domain, limit=1)
            or self.requests.search_count(domain, limit=1)
        )

    def first_address(self, record):
        """:return: where the user's browser goes to sign in
        :raises ServerError: the client cannot talk to its provider
        """
        provider = record.client_id.provider_id
        if not provider:
            return self._page_url(record, "consent")
        if provider.user_matching != "session":
            return self._authorization_url(record)
        with translate_provider_errors():
            provider_client(record.client_id)  # refused now, not when the user has come
        return self._page_url(record, "start")

    def _page_url(self, record, name):
        """:return: the page of this Odoo that binds the sign-in to user and browser"""
        token = digests.random_token()
        record.start_digest = digests.digest(token)
        issuer = record.api_id._resource_identifier()
        return f"{issuer}/oauth2/{name}?request={token}"

    def start(self, oauth2_api, token, user):
        """Bind a sign-in to the user and the browser that opened its start page.

        :param str token: from the start page's address
        :param user: who is signed in to Odoo
        :return: ``(address at the provider, secret for the browser's cookie)``
        :raises UnknownSignIn: unknown or expired, or opened by another user before
        """
        record = self.requests.search(
            [
                ("start_digest", "=", digests.digest(token)),
                ("api_id", "=", oauth2_api.id),
            ]
        )
        if not (
            record
            and not record.used_at
            and record.expires_at > fields.Datetime.now()
            and record.user_id in (user, user.browse())
        ):
            set_return_address(record)
            raise UnknownSignIn(reason=record._why_over())
        RateLimit(self.env).refund()
        set_audit_context(record.api_id, record.client_id, user=user)
        secret = digests.random_token()
        record.write({"user_id": user.id, "browser_digest": digests.digest(secret)})
        return self._authorization_url(record), secret

    def _authorization_url(self, record):
        """Make new state, PKCE verifier and nonce, and the address that carries them.

        :return: the provider's address for the user's browser (RFC 6749 section 4.1.1,
            RFC 7636 section 4.3, OpenID Connect Core section 3.1.2.1)
        :raises ServerError: that address is out of the provider's reach
        """
        provider = record.client_id.provider_id
        state = digests.random_token()
        verifier = create_code_verifier() if provider.use_pkce else None
        has_nonce = provider.use_nonce and provider._asks_for_openid()
        nonce = digests.random_token() if has_nonce else None
        record.write(
            {
                "state_digest": digests.digest(state),
                "nonce_digest": nonce and digests.digest(nonce),
                "code_verifier": verifier and Keyring(self.env).encrypt(verifier),
            }
        )
        asked = {
            "scope": provider.scope or "",
            **provider._parameters("authorize_params"),
        }
        if record.response_type == "code":
            asked = _without_refresh(asked)
        with translate_provider_errors():
            return provider_client(record.client_id).authorization_url(
                redirect_uri=record.redirect_uri,
                scope=asked.pop("scope", ""),
                state=state,
                code_verifier=verifier,
                nonce=nonce,
                response_mode=provider.response_mode or None,
                extra=asked,
            )

    def forget_states(self, providers):
        """End the sign-ins that users were sent away with and are not back from.

        Their identities stay issued, and a start page leads to the new address.
        """
        under_way = [
            ("client_id.provider_id", "in", providers.ids),
            ("state_digest", "!=", False),
            ("used_at", "=", False),
        ]
        # Archived clients and providers may be active again before it ends.
        requests = self.requests.with_context(active_test=False)
        requests.search(under_way).state_digest = False


def _without_refresh(asked):
    """Of a provider that only says who the user is, no refresh token is wanted.

    :param dict asked: scope and further parameters of the authorization request
    :return: those without what has it give one
    """
    kept = {
        name: " ".join(
            word for word in text.split(" ") if word not in _FOR_REFRESH.get(name, ())
        )
        for name, text in asked.items()
    }
    return {name: text for name, text in kept.items() if text}


def _check_redirect_uri(client, redirect_uri, state):
    """:raises InvalidRequest: it is none of the client's; a state without one"""
    if state and not redirect_uri:
        raise InvalidRequest("Send state with a redirect_uri, which it goes back to.")
    registered = (client.redirect_uris or "").split()
    if redirect_uri and not any(matches(each, redirect_uri) for each in registered):
        raise InvalidRequest(
            "The redirect_uri is none of those that are registered for this client.",
            reason=why_not_registered(redirect_uri),
            cause="redirect_uri",
        )


def _display(identity):
    """:return: enough of an identity to recognise it, never the whole"""
    shown = min(len(identity) // 3, 8)
    return identity[:shown] + "…"
