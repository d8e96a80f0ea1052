"""What has an application be trusted more: Settings administrators alone set it.

Our own administrators manage clients. What they may not do is what would have them act
as another user: a client that proves less, asks no user, has its users' codes sent
elsewhere once they have agreed, or is called verified.
"""

from ..protocol.client_networks import covers, parse_networks
from ..protocol.redirect_uri import redirect_uris

#: What an administrator has looked at who calls a client verified.
_VERIFIED = frozenset(
    {
        "name",
        "logo",
        "homepage_uri",
        "privacy_uri",
        "terms_uri",
        "redirect_uris",
        "provider_id",
    }
)
#: Each is more trust, wherever it is switched on.
_SWITCHES = (
    "follows_sign_in",
    "allows_client_credentials",
    "service_user_id",
    "service_user_confirmed",
    "is_verified",
)


def _is_switched_on(_client, vals):
    return any(vals.get(name) for name in _SWITCHES)


def _drops_secret(client, vals):
    return client.require_secret and not vals.get("require_secret", True)


def _becomes_public(client, vals):
    """It need not prove any longer who it is."""
    return client.client_type != "public" and vals.get("client_type") == "public"


def _leaves_networks(client, vals):
    """It may be called from more addresses."""
    if "allowed_networks" not in vals:
        return False
    try:
        new = parse_networks(vals["allowed_networks"] or "")
    except ValueError:
        return False  # the constraint says so
    return not covers(client._networks(), new)


def _sends_users_elsewhere(client, vals):
    """Users who have agreed may not be asked again."""
    if "redirect_uris" not in vals or not client.sudo().client_user_ids:
        return False
    new = redirect_uris(vals["redirect_uris"] or "")
    return not set(new) <= set(client._redirect_uris())


#: A change widens whom a client is trusted with where one of these holds.
_RULES = (
    _is_switched_on,
    _drops_secret,
    _becomes_public,
    _leaves_networks,
    _sends_users_elsewhere,
)


class ClientTrust:
    """Who may change what of clients."""

    def __init__(self, clients):
        self.clients = clients

    def is_widened_by(self, vals):
        """:return: whether a write of these values has one of them be trusted more"""
        return any(holds(client, vals) for client in self.clients for holds in _RULES)

    def is_wide(self):
        """:return: whether a new one of them needs a Settings administrator, who alone
        says where users of other providers come from
        """
        names = (*_SWITCHES, "provider_id")
        return any(client[name] for client in self.clients for name in names)

    def without_verification(self, vals):
        """:return: the values, with the mark taken off where what was verified changes;
        Settings administrators see it in the form
        """
        if self.clients.env.is_system() or _VERIFIED.isdisjoint(vals):
            return vals
        return {**vals, "is_verified": False}
