"""What Odoo runs once, when the addon is installed or removed."""

from .models.token_check import drop_function


def post_init_hook(env):
    """Make the key of identity digests while nobody else can make another one."""
    env["oauth2.keyring"]._identity_keys()


def uninstall_hook(env):
    """Leave no setting, no key and no function of the database behind."""
    drop_function(env.cr)
    parameters = env["ir.config_parameter"].sudo()
    parameters.search([("key", "=like", "api_auth_oauth2.%")]).unlink()
