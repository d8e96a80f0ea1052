"""The secrets of a client: by them the application proves who it is.

- A client of this Odoo has one that is made here, is shown once, and is kept as a
  digest. On its last day (``secret_expires_on``, UTC) it still counts.
- A client of a provider has the provider's. It must be sent there, and it may be one
  that can be guessed: so it is kept encrypted. Its last day is only told of.
- After a new one the former one proves for some hours more, to Odoo alone. There is one
  former secret at a time: a newer one ends an older one at once.
- A public client has none that proves anything.
- What counts is told with its end and never judged here: it is remembered.
"""

import calendar
import logging
from datetime import datetime, time, timedelta

import psycopg2

from odoo import fields
from odoo.sql_db import PoolError

from ..protocol import digests
from ..protocol.client_secret import SecretDigest
from ..protocol.rate_limit import FixedWindowCounter
from .audit import Audit
from .keyring import Keyring
from .provider_calls import client_secret

_logger = logging.getLogger(__name__)

#: Secret scanners know a leaked one by it.
SECRET_PREFIX = "odoo_cs_"
#: How long a former secret lives on at most, in hours.
MAX_OVERLAP = 168
_NOTED_EVERY = 300  # seconds; the last use is known to within these
#: Of ``(database, client id)``; spares the database most notes.
_noted_uses = FixedWindowCounter(capacity=1000, window=_NOTED_EVERY)

#: Never waits: where the row is held, another call or an administrator writes there.
_NOTE = """
    UPDATE oauth2_client SET former_secret_used_at = now() AT TIME ZONE 'UTC'
     WHERE id = (SELECT id FROM oauth2_client WHERE id = %(id)s
                    AND former_secret_ends_at IS NOT NULL
                    AND (former_secret_used_at IS NULL OR former_secret_used_at
                         < now() AT TIME ZONE 'UTC' - %(every)s * interval '1s')
                    FOR NO KEY UPDATE SKIP LOCKED)
"""
NO_FORMER = {
    "former_secret_digest": False,
    "former_secret_encrypted": False,
    "former_secret_ends_at": False,
    "former_secret_used_at": False,
}
#: What is true of one secret, and of no other.
NONE = {
    "client_secret_encrypted": False,
    "secret_digest": False,
    "secret_expires_on": False,
    **NO_FORMER,
}


class ClientSecrets:
    def __init__(self, client):
        self.client = client.sudo()
        self.env = client.env

    def known(self):
        """:return: tuple of ``SecretDigest``, two at most: what proves at some time
        :raises TemporarilyUnavailable: a configured encryption key is missing
        """
        client = self.client
        if client.client_type == "public":
            return ()
        if client.provider_id:
            present, end = _digest_of(client_secret(client)), None
            former = Keyring(self.env).decrypt(client.former_secret_encrypted)
            former = _digest_of(former)
        else:
            present, end = client.secret_digest, self._end_of_last_day()
            former = client.former_secret_digest
        found = []
        if present:
            found.append(SecretDigest(present, _epoch(end) if end else None, False))
        if former and client.former_secret_ends_at:
            former_end = _epoch(client.former_secret_ends_at)
            found.append(SecretDigest(former, former_end, True))
        return tuple(found)

    def rotate(self, hours=None):
        """Make a new secret of a client of this Odoo.

        :param int hours: how long the former one lives on; as the client says, if None
        :return: the secret, which is kept nowhere
        """
        secret = SECRET_PREFIX + digests.random_token()
        values = {"secret_digest": digests.digest(secret), "secret_expires_on": False}
        self._replace(values, hours)
        return secret

    def replace(self, secret):
        """Take over the secret that a provider gave; nothing: there is none any more.

        :raises TemporarilyUnavailable: a configured encryption key is missing
        """
        if not secret:
            if self.client.client_secret_encrypted:
                self._write(NONE, "secret ended")
            return
        encrypted = Keyring(self.env).encrypt(secret)
        if secret == client_secret(self.client):  # no other one: typed in once more
            self.client.client_secret_encrypted = encrypted
        else:
            self._replace({"client_secret_encrypted": encrypted})

    def _replace(self, values, hours=None):
        client, now = self.client, fields.Datetime.now()
        hours = client.secret_overlap if hours is None else hours
        if not 0 <= hours <= MAX_OVERLAP:
            raise ValueError("a former secret lives on for 0 to 168 hours")
        end = now + timedelta(hours=hours)
        if not client.provider_id and (last := self._end_of_last_day()):
            end = min(end, last)
        had_one = client.secret_digest or client.client_secret_encrypted
        former, told = NO_FORMER, "secret set"
        if had_one and end > now:
            former = {
                "former_secret_digest": client.secret_digest,
                "former_secret_encrypted": client.client_secret_encrypted,
                "former_secret_ends_at": end,
                "former_secret_used_at": False,
            }
            told = f"secret rotated; the former one counts until {end} UTC"
        elif had_one:
            told = "secret rotated; the former one ended"
        if client.former_secret_ends_at and client.former_secret_ends_at > now:
            told += "; the one before that ended"
        self._write({**former, **values}, told)

    def end_former(self):
        """The former secret counts no more from now on."""
        if not self.client.former_secret_ends_at:
            return
        used_at = self.client.former_secret_used_at
        used = f"last used at {used_at} UTC" if used_at else "not used since"
        self._write(NO_FORMER, f"old secret ended; {used}")

    def end_all(self):
        """No secret proves anything any more; the provider's is still sent there."""
        values = NO_FORMER if self.client.provider_id else NONE
        if any(self.client[name] for name in values):
            self._write(values, "secrets ended")

    def _write(self, values, told):
        client = self.client
        client.write(values)
        audit = Audit(self.env)
        audit.record_configuration(client, told, name=client.name, client=client)

    def _end_of_last_day(self):
        day = self.client.secret_expires_on
        return datetime.combine(day + timedelta(days=1), time.min) if day else None


def note_use_of_former(env, client_id):
    """Have the use of a former secret written down after the call, now and then.

    :param int client_id: of the record
    """
    registry, values = env.registry, {"id": client_id, "every": _NOTED_EVERY}

    @env.cr.postcommit.add  # a refused call is rolled back: it is no use
    def note():
        if not _noted_uses.is_due((registry.db_name, client_id)):
            return
        # The call was answered well: whatever happens here must not undo that.
        try:
            with registry.cursor() as cr:
                cr.execute(_NOTE, values, log_exceptions=False)
        except (psycopg2.Error, PoolError) as error:
            _logger.info("The use of a former secret was not noted: %s", error)


def _digest_of(secret):
    return digests.digest(secret) if secret else None


def _epoch(moment):
    return calendar.timegm(moment.timetuple())
