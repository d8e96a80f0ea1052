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
        self.api.allowed_group_ids = self.group
        self.api.bearer_enabled = True
        self.admin = self.env.ref("base.user_admin")
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

    def assertCut(self, status=401, error="invalid_token"):
        """The very next call, and the very next refresh, are refused."""
        self.env.flush_all()
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertRefused(answer, status, error)
        self.assertEqual(self.native_json2().status_code, 401)
        answer = self.by_secret()
        self.assertIn(answer.status_code, (400, 401), answer.text)
        self.assertIn(answer.json()["error"], ("invalid_grant", "invalid_client"))

    def line(self, kind):
        """The one new line of a kind."""
        self.env.invalidate_all()
        lines = self.env["oauth2.event"].search([("kind", "=", kind)]) - self.known
        self.assertEqual(len(lines), 1, lines.mapped("reason"))
        return lines

    def by_admin(self, record):
        return record.with_user(self.admin)

    def assertConfigured(self, record_model, changes):
        line = self.line("configure")
        self.assertEqual((line.record_model, line.changes), (record_model, changes))
        self.assertEqual(line.actor_id, self.admin)

    def assertRevokedBy(self, actor):
        line = self.line("revoke")
        self.assertEqual(line.actor_id, actor)
        self.assertEqual(line.user_login, "olivia@example.com")

    # Archived.

    def test_an_archived_api(self):
        self.by_admin(self.api).active = False
        self.assertCut(404, "invalid_request")
        self.assertConfigured("oauth2.api", "active: True → False")

    def test_an_archived_client(self):
        self.by_admin(self.client).active = False
        self.assertCut()
        self.assertConfigured("oauth2.client", "active: True → False")

    def test_an_archived_provider(self):
        self.by_admin(self.provider_record).active = False
        self.assertCut()
        self.assertConfigured("oauth2.provider", "active: True → False")

    def test_an_archived_user(self):
        self.by_admin(self.user).action_archive()
        self.assertCut()
        line = self.line("access")
        self.assertEqual(line.reason, "the user is archived")
        self.assertEqual((line.user_id, line.actor_id), (self.user, self.admin))
        self.assertEqual(line.api_id, self.api)

    def test_a_user_who_leaves_the_group(self):
        self.by_admin(self.user).group_ids -= self.group
        self.assertCut()

    def test_a_group_that_loses_its_users(self):
        """Groups cannot be archived in Odoo; this is the nearest to it."""
        self.by_admin(self.group).user_ids = [(5,)]
        self.assertCut()

    def test_a_group_that_is_no_longer_implied(self):
        captains = self.env["res.groups"].create(
            {"name": "Captains", "implied_ids": [(4, self.group.id)]}
        )
        self.user.group_ids += captains
        self.user.group_ids -= self.group
        self.opens()
        self.by_admin(captains).implied_ids -= self.group
        self.assertCut()

    def test_a_client_that_is_taken_off_the_api(self):
        self.by_admin(self.api).client_ids -= self.client
        self.assertCut()
        self.assertConfigured("oauth2.api", "client_ids")

    def test_what_is_made_active_again_opens_again(self):
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

    # Deleted.

    def test_a_deleted_api(self):
        self.by_admin(self.api).unlink()
        answer = self.bearer("/orders/partners", self.information["access_token"])
        self.assertEqual(answer.status_code, 404)
        body = {**self.names, "client_secret": "demo-secret"}
        answer = self.url_open("/orders/oauth2/token", data=body)
        self.assertRefused(answer, 401, "invalid_client")
        self.assertConfigured("oauth2.api", "deleted")
        self.assertRevokedBy(self.admin)

    def test_a_deleted_client(self):
        self.by_admin(self.client).unlink()
        self.assertCut()
        self.assertConfigured("oauth2.client", "deleted")
        self.assertRevokedBy(self.admin)

    def test_a_deleted_provider(self):
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

    def test_a_deleted_user(self):
        self.by_admin(self.user).unlink()
        self.assertCut()
        self.assertEqual(self.line("access").reason, "the user is deleted")
        self.assertRevokedBy(self.admin)

    def test_a_deleted_group(self):
        """No allowed group would mean everyone, so the API is archived."""
        self.by_admin(self.group).unlink()
        self.assertFalse(self.api.active)
        self.assertCut(404, "invalid_request")
        self.assertConfigured("oauth2.api", "active: True → False, allowed_group_ids")

    def test_a_deleted_group_beside_another(self):
        other = self.env["res.groups"].create({"name": "Captains"})
        self.api.allowed_group_ids += other
        self.known = self.env["oauth2.event"].search([])
        self.by_admin(self.group).unlink()
        self.assertTrue(self.api.active)
        self.assertCut()

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

    def test_an_archived_user_without_grants_is_not_told_of(self):
        other = self.make_user("other@example.com")
        self.by_admin(other).action_archive()
        lines = self.env["oauth2.event"].search([]) - self.known
        self.assertFalse(lines.filtered(lambda line: line.kind == "access"))
