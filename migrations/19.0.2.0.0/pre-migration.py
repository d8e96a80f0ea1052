"""Columns take the field's terms, before Odoo would make empty ones of these names."""

from odoo.tools import SQL
from odoo.tools.sql import column_exists, rename_column

_RENAMED = (
    ("oauth2.token", "superseded_at", "rotated_at"),
    ("oauth2.client.user", "last_answer", "cached_token_response"),
)


def migrate(cr, version):
    """:param version: the installed one, ``None`` on a first installation"""
    for model, old, new in _RENAMED:
        table = model.replace(".", "_")
        if not column_exists(cr, table, old):
            continue
        rename_column(cr, table, old, new)
        cr.execute(
            SQL(
                "UPDATE ir_model_fields SET name = %s WHERE model = %s AND name = %s",
                new,
                model,
                old,
            )
        )
        cr.execute(
            SQL(
                "UPDATE ir_model_data SET name = %s WHERE module = 'api_auth_oauth2'"
                " AND name = %s",
                f"field_{table}__{new}",
                f"field_{table}__{old}",
            )
        )
