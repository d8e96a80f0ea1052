"""What Odoo runs once: in each process, when the addon is installed, or removed."""

from .controllers.counted_calls import count_calls
from .controllers.no_connection import answer_without_connection
from .services.keys.keyring import Keyring
from .services.server.last_signal import note_last_signals

_ADDON = "api_auth_oauth2"


def post_load():
    """Wrap what Odoo does for a request before it asks any addon."""
    answer_without_connection()
    note_last_signals()
    count_calls()


def post_init_hook(env):
    """Make the key of identity digests while no other process can make another one."""
    Keyring(env).identity_keys()


def uninstall_hook(env):
    """Leave no setting and no key behind.

    Grants, sign-ins and revocations go first: Odoo deletes demo clients after this,
    which would encrypt what is still to be revoked, and remember the key that did.
    """
    env.flush_all()
    env.cr.execute("DELETE FROM oauth2_authorization_request")
    env.cr.execute("DELETE FROM oauth2_client_user")
    env.cr.execute("DELETE FROM oauth2_revocation")
    env.invalidate_all()
    activities = env["mail.activity"].with_context(active_test=False)
    activities.search([("res_model", "=", "oauth2.client")]).unlink()
    # What addons with mixins (mail, sms) noted of our models: Odoo leaves these behind.
    notes = env["ir.model.data"]
    ours = [n for n, m in env.registry.items() if m._original_module == _ADDON]
    for model in ours:
        for kind in ("selection", "model_inherit"):
            prefix = f"{kind}__{model.replace('.', '_')}__".replace("_", r"\_")
            notes |= notes.search([("name", "=like", f"{prefix}%")])
    notes.filtered(lambda note: note.module != _ADDON).unlink()
    parameters = env["ir.config_parameter"].sudo()
    parameters.search([("key", "=like", "api_auth_oauth2.%")]).unlink()
