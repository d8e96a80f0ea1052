"""What the token check knows of APIs and clients is always what their tables say."""

from odoo.tests import TransactionCase, tagged

from .common import OAuth2Records

KNOWN = """
    SELECT client_id, endpoint, json2_enabled, bearer_enabled, asks_for_groups,
           scope_names
      FROM oauth2_served_client WHERE api_id = %s ORDER BY client_id
"""


@tagged("post_install", "-at_install", "api_auth_oauth2")
class TestServedClients(OAuth2Records, TransactionCase):
    def setUp(self):
        super().setUp()
        self.api = self.make_api(scopes=("a", "b"), json2_enabled=True)
        self.provider = self.make_provider()
        self.client = self.make_client(self.api, self.provider)
        self.row = (self.client.id, "orders", True, False, False, ["a", "b"])
        self.assertServed(self.row)

    def served(self, oauth2_api=None):
        self.env.flush_all()
        self.env.cr.execute(KNOWN, [(oauth2_api or self.api).id])
        return self.env.cr.fetchall()

    def assertServed(self, *rows):
        self.assertEqual(self.served(), list(rows))

    def sql(self, statement, *parameters):
        """What neither Odoo nor this addon knows of."""
        self.env.flush_all()
        self.env.cr.execute(statement, parameters)

    def changed(self, **values):
        names = (
            "client_id endpoint json2_enabled bearer_enabled asks_for_groups scopes"
        ).split()
        return tuple((dict(zip(names, self.row, strict=True)) | values).values())

    def test_an_api_that_is_archived_serves_nobody(self):
        self.api.active = False
        self.assertServed()
        self.api.active = True
        self.assertServed(self.row)
        self.sql("UPDATE oauth2_api SET active = false WHERE id = %s", self.api.id)
        self.assertServed()

    def test_an_api_that_is_deleted_leaves_nothing(self):
        api_id = self.api.id
        self.api.unlink()
        self.env.cr.execute(KNOWN, [api_id])
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_the_switches_and_the_endpoint_of_an_api(self):
        self.api.write({"json2_enabled": False, "bearer_enabled": True})
        self.assertServed(self.changed(json2_enabled=False, bearer_enabled=True))
        self.sql("UPDATE oauth2_api SET json2_enabled = NULL, bearer_enabled = NULL")
        self.assertServed(self.changed(json2_enabled=False))
        self.sql("UPDATE oauth2_api SET endpoint = 'goods' WHERE id = %s", self.api.id)
        self.assertServed(self.changed(json2_enabled=False, endpoint="goods"))

    def test_groups_are_asked_for_where_some_are_allowed(self):
        self.api.allowed_group_ids = self.env.ref("base.group_user")
        self.assertServed(self.changed(asks_for_groups=True))
        self.sql("DELETE FROM oauth2_api_group_rel WHERE api_id = %s", self.api.id)
        self.assertServed(self.row)
        self.sql(
            "INSERT INTO oauth2_api_group_rel (api_id, group_id) VALUES (%s, %s)",
            self.api.id,
            self.env.ref("base.group_user").id,
        )
        self.assertServed(self.changed(asks_for_groups=True))

    def test_a_client_that_is_archived_taken_off_or_deleted(self):
        self.client.active = False
        self.assertServed()
        self.sql("UPDATE oauth2_client SET active = true")
        self.assertServed(self.row)
        self.client.write({"api_ids": False, "scope_ids": False})
        self.assertServed()
        self.sql(
            "INSERT INTO oauth2_api_client_rel (api_id, client_id) VALUES (%s, %s)",
            self.api.id,
            self.client.id,
        )
        self.assertServed(self.changed(scopes=[]))
        self.sql("TRUNCATE oauth2_api_client_rel")
        self.assertServed()

    def test_a_second_client_and_a_second_api(self):
        second = self.make_client(
            self.api, self.provider, client_identifier="second", scope_ids=False
        )
        other = self.make_api("crm", scopes=("a",))
        second.write({"api_ids": [(4, other.id)]})
        second.scope_ids = other.scope_ids
        self.assertServed(self.row, (second.id, "orders", True, False, False, []))
        self.assertEqual(
            self.served(other), [(second.id, "crm", False, False, False, ["a"])]
        )
        second.unlink()
        self.assertServed(self.row)

    def test_a_provider_that_is_archived_changed_or_deleted(self):
        self.provider.active = False
        self.assertServed()
        self.sql("UPDATE oauth2_provider SET active = true")
        self.assertServed(self.row)
        other = self.provider.copy({"name": "Other", "active": False})
        self.sql("UPDATE oauth2_client SET provider_id = %s", other.id)
        self.assertServed()
        self.sql("UPDATE oauth2_client SET provider_id = %s", self.provider.id)
        self.assertServed(self.row)
        self.env.invalidate_all()
        self.provider.unlink()
        self.assertServed()

    def test_the_scopes_of_a_client(self):
        scope_a, scope_b = self.api.scope_ids.sorted("name")
        self.client.scope_ids = scope_a
        self.assertServed(self.changed(scopes=["a"]))
        self.sql(
            "INSERT INTO oauth2_client_scope_rel (client_id, scope_id) VALUES (%s, %s)",
            self.client.id,
            scope_b.id,
        )
        self.assertServed(self.row)
        self.sql("UPDATE oauth2_scope SET name = 'c' WHERE id = %s", scope_b.id)
        self.assertServed(self.changed(scopes=["a", "c"]))
        self.sql("DELETE FROM oauth2_scope WHERE id = %s", scope_a.id)  # cascades
        self.assertServed(self.changed(scopes=["c"]))

    def test_a_scope_of_another_api_does_not_count(self):
        _scope_a, scope_b = self.api.scope_ids.sorted("name")
        other = self.make_api("crm", scopes=())
        self.sql(
            "UPDATE oauth2_scope SET api_id = %s WHERE id = %s", other.id, scope_b.id
        )
        self.assertServed(self.changed(scopes=["a"]))

    def test_a_sign_in_takes_no_turn(self):
        """Else sign-ins at once would fail, and be run again, for nothing."""
        query = "SELECT number FROM oauth2_served_client_turn"
        self.env.flush_all()
        self.env.cr.execute(query)
        before = self.env.cr.fetchall()
        grant, _token = self.make_grant(self.client, self.make_user())
        grant.scope_ids = False
        self.api.last_redirect_uri = "https://example.com/oauth2/callback"
        self.client.name = "Renamed"
        grant.unlink()
        self.env.flush_all()
        self.env.cr.execute(query)
        self.assertEqual(self.env.cr.fetchall(), before)
