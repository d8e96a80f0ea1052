from odoo import SUPERUSER_ID, models


class IrDefault(models.Model):
    _inherit = "ir.default"

    def _get_model_defaults(self, model_name, condition=False):
        """Of our models those for all users alone, which Settings administrators set.

        Anyone may have defaults of one's own for any field of any model, and Odoo takes
        them for what is created as superuser, too: for tokens, sign-ins, events.
        """
        defaults = self
        if model_name.startswith("oauth2."):
            company = self.env.company  # of the caller
            defaults = self.with_company(company).with_user(SUPERUSER_ID)
        return super(IrDefault, defaults)._get_model_defaults(model_name, condition)
