"""What Odoo runs once, when the addon is installed or removed."""

from .services.keyring import Keyring


def post_init_hook(env):
    """Make the key of identity digests while no other process can make another one."""
    Keyring(env).identity_keys()


def uninstall_hook(env):
    """Leave no setting and no key behind."""
    parameters = env["ir.config_parameter"].sudo()
    parameters.search([("key", "=like", "api_auth_oauth2.%")]).unlink()
