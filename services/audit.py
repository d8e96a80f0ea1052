"""The audit log: lines are only ever added, and hold no token, secret or identity.

Reasons are English, as a server's log is, and sentences: they name whom and what a line
is about. What to do about a refusal is told in the reader's language
(``refusal_causes.py``).
"""

import logging
import secrets

import psycopg2

from odoo import SUPERUSER_ID, api, fields
from odoo.sql_db import PoolError
from odoo.tools import SQL
from odoo.tools.sql import table_columns

from ..protocol.errors import (
    AuthorizationPending,
    MisconfiguredRoute,
    ServerError,
    TooManyRequests,
)
from ..protocol.provider_errors import sentence
from . import auth_failure_log
from .request_context import audit_context, remote_address

_logger = logging.getLogger(__name__)

_NOTHING_PROVEN = (
    " The caller was not authenticated; for an hour such refusals are only counted."
)
#: Of references: none that is read as another.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

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


def new_reference():
    """:return: what a person reads from a page to an administrator: ``ABCD-EFGH``"""
    letters = [secrets.choice(_LETTERS) for _each in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


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

    def log_refusal(self, refusal, *, is_page=False):
        """Tell of a refusal by an endpoint; of callers without proof not of each.

        :param refusal: the ``OAuth2Error`` that the caller receives; its ``reference``
            is set where the line has one
        :param bool is_page: whether a person is shown it, who may ask an administrator
        """
        if isinstance(refusal, AuthorizationPending):
            return  # an application asks many times, and is told in the end
        named, is_proven = audit_context()
        if named and not is_proven and "client_user_ref" not in named:
            named = {"is_unproven": True, **named}
        is_limit = isinstance(refusal, TooManyRequests)  # which tells of itself
        if is_limit:
            if not is_proven:
                self._log_unproven(refusal, None)
            return
        failures = auth_failure_log.failures
        has_line = is_proven or (is_page and failures.may_tell_page(self._db))
        if has_line and is_page:
            refusal.reference = new_reference()
        if has_line:
            self._log_each(refusal, named)
        else:
            self._log_unproven(refusal, named)

    def _log_each(self, refusal, named, more=""):
        reason = sentence(refusal.reason or refusal.description)
        self.record(
            "refusal",
            error=refusal.error,
            cause=refusal.cause,
            reason=reason + more,
            reference=refusal.reference or False,
            **(named or {}),
        )

    @property
    def _db(self):
        return self.env.cr.dbname

    def _log_unproven(self, refusal, named):
        # A read-only call leaves its number to the next one that may write.
        may_write, db = not self.env.cr.readonly, self._db
        failures = auth_failure_log.failures
        # Not by the reason, which may say what the caller sent.
        what = refusal.cause or refusal.error
        if named and failures.of_clients.is_due(
            (db, named["client"].id, named.get("client_user_ref"), what)
        ):
            self._log_each(refusal, named, _NOTHING_PROVEN)
        elif summary := failures.count(db, refusal.error, may_write):
            self.record("refusal", reason=summary, address=False)

    def log_refused_call(self, refusal, grant, route):
        """Tell of refused calls of protected routes now and then, never of each.

        The line is added once the call itself is rolled back.

        :param refusal: the ``OAuth2Error`` that the caller receives
        :param grant: what the token stands for, or nothing
        :param str route: as declared: in a path there may be anything
        """
        may_write, db = not self.env.cr.readonly, self.env.cr.dbname
        failures = auth_failure_log.failures
        # Not the caller's own doing in Odoo, although the log's superuser writes it.
        line = {"actor_id": False, "actor_login": False}
        if not grant:
            line |= {"error": False, "address": False}  # of many callers
            line["reason"] = failures.count(db, refusal.error, may_write)
        elif may_write and failures.may_tell_call(
            (db, grant.client_user_id), refusal.reason or refusal.description
        ):
            line |= {"error": refusal.error, "client_user_ref": grant.client_user_id}
            reason = sentence(refusal.reason or refusal.description)
            line["cause"] = refusal.cause
            line["reason"] = f"{reason} Refused at {route}; told once an hour."
        if line.get("reason"):
            self._record_after_rollback(line, grant)

    def log_refused_route(self, route, problem):
        """Tell of a route that is refused to all, once an hour.

        :param str route: as declared
        :param str problem: why
        """
        key = self._db, route
        if self.env.cr.readonly or not auth_failure_log.failures.of_grants.is_due(key):
            return
        line = {"error": MisconfiguredRoute.error, "cause": "route", "address": False}
        line["reason"] = f"The route {route} is refused to all callers: {problem}."
        self._record_after_rollback({**line, "actor_id": False, "actor_login": False})

    def log_internal_error(self, error_id, route, grant):
        """Tell of an error of Odoo whose id a caller reads: of a few in an hour.

        :param str error_id: as in the answer and in the server's log
        :param str route: as declared
        :param grant: what the call's token stands for, or nothing
        """
        if not auth_failure_log.failures.may_tell_error(self._db, route):
            return
        line = {"error": ServerError.error, "cause": "internal", "reference": error_id}
        line["reason"] = f"Odoo failed at {route}; the server's log has the error's id."
        line |= {"actor_id": False, "actor_login": False}
        self._record_after_rollback(line, grant)

    def _record_after_rollback(self, line, grant=None):
        """With the call itself it would be undone."""
        registry = self.env.registry

        @self.env.cr.postrollback.add
        def record():
            try:
                with registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    Audit(env).record("refusal", **line, **_parties(env, grant))
            except (psycopg2.Error, PoolError) as error:
                _logger.info("Refused calls were not told of: %s", error)


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


def _parties(env, grant):
    if not grant:
        return {}
    return {
        "oauth2_api": env["oauth2.api"].browse(grant.api_id),
        "client": env["oauth2.client"].browse(grant.client_id),
        "user": env["res.users"].browse(grant.user_id or []),
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
