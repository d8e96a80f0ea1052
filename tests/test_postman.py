"""A client's APIs as a collection to import into Postman."""

import json
from base64 import b64encode
from urllib.parse import quote

from odoo.tests import tagged

from ..services.connect.snippets import POSTMAN_REDIRECT_URI
from .authorization_server_common import AuthorizationServerCase


@tagged("post_install", "-at_install")
class TestPostman(AuthorizationServerCase):
    def setUp(self):
        super().setUp()
        self.api.json2_enabled = True
        self.open_model(self.own.scope_ids[0], "res.partner", "read")

    def download(self, login="admin"):
        """:return: the answer to what the button of the client's form opens"""
        self.authenticate(login, login)
        action = self.own.action_download_postman()
        self.assertEqual(action["type"], "ir.actions.act_url")
        return self.url_open(action["url"])

    def collection(self):
        answer = self.download()
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        return json.loads(answer.text)

    def folder(self):
        [folder] = self.collection()["item"]
        auth = {pair["key"]: pair["value"] for pair in folder["auth"]["oauth2"]}
        return folder, auth

    def send(self, collection, item, token, **values):
        """Send a request as Postman does.

        :param values: of the parts of its path
        """
        known = {pair["key"]: pair["value"] for pair in collection["variable"]}
        request, address = item["request"], item["request"]["url"]["raw"]
        for name, value in known.items():
            address = address.replace("{{%s}}" % name, value)
        for name, value in values.items():
            address = address.replace(f":{name}", quote(value))
        headers = {pair["key"]: pair["value"] for pair in request["header"]}
        return self.url_open(
            address.removeprefix(self.base_url()),
            data=request.get("body", {}).get("raw"),
            headers={**headers, "Authorization": f"Bearer {token}"},
            method=request["method"],
        )

    def test_its_requests_are_served_as_they_stand(self):
        token = self.tokens()["access_token"]
        collection = self.collection()
        [folder] = collection["item"]
        sent = {}
        for item in folder["item"]:
            if "res.partner" in item["name"] or "whoami" in item["name"]:
                answer = self.send(collection, item, token)
                sent[item["name"].rpartition("/")[2]] = answer.status_code
        self.assertEqual(sent.pop("whoami"), 200)
        self.assertIn("search_read", sent)
        self.assertEqual(set(sent.values()), {200}, sent)

    def test_a_user_s_client_signs_in_with_pkce(self):
        _folder, auth = self.folder()
        self.assertEqual(auth["grant_type"], "authorization_code_with_pkce")
        self.assertEqual(auth["challengeAlgorithm"], "S256")
        self.assertEqual(auth["redirect_uri"], POSTMAN_REDIRECT_URI)
        self.assertEqual(auth["authUrl"], "{{baseUrl}}/orders/oauth2/authorize")
        self.assertEqual(auth["accessTokenUrl"], "{{baseUrl}}/orders/oauth2/token")
        self.assertEqual(auth["clientId"], "own-app")
        self.assertEqual(auth["scope"], "orders.read partners.read")

    def test_a_client_without_users_has_client_credentials(self):
        self.serve_as(self.make_user("service@example.com"))
        self.own.redirect_uris = False
        _folder, auth = self.folder()
        self.assertEqual(auth["grant_type"], "client_credentials")

    def test_it_holds_no_secret(self):
        collection = self.collection()
        self.assertNotIn(self.secret, json.dumps(collection))
        [_base, secret] = collection["variable"]
        self.assertEqual(secret, {"key": "clientSecret", "value": ""})
        _folder, auth = self.folder()
        self.assertEqual(auth["clientSecret"], "{{clientSecret}}")

    def test_administrators_alone_download_it(self):
        answer = self.download(self.user.login)
        self.assertEqual(answer.status_code, 404)

    def test_of_a_client_that_is_gone_there_is_none(self):
        self.authenticate("admin", "admin")
        address = self.own.action_download_postman()["url"]
        self.own.unlink()
        self.env.flush_all()
        self.assertEqual(self.url_open(address).status_code, 404)

    def test_a_client_is_read_outside_of_a_request(self):
        """As by a scheduled job, a server action or the shell."""
        [values] = self.own.read()
        self.assertEqual(values["client_identifier"], "own-app")
        self.assertIn("own-app", values["snippet_curl"])

    def test_reading_a_client_makes_no_collection(self):
        self.authenticate("admin", "admin")
        values = self.make_jsonrpc_request(
            "/web/dataset/call_kw/oauth2.client/search_read",
            {
                "model": "oauth2.client",
                "method": "search_read",
                "args": [[("id", "=", self.own.id)]],
                "kwargs": {},
            },
        )
        self.assertEqual([each["id"] for each in values], self.own.ids)
        begun = b64encode(b'{\n  "info": ').decode()
        self.assertNotIn(begun, json.dumps(values))
