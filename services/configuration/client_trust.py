"""What has an application be trusted more: Settings administrators alone set it.

Our own administrators manage clients. What they may not do is what would have them act
as another user: a client that proves less, asks no user, has its users' codes sent
elsewhere once they have agreed, or is called verified.
"""

from odoo.exceptions import AccessError

from ...protocol.client_networks import covers, parse_networks
from ...protocol.redirect_uri import redirect_uris
from ..authentication.client_secret import KEPT_BY_ODOO

#: What an administrator has looked at who calls a client verified.
_VERIFIED = frozenset(
    "name logo homepage_uri privacy_uri terms_uri redirect_uris provider_id".split()
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


def _leaves_company(client, vals):
    """What users authorized, or what asks none, would see more of their companies."""
    company = client.company_id
    if not company or vals.get("company_id", company.id) == company.id:
        return False
    return bool(client.sudo().client_user_ids) or not client.can_widen


#: A change widens whom a client is trusted with where one of these holds.
_RULES = (
    _is_switched_on,
    _drops_secret,
    _becomes_public,
    _leaves_networks,
    _sends_users_elsewhere,
    _leaves_company,
)


class ClientTrust:
    """Who may change what of clients."""

    def __init__(self, clients):
        self.clients = clients
        self.env = clients.env

    def demand_settings(self, refusal):
        """:param str refusal: what is said to others than Settings administrators
        :raises AccessError: for these
        """
        if not self.env.is_system():
            raise AccessError(refusal)

    def check_new(self):
        """A new client may need a Settings administrator, who alone says where users of
        other providers come from.

        :raises AccessError: it is none
        """
        self._check_kept(
            name
            for name in KEPT_BY_ODOO
            if any(client[name] for client in self.clients.sudo())
        )
        # Of the records, because values may also come from defaults.
        names = (*_SWITCHES, "provider_id")
        if any(client[name] for client in self.clients for name in names):
            self.demand_settings(
                self.env._(
                    "Only Settings administrators may make a client of a provider, or"
                    " one that asks no user."
                )
            )

    def check_change(self, vals):
        """:raises AccessError: the user may not write these values"""
        self._check_kept(vals)
        if any(holds(client, vals) for client in self.clients for holds in _RULES):
            self.demand_settings(
                self.env._("Only Settings administrators may widen who is trusted.")
            )
        if "provider_id" in vals:
            self.demand_settings(
                self.env._("Only Settings administrators may set a client's provider.")
            )

    def _check_kept(self, names):
        if not self.env.su and not KEPT_BY_ODOO.isdisjoint(names):
            raise AccessError(self.env._("Former secrets are kept by Odoo itself."))

    def check_rotation(self, client):
        """:raises AccessError: the user may not have the client's secret made"""
        if client.allows_client_credentials or self._has_chosen_identity(client):
            self.demand_settings(
                self.env._(
                    "With this client's secret alone one acts as a user: only Settings"
                    " administrators may make it."
                )
            )

    def _has_chosen_identity(self, client):
        """:return: whether a user goes by a name there that the client chose"""
        grants = self.env["oauth2.client.user"].sudo()
        chosen = [
            ("client_id", "=", client.id),
            ("state", "=", "active"),
            ("identity_issued", "=", False),
            ("identity_display", "!=", False),  # else no caller can name it
        ]
        return bool(grants.search_count(chosen, limit=1))

    def unasked(self):
        """:return: set of ``(client, API or scope)`` that those of these clients may
        have which ask no user, all of them as records
        """
        clients = self.clients.sudo().with_context(active_test=False)
        return {
            (client, given)
            for client in clients.filtered_domain(clients._asking_no_user())
            for given in (*client.api_ids, *client.scope_ids)
        }

    def check_unasked(self, before=frozenset()):
        """What no user is asked of counts as agreed to: routes without a scope, too.

        :param before: as of :meth:`unasked`, of before a change from whatever side
        :raises AccessError: for others than Settings administrators
        """
        if not self.env.is_system() and self.unasked() - before:
            raise AccessError(
                self.env._(
                    "This client asks no user: only Settings administrators may give"
                    " it an API or a scope."
                )
            )

    def without_verification(self, vals):
        """:return: the values, with the mark taken off where what was verified changes;
        Settings administrators see it in the form
        """
        if self.env.is_system() or _VERIFIED.isdisjoint(vals):
            return vals
        return {**vals, "is_verified": False}
