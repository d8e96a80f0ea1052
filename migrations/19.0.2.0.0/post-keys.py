"""Key rotation reads off each value what is left to do: it keeps no place any more.

Encrypted values need nothing: those without the id of their key are read by trying each
key, and the next key rotation (a weekly job) gives it to them.
"""


def migrate(cr, version):
    cr.execute(
        "DELETE FROM ir_config_parameter"
        " WHERE key = 'api_auth_oauth2.key_rotation_place'"
    )
