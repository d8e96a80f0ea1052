from .test_protected_route import ProbeCase


class TestTokenInForce(ProbeCase):
    """A change counts at the next call: beside test_route_matrix, test_access_cut."""

    def test_a_user_is_in_a_group_by_however_long_a_chain_and_as_long_as_it_lasts(self):
        group = self.env["res.groups"].create({"name": "Pilots"})
        captains = self.env["res.groups"].create(
            {"name": "Captains", "implied_ids": [(4, group.id)]}
        )
        admirals = self.env["res.groups"].create(
            {"name": "Admirals", "implied_ids": [(4, captains.id)]}
        )
        self.api.allowed_group_ids = group
        self.assertInvalid()
        self.user.group_ids += admirals
        self.assertOpens()
        captains.implied_ids -= group
        self.assertInvalid()
        captains.implied_ids += group
        self.assertOpens()
        self.user.group_ids -= admirals
        self.assertInvalid()


class TestScopesInForce(ProbeCase):
    """What was granted, as far as client and API still have it."""

    def scope(self, name):
        return self.api.scope_ids.filtered(lambda s: s.name == name)

    def test_all_scopes_that_a_route_names_are_needed(self):
        self.assertOpens(path="/orders/probe/both")
        self.grant.scope_ids -= self.scope("probe.write")
        self.assertForbidden("probe.read probe.write", path="/orders/probe/both")
        self.assertOpens()

    def test_a_scope_given_back_to_the_client_opens_again(self):
        self.client.scope_ids -= self.scope("probe.read")
        self.assertForbidden("probe.read")
        self.client.scope_ids += self.scope("probe.read")
        self.assertOpens()

    def test_a_scope_given_to_the_client_does_not_grow_a_grant(self):
        self.client.scope_ids = self.scope("probe.read")
        _grant, token = self.make_grant(self.client, self.user)
        self.client.scope_ids = self.api.scope_ids
        self.assertOpens(token)
        self.assertForbidden("probe.read probe.write", token, path="/orders/probe/both")

    def test_a_scope_that_another_client_holds_does_not_count(self):
        self.make_client(self.api, self.provider, client_identifier="other-app")
        self.client.scope_ids = False
        self.assertForbidden("probe.read")

    def test_the_scope_that_the_provider_told_opens_nothing(self):
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
