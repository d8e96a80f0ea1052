"""What is archived or deleted cuts access at the next call, and a record says so."""

from odoo.tests import tagged

from .test_revoke import RevokeCase


@tagged("post_install", "-at_install")
class TestAccessCut(RevokeCase):
    def setUp(self):
        super().setUp()
        self.group = self.env["res.groups"].create(
            {"name": "Pilots", "user_ids": [(4, self.user.id)]}
        )
        self.company = self.env["res.company"].create({"name": "Branch"})
        self.user.company_ids += self.company
        self.api.write(
            {
                "allowed_group_ids": self.group.ids,
                "bearer_enabled": True,
            }
        )
        self.give_to_company(self.api, self.company)
        self.admin = self.env.ref("base.user_admin")
        self.admin.company_ids += self.company
        self.opens()
        self.known = self.env["oauth2.event"].search([])

    def opens(self):
        token = self.information["access_token"]
        answer = self.bearer("/orders/partners", token)
        self.assertEqual(answer.status_code, 200, answer.text)
        # Let in, and told that its scopes open no models.
        self.assertRefused(self.native_json2(), 403, "insufficient_scope")

    def native_json2(self):
        """Call Odoo's own JSON-2, which this API's tokens open, too."""
        token = self.information["access_token"]
        return self.bearer(
            "/json/2/res.partner/search_count", token, json={"domain": []}
        )

    def assertCut(self, call=(401, "invalid_token"), refresh=(401, "invalid_client")):
        """The very next call, and the very next refresh, are refused."""
        self.env.flush_all()
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertRefused(answer, *call)
        self.assertEqual(self.native_json2().status_code, 401)
        self.assertRefused(self.by_secret(), *refresh)
        self.assertFalse(self.provider.calls["token"])

    def line(self, kind):
        """The one new line of a kind."""
        self.env.invalidate_all()
        lines = self.env["oauth2.event"].search([("kind", "=", kind)]) - self.known
        self.assertEqual(len(lines), 1, lines.mapped("reason"))
        return lines

    def by_admin(self, record):
        return record.with_user(self.admin)

    def assertRevokedBy(self, actor):
        line = self.line("revoke")
        self.assertEqual(line.actor_id, actor)
        self.assertEqual(line.user_login, "olivia@example.com")

    def configurations(self):
        """:return: ``{name: (change, refusal of a call, changes in the audit log)}``"""
        archive = {"active": False}
        gone, invalid = (404, "not_found"), (401, "invalid_token")
        archived = "Active: yes → no"
        api, client, provider, group = map(
            self.by_admin, (self.api, self.client, self.provider_record, self.group)
        )
        off = {"client_ids": [(3, client.id)]}
        name = group.with_context(lang=None).display_name
        both = f"{archived}; Allowed Groups: removed {name}"
        return {
            "archived API": (lambda: api.write(archive), gone, archived),
            "archived client": (lambda: client.write(archive), invalid, archived),
            "archived provider": (lambda: provider.write(archive), invalid, archived),
            "client taken off the API": (
                lambda: api.write(off),
                invalid,
                f"Clients: removed {client.display_name}",
            ),
            "deleted client": (client.unlink, invalid, "deleted"),
            # No allowed group would mean everyone, so the API is archived.
            "deleted last group of the API": (group.unlink, gone, both),
        }

    def test_a_changed_configuration_cuts_access_and_is_in_the_audit_log(self):
        for name, (change, refusal, changes) in self.configurations().items():
            with self.row(name):
                change()
                self.assertCut(refusal)
                line = self.line("configure")
                self.assertEqual((line.changes, line.actor_id), (changes, self.admin))
                if changes == "deleted":
                    self.assertRevokedBy(self.admin)

    def test_a_changed_user_group_or_company_cuts_access(self):
        user, group = self.by_admin(self.user), self.by_admin(self.group)
        api, company = self.by_admin(self.api), self.by_admin(self.company)
        other = self.env["res.groups"].create({"name": "Captains"})

        def delete_group_beside_another():
            self.api.allowed_group_ids += other
            group.unlink()
            self.assertTrue(self.api.active)

        for name, change in {
            "archived user": user.action_archive,
            "user who leaves the group": lambda: user.write(
                {"group_ids": [(3, group.id)]}
            ),
            # Groups cannot be archived in Odoo; this is the nearest to it.
            "group that loses its users": lambda: group.write({"user_ids": [(5,)]}),
            "deleted group beside another": delete_group_beside_another,
            "user who leaves the company": lambda: user.write(
                {"company_ids": [(3, company.id)]}
            ),
            "company that loses its users": lambda: company.write({"user_ids": [(5,)]}),
            "archived company": company.action_archive,
            "API of another company": lambda: self.give_to_company(
                api, company.create({"name": "Other"})
            ),
        }.items():
            with self.row(name):
                change()
                self.assertCut(refresh=(400, "invalid_grant"))

    def test_an_archived_user_s_lost_access_is_in_the_audit_log(self):
        self.by_admin(self.user).action_archive()
        line = self.line("access")
        self.assertEqual(line.reason, "The user olivia@example.com was archived.")
        self.assertEqual((line.user_id, line.actor_id), (self.user, self.admin))
        self.assertEqual(line.api_id, self.api)

    def test_records_that_are_active_again_open_again(self):
        for record in (self.api, self.client, self.provider_record, self.user):
            with self.subTest(record._name):
                record.active = False
                self.env.flush_all()
                answer = self.native_json2()
                self.assertEqual(answer.status_code, 401)
                record.active = True
                self.env.flush_all()
                self.opens()

    def test_the_grant_of_an_archived_user_can_still_be_revoked(self):
        self.by_admin(self.user).action_archive()
        self.assertRevoked(self.revoke(client_secret="demo-secret"))
        self.assertEqual(len(self.told()), 2)

    def test_a_deleted_api_cuts_access(self):
        self.by_admin(self.api).unlink()
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(answer.status_code, 404)
        body = {**self.names, "client_secret": "demo-secret"}
        answer = self.url_open("/orders/oauth2/token", data=body)
        self.assertRefused(answer, 401, "invalid_client")
        self.assertEqual(self.line("configure").changes, "deleted")
        self.assertRevokedBy(self.admin)

    def test_a_deleted_provider_cuts_access_and_is_told(self):
        self.by_admin(self.provider_record).unlink()
        self.assertCut()
        self.env.invalidate_all()
        lines = self.env["oauth2.event"].search([]) - self.known
        deleted = lines.filtered(lambda line: line.changes == "deleted")
        self.assertEqual(
            set(deleted.mapped("record_model")), {"oauth2.provider", "oauth2.client"}
        )
        self.assertRevokedBy(self.admin)
        self.tell_providers()
        self.assertEqual(len(self.told()), 2)

    def test_a_deleted_user_cuts_access(self):
        self.by_admin(self.user).unlink()
        self.assertCut(refresh=(400, "invalid_grant"))
        self.assertEqual(
            self.line("access").reason, "The user olivia@example.com was deleted."
        )
        self.assertRevokedBy(self.admin)

    def test_a_change_of_groups_asks_nothing_of_this_addon(self):
        """It costs what it costs in Odoo, however many grants there are."""
        other = self.env["res.groups"].create({"name": "Captains"})
        user, group = self.by_admin(self.user), self.by_admin(self.group)
        for change in (
            lambda: user.write({"group_ids": [(4, other.id)]}),
            lambda: user.write({"group_ids": [(3, group.id)]}),
            lambda: group.write({"user_ids": [(4, user.id)]}),
            lambda: group.write({"user_ids": [(5,)]}),
            lambda: other.write({"implied_ids": [(4, group.id)]}),
        ):
            self.env.flush_all()
            with self.assertLogs("odoo.sql_db", "DEBUG") as log:
                change()
                self.env.flush_all()
            self.assertNotIn("oauth2", "\n".join(log.output))

    def test_an_archived_user_without_grants_is_not_in_the_audit_log(self):
        other = self.make_user("other@example.com")
        self.by_admin(other).action_archive()
        lines = self.env["oauth2.event"].search([]) - self.known
        self.assertFalse(lines.filtered(lambda line: line.kind == "access"))
