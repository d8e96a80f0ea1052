import json
import logging
import time
from collections import Counter

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..protocol.errors import TemporarilyUnavailable
from .transactions import commit_now, take_batch

_logger = logging.getLogger(__name__)

#: Every stored field that holds what the keyring encrypted.
ENCRYPTED = (
    ("oauth2.client", "client_secret_encrypted"),
    ("oauth2.client.user", "last_answer"),
    ("oauth2.client.user", "received_answer"),
    ("oauth2.token", "value"),
    ("oauth2.revocation", "value"),
    ("oauth2.authorization.request", "code_verifier"),
    ("oauth2.authorization.request", "result"),
)
_AT_ONCE = 5  # seconds that an administrator waits; the job does the rest
_BATCH = 200
_PLACE_PARAMETER = "api_auth_oauth2.key_rotation_place"


class OAuth2KeyRotation(models.AbstractModel):
    """Encrypts everything anew with the keyring's first key.

    What is done can be seen from the values themselves, so that it may be killed at
    any point and started again. Where it is stopped for want of time, it remembers the
    place: looking at all values takes longer than one run of a job may.
    """

    _name = "oauth2.key.rotation"
    _description = "OAuth2 Key Rotation"

    @api.model
    def _start(self):
        """Begin, for an administrator; the job goes on where it takes longer.

        :return: the action that tells how it went
        :raises AccessError: for others than Settings administrators
        :raises UserError: when the key that was used is not configured here
        """
        if not self.env.is_system():
            raise AccessError(self.env._("Only Settings administrators may do that."))
        deadline = time.monotonic() + _AT_ONCE

        def go_on(_done):
            commit_now(self.env)
            return time.monotonic() < deadline

        try:
            found = self.sudo()._rotate(go_on)
        except TemporarilyUnavailable as error:
            raise UserError(
                self.env._("The encryption key is missing here: see the server's log.")
            ) from error
        if found is None or found["busy"]:
            self.env.ref("api_auth_oauth2.ir_cron_key_rotation").sudo()._trigger()
            message = self.env._("It goes on as a scheduled job; Events tell its end.")
        else:
            message = self._in_words(found)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": self.env._("Encryption With the First Key"),
                "message": message,
                "type": "warning" if found and found["unreadable"] else "success",
                "sticky": True,
            },
        }

    @api.model
    def _cron_rotate(self):
        """Encrypt anew what an earlier key encrypted, in small batches."""
        progress = self.env["ir.cron"]
        found = self.sudo()._rotate(
            lambda done: progress._commit_progress(done, remaining=1)
        )
        if found is not None:
            # What somebody else was using is taken by the next run.
            progress._commit_progress(remaining=found["busy"])

    @api.model
    def _rotate(self, go_on):
        """Look at each encrypted value, and encrypt it anew where it must be.

        :param go_on: called after each batch with the number of values that were
            encrypted anew; commits, and returns whether there is time for another one
        :return: Counter of ``current``, ``renewed``, ``unreadable``, ``busy``;
            ``None`` when it was stopped before the end
        :raises TemporarilyUnavailable: when the configured key is missing
        """
        keyring = self.env["oauth2.keyring"]
        ring = keyring._ring()
        keyring._remember_fingerprint(ring)
        keyring._identity_keys()
        index, last_id, counts = self._place(ring)
        found = Counter(counts)
        while index < len(ENCRYPTED):
            model, field = ENCRYPTED[index]
            while rows := self._rows_after(model, field, last_id):
                last_id = rows[-1][0]
                renewed = self._renew(ring, model, field, rows, found)
                if not go_on(renewed):
                    self._keep_place(ring, index, last_id, found)
                    return None
            index, last_id = index + 1, 0
        self._keep_place(ring, 0, 0, {})
        if not found["busy"]:
            keyring._demand_only(ring)
        if found["renewed"] or found["unreadable"]:
            self._record_end(found)
        return found

    @api.model
    def _place(self, ring):
        """:return: ``(index in ENCRYPTED, last id, counts)`` where a run with the same
        first key was stopped, else the beginning
        """
        query = SQL(
            "SELECT value FROM ir_config_parameter WHERE key = %s", _PLACE_PARAMETER
        )
        self.env.cr.execute(query)
        row = self.env.cr.fetchone()
        place = json.loads(row[0]) if row else {}
        if place.get("fingerprint") != ring.fingerprint:
            return 0, 0, {}
        return place["index"], place["last_id"], place["found"]

    @api.model
    def _keep_place(self, ring, index, last_id, found):
        """Remember where to go on; past the ORM, as no cache holds it.

        Of two runs at once either one's place will do: all before it has been seen.
        """
        place = {
            "fingerprint": ring.fingerprint,
            "index": index,
            "last_id": last_id,
            "found": found,
        }
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)
                    ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value
                """,
                _PLACE_PARAMETER,
                json.dumps(place),
            )
        )

    @api.model
    def _rows_after(self, model, field, last_id):
        """:return: ``[(id, encrypted value)]`` of the next batch, locked by nobody"""
        self.env.cr.execute(
            SQL(
                "SELECT id, %(field)s FROM %(table)s"
                " WHERE id > %(last_id)s AND %(field)s IS NOT NULL"
                " ORDER BY id LIMIT %(limit)s",
                field=SQL.identifier(field),
                table=SQL.identifier(self.env[model]._table),
                last_id=last_id,
                limit=_BATCH,
            )
        )
        return self.env.cr.fetchall()

    @api.model
    def _renew(self, ring, model, field, rows, found):
        """Encrypt those of a batch anew that an earlier key encrypted.

        :param rows: ``[(id, encrypted value)]``
        :param Counter found: what was found, counted up here
        :return: how many were encrypted anew
        """
        renewed = {}
        for record_id, encrypted in rows:
            if ring.is_current(encrypted):
                found["current"] += 1
            elif anew := ring.renew(encrypted):
                renewed[record_id] = encrypted, anew
            else:
                found["unreadable"] += 1
        if not renewed:
            return 0
        commit_now(self.env)  # the lock needs a snapshot of this moment
        free = dict(take_batch(self.env, self._lock_query(model, field, list(renewed))))
        done = 0
        for record_id, (encrypted, anew) in renewed.items():
            if free.get(record_id) == encrypted:
                self.env.cr.execute(
                    SQL(
                        "UPDATE %s SET %s = %s WHERE id = %s",
                        SQL.identifier(self.env[model]._table),
                        SQL.identifier(field),
                        anew,
                        record_id,
                    )
                )
                done += 1
        self.env[model].invalidate_model([field], flush=False)
        found["renewed"] += done
        found["busy"] += len(renewed) - done
        return done

    @api.model
    def _lock_query(self, model, field, ids):
        """:return: ``SQL`` that takes what nobody holds, and gives ids and values

        No stronger a lock than for writing: events refer to clients meanwhile.
        """
        if model == "oauth2.token":
            # With its grant: a refresh, which holds that one, writes its tokens.
            return SQL(
                """
                SELECT token.id, token.value FROM oauth2_token token
                  JOIN oauth2_client_user grantee ON grantee.id = token.client_user_id
                 WHERE token.id = ANY(%s)
                   FOR NO KEY UPDATE OF token, grantee SKIP LOCKED
                """,
                ids,
            )
        return SQL(
            "SELECT id, %s FROM %s WHERE id = ANY(%s) FOR NO KEY UPDATE SKIP LOCKED",
            SQL.identifier(field),
            SQL.identifier(self.env[model]._table),
            ids,
        )

    @api.model
    def _record_end(self, found):
        if found["unreadable"]:
            _logger.warning(
                "%s stored secrets cannot be decrypted with the present keys: what they"
                " belong to must be authorized again, or be given anew.",
                found["unreadable"],
            )
        self.env["oauth2.event"]._record(
            "configure",
            record_model="oauth2.keyring",
            record_name=self.env["oauth2.keyring"]._ring().fingerprint,
            changes=self._in_words(found),
        )

    @api.model
    def _in_words(self, found):
        return self.env._(
            "%(renewed)s values were encrypted anew, %(current)s were encrypted with"
            " the first key already, %(unreadable)s cannot be decrypted with any"
            " present key.",
            renewed=found["renewed"],
            current=found["current"],
            unreadable=found["unreadable"],
        )
