"""Which endpoints no API may have: they are paths of others."""

import re

# First path segments of Odoo and of common modules that may be installed later.
RESERVED_ENDPOINTS = frozenset(
    """
    auth_oauth auth_saml auth_signup base bus calendar discuss doc event forum groups
    helpdesk im_livechat jobs json jsonrpc knowledge livechat longpolling mail
    mass_mailing my oauth oauth2 odoo partners payment planning point_of_sale portal pos
    pos-self r rating report report_barcode sale scoped_app shop slides sms social
    spreadsheet static survey unsplash unsubscribe web web_editor website websocket
    xmlrpc
    """.split()
)


def served_segments(env):
    """:return: first path segments that routes and languages already take"""
    segments = {
        rule.rule.split("/")[1]
        for rule in env["ir.http"].routing_map().iter_rules()
        # A route of the very API that is being made does not stand in its way.
        if rule.endpoint.routing["auth"] != "oauth2"
    }
    languages = env["res.lang"].sudo().with_context(active_test=False)
    codes = languages.search([("active", "=", True)]).mapped("url_code")
    return {segment for segment in segments if re.fullmatch(r"[\w-]+", segment)} | {
        code.lower() for code in codes if code
    }
