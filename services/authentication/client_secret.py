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
from datetime import datetime, time, timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from ...protocol import digests
from ...protocol.client_secret import SecretDigest
from ...protocol.errors import TemporarilyUnavailable
from ..audit.audit import Audit
from ..keys.keyring import Keyring
from ..providers.provider_calls import client_secret, is_secret_lost

#: How long a former secret lives on at most, in hours.
MAX_OVERLAP = 168
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
#: Only this service and that of the notices write these.
KEPT_BY_ODOO = frozenset(NO_FORMER) | {"secret_notice_days"}
#: What the audit log is told in words, and not by the name of what changed.
TOLD_IN_WORDS = KEPT_BY_ODOO | {"client_secret_encrypted", "secret_digest"}


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

    def is_lost(self):
        """:return: whether there is one of the provider's that no present key reads"""
        try:
            secret = client_secret(self.client)
        except TemporarilyUnavailable:
            secret = ""
        return is_secret_lost(self.client, secret)

    def rotate(self, hours=None):
        """Make a new secret of a client of this Odoo.

        :param int hours: how long the former one lives on; as the client says, if None
        :return: the secret, which is kept nowhere
        :raises UserError: the client's secret is its provider's, or it can keep none
        """
        if self.client.provider_id or self.client.client_type == "public":
            raise UserError(
                self.env._(
                    "Odoo makes secrets for confidential clients without a provider."
                )
            )
        secret = digests.issue(digests.CLIENT_SECRET_PREFIX)
        values = {"secret_digest": digests.digest(secret), "secret_expires_on": False}
        self._replace(values, hours)
        return secret

    def replace(self, secret):
        """Take over the secret that a provider gave; nothing: there is none any more.

        :raises ValidationError: the client has no provider
        :raises TemporarilyUnavailable: a configured encryption key is missing
        """
        if secret and not self.client.provider_id:
            raise ValidationError(
                self.env._("Without a provider a client's secret is made here.")
            )
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


def _digest_of(secret):
    return digests.digest(secret) if secret else None


def _epoch(moment):
    return calendar.timegm(moment.timetuple())
