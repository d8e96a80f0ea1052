from datetime import timedelta

from odoo import api, fields, models

from ..protocol.errors import AccessDenied


class OAuth2ClientUser(models.Model):
    """A sign-in makes a grant, or renews the one of the same user and identity."""

    _inherit = "oauth2.client.user"

    @api.model
    def _of_sign_in(self, request_record):
        """:return: the client API user that a sign-in renews, possibly none"""
        return self.sudo().search(
            [
                ("api_id", "=", request_record.api_id.id),
                ("client_id", "=", request_record.client_id.id),
                ("identity_digest", "=", request_record.identity_digest),
            ]
        )

    @api.model
    def _authorize(self, request_record, *, user, issuer, subject, answer, scopes):
        """Make or renew the grant of a finished sign-in.

        :param request_record: the ``oauth2.authorization.request``
        :param user: the Odoo user
        :param dict answer: the provider's token answer
        :param scopes: the ``oauth2.scope`` records that are granted
        :return: the client API user
        :raises AccessDenied: when the identity belongs to somebody else, or the user
            may not use the API
        :raises ServerError: when the answer cannot be used
        """
        oauth2_api, client = request_record.api_id, request_record.client_id
        if not oauth2_api._admits(user):
            raise AccessDenied(reason="the user is inactive or in no allowed group")
        grant = self._of_sign_in(request_record)
        now = fields.Datetime.now()
        values = {
            "state": "active",
            "scope_ids": [(6, 0, scopes.ids)],
            "authorized_at": now,
            "expires_at": now + timedelta(seconds=oauth2_api.authorization_lifetime),
            "last_refresh_at": False,
            "last_answer": False,
            "refresh_began_at": False,
        }
        if grant:
            bound = (grant.issuer, grant.subject, grant.user_id)
            if bound != (issuer, subject, user):
                raise AccessDenied(reason="the identity belongs to somebody else")
            grant.write(values)
        else:
            grant = self.sudo().create(
                {
                    "api_id": oauth2_api.id,
                    "client_id": client.id,
                    "user_id": user.id,
                    "issuer": issuer,
                    "subject": subject,
                    "identity_digest": request_record.identity_digest,
                    "identity_display": request_record.identity_display,
                    "identity_issued": request_record.identity_issued,
                    **values,
                }
            )
        grant._store_tokens(answer)
        oauth2_api._note_redirect_uri(request_record._redirect_parts()[0])
        return grant
