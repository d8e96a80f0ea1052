"""What tests of routes with arguments and answers in JSON share."""

from .route_common import RouteCase


class JsonRouteCase(RouteCase):
    """Calls ``/orders/…`` with the token of an API ``orders``."""

    def call(self, path, body=None, *, method=None, token=None, **options):
        """Call a route.

        :param str path: under the API
        :param body: JSON value, or bytes that are sent as they are
        :param token: the class's own by default; ``""`` for none
        :return: the response
        """
        token = self.token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if isinstance(body, bytes):
            options["data"] = body
        elif body is not None:
            options["json"] = body
        if body is not None:
            headers["Content-Type"] = "application/json"
        method = method or ("GET" if body is None else "POST")
        headers |= options.pop("headers", {})
        return self.url_open(
            f"/orders/{path}", method=method, headers=headers, **options
        )

    def assertServed(self, response):
        """:return: the answer's JSON"""
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def assertTold(self, response, status, error, says=""):
        """A clear refusal in JSON, that says this, without a traceback."""
        self.assertEqual(response.status_code, status, response.text)
        media_type = response.headers["Content-Type"].partition(";")[0]
        self.assertEqual(media_type, "application/json")
        body = response.json()
        self.assertEqual(set(body), {"error", "error_description"})
        self.assertEqual(body["error"], error)
        self.assertIn(says, body["error_description"])
        self.assertNotIn("Traceback", response.text)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
