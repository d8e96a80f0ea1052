"""A provider's revocation endpoint changes while tokens wait to be revoked there."""

from .faulty_provider import FaultyProvider
from .test_life_cycle import LifeCycleCase


class TestProviderMoves(LifeCycleCase):
    """Tokens of one server are never shown to another, and that is told."""

    def setUp(self):
        super().setUp()
        self.provider.answer("revocation", status=503)
        self.revoke(client_secret="demo-secret")
        self.assertEqual(len(self.pending), 2)
        self.provider.behave()
        self.provider.requests.clear()
        self.another = self.enterContext(FaultyProvider())

    def move(self, endpoint):
        self.provider_record.revocation_endpoint = endpoint
        self.env.flush_all()

    def tell_all(self):
        """Run the job, with all due that may still be told."""
        self.env["oauth2.revocation"].search([]).next_try_at = self.ago(hours=1)
        self.tell_providers()

    def assertGivenUp(self):
        self.assertEqual(self.pending.mapped("state"), ["given_up"] * 2)
        self.assertEqual([r.value for r in self.pending.sudo()], [False] * 2)
        lines = self.told_of("given_up")
        self.assertEqual(lines.client_id, self.client)
        self.assertEqual(
            sorted(lines.mapped("reason")),
            [
                f"{kind} token not revoked at the provider: the provider's address was"
                " changed."
                for kind in ("Access", "Refresh")
            ],
        )
        self.tell_all()
        self.assertFalse(self.another.requests)
        self.assertFalse(self.told())

    def test_another_server_is_never_told_of_a_token_and_its_end_is_told_of_once(self):
        another, own = f"{self.another.issuer}/revoke", self.provider.issuer
        for name, *moves in (
            ("another server", another),
            ("another scheme", f"{own.replace('https:', 'http:')}/revoke"),
            ("moved twice", another, "https://provider.example.com/revoke"),
            ("named after a time without any", False, another),
            ("of an archived client", another),
        ):
            with self.row(name):
                self.client.active = "archived" not in name
                for endpoint in moves:
                    self.move(endpoint)
                self.assertGivenUp()

    def test_another_path_of_the_same_server_is_told_of_tokens(self):
        self.move(f"{self.provider.issuer}/revoke?at=another-path")
        self.assertFalse(self.told_of("given_up"))
        self.tell_all()
        self.assertEqual(
            [hint for hint, _token in self.told()], ["refresh_token", "access_token"]
        )
        self.assertFalse(self.pending)

    def test_a_moved_token_endpoint_ends_no_revocation(self):
        self.provider_record.token_endpoint = f"{self.another.issuer}/token"
        self.assertEqual(self.pending.mapped("state"), ["pending"] * 2)
        self.assertFalse(self.told_of("given_up"))

    def test_a_moved_provider_ends_no_other_provider_s_revocations(self):
        record = self.make_provider(self.another.endpoints())
        client = self.make_client(self.api, record, client_identifier="another")
        waiting = self.queue(client, "refresh", "of-the-other-one")
        self.move("https://provider.example.com/revoke")
        self.assertEqual(self.pending.mapped("state"), ["given_up"] * 2)
        self.assertEqual(waiting.state, "pending")
        self.assertEqual(self.told_of("given_up").client_id, self.client)
