from odoo import http
from odoo.exceptions import ValidationError
from odoo.http import request
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..oauth2 import oauth2_route
from .json_route_common import JsonRouteCase


@tagged("post_install", "-at_install", "-standard", "with_website")
class TestWithWebsite(JsonRouteCase):
    """A website with languages takes nothing from an API, nor an API from it."""

    @classmethod
    def add_controllers(cls):
        class Routes(http.Controller):
            @oauth2_route("/<api>/partners", methods=["GET"])
            def partners(self):
                return self.env["res.partner"].search_count([])

            @oauth2_route("/<api>/who", type="http", methods=["GET"])
            def who(self):
                return request.env.user.login

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.french = cls.env["res.lang"]._activate_lang("fr_FR")
        cls.website = cls.env["website"].search([], limit=1)
        cls.website.language_ids |= cls.french
        view = cls.env["ir.ui.view"].create(
            {
                "name": "Partners",
                "type": "qweb",
                "key": "website.oauth2_test_partners",
                "arch": "<p>Our partners</p>",
            }
        )
        cls.env["website.page"].create(
            {"view_id": view.id, "url": "/partners", "is_published": True}
        )
        cls.env.flush_all()

    def test_pages_of_the_website_open_for_everybody(self):
        member = self.env.ref("api_auth_oauth2.group_admin")
        internal, portal = (
            self.env.ref(f"base.group_{name}") for name in ("user", "portal")
        )
        logins = {
            "settings administrator": "admin",
            "member of our group": self.make_member("mara", internal | member),
            "employee": self.make_member("emil", internal),
            "portal user": self.make_member("paula", portal),
            "visitor": None,
        }
        for who, login in logins.items():
            self.authenticate(login, login)
            for path in ("/", "/contactus", "/web/login"):
                with self.subTest(who, path=path):
                    answer = self.url_open(path)
                    self.assertEqual(answer.status_code, 200)

    def make_member(self, login, groups):
        self.make_user(login, password=login, group_ids=[(6, 0, groups.ids)])
        return login

    def test_a_page_in_another_language_stays_the_websites(self):
        answer = self.url_open("/fr/partners")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("Our partners", answer.text)
        self.assertEqual(
            self.assertServed(self.call("partners")),
            self.env["res.partner"].with_user(self.user).search_count([]),
        )

    def test_the_language_of_a_visitor_is_neither_looked_at_nor_kept(self):
        self.opener.cookies.set("frontend_lang", "fr_FR")
        for path in ("partners", "who"):
            answer = self.call(
                path, headers={"Accept-Language": "fr"}, allow_redirects=False
            )
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertNotIn("Set-Cookie", answer.headers)

    def test_a_language_before_the_api_opens_nothing(self):
        for path in ("partners", "who"):
            answer = self.url_open(f"/fr/{self.api.endpoint}/{path}")
            self.assertEqual(answer.status_code, 401, answer.text)

    @mute_logger("odoo.http")
    def test_an_unknown_path_of_an_api_is_no_page_of_the_website(self):
        self.assertTold(self.call("nothing"), 404, "not_found")
        self.assertTold(self.call("partners", method="PUT"), 405, "invalid_request")

    @mute_logger("odoo.http", "odoo.addons.http_routing.models.ir_http")
    def test_an_unknown_path_of_an_api_is_not_redirected_to_a_language(self):
        self.make_api("fr_api", scopes=())
        self.env.flush_all()
        self.opener.cookies.set("frontend_lang", "fr_FR")
        for endpoint in ("orders", "fr_api"):
            for rest in ("nothing", "nothing/more", "/twice", "json/2/a"):
                with self.subTest(endpoint=endpoint, rest=rest):
                    answer = self.url_open(
                        f"/{endpoint}/{rest}",
                        headers={"Accept-Language": "fr"},
                        allow_redirects=False,
                    )
                    self.assertTold(answer, 404, "not_found")

    def test_pages_and_languages_of_the_website_stay_beside_such_an_api(self):
        self.make_api("fr_api", scopes=())
        self.env.flush_all()
        for path in ("/fr/partners", "/fr_FR/partners"):
            answer = self.url_open(path)
            self.assertEqual(answer.status_code, 200)
            self.assertTrue(answer.url.endswith("/fr/partners"), answer.url)

    @mute_logger("odoo.http")
    def test_a_path_of_the_website_costs_no_statement_of_ours(self):
        paths = ("/", "/partners", "/nothing-there", "/web/login")
        for path in paths * 3:  # what is remembered is read before
            self.url_open(path)
        seen = []
        for path in paths:
            profile = self.profile(collectors=["sql"], db=False)
            with profile:
                self.url_open(path)
            (of_call,) = profile._profiler__.sub_profilers
            seen += [e["full_query"] for e in of_call.collectors[0].entries]
        self.assertTrue(seen)
        self.assertFalse([statement for statement in seen if "oauth2" in statement])

    def test_no_api_takes_the_paths_of_a_language_or_of_the_website(self):
        for endpoint in ("fr", "website", "shop"):
            with self.subTest(endpoint=endpoint), self.assertRaises(ValidationError):
                self.make_api(endpoint)

    def test_a_model_of_the_website_is_opened_by_its_scope_alone(self):
        self.api.json2_enabled = True
        self.user.group_ids |= self.env.ref("website.group_website_designer")
        self.open_model(self.api.scope_ids[0], "website.page", "read")
        path = "json/2/website.page/search_count"
        self.assertServed(self.call(path, {"domain": []}))
        path = "json/2/website.menu/search_count"
        self.assertTold(self.call(path, {"domain": []}), 403, "insufficient_scope")
