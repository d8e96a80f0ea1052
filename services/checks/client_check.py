"""Whether a provider takes one client, and the address that its users are sent to."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from ...protocol import digests
from ...protocol.endpoint_probe import probe
from ...protocol.errors import TemporarilyUnavailable
from ...protocol.pkce import create_code_verifier
from ...protocol.provider_errors import (
    ProviderError,
    ProviderMisbehaved,
    ProviderRefused,
    is_error_code,
)
from ..providers.provider_calls import provider_client
from ..server.base_url import base_url
from .check_line import BAD, bad, good, warning

#: What a provider sends back at once, of a request that it will never serve
_REFUSALS = (
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_response_type",
)
#: Answers to programs, or for the moment, that say nothing about the request
_NO_VERDICT = (403, 408, 425)


class ClientCheck:
    def __init__(self, client, call):
        """:param call: of ``ConnectionCheck``: ``call(url, ask)``"""
        self.client = client
        self.provider = client.provider_id
        self.env = client.env
        self._call = call

    def run(self):
        """:return: ``CheckLine``s"""
        for line in self._lines():
            yield replace(line, records=self.client)

    def _lines(self):
        name = self.client.display_name
        try:
            caller = provider_client(self.client)
        except TemporarilyUnavailable:
            yield bad(
                "client-secret",
                self.env._("%s: its secret cannot be read without the key.", name),
                self.env._("See the line about the encryption key."),
            )
            return
        except ProviderRefused as refused:
            yield bad(
                "client-secret",
                f"{name}: {refused.reason}.",
                self.env._("Open the client, and give it secret or key again."),
            )
            return
        apis = self.client.api_ids.filtered("active")
        if not apis:
            yield warning(
                "client-api",
                self.env._("%s may call no API.", name),
                self.env._("Open the client, and choose an API."),
            )
        yield self._accepted(caller, apis[:1])
        for oauth2_api in apis:
            yield self._sign_in_address(caller, oauth2_api)

    def _accepted(self, caller, oauth2_api):
        """Try a code that no provider has given: it alone must be what is wrong."""
        uri = self._any_redirect_uri()
        if oauth2_api:
            uri = self.provider._redirect_uri(oauth2_api)
        endpoint = self.provider.token_endpoint
        verifier = create_code_verifier() if self.provider.use_pkce else None
        name = self.client.display_name
        try:
            self._call(
                endpoint,
                lambda: caller.fetch_token(
                    code=digests.random_token(),
                    redirect_uri=uri,
                    code_verifier=verifier,
                ),
            )
        except ProviderRefused as refused:
            return self._verdict(refused)
        except ProviderMisbehaved as failure:
            return bad(
                "client-accepted",
                self.env._(
                    "%(name)s: no token endpoint answers: %(reason)s.",
                    name=name,
                    reason=failure.reason,
                ),
                self.env._("Compare the token endpoint with the documentation."),
            )
        except ProviderError as failure:
            return warning(
                "client-accepted",
                self.env._(
                    "%(name)s could not be tried: %(reason)s.",
                    name=name,
                    reason=failure.reason,
                ),
                self.env._("Test again later."),
            )
        return bad(
            "client-accepted",
            self.env._("%s got tokens for a code that is made up.", name),
            self.env._("This provider checks no codes: do not use it."),
        )

    def _any_redirect_uri(self):
        return f"{base_url(self.env)}/oauth2/callback"

    def _verdict(self, refused):
        """RFC 6749 section 5.2"""
        told = {"name": self.client.display_name, "reason": refused.reason}
        if refused.ends_grant:
            return good(
                "client-accepted",
                self.env._("%(name)s is known, and its proof is right.", **told),
            )
        if refused.code == "unauthorized_client":
            return bad(
                "client-accepted",
                self.env._("%(name)s may not use codes there: %(reason)s.", **told),
                self.env._(
                    "Allow this client the authorization code grant at the provider."
                ),
            )
        if refused.is_about_client:
            return bad(
                "client-accepted",
                self.env._("The provider refuses %(name)s: %(reason)s.", **told),
                self.env._(
                    "Copy Client ID and Client Secret from the provider again, and"
                    " check Client Authentication."
                ),
            )
        return warning(
            "client-accepted",
            self.env._("Of %(name)s the provider says no more: %(reason)s.", **told),
            self.env._("Try a sign-in. Where PKCE is not known there, switch it off."),
        )

    def _sign_in_address(self, caller, oauth2_api):
        line = self._sign_in_begins(caller, oauth2_api)
        if line.level == BAD:
            return line
        # What could not be tried from here, the administrator's browser can try.
        path = f"/oauth2/trial/{self.client.id}"
        return replace(line, trial_url=f"{oauth2_api.issuer}{path}")

    def _sign_in_begins(self, caller, oauth2_api):
        provider, uri = self.provider, self.provider._redirect_uri(oauth2_api)
        parameters = provider._parameters("authorize_params")
        told = {"name": self.client.display_name, "uri": uri}
        try:
            url = caller.authorization_url(
                redirect_uri=uri,
                scope=parameters.pop("scope", provider.scope or ""),
                state=None,  # no sign-in: nothing would come back to it
                code_verifier=create_code_verifier() if provider.use_pkce else None,
                response_mode=provider.response_mode or None,
                extra=parameters,
            )
            answer = self._call(url, lambda: probe("GET", url, caller.network_policy))
        except ProviderError as failure:
            return warning(
                "client-sign-in",
                self.env._(
                    "%(name)s: its users' sign-in could not be tried: %(reason)s.",
                    reason=failure.reason,
                    **told,
                ),
                self.env._("Compare the authorization endpoint, and test again."),
            )
        if 400 <= answer.status < 500 and answer.status not in _NO_VERDICT:
            return bad(
                "client-sign-in",
                self.env._(
                    "The provider refuses the sign-in of %(name)s (status %(status)s).",
                    status=answer.status,
                    **told,
                ),
                self.env._(
                    "Register this redirect URI there, to the letter: %(uri)s", **told
                ),
            )
        error = _error_of(answer.location)
        if error in _REFUSALS:
            return bad(
                "client-sign-in",
                self.env._(
                    "The provider refuses the sign-in of %(name)s: %(error)s.",
                    error=error,
                    **told,
                ),
                self.env._(
                    "Compare scopes and response type with what the client may ask"
                    " there."
                ),
            )
        return good(
            "client-sign-in",
            self.env._("%(name)s: a sign-in begins; it comes back to %(uri)s.", **told),
        )


def _error_of(location):
    """:return: the OAuth error that an address carries, ``""`` for none"""
    error = dict(parse_qsl(urlsplit(location).query)).get("error", "")
    return error if is_error_code(error) else ""
