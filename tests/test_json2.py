from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import OAuth2Records


@tagged("post_install", "-at_install", "with_website")
class TestJson2(OAuth2Records, HttpCase):
    """A scope says what a token may do on Odoo's whole JSON-2 API."""

    def setUp(self):
        super().setUp()
        groups = self.env.ref("base.group_user") + self.env.ref(
            "base.group_partner_manager"
        )
        self.user = self.make_user(group_ids=[(6, 0, groups.ids)])
        self.api = self.make_api(scopes=("read", "all"), json2_enabled=True)
        self.client = self.make_client(self.api, self.make_provider())
        self.scope = self.api.scope_ids.filtered(lambda s: s.name == "read")
        self.everything = self.api.scope_ids - self.scope
        self.client.scope_ids = self.scope
        self.open("res.partner", "read")
        _grant, self.token = self.make_grant(self.client, self.user)
        self.partner = self.env["res.partner"].create(
            {"name": "Deco", "email": "deco@example.com"}
        )
        self.env.flush_all()

    def open(self, model, *operations, methods=""):
        """Have the scope open a model."""
        model_id = self.env["ir.model"]._get_id(model)
        values = {
            f"perm_{o}": o in operations for o in ("read", "create", "write", "unlink")
        }
        values["method_names"] = methods
        line = self.scope.line_ids.filtered(lambda x: x.model_id.id == model_id)
        if line:
            line.write(values)
        else:
            self.scope.line_ids = [(0, 0, {"model_id": model_id, **values})]
        self.env.flush_all()

    def json2(self, model, method, base="/orders", token=None, **arguments):
        return self.url_open(
            f"{base}/json/2/{model}/{method}",
            json=arguments,
            method="POST",
            headers={"Authorization": f"Bearer {token or self.token}"},
        )

    def assertServed(self, response):
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def assertBeyond(self, response):
        self.assertEqual(response.status_code, 403, response.text)
        self.assertEqual(response.json()["error"], "insufficient_scope")

    def test_an_opened_model_is_served_as_odoo_serves_it(self):
        answer = self.json2(
            "res.partner",
            "search_read",
            domain=[["id", "=", self.partner.id]],
            fields=["name"],
        )
        self.assertEqual(
            self.assertServed(answer), [{"id": self.partner.id, "name": "Deco"}]
        )

    def test_an_operation_that_no_scope_opens_is_refused(self):
        for method, arguments in (
            ("create", {"vals_list": [{"name": "X"}]}),
            ("write", {"ids": self.partner.ids, "vals": {"name": "X"}}),
            ("unlink", {"ids": self.partner.ids}),
            ("copy", {"ids": self.partner.ids}),
            ("action_archive", {"ids": self.partner.ids}),
            ("get_views", {"views": []}),
        ):
            with self.subTest(method=method):
                self.assertBeyond(self.json2("res.partner", method, **arguments))
        self.assertEqual(self.partner.name, "Deco")

    def test_the_challenge_names_the_scope_that_would_open(self):
        self.everything.line_ids = [
            (
                0,
                0,
                {
                    "model_id": self.env["ir.model"]._get_id("res.partner"),
                    "perm_write": True,
                },
            )
        ]
        self.env.flush_all()
        answer = self.json2(
            "res.partner", "write", ids=self.partner.ids, vals={"name": "X"}
        )
        self.assertBeyond(answer)
        self.assertIn('scope="all"', answer.headers["WWW-Authenticate"])

    def test_an_unopened_model_is_refused(self):
        self.assertBeyond(self.json2("res.users", "search_read", fields=["login"]))
        self.assertBeyond(self.json2("no.such.model", "read"))

    def test_write_create_and_delete_where_opened(self):
        self.open("res.partner", "read", "create", "write", "unlink")
        created = self.assertServed(
            self.json2("res.partner", "create", vals_list=[{"name": "New"}])
        )
        self.assertServed(
            self.json2("res.partner", "write", ids=created, vals={"name": "Newer"})
        )
        self.assertEqual(self.env["res.partner"].browse(created).name, "Newer")
        self.assertServed(self.json2("res.partner", "unlink", ids=created))
        self.assertFalse(self.env["res.partner"].browse(created).exists())

    @mute_logger("odoo.http")
    def test_what_the_user_may_not_do_stays_forbidden(self):
        self.open("res.currency", "read", "create")
        answer = self.json2(
            "res.currency", "create", vals_list=[{"name": "XXX", "symbol": "x"}]
        )
        self.assertEqual(answer.status_code, 403, answer.text)
        self.assertEqual(answer.json()["debug"], "")
        self.assertNotIn("Traceback", answer.text)

    def test_arguments_do_not_reach_other_models(self):
        read = {"domain": []}
        for method, arguments in (
            ("search", {"domain": [["user_ids.login", "=", "admin"]]}),
            ("search", {"domain": [["user_ids", "any", [["login", "=", "admin"]]]]}),
            ("search", {"domain": [["user_ids", "ilike", "admin"]]}),
            ("search", {"domain": ["!", ["bank_ids.acc_number", "like", "B"]]}),
            ("search_count", {"domain": [["category_id", "child_of", 1]]}),
            ("search_read", {**read, "fields": ["user_ids.login"]}),
            ("export_data", {"fields_to_export": ["user_ids/login"]}),
            ("formatted_read_group", {**read, "groupby": ["user_ids.login"]}),
            (
                "read_group",
                {**read, "fields": ["x:max(bank_ids.acc_number)"], "groupby": []},
            ),
            (
                "web_search_read",
                {**read, "specification": {"user_ids": {"fields": {"login": {}}}}},
            ),
        ):
            with self.subTest(method=method, arguments=arguments):
                self.assertBeyond(self.json2("res.partner", method, **arguments))

    def test_a_model_reached_through_arguments_is_served_where_it_is_open_too(self):
        self.open("res.partner.bank", "read")
        answer = self.json2(
            "res.partner", "search_count", domain=[["bank_ids.acc_number", "like", "B"]]
        )
        self.assertEqual(self.assertServed(answer), 0)

    def test_commands_act_on_other_models_only_where_these_are_open(self):
        self.open("res.partner", "read", "create", "write")
        commands = {"bank_ids": [[0, 0, {"acc_number": "BE1"}]]}
        for method, arguments in (
            ("write", {"ids": self.partner.ids, "vals": commands}),
            ("create", {"vals_list": [{"name": "X", **commands}]}),
            (
                "write",
                {
                    "ids": self.partner.ids,
                    "vals": {"child_ids": [[0, 0, {"name": "C", **commands}]]},
                },
            ),
            (
                "load",
                {"fields": ["name", "bank_ids/acc_number"], "data": [["X", "BE1"]]},
            ),
        ):
            with self.subTest(method=method):
                self.assertBeyond(self.json2("res.partner", method, **arguments))
        self.assertFalse(
            self.env["res.partner.bank"].search([("acc_number", "=", "BE1")])
        )

    def test_a_context_that_makes_names_tell_more_is_refused(self):
        answer = self.json2(
            "res.partner",
            "read",
            ids=self.partner.ids,
            fields=["name"],
            context={"show_email": True},
        )
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(answer.json()["error"], "invalid_request")

    def test_other_methods_need_their_name_in_a_scope(self):
        self.assertBeyond(
            self.json2("res.partner", "address_get", ids=self.partner.ids)
        )
        self.open("res.partner", methods="address_get")
        self.assertServed(
            self.json2("res.partner", "address_get", ids=self.partner.ids)
        )
        self.assertBeyond(self.json2("res.partner", "read", ids=self.partner.ids))

    def test_private_methods_stay_private(self):
        self.assertBeyond(
            self.json2("res.partner", "_read_format", ids=self.partner.ids)
        )
        self.assertBeyond(self.json2("res.partner", "with_user", user=1))
        self.assertBeyond(self.json2("res.partner", "sudo"))

    def test_an_api_without_lines_gives_nothing(self):
        self.scope.line_ids.unlink()
        self.env.flush_all()
        self.assertBeyond(self.json2("res.partner", "search_count", domain=[]))

    def test_where_it_is_not_enabled_it_is_not_there(self):
        self.api.json2_enabled = False
        self.env.flush_all()
        answer = self.json2("res.partner", "search_count", domain=[])
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(answer.json()["error"], "invalid_request")

    def test_no_token_is_refused_with_a_challenge_that_names_the_metadata(self):
        answer = self.url_open("/orders/json/2/res.partner/read", json={"ids": [1]})
        self.assertEqual(answer.status_code, 401)
        self.assertIn(
            '/.well-known/oauth-protected-resource/orders"',
            answer.headers["WWW-Authenticate"],
        )

    def test_odoos_own_json2_takes_the_token_only_where_it_is_switched_on(self):
        answer = self.json2("res.partner", "search_count", base="", domain=[])
        self.assertEqual(answer.status_code, 401)
        self.api.bearer_enabled = True
        self.env.flush_all()
        self.assertServed(self.json2("res.partner", "search_count", base="", domain=[]))
        self.assertBeyond(self.json2("res.users", "search_count", base="", domain=[]))

    def test_api_keys_keep_working_on_odoos_own_json2(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.user)
            .sudo()
            ._generate("rpc", "test", "2099-01-01")
        )
        self.env.flush_all()
        answer = self.json2("res.users", "search_count", base="", token=key, domain=[])
        self.assertServed(answer)

    def test_a_refusal_on_odoos_own_json2_names_the_metadata_of_the_tokens_api(self):
        self.api.bearer_enabled = True
        self.env.flush_all()
        answer = self.json2("res.users", "search_count", base="", domain=[])
        self.assertBeyond(answer)
        self.assertIn(
            f'{self.base_url()}/.well-known/oauth-protected-resource/orders"',
            answer.headers["WWW-Authenticate"],
        )

    def test_an_unknown_or_archived_api_has_no_metadata(self):
        self.api.active = False
        self.env.flush_all()
        for endpoint in ("orders", "nothing", "orders/x"):
            answer = self.url_open(f"/.well-known/oauth-protected-resource/{endpoint}")
            self.assertEqual(answer.status_code, 404)
            self.assertNotIn("WWW-Authenticate", answer.headers)

    def test_the_metadata_of_an_api_names_its_scopes_and_issuers(self):
        answer = self.url_open("/.well-known/oauth-protected-resource/orders")
        self.assertEqual(
            self.assertServed(answer),
            {
                "resource": f"{self.base_url()}/orders",
                "resource_name": "Orders",
                "authorization_servers": ["https://provider.example.com"],
                "scopes_supported": ["all", "read"],
                "bearer_methods_supported": ["header"],
            },
        )
