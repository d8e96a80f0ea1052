from odoo import api, models

from ..services.audit.audit import Audit
from ..services.configuration.configuration_changes import describe, snapshot
from ..services.overview.access_end import AccessEnd
from ..services.server.transactions import signal_change


class OAuth2Configuration(models.AbstractModel):
    """What administrators set: calls go by it at once, the audit log tells of it."""

    _name = "oauth2.configuration"
    _description = "OAuth2 Configuration"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        for record in records:
            record._record_configuration(record._describe_change(None))
        signal_change(self.env)
        return records

    def write(self, vals):
        names = [name for name in vals if self._is_told_of(name)]
        before = {record: record._snapshot(names) for record in self}
        result = super().write(vals)
        self.check_access("write")  # as they are now: no one takes what is another's
        for record, old in before.items():
            if changes := record._describe_change(old):
                record._record_configuration(changes)
        signal_change(self.env)
        return result

    def _update_field_translations(self, field_name, translations, *args, **kwargs):
        result = super()._update_field_translations(
            field_name, translations, *args, **kwargs
        )
        label = self._fields[field_name].string
        for record in self:
            languages = ", ".join(sorted(translations))
            record._record_configuration(f"{label} changed in {languages}")
        return result

    def copy(self, default=None):
        """A duplicate can be saved as it is; the audit log says of what it is one."""
        copies = self.browse()
        for record in self:
            values = {**record._values_of_copy(), **(default or {})}
            copied = super(OAuth2Configuration, record).copy(values)
            copied._record_configuration(
                f"duplicated from {record._configuration_name()}, without secrets,"
                " tokens and grants"
            )
            copies += copied
        return copies

    def _values_of_copy(self):
        """:return: what is different in a duplicate"""
        self.ensure_one()
        return {}

    def unlink(self):
        self.check_access("unlink")
        for record in self:
            record._record_configuration(record._describe_end())
        result = super().unlink()
        signal_change(self.env)
        return result

    @api.readonly
    def oauth2_what_ends(self, way):
        """:param str way: ``archive`` or ``delete``
        :return: what that ends for users, for the dialog that asks; else ``False``
        :raises AccessError: the user may not do that
        """
        self.check_access("unlink" if way == "delete" else "write")
        return AccessEnd(self).told(way)

    @api.model
    def _is_told_of(self, name):
        """:return: whether a change of the field is a change of the record itself"""
        field = self._fields.get(name)
        return bool(field and field.store and field.type != "one2many")

    def _snapshot(self, names):
        """:return: what :meth:`_describe_change` compares, of these fields"""
        return snapshot(self, names)

    def _describe_change(self, before):
        """:param before: of :meth:`_snapshot`; ``None`` for a new record
        :return: what was changed, without any secret; ``""`` for nothing
        """
        if before is None:
            return "created"
        return describe(self, before, self._snapshot(before))

    def _describe_end(self):
        """:return: what the log says of a record that is deleted"""
        return "deleted"

    def _record_configuration(self, changes):
        """Add a line to the audit log.

        :param str changes: what was changed, without any secret
        """
        self.ensure_one()
        record = self.sudo()
        parties = record._configuration_parties()
        name = record._configuration_name()
        Audit(self.env).record_configuration(self, changes, name=name, **parties)

    def _configuration_parties(self):
        """:return: ``{"oauth2_api", "client"}`` that the record is about, as known"""
        return {}

    def _configuration_name(self):
        """:return: what the log calls the record"""
        return self.display_name
