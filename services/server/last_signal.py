"""The number of Odoo's last cache signal, as a request's own snapshot has it.

What Odoo hands on is the number that the process knows. Another thread may have raised
it since this one took its snapshot: remembered under it, what an older snapshot showed
would outlive a change. Odoo has no hook where the number is read, so its reader is
wrapped.
"""

from odoo.http import request
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

_KEY = "api_auth_oauth2.last_signal"


def note_last_signals():
    """Have Odoo leave each number that it reads with the cursor; once a process."""
    read = Registry.get_sequences

    def get_sequences(registry, cr):
        numbers = read(registry, cr)
        _registry_number, cache_numbers = numbers
        cr.cache[_KEY] = cache_numbers.get("default")
        return numbers

    Registry.get_sequences = get_sequences


def last_signal(cr):
    """:return: the number, never newer than a snapshot of this cursor; ``None`` where
    Odoo has read none on it
    """
    return cr.cache.get(_KEY)


def newest_signal(env):
    """:return: number of Odoo's last cache signal, of the primary database"""
    signal = getattr(request, "oauth2_signal", None) if request else None
    if signal is None or config["db_replica_host"]:
        newest = "SELECT id FROM orm_signaling_default ORDER BY id DESC LIMIT 1"
        env.cr.execute(SQL(newest))
        [(signal,)] = env.cr.fetchall()
    return signal
