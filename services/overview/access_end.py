"""What ends for users with what is archived, deleted, revoked or taken off, in words.

- It is said before it is done, with the numbers of this moment.
- Archiving, and taking an API or scope off a client, end access that is in force;
  unarchiving and adding it give it back. Deleting and revoking end grants for good.
- A user counts once, whatever the number of applications. A client that acts by itself
  asks no user, and counts as an application.
"""

from odoo import fields
from odoo.fields import Domain

ARCHIVE, DELETE, REVOKE, TAKE_OFF = "archive", "delete", "revoke", "take off"

#: By model: what leads from a grant to the record.
_PATHS = {
    "oauth2.api": "api_id",
    "oauth2.client": "client_id",
    "oauth2.client.user": "id",
    "oauth2.provider": "client_id.provider_id",
    "oauth2.scope": "scope_ids",
    "res.users": "user_id",
}
_IN_FORCE = (
    Domain("api_id.active", "=", True)
    & Domain("client_id.active", "=", True)
    & Domain("user_id.active", "=", True)
    & (
        Domain("client_id.provider_id", "=", False)
        | Domain("client_id.provider_id.active", "=", True)
    )
)


class AccessEnd:
    """The records that are about to be ended, all of one model."""

    def __init__(self, records, of=None):
        """:param of: the client or API that they are taken off, which else stays"""
        self.records = records
        self.of = of
        self.env = records.env

    def told(self, way):
        """:param str way: ``archive``, ``delete``, ``revoke`` or ``take off``
        :return: what it ends, sentences; ``False`` where no access ends
        """
        people, services = self._counts(way in (ARCHIVE, TAKE_OFF))
        if not people and not services:
            return False
        ended = [self._of_people(people), self._of_services(services)]
        return " ".join([*filter(None, ended), self._and_then(way)])

    def warning(self):
        """:return: what an onchange answers of records that a form takes off"""
        if told := self.told(TAKE_OFF):
            title = self.env._("Saving ends access")
            return {"warning": {"title": title, "message": told}}
        return None

    def _counts(self, in_force):
        """:param bool in_force: whether access that is refused already counts not
        :return: ``(users whose access ends, clients that act by themselves)``; of
            users' records, applications are counted instead of users
        """
        domain = Domain(_PATHS[self.records._name], "in", self.records.ids)
        if self.of:
            domain &= Domain(_PATHS[self.of._name], "in", self.of.ids)
        domain &= Domain("state", "=", "active")
        domain &= Domain("expires_at", ">", fields.Datetime.now())
        if in_force:
            domain &= _IN_FORCE
        Grant = self.env["oauth2.client.user"].sudo().with_context(active_test=False)
        counted = "client_id" if self._is_about_users() else "user_id"
        return tuple(
            Grant._read_group(
                domain & Domain("is_service", operator, True),
                aggregates=[f"{name}:count_distinct"],
            )[0][0]
            for operator, name in (("!=", counted), ("=", "client_id"))
        )

    def _is_about_users(self):
        return self.records._name == "res.users"

    def _of_people(self, count):
        if not count:
            return False
        if self.records._name == "oauth2.scope":
            if count == 1:
                return self.env._("1 user's applications lose it at once.")
            return self.env._("%s users' applications lose it at once.", count)
        if self._is_about_users():
            if count == 1:
                return self.env._("1 connected application loses access at once.")
            return self.env._("%s connected applications lose access at once.", count)
        if count == 1:
            return self.env._("Access of 1 user ends at once.")
        return self.env._("Access of %s users ends at once.", count)

    def _of_services(self, count):
        if not count:
            return False
        if count == 1:
            return self.env._(
                "1 application that acts without asking users loses access at once."
            )
        return self.env._(
            "%s applications that act without asking users lose access at once.", count
        )

    def _and_then(self, way):
        if way == ARCHIVE:
            return self.env._(
                "Unarchiving gives it back, as far as it has not expired by then."
            )
        if way == TAKE_OFF:
            return self.env._(
                "Adding it again gives it back, as far as it has not expired by then."
            )
        if self.records._name == "oauth2.scope":
            return self.env._(
                "A new scope, also of the same name, must be allowed by its users."
            )
        return self.env._(
            "This cannot be undone: to use an application again, its user must sign in"
            " again. Providers are told to revoke the tokens."
        )
