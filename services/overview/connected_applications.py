"""The applications that have access as a user, as the user sees them.

- The same application on the same API is one entry, with a line for each of its
  sign-ins: each device, browser or installation has its own.
- Grants that are over are left out; those that are refused only now (an archived API)
  are not.
- Users see and revoke their own, administrators all (record rules).
"""

from odoo import fields


class ConnectedApplications:
    def __init__(self, env):
        self.env = env
        self.grants = env["oauth2.client.user"]

    def of(self, user_id):
        """:param int user_id: as whom the applications act
        :return: list of dicts: ``key``, ``name``, ``api``, ``may`` (what they may do,
            texts), ``sign_ins``, the latest first
        """
        domain = [
            ("user_id", "=", user_id),
            ("state", "=", "active"),
            ("expires_at", ">", fields.Datetime.now()),
        ]
        found = self.grants.search(domain, order="authorized_at DESC, id DESC")
        by_application = found.sudo().grouped(lambda it: (it.client_id, it.api_id))
        return [
            {
                "key": f"{client.id}-{oauth2_api.id}",
                "name": client.name,
                "api": oauth2_api.name,
                "may": [scope._label() for scope in grants.scope_ids],
                "sign_ins": [self._sign_in(grant) for grant in grants],
            }
            for (client, oauth2_api), grants in by_application.items()
        ]

    def revoke(self, ids):
        """Revoke grants of the present user.

        :param ids: of grants, as texts of a form; others' are left alone
        :return: how many were revoked
        """
        known = [int(text) for text in ids if text.isdecimal() and len(text) < 10]
        own = [("id", "in", known), ("user_id", "=", self.env.uid)]
        grants = self.grants.search(own)
        count = len(grants)
        grants.unlink()
        return count

    def _sign_in(self, grant):
        return {
            "id": grant.id,
            "authorized_at": grant.authorized_at,
            "browser": grant.browser,
            "last_used_at": grant.last_used_at,
            "last_used_from": grant.last_used_from,
            "expires_at": grant.expires_at,
            "is_service": grant.is_service,
        }
