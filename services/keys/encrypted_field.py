"""The columns that hold what the keyring encrypted."""

from odoo import fields
from odoo.tools import SQL


class EncryptedChar(fields.Char):
    """A column of ciphertext: never read by users, exported, copied or prefetched.

    :param on_database_copy: what a copied database does with it: ``clear`` the value,
        ``delete`` its row, ``keep`` it
    :param locked_with: many2one to the record whose lock its writers hold; key rotation
        takes that lock, too
    """

    groups = fields.NO_ACCESS
    copy = False
    prefetch = False
    readonly = True
    on_database_copy = "clear"
    locked_with = None

    def names(self, env):
        """:return: dict of ``table`` and ``column``, for ``SQL``"""
        table = env[self.model_name]._table
        return {"table": SQL.identifier(table), "column": SQL.identifier(self.name)}


def encrypted_fields(env):
    """:return: the stored encrypted fields of all models, in an order that is fixed"""
    found = [
        field
        for model in env.values()
        if model._auto and not model._abstract
        for field in model._fields.values()
        if isinstance(field, EncryptedChar) and field.store
    ]
    return sorted(found, key=str)
