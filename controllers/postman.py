import json

from odoo import http
from odoo.http import content_disposition, request

from ..services.connect.postman import PostmanCollection


class PostmanController(http.Controller):
    """The download of a client's form: made when it is asked for, no field of it."""

    @http.route(
        "/oauth2/clients/<int:client_id>/postman_collection",
        type="http",
        auth="user",
        methods=["GET"],
        website=False,
        readonly=True,
    )
    def collection(self, client_id, **_parameters):
        client = request.env["oauth2.client"].browse(client_id).exists()
        if not client or not client.has_access("read"):
            raise request.not_found()
        name = "".join(c if c.isalnum() else "_" for c in client.name)
        return request.make_response(
            json.dumps(PostmanCollection(client).collection(), indent=2),
            [
                ("Content-Type", "application/json; charset=utf-8"),
                (
                    "Content-Disposition",
                    content_disposition(f"{name}.postman_collection.json"),
                ),
                ("Cache-Control", "no-store"),
            ],
        )
