import re
import sys
import types
import unittest
from pathlib import Path

from odoo import http
from odoo.tests import tagged
from odoo.tools import mute_logger

from .json_route_common import JsonRouteCase

_PAGE = Path(__file__).parents[1] / "docs" / "developers.md"
_MODULE = "odoo.addons.api_auth_oauth2.tests.docs_developers"


def _blocks():
    """:return: ``[(language, code)]`` of the page's fenced blocks"""
    text = _PAGE.read_text() if _PAGE.exists() else ""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _run_page():
    """Run the page's code as one module.

    :return: ``(module, its controllers)``; they are not served yet
    """
    served = http.Controller.children_classes["api_auth_oauth2"]
    before = list(served)
    module = sys.modules[_MODULE] = types.ModuleType(_MODULE)
    for number, (_language, code) in enumerate(_blocks(), 1):
        exec(compile(code, f"developers.md, block {number}", "exec"), vars(module))
    controllers = [cls for cls in served if cls not in before]
    served[:] = before
    return module, controllers


_page, _controllers = _run_page()


class _ServesThePage:
    """Serves the page's controllers for the length of a test class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        served = http.Controller.children_classes["api_auth_oauth2"]
        before = list(served)

        def forget():
            served[:] = before
            cls.registry.clear_cache("routing")

        cls.addClassCleanup(forget)
        served.extend(_controllers)
        cls.registry.clear_cache("routing")


if _controllers:

    @tagged("post_install", "-at_install")
    class TestThePagesOwnTests(_ServesThePage, _page.TestContacts):
        """The tests that docs/developers.md shows."""

        allow_inherited_tests_method = True


@unittest.skipUnless(_controllers, "the docs are not here")
@tagged("post_install", "-at_install")
class TestDevelopersPage(_ServesThePage, JsonRouteCase):
    """What docs/developers.md says of its code."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scopes = ["contacts.read", "visits.write", "audit"]
        cls.crm = cls.make_access("crm", scopes, cls.make_user("crm@example.com"))

    def crm_call(self, path, body=None, **options):
        return self.url_open(
            f"/crm/{path}",
            json=body,
            method="GET" if body is None else "POST",
            headers=self.crm.headers,
            **options,
        )

    def test_all_code_of_the_developers_page_is_run(self):
        self.assertEqual({language for language, _code in _blocks()}, {"python"})

    def test_an_addon_of_two_files_has_a_protected_route(self):
        hello = self.make_access("hi", ["partners.read"], self.crm.user)
        answer = self.url_open("/hi/hello", headers=hello.headers)
        self.assertEqual(self.assertServed(answer), {"hello": self.crm.user.name})
        self.assertTold(self.url_open("/hi/hello"), 401, "invalid_token")

    def test_one_line_protects_a_route(self):
        self.assertEqual(len(self.assertServed(self.crm_call("contacts?limit=2"))), 2)
        self.assertTold(self.url_open("/crm/contacts"), 401, "invalid_token")
        # On every API; here without the scopes.
        self.assertTold(self.call("contacts"), 403, "insufficient_scope")

    def test_a_route_of_one_api_refuses_another_api_s_token(self):
        self.assertEqual(self.assertServed(self.crm_call("health")), {"ok": True})
        answer = self.url_open(
            "/crm/health", headers={"Authorization": f"Bearer {self.token}"}
        )
        self.assertTold(answer, 401, "invalid_token")

    def test_a_plain_route_is_equally_safe(self):
        self.assertEqual(self.crm_call("plain").text, "crm@example.com")
        self.assertTold(self.url_open("/crm/plain"), 401, "invalid_token")
        self.assertTold(self.call("plain"), 403, "insufficient_scope")

    def test_an_override_inherits_and_adds_scopes(self):
        audit = self.crm.client.scope_ids.filtered(lambda s: s.name == "audit")
        self.crm.client.scope_ids -= audit
        self.env.flush_all()
        answer = self.crm_call("contacts")
        self.assertTold(answer, 403, "insufficient_scope")
        self.assertIn('scope="audit contacts.read"', answer.headers["WWW-Authenticate"])

    def test_a_route_knows_who_is_calling(self):
        me = {"login": "crm@example.com", "api": "crm"}
        self.assertEqual(self.assertServed(self.crm_call("me")), me)
        more = {
            "application": "Application",
            "scopes": ["audit", "contacts.read", "visits.write"],
        }
        answer = self.crm_call("me?details=true")
        self.assertEqual(self.assertServed(answer), {**me, **more})
        self.assertTold(self.call("me?details=1"), 403, "insufficient_scope")
        self.assertFalse(_page.oauth2)
        self.assertIsNone(_page.oauth2.api)

    @mute_logger("odoo.http")
    def test_a_route_gets_typed_arguments_and_answers_json(self):
        contact = self.crm.user.partner_id
        path = f"contacts/{contact.id}/visits"
        answer = self.crm_call(path, {"days": ["2026-12-02", "2026-12-01"]})
        self.assertEqual(
            self.assertServed(answer),
            {
                "contact": contact.ids,
                "days": ["2026-12-01", "2026-12-02"],
                "note": "",
            },
        )
        for address, body, status, says in (
            (path, {}, 400, "argument days is missing"),
            (path, {"days": ["soon"]}, 400, "argument days must be of type list"),
            (path, {"days": [], "contact_id": 1}, 400, "contact_id is unknown"),
            (path, {"days": ["2026-12-01"] * 2}, 422, "A day comes twice."),
            (f"contacts/{2**30}/visits", {"days": []}, 404, "no such contact"),
        ):
            error = "not_found" if status == 404 else "invalid_request"
            self.assertTold(self.crm_call(address, body), status, error, says)

    def test_a_route_answers_a_file(self):
        answer = self.crm_call("contacts.csv")
        self.assertEqual(answer.headers["Content-Type"], "text/csv; charset=utf-8")
        self.assertEqual(answer.text.partition("\n")[0], "name")
        self.assertTold(self.url_open("/crm/contacts.csv"), 401, "invalid_token")
