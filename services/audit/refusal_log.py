"""What the audit log tells of refusals, and of errors of Odoo itself.

- Of callers with a proof each has a line, of others a few (``auth_failure_log.py``).
- Refused calls of protected routes are told of now and then.
- A line that a person is shown a reference to is found by it.
- What to do about a refusal is told in the reader's language (``refusal_causes.py``).
"""

import logging
import secrets

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.sql_db import PoolError

from ...protocol.errors import (
    AuthorizationPending,
    MisconfiguredRoute,
    ServerError,
    TooManyRequests,
)
from ...protocol.provider_errors import sentence
from ..server.request_context import audit_context
from . import auth_failure_log
from .audit import Audit

_logger = logging.getLogger(__name__)

_NOTHING_PROVEN = (
    " The caller was not authenticated; for an hour such refusals are only counted."
)
#: Of references: none that is read as another.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class RefusalLog:
    def __init__(self, env):
        self.env = env
        self._db = env.cr.dbname
        self._failures = auth_failure_log.failures

    def log(self, refusal, *, is_page=False):
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
        if isinstance(refusal, TooManyRequests):  # which tells of itself
            if not is_proven:
                self._log_unproven(refusal, None)
            return
        has_line = is_proven or (is_page and self._failures.may_tell_page(self._db))
        if has_line and is_page:
            refusal.reference = _new_reference()
        if has_line:
            self._log_each(refusal, named)
        else:
            self._log_unproven(refusal, named)

    def _log_each(self, refusal, named, more=""):
        reason = sentence(refusal.reason or refusal.description)
        Audit(self.env).record(
            "refusal",
            error=refusal.error,
            cause=refusal.cause,
            reason=reason + more,
            reference=refusal.reference or False,
            **(named or {}),
        )

    def _log_unproven(self, refusal, named):
        # A read-only call leaves its number to the next one that may write.
        may_write, db = not self.env.cr.readonly, self._db
        # Not by the reason, which may say what the caller sent.
        what = refusal.cause or refusal.error
        if named and self._failures.of_clients.is_due(
            (db, named["client"].id, named.get("client_user_ref"), what)
        ):
            self._log_each(refusal, named, _NOTHING_PROVEN)
        elif summary := self._failures.count(db, refusal.error, may_write):
            Audit(self.env).record("refusal", reason=summary, address=False)

    def log_call(self, refusal, grant, route):
        """Tell of refused calls of protected routes now and then, never of each.

        The line is added once the call itself is rolled back.

        :param refusal: the ``OAuth2Error`` that the caller receives
        :param grant: what the token stands for, or nothing
        :param str route: as declared: in a path there may be anything
        """
        may_write, db = not self.env.cr.readonly, self._db
        # Not the caller's own doing in Odoo, although the log's superuser writes it.
        line = {"actor_id": False, "actor_login": False}
        if not grant:
            line |= {"error": False, "address": False}  # of many callers
            line["reason"] = self._failures.count(db, refusal.error, may_write)
        elif may_write and self._failures.may_tell_call(
            (db, grant.client_user_id), refusal.reason or refusal.description
        ):
            line |= {"error": refusal.error, "client_user_ref": grant.client_user_id}
            reason = sentence(refusal.reason or refusal.description)
            line["cause"] = refusal.cause
            line["reason"] = f"{reason} Refused at {route}; told once an hour."
        if line.get("reason"):
            self._record_after_rollback(line, grant)

    def log_route(self, route, problem):
        """Tell of a route that is refused to all, once an hour.

        :param str route: as declared
        :param str problem: why
        """
        key = self._db, route
        if self.env.cr.readonly or not self._failures.of_grants.is_due(key):
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
        if not self._failures.may_tell_error(self._db, route):
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


def _new_reference():
    """:return: what a person reads from a page to an administrator: ``ABCD-EFGH``"""
    letters = [secrets.choice(_LETTERS) for _each in range(8)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def _parties(env, grant):
    if not grant:
        return {}
    return {
        "oauth2_api": env["oauth2.api"].browse(grant.api_id),
        "client": env["oauth2.client"].browse(grant.client_id),
        "user": env["res.users"].browse(grant.user_id or []),
    }
