"""What a consent page tells its user, and which choices it gives.

- Who asks: name, logo, links, whether an administrator has checked who runs it, and the
  host that the browser goes back to. Names and pictures anyone can take; a host not.
- What the link's sender could do is told where there may be one: where an application
  asked for the link, and no browser.
- *Read only* is a choice where some scopes open reading alone and others do more.
"""

from datetime import timedelta
from urllib.parse import quote

from odoo import fields
from odoo.tools.image import image_data_uri

from ...protocol.redirect_uri import host_of
from .agreement import reading_alone
from .page_reader import company_of


def page_values(record, user, email, scopes):
    """:param record: the ``oauth2.authorization.request``
    :param user: as whom the application would act, empty when one is to be created
    :param email: of that one
    :param scopes: that are asked for
    :return: dict of values of the page
    """
    client, oauth2_api, now = record.client_id, record.api_id, fields.Datetime.now()
    reading = scopes.browse(sorted(reading_alone(scopes._agreement())))
    return {
        "record": record,
        "client": client,
        "api": oauth2_api,
        "provider": client.provider_id,
        "user": user,
        "email": email,
        "scopes": scopes,
        "reading": reading if reading != scopes else reading[:0],
        "ends_at": now + timedelta(seconds=oauth2_api.authorization_lifetime),
        "verification": _verification(record.env, client, user, oauth2_api),
        "logo": client.logo and image_data_uri(client.logo),
        "is_code": record.response_type == "code",
        "goes_back": bool(record.client_redirect_uri),
        "host": host_of(record.client_redirect_uri or ""),
    }


def _verification(env, client, user, oauth2_api):
    company = company_of(env, user, oauth2_api).name
    if client.is_verified:
        return env._(
            "Verified: an administrator of %(company)s has checked who runs it.",
            company=company,
        )
    return env._(
        "Not verified: no administrator of %(company)s has checked who runs it.",
        company=company,
    )


def other_user_address(page):
    """:param str page: path and query of the consent page
    :return: where the user signs out of this Odoo, to come back as another one
    """
    return f"/web/session/logout?redirect={quote(page, safe='')}"
