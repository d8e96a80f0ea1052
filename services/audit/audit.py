"""The audit log: lines are only ever added, and hold no token, secret or identity.

Reasons are English, as a server's log is, and sentences: they name whom and what a line
is about. Lines of refusals: ``refusal_log.py``.
"""

from odoo import fields
from odoo.tools import SQL
from odoo.tools.sql import table_columns

from ...protocol.provider_errors import sentence
from ..server.request_context import remote_address

#: A line for each row of ``grants``, a table expression with ``id`` and ``user_id``: in
#: the statement of an endpoint that asks the database once.
INSERT_EVENT = """
    INSERT INTO oauth2_event (create_date, kind, api_id, api_name, client_id,
                              client_name, user_id, user_login, client_user_ref,
                              address)
    SELECT statement_timestamp() AT TIME ZONE 'UTC', %(event)s, %(api)s, %(api_name)s,
           %(client)s, %(client_name)s, user_id,
           (SELECT login FROM res_users WHERE id = user_id), grants.id, %(address)s
      FROM grants
"""


class Audit:
    """Writes lines of ``oauth2.event``."""

    def __init__(self, env):
        self.env = env

    def record(self, kind, **line):
        """Add a line.

        :param str kind: a value of the field
        :param line: as of :meth:`record_all`
        :return: the ``oauth2.event``
        """
        return self.record_all(kind, [line])

    def record_of(self, grant, kind, **line):
        """Add a line about a grant: as :meth:`record`."""
        return self.record(kind, **grant._parties(), **line)

    def record_all(self, kind, lines):
        """Add lines of one kind.

        :param str kind: a value of the field
        :param lines: a dict for each: ``oauth2_api``, ``client``, ``provider`` (where
            it is not the client's) and ``user`` (as whom the application acts) are
            records or nothing; further fields, ``user_login`` where it need not be read
        :return: the ``oauth2.event`` records
        """
        actor = self.env.user
        if actor._is_public():
            actor = actor.browse()
        who = {
            "kind": kind,
            "address": remote_address(),
            "actor_id": actor.id,
            "actor_login": actor.login,
        }
        events = self.env["oauth2.event"].sudo()
        return events.create([who | _values(**line) for line in lines])

    def record_configuration(self, record, changes, *, name, **parties):
        """Add a line about a record that an administrator has set.

        :param str changes: what was changed, without any secret
        :param str name: of the record
        :param parties: the ``oauth2_api`` and ``client`` that it is about, as known
        """
        self.record(
            "configure",
            record_model=record._name,
            record_ref=record.id,
            record_name=name,
            changes=changes,
            **parties,
        )

    def record_in_any_version(self, kind, reason):
        """Add a line, also to a table of an earlier version, which lacks columns.

        :param str kind: a value of the field
        :param str reason: why, for the administrator
        """
        values = {
            "create_date": fields.Datetime.now(),
            "kind": kind,
            "reason": sentence(reason),
            "actor_id": self.env.user.id,
            "actor_login": self.env.user.login,
        }
        table = self.env["oauth2.event"]._table
        there = table_columns(self.env.cr, table)
        values = {name: value for name, value in values.items() if name in there}
        if values:
            self.env.cr.execute(
                SQL(
                    "INSERT INTO %s (%s) VALUES %s",
                    SQL.identifier(table),
                    SQL(", ").join(map(SQL.identifier, values)),
                    tuple(values.values()),
                )
            )


def event_values(kind, client):
    """:param str kind: a value of the field
    :param client: ``protocol.registered_client.RegisteredClient``
    :return: parameters of :data:`INSERT_EVENT`, dict
    """
    return {
        "event": kind,
        "api": client.api_id,
        "api_name": client.api_name,
        "client": client.client_id,
        "client_name": client.client_name,
        "address": remote_address() or None,
    }


def _values(
    *,
    oauth2_api=None,
    client=None,
    provider=None,
    user=None,
    user_login=None,
    **values,
):
    provider = client.sudo().provider_id if client else provider
    if reason := values.get("reason"):
        values["reason"] = sentence(reason)
    return {
        "api_id": oauth2_api.id if oauth2_api else False,
        "api_name": oauth2_api.name if oauth2_api else False,
        "client_id": client.id if client else False,
        "client_name": client.name if client else False,
        "provider_id": provider.id if provider else False,
        "provider_name": provider.name if provider else False,
        "user_id": user.id if user else False,
        "user_login": user_login or (user.login if user else False),
        **values,
    }
