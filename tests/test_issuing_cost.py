import threading
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged

from .authorization_server_common import AuthorizationServerCase
from .common import basic_authorization


@tagged("post_install", "-at_install")
class TestIssuingCost(AuthorizationServerCase):
    """What a request of a standard client asks the database, but for Odoo's signals."""

    def setUp(self):
        super().setUp()
        self.asked, here = [], threading.current_thread()
        execute = Cursor.execute

        def noted_execute(cursor, query, *args, **kwargs):
            text = getattr(query, "code", query)
            odoos = ("SAVEPOINT", "orm_signaling")
            if threading.current_thread() is not here:
                self.asked += [] if any(word in text for word in odoos) else [text]
            return execute(cursor, query, *args, **kwargs)

        self.enterContext(patch.object(Cursor, "execute", noted_execute))

    def assertOneStatement(self, ask):
        """:param ask: ``ask()`` sends the request, with other values each time"""
        self.opener.cookies.clear()  # the application has no session
        ask()  # what Odoo caches is cached from here on
        self.asked.clear()
        response = ask()
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(len(self.asked), 1, self.asked)

    def test_a_refresh_is_one_statement(self):
        held = [self.tokens()["refresh_token"]]

        def ask():
            response = self.refresh(held[0])
            held[0] = response.json()["refresh_token"]
            return response

        self.assertOneStatement(ask)

    def test_client_credentials_are_one_statement(self):
        self.serve_as(self.user)
        self.assertOneStatement(lambda: self.ask_token(grant_type="client_credentials"))

    def test_an_introspection_is_one_statement(self):
        token = self.tokens()["access_token"]
        headers = basic_authorization("own-app", self.secret)

        def ask():
            address = "/orders/oauth2/introspect"
            return self.url_open(address, data={"token": token}, headers=headers)

        self.assertOneStatement(ask)
