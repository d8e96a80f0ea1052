"""Who reads a page of a sign-in: in which language, by which clock, and of whose Odoo.

- A signed-in user reads the language of the preferences, which Odoo has set already.
- A signed-out person reads the one that was chosen on the website, else the nearest to
  those of the browser, else the company's.
- Times are by the clock of the preferences, else the browser shows them by its own.
"""


def nearest_language(env, wanted):
    """:param wanted: codes as Odoo or browsers write them, or none, the best first
    :return: the code of an installed language, ``None`` where none is wanted
    """
    installed = [code for code, _name in env["res.lang"].get_installed()]
    for each in filter(None, wanted):
        same = [code for code in installed if _language(code) == _language(each)]
        if same:
            exact = each.replace("-", "_")
            return exact if exact in same else same[0]
    return None


def _language(code):
    """:return: it without country, script or variant"""
    return code.replace("-", "_").partition("_")[0].partition("@")[0].lower()


def company_of(env, user, oauth2_api):
    """:param user: whom a page is about, possibly none
    :param oauth2_api: whose company comes before the user's, possibly none
    :return: the company whose Odoo the reader meets
    """
    of_api = oauth2_api and oauth2_api.sudo().company_id
    return of_api or (user or env.user).sudo().company_id


def page_frame(env, user, oauth2_api):
    """What stands around each page.

    :return: dict of values of the page; parameters as of :func:`company_of`
    """
    company = company_of(env, user, oauth2_api)
    user = (user or env.user).sudo()
    return {
        "company": company,
        "has_logo": bool(company.logo) and not company.uses_default_logo,
        "zone": not user._is_public() and user.tz,
    }
