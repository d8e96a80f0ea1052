from odoo.tests import tagged
from odoo.tools import mute_logger

from ..services.calls.json2_methods import SERVED_METHODS
from .json2_common import Json2Case


@tagged("post_install", "-at_install", "with_website")
class TestJson2(Json2Case):
    """A scope says what a token may do on Odoo's whole JSON-2 API."""

    def search_count(self, model="res.partner", **options):
        return self.json2(model, "search_count", domain=[], **options)

    def open_native(self):
        self.access.api.bearer_enabled = True
        self.env.flush_all()

    def test_a_kind_of_method_that_no_scope_opens_is_refused(self):
        for method, arguments in (
            ("create", {"vals_list": [{"name": "X"}]}),
            ("name_create", {"name": "X"}),
            ("write", {"ids": self.partner.ids, "vals": {"name": "X"}}),
            ("unlink", {"ids": self.partner.ids}),
            ("copy", {"ids": self.partner.ids}),
            ("action_archive", {"ids": self.partner.ids}),
            ("action_unarchive", {"ids": self.partner.ids}),
        ):
            with self.subTest(method=method):
                self.assertBeyond(self.json2("res.partner", method, **arguments))
        self.assertEqual(self.partner.name, "Deco")

    def test_the_challenge_names_the_scopes_that_would_open(self):
        for name, operation in (("all", "write"), ("new", "create"), ("also", "write")):
            scope = self.env["oauth2.scope"].create(
                {"api_id": self.access.api.id, "name": name}
            )
            self.open_model(scope, "res.partner", operation)
        answer = self.json2(
            "res.partner", "write", ids=self.partner.ids, vals={"name": "X"}
        )
        self.assertBeyond(answer)
        self.assertIn('scope="all also"', answer.headers["WWW-Authenticate"])
        self.assertEqual(
            answer.json()["error_description"],
            "The call needs res.partner (write), which no scope of this token opens;"
            " these do: all also.",
        )
        answer = self.json2("res.partner", "copy", ids=self.partner.ids)
        self.assertBeyond(answer)
        self.assertIn('scope="new"', answer.headers["WWW-Authenticate"])

    def test_a_refusal_names_the_model_that_the_arguments_reach(self):
        users = self.env["oauth2.scope"].create(
            {"api_id": self.access.api.id, "name": "users"}
        )
        self.open_model(users, "res.users", "read")
        for arguments, model in (
            ({"domain": [["user_ids.login", "=", "x"]]}, "res.users"),
            ({"domain": [["bank_ids", "ilike", "60"]]}, "res.partner.bank"),
            ({"domain": [], "order": "user_id.login"}, "res.users"),
        ):
            with self.subTest(arguments=arguments):
                answer = self.json2("res.partner", "search", **arguments)
                self.assertBeyond(answer)
                says = answer.json()["error_description"]
                self.assertIn(f"The call reaches {model} (read), which no", says)
                enough = model == "res.users"
                self.assertIn("do: users." if enough else "no single scope", says)
                challenge = answer.headers["WWW-Authenticate"]
                self.assertEqual('scope="users"' in challenge, enough)

    def test_of_what_lies_behind_an_unopened_model_a_refusal_tells_nothing(self):
        path = [["bank_ids.partner_id.user_ids.login", "=", "x"]]
        answer = self.json2("res.partner", "search", domain=path)
        self.assertIn("res.partner.bank (read)", answer.json()["error_description"])
        self.assertNotIn("res.users", answer.text)

    def test_a_refusal_repeats_no_path_that_names_no_model(self):
        for model, method in (("%3Cb%3Ex", "read"), ("res.users", "a%3Cb%3E")):
            answer = self.json2(model, method)
            self.assertBeyond(answer)
            self.assertIn("needs a model (what was called)", answer.text)
        answer = self.json2("res.users", "context_get")
        self.assertIn("res.users (method context_get)", answer.text)

    def test_an_unopened_model_is_refused(self):
        self.assertBeyond(self.json2("res.users", "search_read", fields=["login"]))
        self.assertBeyond(self.json2("no.such.model", "read"))

    @mute_logger("odoo.http")
    def test_what_the_user_may_not_do_stays_forbidden(self):
        self.open("res.currency", "read", "create")
        answer = self.json2(
            "res.currency", "create", vals_list=[{"name": "XXX", "symbol": "x"}]
        )
        self.assertEqual(answer.status_code, 403, answer.text)
        self.assertEqual(answer.json()["debug"], "")
        self.assertNotIn("Traceback", answer.text)

    def test_methods_of_the_web_client_and_imports_need_their_name_in_a_line(self):
        self.open("res.partner", "read", "create", "write", "unlink")
        self.user.group_ids |= self.env.ref("base.group_allow_export")
        domain, ids = [["id", "=", self.partner.id]], self.partner.ids
        methods = {
            "web_read": {"ids": ids, "specification": {"bank_ids": {"fields": {}}}},
            "web_search_read": {"domain": domain, "specification": {"name": {}}},
            "web_save": {"ids": ids, "vals": {"name": "A"}, "specification": {}},
            "web_read_group": {"domain": domain, "groupby": ["type"]},
            "read_group": {"domain": domain, "fields": [], "groupby": ["type"]},
            "read_progress_bar": {
                "domain": domain,
                "group_by": "parent_id",
                "progress_bar": {"field": "type", "colors": {"contact": "x"}},
            },
            "export_data": {"ids": ids, "fields_to_export": ["user_ids/login"]},
            "load": {"fields": ["name"], "data": [["H"]]},
            "get_metadata": {"ids": ids},
            "update_field_translations": {
                "ids": self.env.ref("base.be").ids,
                "field_name": "name",
                "translations": {"en_US": "Beer"},
            },
        }
        for method, arguments in methods.items():
            with self.subTest(method=method):
                self.assertBeyond(self.json2("res.partner", method, **arguments))
        self.open("res.partner", methods=" ".join(methods))
        del methods["update_field_translations"]  # contacts have nothing translated
        with mute_logger("py.warnings"):  # some are deprecated
            for method, arguments in methods.items():
                with self.subTest(method=method):
                    self.assertServed(self.json2("res.partner", method, **arguments))
        self.assertBeyond(self.json2("res.partner", "read", ids=ids))

    def test_methods_of_a_model_need_their_name_in_a_line(self):
        ids = self.partner.ids
        self.assertBeyond(self.json2("res.partner", "address_get", ids=ids))
        self.open("res.partner", methods="address_get")
        self.assertServed(self.json2("res.partner", "address_get", ids=ids))

    def test_private_methods_stay_private(self):
        for method in ("_read_format", "with_user", "sudo", "__class__"):
            answer = self.json2("res.partner", method, ids=self.partner.ids)
            self.assertBeyond(answer)

    def test_an_api_without_lines_gives_nothing(self):
        self.scope.line_ids.unlink()
        self.env.flush_all()
        self.assertBeyond(self.search_count())

    def test_where_it_is_not_enabled_it_is_not_there(self):
        self.access.api.json2_enabled = False
        self.env.flush_all()
        answer = self.search_count()
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(answer.json()["error"], "not_found")

    def test_no_token_is_refused_with_a_challenge_that_names_the_metadata(self):
        answer = self.url_open("/orders/json/2/res.partner/read", json={"ids": [1]})
        self.assertEqual(answer.status_code, 401)
        self.assertIn(
            '/.well-known/oauth-protected-resource/orders"',
            answer.headers["WWW-Authenticate"],
        )

    def test_odoos_own_json2_takes_the_token_only_where_it_is_switched_on(self):
        self.assertEqual(self.search_count(base="").status_code, 401)
        self.open_native()
        self.assertServed(self.search_count(base=""))
        self.assertBeyond(self.search_count("res.users", base=""))
        self.assertBeyond(self.json2("res.partner", "web_read", base="", ids=[1]))
        domain = [["bank_ids.id", "child_of", "60"]]
        self.assertBeyond(self.json2("res.partner", "search", base="", domain=domain))

    def describe(self, model="res.partner", token=None):
        """Ask for the methods of a model, as client libraries do."""
        headers = {"Authorization": f"Bearer {token or self.access.token}"}
        return self.url_open(f"/orders/doc-bearer/{model}.json", headers=headers)

    def test_a_model_s_description_tells_the_methods_that_scopes_open(self):
        described = self.assertServed(self.describe())
        self.assertEqual(described["model"], "res.partner")
        methods = described["methods"]
        self.assertEqual(
            set(methods),
            {m for m, needed in SERVED_METHODS.items() if needed == {"read"}},
        )
        for name, parameters, api in (
            ("search", ["domain", "offset", "limit", "order"], ["model"]),
            ("read", ["fields", "load"], []),
        ):
            self.assertEqual(list(methods[name]["parameters"]), parameters)
            self.assertEqual(methods[name]["api"], api)
        self.open("res.partner", "write", methods="address_get with_user nothing")
        methods = self.assertServed(self.describe())["methods"]
        self.assertEqual(
            set(methods), {"write", "action_archive", "action_unarchive", "address_get"}
        )

    def test_an_unopened_model_is_not_described(self):
        for model in ("res.users", "no.such.model"):
            answer = self.describe(model)
            self.assertBeyond(answer)
            self.assertIn(f"describes {model} (any operation)", answer.text)
        users = self.env["oauth2.scope"].create(
            {"api_id": self.access.api.id, "name": "users"}
        )
        self.open_model(users, "res.users", "write")
        challenge = self.describe("res.users").headers["WWW-Authenticate"]
        self.assertIn('scope="users"', challenge)

    def test_nothing_is_described_without_a_token_or_without_json2(self):
        self.assertEqual(self.describe(token="wrong").status_code, 401)
        self.access.api.json2_enabled = False
        self.env.flush_all()
        self.assertEqual(self.describe().status_code, 404)

    def test_api_keys_keep_working_on_odoos_own_json2(self):
        answer = self.search_count("res.users", base="", token=self.make_key())
        self.assertServed(answer)

    def test_a_refusal_on_odoos_own_json2_names_the_metadata_of_the_tokens_api(self):
        self.open_native()
        answer = self.search_count("res.users", base="")
        self.assertBeyond(answer)
        self.assertIn(
            f'{self.base_url()}/.well-known/oauth-protected-resource/orders"',
            answer.headers["WWW-Authenticate"],
        )
