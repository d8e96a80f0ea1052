"""What Odoo runs once, when the addon is installed or removed."""

from .models import served_clients, token_check
from .services.keyring import Keyring


def post_init_hook(env):
    """Make the key of identity digests while nobody else can make another one."""
    Keyring(env).identity_keys()


def uninstall_hook(env):
    """Leave no setting, no key, no function and no trigger behind."""
    token_check.drop_functions(env.cr)
    served_clients.uninstall(env.cr)
    parameters = env["ir.config_parameter"].sudo()
    parameters.search([("key", "=like", "api_auth_oauth2.%")]).unlink()
