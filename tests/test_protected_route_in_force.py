from odoo import fields

from .test_protected_route import ProbeCase


class TestTokenInForce(ProbeCase):
    """What a token stands on is looked at on every call: a change counts at once."""

    def setUp(self):
        super().setUp()
        self.assertEqual(self.assertOpens()["login"], self.user.login)

    def test_an_unknown_token(self):
        self.assertInvalid("unknown")
        self.assertInvalid(self.token.swapcase())
        self.assertInvalid(self.token[:-1])

    def test_the_stored_digest_is_no_token(self):
        self.assertInvalid(self.grant.token_ids.sudo().digest)

    def test_an_expired_token(self):
        self.age(self.grant.token_ids)
        self.assertInvalid()

    def test_a_refresh_token(self):
        self.env["oauth2.token"]._store(
            self.grant,
            "refresh",
            "a-refresh-token",
            expires_at=self.grant.expires_at,
            scope="",
        )
        self.assertInvalid("a-refresh-token")

    def test_a_token_of_another_api(self):
        crm = self.make_api("crm", scopes=("probe.read",))
        self.client.write(
            {"api_ids": [(4, crm.id)], "scope_ids": [(4, crm.scope_ids.id)]}
        )
        self.assertInvalid(path="/crm/probe")
        _grant, token = self.make_grant(self.client, self.user, crm)
        self.assertOpens(token, path="/crm/probe")
        self.assertInvalid(token)
        self.assertInvalid(token, path="/probe-of-orders")

    def test_a_revoked_grant(self):
        self.grant.unlink()
        self.assertInvalid()

    def test_a_grant_that_the_provider_ended(self):
        self.grant.state = "expired"
        self.assertInvalid()

    def test_a_grant_that_is_over(self):
        self.age(self.grant)
        self.assertInvalid()

    def test_an_archived_user_client_or_provider(self):
        for record in (self.user, self.client, self.provider):
            with self.subTest(record._name):
                record.active = False
                self.assertInvalid()
                record.active = True
                self.assertOpens()

    def test_an_archived_api_is_no_path_at_all(self):
        self.api.active = False
        self.assertRefused(self.get(token=self.token), 404, "invalid_request")
        self.assertInvalid(path="/probe-of-orders")
        self.api.active = True
        self.assertOpens()

    def test_a_client_taken_off_the_api(self):
        self.api.client_ids -= self.client
        self.assertInvalid()
        self.api.client_ids += self.client
        self.assertOpens()

    def test_a_group_that_was_lost(self):
        group = self.env["res.groups"].create({"name": "Pilots"})
        captains = self.env["res.groups"].create(
            {"name": "Captains", "implied_ids": [(4, group.id)]}
        )
        self.api.allowed_group_ids = group
        self.assertInvalid()
        self.user.group_ids += captains
        self.assertOpens()
        captains.implied_ids -= group
        self.assertInvalid()
        admirals = self.env["res.groups"].create(
            {"name": "Admirals", "implied_ids": [(4, captains.id)]}
        )
        self.user.group_ids = self.user.group_ids - captains + admirals
        self.assertInvalid()
        captains.implied_ids += group
        self.assertOpens()
        self.user.group_ids -= admirals
        self.assertInvalid()

    def test_a_group_that_was_lost_on_another_server(self):
        """The caches of this one do not know of it yet."""
        group = self.env["res.groups"].create({"name": "Pilots"})
        self.api.allowed_group_ids = group
        self.user.group_ids += group
        self.assertOpens()
        self.env.flush_all()
        self.assertIn(group.id, self.user._get_group_ids())
        self.env.cr.execute(
            "DELETE FROM res_groups_users_rel WHERE gid = %s", [group.id]
        )
        self.assertIn(group.id, self.user._get_group_ids())
        self.assertFalse(self.api._allows_user(self.user))
        self.registry.clear_cache()  # as that server's signal has it done
        self.assertInvalid()

    def test_a_replaced_token_opens_for_another_minute(self):
        self.env["oauth2.token"]._store(
            self.grant,
            "access",
            "its-successor",
            expires_at=self.grant.expires_at,
            scope="",
        )
        old = self.grant.token_ids.filtered(lambda t: not t.sudo().scope)[-1]
        self.grant._rotate("access", self.grant.token_ids - old)
        left = (old.expires_at - fields.Datetime.now()).total_seconds()
        self.assertTrue(55 < left <= 60, left)
        self.assertOpens()
        self.assertOpens("its-successor")
        self.age(old)
        self.assertInvalid()
        self.assertOpens("its-successor")


class TestScopes(ProbeCase):
    """What was granted, as far as client and API still have it."""

    def scope(self, name):
        return self.api.scope_ids.filtered(lambda s: s.name == name)

    def test_a_missing_scope(self):
        self.grant.scope_ids = False
        self.assertForbidden("probe.read")
        self.assertOpens(path="/orders/probe/open")

    def test_all_scopes_of_a_route_are_needed(self):
        self.assertOpens(path="/orders/probe/both")
        self.grant.scope_ids -= self.scope("probe.write")
        self.assertForbidden("probe.read probe.write", path="/orders/probe/both")
        self.assertOpens()

    def test_a_scope_taken_from_the_client_is_gone_with_the_next_call(self):
        self.assertOpens()
        self.client.scope_ids -= self.scope("probe.read")
        self.assertForbidden("probe.read")
        self.client.scope_ids += self.scope("probe.read")
        self.assertOpens()

    def test_a_scope_taken_from_the_api_is_gone_with_the_next_call(self):
        self.scope("probe.read").unlink()
        self.assertForbidden("probe.read")

    def test_a_scope_given_to_the_client_does_not_grow_a_grant(self):
        self.client.scope_ids = self.scope("probe.read")
        _grant, token = self.make_grant(self.client, self.user)
        self.client.scope_ids = self.api.scope_ids
        self.assertOpens(token)
        self.assertForbidden("probe.read probe.write", token, path="/orders/probe/both")

    def test_what_another_client_holds_does_not_count(self):
        self.make_client(self.api, self.provider, client_identifier="other-app")
        self.client.scope_ids = False
        self.assertForbidden("probe.read")

    def test_the_provider_s_scope_opens_nothing(self):
        self.grant.scope_ids = False
        self.grant.token_ids.scope = "probe.read probe.write"
        self.assertForbidden("probe.read")

    def test_a_scope_of_that_name_of_another_api_does_not_count(self):
        crm = self.make_api("crm", scopes=("probe.read",))
        self.client.write(
            {"api_ids": [(4, crm.id)], "scope_ids": [(6, 0, crm.scope_ids.ids)]}
        )
        self.grant.scope_ids = crm.scope_ids
        self.assertForbidden("probe.read")
