"""What has an API trust more: Settings administrators alone set it.

Our own administrators manage APIs. What they may not do is what would have a client act
as another user, or have what users agreed to, or are not asked, open other routes or
another company's records.
"""

from odoo import Command
from odoo.exceptions import AccessError

from .client_trust import ClientTrust

#: These decide who may become whom.
_SWITCHES = ("trust_identity", "bearer_enabled")


def may_widen(oauth2_api):
    """:return: whether the user may change what others agreed to, or are not asked"""
    return oauth2_api.env.is_system() or not _is_in_use(oauth2_api)


def _is_in_use(oauth2_api):
    # A first grant and a change of the endpoint at once: its foreign key has one of the
    # two wait, and run again.
    if oauth2_api.last_redirect_uri:
        return True
    grants = oauth2_api.env["oauth2.client.user"].sudo()
    if grants.search_count([("api_id", "in", oauth2_api.ids)], limit=1):
        return True
    return bool(_client_trust(oauth2_api).unasked())


def _client_trust(apis):
    """:return: ``ClientTrust`` in all their clients, by the user's own rights"""
    return ClientTrust(apis._all_clients().sudo(apis.env.su))


class ApiTrust:
    """Who may change what of APIs."""

    def __init__(self, apis):
        self.apis = apis
        self.env = apis.env
        self._unasked = frozenset()  # before the change

    def check_new(self):
        """:raises AccessError: the user may not make these APIs"""
        for oauth2_api in self.apis:
            # Of the record, because values may also come from defaults.
            self._check_switches({name: oauth2_api[name] for name in _SWITCHES})
        _client_trust(self.apis).check_unasked()

    def begin_change(self, vals):
        """:raises AccessError: the user may not write these values"""
        self._check_switches(vals)
        self.check_linked([vals])
        if "endpoint" in vals:
            self._check_endpoint_is_fixed(vals["endpoint"])
        if "company_id" in vals:
            self._check_company_is_kept(vals["company_id"])
        self._unasked = _client_trust(self.apis).unasked()

    def end_change(self):
        """:raises AccessError: it gave more to a client that asks no user"""
        _client_trust(self.apis).check_unasked(self._unasked)

    def check_linked(self, vals_list):
        """Who gives a client an API administers the client, too.

        :raises AccessError: it is another company's
        """
        ids = set()
        for each in (c for vals in vals_list for c in vals.get("client_ids") or ()):
            if isinstance(each, int):
                ids.add(each)
            elif each[0] == Command.LINK:
                ids.add(each[1])
            elif each[0] == Command.SET:
                ids.update(each[2])
        self.env["oauth2.client"].browse(ids).exists().check_access("read")

    def _check_switches(self, vals):
        if not self.env.is_system() and any(vals.get(name) for name in _SWITCHES):
            self._refuse()

    def _check_endpoint_is_fixed(self, endpoint):
        """Routes may be tied to an endpoint: users agreed to those of another one, or
        are not asked.
        """
        moved = self.apis.filtered(lambda record: record.endpoint != endpoint)
        if not all(map(may_widen, moved)):
            raise AccessError(
                self.env._(
                    "Users have authorized applications on this API, or are not asked:"
                    " only Settings administrators may change its endpoint."
                )
            )

    def _check_company_is_kept(self, company_id):
        """What users authorized, or are not asked, would see more than its company."""
        moved = self.apis.filtered(
            lambda record: record.company_id and record.company_id.id != company_id
        )
        if not all(map(may_widen, moved)):
            self._refuse()

    def _refuse(self):
        raise AccessError(
            self.env._("Only Settings administrators may widen who is trusted.")
        )
