from odoo import Command, api, fields, models

from ..services.checks.check_line import BAD, GOOD, WARNING
from ..services.checks.connection_check import ConnectionCheck
from ..services.checks.security_check import SecurityCheck

#: What is wrong comes first.
_ORDER = (BAD, WARNING, GOOD)


class OAuth2Check(models.TransientModel):
    """What a check has found, as an administrator reads it."""

    _name = "oauth2.check"
    _description = "OAuth2 Check"

    provider_id = fields.Many2one("oauth2.provider", readonly=True, ondelete="cascade")
    summary = fields.Char(readonly=True)
    line_ids = fields.One2many("oauth2.check.line", "check_id", readonly=True)

    @api.model
    def _show_connection(self, provider):
        """Test a provider.

        :return: the dialog with what was found
        :raises AccessError: for others than Settings administrators
        """
        title = self.env._("Test Connection: %s", provider.display_name)
        return self._of_connection(provider)._show(title)

    @api.model
    def _of_connection(self, provider):
        """:return: what a test of a provider has found
        :raises AccessError: for others than Settings administrators
        """
        lines = ConnectionCheck(provider).run()
        return self._keep(lines, provider_id=provider.id)

    @api.model
    def _show_security(self):
        """Look at the whole configuration.

        :return: the dialog with what was found
        :raises AccessError: for others than Settings administrators
        """
        found = self._keep(SecurityCheck(self.env).run())
        return found._show(self.env._("Security Check"))

    def action_again(self):
        """:return: a new dialog, of the same check"""
        self.ensure_one()
        if self.provider_id:
            return self._show_connection(self.provider_id)
        return self._show_security()

    def _keep(self, lines, **values):
        return self.create(
            {
                "summary": self._summary(lines),
                "line_ids": [
                    Command.create(
                        {
                            "code": line.id,
                            "level": line.level,
                            "text": line.text,
                            "advice": line.advice,
                            "trial_url": line.trial_url,
                            "record_model": line.records and line.records._name,
                            "record_ids": line.records and line.records.ids,
                        }
                    )
                    for line in sorted(lines, key=lambda each: _ORDER.index(each.level))
                ],
                **values,
            }
        )

    def _show(self, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": self.id,
            "views": [[False, "form"]],
            "target": "new",
        }

    def _summary(self, lines):
        levels = [line.level for line in lines]
        wrong, doubtful = levels.count(BAD), levels.count(WARNING)
        if wrong:
            return self.env._(
                "%(wrong)s to fix, %(doubtful)s to look at",
                wrong=wrong,
                doubtful=doubtful,
            )
        if doubtful:
            return self.env._("Nothing to fix, %s to look at", doubtful)
        return self.env._("All is well")
