"""What an API's record may hold, in words for who fills in its form."""

from .endpoint_names import RESERVED_ENDPOINTS, served_segments


def endpoint_is_free(oauth2_api):
    if oauth2_api.endpoint in RESERVED_ENDPOINTS | served_segments(oauth2_api.env):
        yield oauth2_api.env._(
            "The endpoint %s belongs to Odoo itself: choose another.",
            oauth2_api.endpoint,
        )


def client_identifiers(oauth2_api):
    identifiers = oauth2_api._all_clients().mapped("client_identifier")
    if len(set(identifiers)) != len(identifiers):
        yield oauth2_api.env._(
            "Two clients of the API %s have the same client identifier.",
            oauth2_api.name,
        )
