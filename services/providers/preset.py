"""What a preset is: see `provider_presets`."""

from dataclasses import dataclass, field

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

ADDRESSES = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
)

#: A word in the addresses of presets: the field of a provider's form that completes it
WORDS = {
    "HOST": "preset_host",
    "TENANT-ID": "preset_tenant",
    "REALM": "preset_realm",
    "SLUG": "preset_slug",
}

OPENID = "openid email profile"
#: With it many give a refresh token (OpenID Connect Core section 11)
OFFLINE = f"{OPENID} offline_access"


NO_REVOCATION = _lt(
    "It has no revocation endpoint (RFC 7009): a revocation ends access to Odoo at"
    " once, its own tokens live on there until they expire."
)
NO_REFRESH_TOKEN = _lt(
    "It gives no refresh token to most applications. Only applications of the JSON"
    " contract need one: their users sign in again when the access token has expired."
)
NO_VERIFIED_EMAIL = _lt(
    "It does not say of an email that it is verified. So users are matched by the user"
    " who is signed in to this Odoo."
)


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A provider as its public documentation (``source_url``) describes it.

    ``values`` are of the provider's fields, ``console_url`` is where an application is
    registered, ``host_example`` shows what to write for HOST. ``steps`` and ``caveats``
    are texts of LazyTranslate: where to click, and what is not as at other providers.
    """

    label: str
    source_url: str
    values: dict = field(default_factory=dict)
    console_url: str = ""
    host_example: str = ""
    steps: tuple = ()
    caveats: tuple = ()

    def addresses(self):
        """:return: ``{field: address}``, those that the provider has"""
        return {name: self.values[name] for name in ADDRESSES if self.values.get(name)}


def openid_provider(issuer, base=None, *, scope=OPENID, **fields):
    """Values of a provider that speaks OpenID Connect.

    :param str base: before each path; the issuer where it is left out
    :param fields: paths of the address fields, and values of others
    """
    paths = {
        name: (issuer if base is None else base) + fields.pop(name)
        for name in ADDRESSES
        if name in fields
    }
    return {"issuer": issuer, **paths, "scope": scope, **fields}
