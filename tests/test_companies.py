"""An API of one company: who may use it, in which company its calls are made, and whose
administrators see it.
"""

from contextlib import suppress

from lxml import etree
from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from ..services.audit.audit import Audit
from ..services.configuration.configuration_changes import describe
from .authorization_server_common import AuthorizationServerCase
from .json2_common import Json2Case
from .test_access_rights import AccessCase


@tagged("post_install", "-at_install")
class TestCompanyOfCalls(Json2Case):
    """The user belongs to two companies, and works in the other one by default."""

    def setUp(self):
        super().setUp()
        self.main = self.user.company_id
        self.branch = self.env["res.company"].create({"name": "Branch"})
        self.user.company_ids += self.branch
        self.access.api.bearer_enabled = True
        self.give_to_company(self.access.api, self.branch)
        partners = [("Ours", self.branch), ("Theirs", self.main)]
        self.env["res.partner"].create(
            [{"name": n, "ref": "here", "company_id": c.id} for n, c in partners]
        )
        self.open("ir.attachment", "read", "create")
        self.env.flush_all()

    def names(self, **arguments):
        domain = [["ref", "=", "here"]]
        found = self.json2(
            "res.partner", "search_read", domain=domain, fields=["name"], **arguments
        )
        return [each["name"] for each in self.assertServed(found)]

    def test_a_call_sees_what_is_of_the_api_s_company_alone(self):
        self.assertEqual(self.names(), ["Ours"])
        self.assertEqual(self.names(base=""), ["Ours"])
        self.assertEqual(self.names(context={"lang": "en_US"}), ["Ours"])
        self.access.api.company_id = False  # the client stays of its company
        self.env.flush_all()
        self.assertEqual(self.names(), ["Ours"])
        self.access.client.company_id = False
        self.env.flush_all()
        self.assertEqual(self.names(), ["Ours", "Theirs"])

    def test_what_a_call_makes_is_of_the_api_s_company(self):
        names = {"fields": ["company_id"]}
        for company in (self.branch, self.main):
            self.give_to_company(self.access.api, company)
            self.env.flush_all()
            values = self.json2("ir.attachment", "default_get", **names)
            self.assertEqual(self.assertServed(values)["company_id"], company.id)

    def test_a_caller_widens_the_companies_by_no_context(self):
        ours, theirs = self.branch.id, self.main.id
        self.open("res.partner", "read", methods="web_read web_search_read")
        self.env.flush_all()
        for base in ("/orders", ""):
            self.assertEqual(
                self.names(base=base, context={"allowed_company_ids": [ours]}),
                ["Ours"],
            )
            inner = {"parent_id": {"context": {"allowed_company_ids": [ours]}}}
            served = {"base": base, "domain": [], "specification": inner}
            self.assertServed(self.json2("res.partner", "web_search_read", **served))
            for companies in ([ours, theirs], [theirs], [], None, False, str(ours)):
                context = {"allowed_company_ids": companies}
                inner = {"parent_id": {"context": context}}
                for method, arguments in (
                    ("search", {"domain": [], "context": context}),
                    ("web_search_read", {"domain": [], "specification": inner}),
                    ("web_read", {"ids": [], "specification": inner}),
                ):
                    with self.subTest(base, method=method, companies=companies):
                        answer = self.json2(
                            "res.partner", method, base=base, **arguments
                        )
                        self.assertNotFollowed(answer)
                        error = answer.json()["error_description"]
                        self.assertIn("of one company", error)


@tagged("post_install", "-at_install")
class TestCompanyOfUsers(AuthorizationServerCase):
    """Each door asks who is of the company, also of what was issued before."""

    def setUp(self):
        super().setUp()
        self.branch = self.env["res.company"].create({"name": "Branch"})

    def leave(self):
        """The user is not of the API's company."""
        self.give_to_company(self.api, self.branch)
        self.env.flush_all()

    def come_back(self):
        self.user.company_ids += self.branch
        self.env.flush_all()

    def refusal(self):
        """:return: the latest one of the audit log"""
        self.env.invalidate_all()
        refusals = [("kind", "=", "refusal")]
        return self.env["oauth2.event"].search(refusals, limit=1)

    def test_a_user_of_another_company_is_refused_and_the_event_says_why(self):
        self.leave()
        _address, page = self.open_consent()
        self.assertNotIn("csrf_token", page.text)
        event = self.refusal()
        self.assertEqual(event.cause, "user_blocked")
        self.assertEqual(
            event.reason,
            f"The user {self.user.login} does not belong to the company of API or"
            " client.",
        )
        self.come_back()
        self.assertIn("access_token", self.tokens())

    def test_tokens_of_a_user_who_leaves_the_company_open_and_tell_nothing(self):
        tokens = self.tokens()
        self.leave()
        self.assertEqual(self.call_as(tokens["access_token"]), 401)
        for token in (tokens["access_token"], tokens["refresh_token"]):
            told = self.url_open(
                "/orders/oauth2/introspect",
                data={"token": token, "client_id": "own-app"}
                | {"client_secret": self.secret},
            )
            self.assertEqual(told.json(), {"active": False})
        self.assertRefused(self.refresh(tokens["refresh_token"]), 400, "invalid_grant")
        self.come_back()
        self.assertEqual(self.call_as(tokens["access_token"]), 200)
        self.assertEqual(self.refresh(tokens["refresh_token"]).status_code, 200)

    def test_a_service_user_of_another_company_gets_no_token(self):
        robot = self.serve_as(self.make_user("robot@example.com"))
        given = self.ask_token(grant_type="client_credentials").json()["access_token"]
        self.leave()
        self.assertEqual(self.call_as(given), 401)
        refused = self.ask_token(grant_type="client_credentials")
        self.assertRefused(refused, 400, "unauthorized_client")
        robot.company_ids += self.branch
        self.env.flush_all()
        self.assertEqual(self.call_as(given), 200)
        again = self.ask_token(grant_type="client_credentials")
        self.assertEqual(again.status_code, 200, again.text)

    def test_the_company_of_an_api_is_not_deleted(self):
        self.leave()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.branch.unlink()


class TestCompanyOfAdministrators(AccessCase):
    """Mara administers the main company's APIs, Bela those of the branch."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Branch"})
        cls.bela = cls.make_user(
            "bela@example.com",
            company_id=cls.branch.id,
            company_ids=cls.branch.ids,
            group_ids=cls.manager.group_ids.ids,
        )
        cls.portal.write({"company_ids": cls.branch.ids, "company_id": cls.branch.id})
        cls.give_to_company(cls.api, cls.branch)
        cls.event |= Audit(cls.env).record("refusal", oauth2_api=cls.api)
        cls.models["oauth2.event"] = cls.event
        cls.env.flush_all()

    def theirs(self):
        """:return: records that are of the branch, a list"""
        shared = {"oauth2.provider"}
        return [r for name, r in self.models.items() if name not in shared]

    def test_administrators_of_another_company_see_none_of_its_records(self):
        for record in self.theirs():
            with self.subTest(record._name):
                for seen in record:
                    self.assertNotAllowed(self.as_user(self.manager, seen).read, [])
                found = record.with_user(self.manager)
                found = found.with_context(active_test=False).search([])
                self.assertFalse(found & record)

    def test_administrators_of_the_company_see_its_records_and_shared_ones(self):
        for company in (self.branch, self.branch.browse()):
            self.give_to_company(self.api, company)
            for record in {*self.theirs(), self.provider}:
                with self.subTest(record._name, company=company.name):
                    self.assertTrue(self.as_user(self.bela, record).read([]))
                    self.assertLessEqual(record, record.with_user(self.bela).search([]))

    def test_settings_administrators_see_the_companies_that_they_chose(self):
        """As everything in Odoo."""
        self.system.company_ids += self.branch
        for companies, is_seen in ((self.branch, True), (self.env.company, False)):
            chosen = {"allowed_company_ids": companies.ids}
            for record in self.theirs():
                if record == self.created:
                    continue
                found = self.as_user(self.system, record).with_context(**chosen)
                self.assertEqual(bool(found.search([]) & record), is_seen, record)

    def test_a_client_made_for_an_api_is_of_that_api_s_company(self):
        values = {"name": "C", "api_ids": self.api.ids}
        made = self.as_user(self.bela, self.client).create(values)
        self.assertEqual(made.company_id, self.branch)
        for group in ("api_auth_oauth2.group_admin", "base.group_multi_company"):
            self.bela.group_ids += self.env.ref(group)
            form = Form(self.client.browse().with_user(self.bela))
            form.name = "D"
            form.api_ids.add(self.api)
            self.assertEqual(form.save().company_id, self.branch)
        self.assertFalse(made.create({"name": "E"}).company_id)

    def picker(self, record, name):
        """:return: ``(what a form offers there, the context of what is made there)``"""
        arch = etree.fromstring(record.get_view(view_type="form")["arch"])
        [node] = arch.xpath(f"//field[@name='{name}'][not(@readonly='1')]")
        known = record._fields[name].get_description(record.env, ["domain"])["domain"]
        values = {"id": record.id, "company_id": record.company_id.id}
        if "api_ids" in record:
            values["api_ids"] = record.api_ids.ids
        domain = safe_eval(node.get("domain") or str(known), values)
        context = safe_eval(node.get("context") or "{}", values)
        return record.env[record._fields[name].comodel_name].search(domain), context

    def test_a_picker_offers_of_each_company_what_saving_accepts(self):
        self.system.company_ids += self.branch
        companies = self.env["res.company"], self.env.company, self.branch
        env = self.env(user=self.system)
        env = env(context={"allowed_company_ids": self.system.company_ids.ids})
        ids = [company.id for company in companies]
        Client = env["oauth2.client"]
        clients = Client.create([{"name": "C", "company_id": each} for each in ids])
        apis = env["oauth2.api"].create(
            [
                {"name": "A", "endpoint": f"a{each or 0}", "company_id": each}
                for each in ids
            ]
        )
        for client, oauth2_api in zip(clients, apis, strict=True):
            client.api_ids = oauth2_api
        scopes = env["oauth2.scope"].create(
            [{"name": "s", "api_id": each} for each in apis.ids]
        )
        for record, name, candidates in (
            *((oauth2_api, "client_ids", clients) for oauth2_api in apis),
            *((client, "api_ids", apis) for client in clients),
            *((client, "scope_ids", scopes) for client in clients),
            (Client.new(), "api_ids", apis),
        ):
            offered = self.picker(record, name)[0] & candidates
            accepted = candidates.filtered(
                lambda each, record=record, name=name: self.accepts(record, name, each)
            )
            with self.subTest(record._name, name=name, company=record.company_id.name):
                self.assertEqual(offered, accepted)

    def accepts(self, record, name, other):
        """:return: whether a record that is linked with another can be saved"""
        with self.env.cr.savepoint() as savepoint:
            try:
                if record.id:
                    record.write({name: [Command.link(other.id)]})
                else:
                    record.create({"name": "New", name: other.ids})
            except ValidationError:
                return False
            finally:
                savepoint.rollback()
                self.env.invalidate_all()
        return True

    def test_a_client_made_in_the_form_of_an_api_is_of_the_company_of_its_apis(self):
        shared = self.make_api("shared").with_user(self.bela)
        client = self.client.browse().with_user(self.bela)
        for made_in, company in ((shared, self.branch), (self.api, self.branch)):
            _offered, context = self.picker(made_in.with_user(self.bela), "client_ids")
            form = Form(client.with_context(**context))
            form.name = "D"
            form.api_ids.add(self.api)
            self.assertEqual(form.save().company_id, company)
            form = Form(client.with_context(**context))
            form.name = "E"
            self.assertEqual(form.save().company_id, made_in.company_id)

    def test_the_dialog_that_connects_tells_nothing_of_another_company_s_records(self):
        self.api.write({"name": "Theirs (API)", "endpoint": "theirs-2"})
        self.api.scope_ids.description = "Theirs (scope)"
        self.client.name = "Theirs (client)"
        self.env.flush_all()
        seen = {"scopes": {}, "api_serves_json2": {}, "provider_redirect_uri": {}}
        seen["company_id"] = {"fields": {"display_name": {}}}
        seen["api_id"] = seen["client_id"] = {"fields": {"display_name": {}}}
        dialogs = self.env["oauth2.connect"].with_user(self.manager)
        for values in ({"api_id": self.api.id}, {"client_id": self.client.id}):
            with self.subTest(values):
                for call in (
                    lambda values=values: dialogs.onchange(values, [*values], seen),
                    lambda values=values: dialogs.create(values).web_read(seen),
                ):
                    told = None
                    self.env.invalidate_all()  # what others read
                    with suppress(AccessError):
                        told = call()
                    self.assertNotIn("heirs", str(told))

    def test_as_service_user_one_of_the_company_of_client_or_api_is_offered(self):
        self.system.company_ids += self.branch
        env = self.env(user=self.system)
        companies = self.env.company | self.branch  # new users are of the first
        env = env(context={"allowed_company_ids": companies.ids})
        dialog = env["oauth2.connect"].create(
            {"name": "Robot", "kind": "system", "api_id": self.api.id}
        )
        for record in (self.client.with_env(env), dialog):
            offered, _context = self.picker(record, "service_user_id")
            self.assertIn(self.bela, offered)
            self.assertNotIn(self.manager, offered)
        dialog.action_connect()
        self.assertEqual(dialog.client_id.service_user_id.company_ids, self.branch)
        self.give_to_company(self.api, self.branch.browse())
        for record in (self.client.with_env(env), dialog):
            offered, _context = self.picker(record, "service_user_id")
            self.assertLessEqual(self.bela | self.manager, offered)

    def test_no_link_joins_a_client_and_an_api_of_another_company(self):
        """Nor moves either: the client's tokens would open what is the other's."""
        self.bela.company_ids += self.env.company
        client = self.client.create({"name": "Wanderer"})
        shared = self.make_api("shared", client_ids=client.ids)
        ours = self.make_api("ours", company_id=self.branch.id)
        theirs = {"name": "T", "endpoint": "t", "company_id": self.branch.id}
        for company in (self.env.company, self.env.company.browse()):
            client.company_id = company
            for record, change, values in (
                (client, "write", {"api_ids": [Command.link(ours.id)]}),
                (ours, "write", {"client_ids": [Command.link(client.id)]}),
                (ours, "create", {**theirs, "client_ids": client.ids}),
                (shared, "write", {"company_id": self.branch.id}),
                (self.client, "write", {"company_id": False}),
                (self.client, "write", {"company_id": self.env.company.id}),
            ):
                if record != self.client:
                    record = self.as_user(self.bela, record)
                with self.subTest(record.name, values=values, company=company.name):
                    with self.assertRaises(ValidationError) as refused:
                        getattr(record, change)(values)
                    self.assertNotIn(client.name, str(refused.exception))
                    self.env.invalidate_all()
                    self.assertEqual(client.company_id, company)

    def test_an_api_takes_no_client_that_is_not_seen_along(self):
        shared = self.make_api("shared")
        self.give_to_company(self.api, self.branch.browse())
        self.client.write({"name": "Unseen", "company_id": self.branch.id})
        self.client.api_ids += shared
        company = {"company_id": self.env.company.id}
        for values in (company, {**company, "client_ids": []}):
            seen = self.as_user(self.manager, shared)
            with self.assertRaises(ValidationError) as refused:
                seen.write(values)
            self.assertNotIn("Unseen", str(refused.exception))
            self.env.invalidate_all()
            self.assertEqual(self.client.company_id, self.branch)

    def test_an_api_that_a_client_asks_no_user_on_keeps_its_endpoint_unseen(self):
        shared = self.make_api("shared")
        values = {"name": "Robot", "api_ids": shared.ids, "follows_sign_in": True}
        self.client.create({**values, "company_id": self.branch.id})
        seen = self.as_user(self.manager, shared)
        self.assertFalse(seen.can_widen)
        self.assertNotAllowed(seen.write, {"endpoint": "moved"})

    def test_of_a_shared_api_administrators_see_and_change_their_own_clients(self):
        shared = self.make_api("shared")
        values = {"api_ids": shared.ids, "company_id": self.env.company.id}
        ours, taken = self.env["oauth2.client"].create(
            [
                {"name": "Ours", **values},
                {"name": "Taken", "client_identifier": "taken", **values},
            ]
        )
        self.api.company_id = False
        values = {"api_ids": shared.ids, "company_id": self.branch.id}
        self.client.write({**values, "scope_ids": False})
        seen = self.as_user(self.manager, shared)
        seen.write({"client_ids": [Command.set((ours + taken).ids)]})
        names = {"client_ids": {"fields": {"name": {}}}}
        [shown] = seen.web_read(names)
        self.assertEqual(
            [each["id"] for each in shown["client_ids"]], (ours + taken).ids
        )
        self.env.invalidate_all()
        self.assertEqual(shared.client_ids, ours + taken + self.client)
        with self.assertRaises(ValidationError):  # though it is not seen
            self.as_user(self.bela, self.client).client_identifier = "taken"

    def share(self, client_name="Theirs"):
        """:return: ``(a shared API, the branch's client there)``"""
        shared = self.make_api("shared")
        values = {"name": client_name, "api_ids": shared.ids}
        values["company_id"] = self.branch.id
        return shared, self.client.create(values)

    def test_a_form_shows_no_refusal_of_another_company_s_client(self):
        shared, client = self.share()
        client.provider_id = self.provider
        line = {"oauth2_api": shared, "client": client}
        Audit(self.env).record("refusal", **line, reason="Ada is not known.")
        for user, reason in ((self.manager, False), (self.bela, "Ada is not known.")):
            for record in (shared, self.provider):
                seen = record.with_user(user)
                with self.subTest(record._name, user=user.name):
                    self.assertEqual(seen.last_refusal_reason, reason)

    def test_an_event_of_a_shared_api_names_no_client_of_a_company(self):
        shared, client = self.share("Hidden")
        client.api_ids = False
        for command in (Command.link(client.id), Command.unlink(client.id)):
            self.as_user(self.bela, shared).write({"client_ids": [command]})
            event = self.as_user(self.manager, self.event).search([], limit=1)
            self.assertEqual(event.api_id, shared)
            self.assertIn("a client of one company", event.changes)
            self.assertNotIn("Hidden", event.changes)
        self.client.company_id = self.branch
        ours = self.make_api("ours", company_id=self.branch.id)
        ours.client_ids += client
        event = self.as_user(self.bela, self.event).search([], limit=1)
        self.assertIn("Hidden", event.changes)

    def test_a_card_counts_what_is_of_another_company_s_client_for_its_own_alone(self):
        shared, client = self.share()
        client.secret_expires_on = fields.Date.today()
        self.make_grant(client, self.user)
        values = {"day": fields.Date.today(), "api_id": shared.id, "calls": 7}
        calls = {"outcome": "good", "client_id": client.id}
        self.calls.create([{**values, **calls}, {**values, "outcome": "missing_token"}])
        Audit(self.env).record("sign_in", oauth2_api=shared, client=client)
        self.env.flush_all()
        names = ("clients", "users", "calls", "sign_ins")
        for user, told, care in (
            (self.manager, ["0", "0", "7", "0"], []),
            (self.bela, ["1", "1", "14", "1"], ["secrets"]),
        ):
            card = shared.with_user(user).overview
            self.assertEqual([card[name] for name in names], told, user.name)
            self.assertEqual([each["kind"] for each in card["care"]], care)

    def test_administrators_bring_nothing_into_another_company(self):
        company = {"company_id": self.branch.id}
        ours = self.make_api("ours", company_id=self.env.company.id)
        api = self.as_user(self.manager, ours)
        self.assertNotAllowed(api.write, company)
        client = self.env["oauth2.client"].create({"name": "C", "api_ids": ours.ids})
        self.assertNotAllowed(api.create, {"name": "X", "endpoint": "x", **company})
        other = self.client.create({"name": "Other", **company})
        for command in (Command.link(other.id), Command.set(other.ids)):
            self.assertNotAllowed(api.write, {"client_ids": [command]})
        scope = {"name": "new", "api_id": self.api.id}
        self.assertNotAllowed(api.scope_ids.create, scope)
        api.scope_ids.name = "other"
        self.assertNotAllowed(api.scope_ids.write, {"api_id": self.api.id})
        apis = {"api_ids": [Command.link(self.api.id)]}
        client = self.as_user(self.manager, client)
        self.assertNotAllowed(client.create, {"name": "X", **apis})
        self.assertNotAllowed(client.write, apis)
        api.write({"name": "Y", "company_id": self.env.company.id})
        client.write({"name": "Y"})

    def test_what_users_authorized_is_taken_to_other_companies_by_settings_alone(self):
        self.system.company_ids += self.branch
        for record in (self.api, self.client):
            for company in (False, self.env.company.id):
                values = {"company_id": company}
                self.bela.company_ids += self.env.company
                self.assertNotAllowed(self.as_user(self.bela, record).write, values)
            self.as_user(self.bela, record).write({"company_id": self.branch.id})
            self.as_user(self.system, record).write({"company_id": False})
            self.as_user(self.bela, record).write({"company_id": self.branch.id})
            self.api.company_id = False

    def test_users_see_and_end_their_grants_in_whichever_company_they_work(self):
        for user, grant in ((self.user, self.grant), (self.portal, self.portal_grant)):
            self.assertNotIn(self.env.company, self.api.company_id)
            own = self.as_user(user, grant)
            self.assertEqual(own.search([]), grant)
            own.unlink()

    def test_the_company_is_asked_for_where_there_are_several(self):
        multi = self.env.ref("base.group_multi_company")
        for is_shown in (False, True):
            self.manager.write({"group_ids": [(4 if is_shown else 3, multi.id)]})
            apis = self.env["oauth2.api"].with_user(self.manager)
            for records in (apis, apis.env["oauth2.client"]):
                for kind in ("form", "list"):
                    arch = etree.fromstring(records.get_view(view_type=kind)["arch"])
                    fields = arch.iterfind(".//field[@name='company_id']")
                    shown = [f for f in fields if f.get("invisible") != "True"]
                    self.assertEqual(bool(shown), is_shown, kind)

    def test_a_changed_company_is_told_with_its_name(self):
        before = self.api._snapshot(["company_id"])
        self.give_to_company(self.api, self.env.company)
        told = describe(self.api, before, self.api._snapshot(["company_id"]))
        self.assertEqual(
            told, f"Company: added {self.env.company.name}; removed Branch"
        )
