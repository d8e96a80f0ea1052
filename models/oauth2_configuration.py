from odoo import api, models

from ..services.audit import Audit
from ..services.transactions import signal_change

#: Fields of these types say what was chosen, and can hold no secret.
_TOLD = ("boolean", "integer", "selection")


class OAuth2Configuration(models.AbstractModel):
    """What administrators set: calls go by it at once, the audit log tells of it."""

    _name = "oauth2.configuration"
    _description = "OAuth2 Configuration"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        for record in records:
            record._record_configuration("created")
        signal_change(self.env)
        return records

    def write(self, vals):
        names = [name for name in vals if self._is_told_of(name)]
        before = {record: record._snapshot(names) for record in self}
        result = super().write(vals)
        for record, old in before.items():
            new = record._snapshot(names)
            changed = [name for name in names if old[name] != new[name]]
            if changed:
                record._record_configuration(
                    ", ".join(
                        self._describe_change(name, old[name], new[name])
                        for name in sorted(changed)
                    )
                )
        signal_change(self.env)
        return result

    def unlink(self):
        self.check_access("unlink")
        for record in self:
            record._record_configuration("deleted")
        result = super().unlink()
        signal_change(self.env)
        return result

    @api.model
    def _is_told_of(self, name):
        """:return: whether a change of the field is a change of the record itself"""
        field = self._fields.get(name)
        return bool(field and field.store and field.type != "one2many")

    def _snapshot(self, names):
        """:return: ``{field name: value}``, relations as tuples of ids"""
        self.ensure_one()
        record = self.sudo().with_context(active_test=False)
        return {
            name: tuple(record[name].ids)
            if record._fields[name].relational
            else record[name]
            for name in names
        }

    @api.model
    def _describe_change(self, name, old, new):
        if self._fields[name].type in _TOLD:
            return f"{name}: {old} → {new}"
        return name

    def _record_configuration(self, changes):
        """Add a line to the audit log.

        :param str changes: what was changed, without any secret
        """
        self.ensure_one()
        record = self.sudo()
        parties = record._configuration_parties()
        name = record.display_name
        Audit(self.env).record_configuration(self, changes, name=name, **parties)

    def _configuration_parties(self):
        """:return: ``{"oauth2_api", "client"}`` that the record is about, as known"""
        return {}
