"""Where the pages of docs/ are read: at the manifest's website."""

from odoo.modules.module import Manifest

ADDON = "api_auth_oauth2"


def docs_address(page, section=""):
    """:param str page: file name of a page
    :param str section: id of one of its headings, ``""`` for the page's top
    :return: its address
    """
    website = Manifest.for_addon(ADDON)["website"]
    return f"{website}/blob/HEAD/docs/{page}" + (f"#{section}" if section else "")
