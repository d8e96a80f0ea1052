"""What a provider says of itself, and whether its addresses answer."""

from ...protocol.discovery import auth_methods, fetch_metadata
from ...protocol.endpoint_probe import probe
from ...protocol.id_token import LEEWAY_SECONDS, TENANT_PLACEHOLDER
from ...protocol.jwks import ALGORITHMS, fetch_key_set, is_suitable
from ...protocol.provider_errors import IssuerMismatch, ProviderError
from ..providers.provider_discovery import ProviderDiscovery
from .check_line import bad, good, warning

_NO_ENDPOINT = (404, 405, 410)
_PUBLISHED = (
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
)
_AUTHENTICATION = "token_endpoint_auth_methods_supported"
_PKCE = "code_challenge_methods_supported"


class ProviderCheck:
    def __init__(self, provider, call):
        """:param call: of ``ConnectionCheck``: ``call(url, ask)``"""
        self.provider = provider
        self.env = provider.env
        self.policy = provider._network_policy()
        self._call = call

    def run(self):
        """:return: ``CheckLine``s"""
        yield from self._description()
        yield from self._keys()
        yield from self._endpoints()

    def _description(self):
        """What the provider publishes about itself (OpenID Connect Discovery)"""
        provider = self.provider
        if not provider.issuer:
            if provider._asks_for_openid():
                yield bad(
                    "provider-issuer",
                    self.env._("openid is asked for, and there is no issuer."),
                    self.env._("Write the issuer, or take openid out of the scopes."),
                )
            return
        asked = ProviderDiscovery(provider)._with_tenant(provider.issuer)
        try:
            metadata = self._call(asked, lambda: fetch_metadata(asked, self.policy))
        except IssuerMismatch as failure:
            yield bad(
                "provider-issuer",
                self.env._("%(reason)s, not %(issuer)s.", **_of(failure, asked)),
                self.env._(
                    "Write the issuer as the provider does, to the letter: id_tokens of"
                    " another one are refused."
                ),
            )
            return
        except ProviderError as failure:
            level = bad if provider._asks_for_openid() else warning
            yield level(
                "provider-discovery",
                self.env._(
                    "No description was read under %(issuer)s: %(reason)s.",
                    **_of(failure, asked),
                ),
                self.env._(
                    "Compare the issuer with the provider's documentation: its address"
                    " and /.well-known/openid-configuration must show a page."
                ),
            )
            return
        yield self._issuer(metadata["issuer"])
        yield self._published(metadata)
        yield from self._offers(metadata)

    def _issuer(self, named):
        if named == self.provider.issuer:
            return good(
                "provider-issuer", self.env._("The issuer is right, to the letter.")
            )
        return bad(
            "provider-issuer",
            self.env._(
                "The provider calls itself %(named)s, the form %(issuer)s.",
                named=named,
                issuer=self.provider.issuer,
            ),
            self.env._(
                "Press Read from Issuer: one letter or slash is enough to fail."
            ),
        )

    def _published(self, metadata):
        others = [
            self.provider._fields[name].string
            for name in _PUBLISHED
            if metadata[name] and metadata[name] != (self.provider[name] or "")
        ]
        if others:
            return warning(
                "provider-discovery",
                self.env._(
                    "The provider publishes other addresses than the form has: %s.",
                    ", ".join(others),
                ),
                self.env._("Press Read from Issuer, and look at what changes."),
            )
        return good(
            "provider-discovery",
            self.env._("The addresses are those that the provider publishes."),
        )

    def _offers(self, metadata):
        """PKCE, client authentication, and what the provider demands"""
        unmet = ProviderDiscovery(self.provider).unmet(metadata)
        yield self._pkce(metadata.get(_PKCE), unmet.pop(_PKCE, None))
        method = self.provider.token_endpoint_auth_method
        offered = auth_methods(metadata)
        if method in offered:
            yield good(
                "provider-authentication",
                self.env._("The provider takes this way of client authentication."),
            )
        else:
            # What a description does not say is Basic (RFC 8414 section 2), on paper.
            level = bad if _AUTHENTICATION in metadata else warning
            yield level(
                "provider-authentication",
                self.env._(
                    "The provider does not offer %(method)s for clients: %(offered)s.",
                    method=method,
                    offered=", ".join(offered) or "–",
                ),
                self.env._("Choose another Client Authentication, under Advanced."),
            )
        for text in unmet.values():
            yield bad(
                "provider-demands",
                text,
                self.env._("Without that, sign-ins at this provider cannot work."),
            )

    def _pkce(self, listed, unmet):
        if not self.provider.use_pkce:
            return warning(
                "provider-pkce",
                self.env._("PKCE is off: a stolen code is good for another sign-in."),
                self.env._("Switch it on, unless the provider refuses it."),
            )
        if unmet:
            return warning("provider-pkce", unmet, self.env._("Try a sign-in."))
        said = self.env._("PKCE is on, and the provider knows it.")
        unsaid = self.env._("PKCE is on; the provider does not say if it knows it.")
        return good("provider-pkce", said if listed else unsaid)

    def _keys(self):
        """The keys that sign id_tokens"""
        url = self.provider.jwks_uri
        if not self.provider._asks_for_openid():
            return
        advice = self.env._("Compare the JWKS URI with the provider's documentation.")
        if not url:
            told = self.env._("There is no JWKS URI: no id_token can be checked.")
            yield bad("provider-keys", told, advice)
            return
        try:
            keys = self._call(url, lambda: fetch_key_set(url, self.policy))
        except ProviderError as failure:
            told = self.env._("The keys cannot be read: %s.", failure.reason)
            yield bad("provider-keys", told, advice)
            return
        usable = [key for key in keys if any(is_suitable(key, a) for a in ALGORITHMS)]
        if not usable:
            told = self.env._("None of the provider's keys can check an id_token.")
            yield bad("provider-keys", told, advice)
        else:
            told = self.env._("Keys that check id_tokens: %s.", len(usable))
            yield good("provider-keys", told)

    def _endpoints(self):
        """That the other addresses are some, and what the provider's clock says"""
        wrong, ahead = [], None
        for name, method in (
            ("token_endpoint", "POST"),
            ("userinfo_endpoint", "GET"),
            ("revocation_endpoint", "POST"),
        ):
            if not (url := self.provider[name]):
                continue
            label = self.provider._fields[name].string
            try:
                answer = self._probe(method, url)
            except ProviderError as failure:
                wrong.append(f"{label}: {failure.reason}")
                continue
            ahead = answer.seconds_ahead if ahead is None else ahead
            # Of the token endpoint each client's request tells more.
            if name != "token_endpoint" and answer.status in _NO_ENDPOINT:
                wrong.append(f"{label}: status {answer.status}")
        if wrong:
            yield bad(
                "provider-endpoints",
                self.env._("Not at the address given: %s.", "; ".join(wrong)),
                self.env._("Compare the addresses with the provider's documentation."),
            )
        else:
            yield good("provider-endpoints", self.env._("Its endpoints answer."))
        if ahead is not None:
            yield self._clock(ahead)

    def _probe(self, method, url):
        return self._call(url, lambda: probe(method, url, self.policy))

    def _clock(self, ahead):
        if abs(ahead) <= LEEWAY_SECONDS // 2:
            return good("provider-clock", self.env._("Both clocks agree."))
        level = bad if abs(ahead) > LEEWAY_SECONDS else warning
        return level(
            "provider-clock",
            self.env._(
                "The provider's clock is %s seconds away from this server's.",
                abs(ahead),
            ),
            self.env._(
                "Set this server's clock by NTP: above %s seconds id_tokens are"
                " refused.",
                LEEWAY_SECONDS,
            ),
        )


def _of(failure, issuer):
    """:return: what a sentence about a failed discovery tells"""
    shown = issuer.replace(TENANT_PLACEHOLDER, "common")
    return {"reason": failure.reason, "issuer": shown}
