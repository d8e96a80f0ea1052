"""Re-encrypts with the current key, the first one, what an earlier key encrypted.

- What is left to do is read off each value, which begins with the id of its key: so it
  may be killed at any point and started again.
- A batch is locked, re-encrypted and committed. What another transaction holds is left
  to the next run.
- What no present key decrypts is kept, and told.
- When nothing else is left, processes need the earlier keys no longer.
"""

import logging
import time
from collections import Counter

from odoo.exceptions import UserError
from odoo.tools import SQL

from ...protocol.errors import TemporarilyUnavailable
from ...protocol.keyring import CannotDecrypt
from ..audit.audit import Audit
from ..keys.encrypted_field import encrypted_fields
from ..keys.keyring import Keyring
from ..server.transactions import commit_now
from .batches import fetch_batch, keyset_after

_logger = logging.getLogger(__name__)

_AT_ONCE = 5  # seconds that an administrator waits; the job does the rest
_BATCH = 200


class KeyRotation:
    def __init__(self, env):
        self.env = env(su=True)
        self._keyring = Keyring(self.env)

    def start(self):
        """Begin, for an administrator; the job goes on where it takes longer.

        :return: the action that shows the result
        :raises UserError: when a configured key is missing in this process
        """
        deadline = time.monotonic() + _AT_ONCE

        def go_on(_done):
            commit_now(self.env)
            return time.monotonic() < deadline

        try:
            found = self.run(go_on)
        except TemporarilyUnavailable as error:
            raise UserError(
                self.env._("The encryption key is missing here: see the server's log.")
            ) from error
        if found is None or found["busy"]:
            self.env.ref("api_auth_oauth2.ir_cron_key_rotation")._trigger()
            message = self.env._("A scheduled job goes on; Events show its result.")
        else:
            message = self._in_words(found)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Re-encrypt with Current Key"),
                "message": message,
                "type": "warning" if found and found["unreadable"] else "success",
                "sticky": True,
            },
        }

    def run_job(self):
        """Do as much as one run of the scheduled job may."""
        progress = self.env["ir.cron"]
        found = self.run(lambda done: progress._commit_progress(done, remaining=1))
        if found is not None:
            progress._commit_progress(remaining=found["busy"])

    def run(self, go_on):
        """Re-encrypt all values that need it, batch by batch.

        :param go_on: called with the number of values that a batch re-encrypted;
            commits, and returns whether there is time for another batch
        :return: dict of the numbers of values: ``renewed``, ``unreadable``, ``busy``;
            ``None`` when it was stopped before the end
        :raises TemporarilyUnavailable: when a configured key is missing
        """
        keys = self._keyring.keys()
        self._keyring.remember(keys)
        self._keyring.re_encrypt_identity_keys(keys)
        if not go_on(0):
            return None
        renewed = left = 0
        missing = Counter()  # unreadable values by the id of the key that they need
        for field in encrypted_fields(self.env):
            place, is_over = None, False
            while not is_over:
                rows, place = self._next_batch(field, keys, place)
                done = self._re_encrypt(field, keys, rows, missing)
                renewed, is_over = renewed + done, place is None
                if not go_on(done) and not is_over:
                    return None
            left += self._count_left(field, keys)
        unreadable = missing.total()
        busy = max(0, left - unreadable)
        found = {"renewed": renewed, "unreadable": unreadable, "busy": busy}
        if not busy:
            self._keyring.demand_only(keys)
        if renewed or unreadable:
            self._record_end(keys, found, missing)
        return found

    def _next_batch(self, field, keys, place):
        """:return: ``([(id, value)], place)``, locked, as of ``fetch_batch``"""
        join, locked = SQL(), SQL("it")
        if field.locked_with:
            owner = self.env[field.model_name]._fields[field.locked_with]
            table = SQL.identifier(self.env[owner.comodel_name]._table)
            column = SQL.identifier(owner.name)
            join = SQL("JOIN %s owner ON owner.id = it.%s", table, column)
            locked = SQL("it, owner")
        # No stronger a lock than for writing: events refer to clients meanwhile.
        query = SQL(
            """
            SELECT it.id, it.%(column)s FROM %(table)s it %(join)s
             WHERE NOT starts_with(it.%(column)s, %(prefix)s) AND %(after)s
             ORDER BY it.id LIMIT %(limit)s
               FOR NO KEY UPDATE OF %(locked)s SKIP LOCKED
            """,
            **field.names(self.env),
            join=join,
            prefix=keys.prefix,
            after=keyset_after(place, "it.id"),
            limit=_BATCH,
            locked=locked,
        )
        return fetch_batch(self.env, query, _BATCH)

    def _re_encrypt(self, field, keys, rows, missing):
        """:param rows: ``[(id, value)]``, locked
        :param Counter missing: counted up here
        :return: how many values were re-encrypted
        """
        renewed = {}
        for record_id, value in rows:
            try:
                renewed[record_id] = keys.re_encrypt(value)
            except CannotDecrypt as error:
                missing[error.key_id or "unknown"] += 1
        query = SQL(
            """
            UPDATE %(table)s it SET %(column)s = new.value
              FROM unnest(%(ids)s::int[], %(values)s::text[]) new (id, value)
             WHERE it.id = new.id
            """,
            **field.names(self.env),
            ids=list(renewed),
            values=list(renewed.values()),
        )
        self.env.cr.execute(query)
        return len(renewed)

    def _count_left(self, field, keys):
        query = SQL(
            "SELECT count(*) FROM %(table)s"
            " WHERE NOT starts_with(%(column)s, %(prefix)s)",
            **field.names(self.env),
            prefix=keys.prefix,
        )
        self.env.cr.execute(query)
        return self.env.cr.fetchone()[0]

    def _record_end(self, keys, found, missing):
        if missing:
            _logger.warning(
                "%s stored secrets cannot be decrypted with the present keys: what they"
                " belong to must be authorized again, or be given again. Fingerprints"
                " of their keys: %s.",
                found["unreadable"],
                ", ".join(sorted(missing)),
            )
        Audit(self.env).record(
            "configure",
            record_model="oauth2.key.rotation",
            record_name=keys.fingerprint,
            changes=self._in_words(found),
        )

    def _in_words(self, found):
        return self.env._(
            "%(renewed)s values were re-encrypted with the current key. %(unreadable)s"
            " cannot be decrypted with any present key.",
            renewed=found["renewed"],
            unreadable=found["unreadable"],
        )
