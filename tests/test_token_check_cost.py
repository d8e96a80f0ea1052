import threading
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged

from ..models import ir_http
from .test_protected_route import ProbeCase


@tagged("post_install", "-at_install")
class TestCheckCost(ProbeCase):
    """What the check costs a call: one query that only reads."""

    def setUp(self):
        super().setUp()
        self.checks = []
        execute = Cursor.execute

        def counted_execute(cursor, query, *args, **kwargs):
            if hasattr(threading.current_thread(), "oauth2_check"):
                self.checks[-1].append(str(query))
            return execute(cursor, query, *args, **kwargs)

        def watched(name):
            method = getattr(ir_http.IrHttp, name).__func__

            def watched_method(cls, argument):
                if name == "_match":
                    self.checks.append([])
                threading.current_thread().oauth2_check = True
                try:
                    return method(cls, argument)
                finally:
                    del threading.current_thread().oauth2_check

            return patch.object(ir_http.IrHttp, name, classmethod(watched_method))

        for name in ("_match", "_authenticate"):
            self.enterContext(watched(name))
        self.enterContext(patch.object(Cursor, "execute", counted_execute))

    def queries(self):
        """:return: what the last call's check asked the database"""
        return [q for q in self.checks[-1] if "SAVEPOINT" not in q]

    def test_an_accepted_token_costs_one_query(self):
        self.assertOpens()  # what Odoo caches is cached from here on
        self.assertOpens()
        [query] = self.queries()
        self.assertIn("FROM oauth2_token WHERE", query)
        self.assertOpens(path="/orders/probe/both")
        self.assertEqual(len(self.queries()), 1)

    def test_an_accepted_token_of_an_allowed_group_and_company_costs_one_query(self):
        self.api.allowed_group_ids = self.env.ref("base.group_user")
        self.give_to_company(self.api, self.env.company)
        self.assertOpens()
        self.assertOpens()
        self.assertEqual(len(self.queries()), 1)

    def test_a_token_that_opens_nothing_costs_no_more(self):
        self.assertInvalid("unknown")
        self.assertInvalid("unknown")
        [query] = self.queries()
        self.assertIn("FROM oauth2_token WHERE", query)

    def test_a_call_without_a_token_costs_none(self):
        self.get()
        self.get()
        self.assertEqual(self.queries(), [])
