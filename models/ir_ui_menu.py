from odoo import models


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        """Our menus stand in Settings, and in an app of their own for others."""
        blacklist = super()._load_menus_blacklist()
        menu = self.env.ref("api_auth_oauth2.oauth2_menu_app", raise_if_not_found=False)
        if menu and self.env.user.has_group("base.group_erp_manager"):
            blacklist.append(menu.id)
        return blacklist
