"""What ends or narrows access, and what each door answers from then on.

Each change is played on a server of many workers, and on a server whose replica lags.
"""

import contextlib
from functools import partial
from itertools import cycle

from providers import QuickProvider
from server import ServerCase, Site, sql

MODEL = "res.partner"
STATUS = {"invalid_token": 401, "insufficient_scope": 403}
OPEN, NARROWED = [200] * 3, ["insufficient_scope"] * 3
CLOSED = ["invalid_token", "invalid_token", 401]  # the last is Odoo's own


class AccessCase(ServerCase):
    """One site for each class; its API is open to one group."""

    without_api = [404, 404, 401]  # what doors of an archived API answer

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.make_group("Pilots")
        switches = {"json2_enabled": True, "bearer_enabled": True}
        groups = {"allowed_group_ids": [cls.group]}
        cls.site = cls.called = Site(cls.administrator, switches | groups)
        cls.site.use(cls.enterClassContext(QuickProvider()))
        cls.line_id = cls.administrator.create(
            "oauth2.scope.line",
            scope_id=cls.site.scope_id,
            model_id=sql("SELECT id FROM ir_model WHERE model = %s", MODEL)[0][0],
        )
        user = "SELECT id FROM res_users WHERE login = %s"
        [[cls.user_id]] = sql(user, cls.site.login)
        cls.administrator.write("res.users", cls.user_id, group_ids=[(4, cls.group)])

    def setUp(self):
        super().setUp()
        self.authorize()

    def authorize(self):
        told, self.identity = self.site.authorize()
        self.token = told["access_token"]

    @classmethod
    def make_group(cls, name, **values):
        return cls.administrator.create("res.groups", name=name, **values)

    def doors(self):
        """Return calls of a read-only route, of JSON-2 under the API, of Odoo's own."""
        count = partial(self.called.json2, self.token, MODEL, "search_count", domain=[])
        route = partial(self.called.get, "probe/readonly", self.token)
        return route, count, partial(count, path="/json/2")

    def assertAnswers(self, expected, answers):
        """:param expected: of each door an error of ours, or a status"""
        for answer, wanted in zip(answers, cycle(expected), strict=False):
            if wanted in STATUS:
                self.assertRefused(answer, STATUS[wanted], wanted)
            else:
                self.assertEqual(answer.status_code, wanted, answer.text)

    @contextlib.contextmanager
    def change(self, model, record_id, name, value, back):
        """Change a field of a record while the block runs."""
        self.administrator.write(model, record_id, **{name: value})
        try:
            yield
        finally:
            self.administrator.write(model, record_id, **{name: back})

    def leave(self, group):
        """Take the user out of a group while the block runs."""
        user = "res.users", self.user_id, "group_ids"
        return self.change(*user, [(3, group)], [(4, group)])

    def changes(self):
        """Yield (name, context that makes the change, what each door answers)."""
        site = self.site
        api, client = ("oauth2.api", site.api_id), ("oauth2.client", site.client_id)
        scope, line = site.scope_id, ("oauth2.scope.line", self.line_id)
        for model, record_id in (
            ("res.users", self.user_id),
            ("oauth2.provider", site.provider_id),
            client,
        ):
            archived = self.change(model, record_id, "active", False, True)
            yield f"archived: {model}", archived, CLOSED
        archived = self.change(*api, "active", False, True)
        yield "archived: oauth2.api", archived, self.without_api
        for name, context, answers in (
            ("client_ids", ([(3, client[1])], [(4, client[1])]), CLOSED),
            (
                "allowed_group_ids",
                ([(6, 0, [self.make_group("Others")])], [(6, 0, [self.group])]),
                CLOSED,
            ),
            ("json2_enabled", (False, True), [200, 404, 200]),
            ("bearer_enabled", (False, True), [200, 200, 401]),
        ):
            yield name, self.change(*api, name, *context), answers
        yield "group lost", self.leave(self.group), CLOSED
        yield "group no longer implied", self.no_longer_implied(), CLOSED
        lost = self.change(*client, "scope_ids", [(3, scope)], [(4, scope)])
        yield "scope lost by the client", lost, NARROWED
        unread = self.change(*line, "perm_read", False, True)
        yield "scope line", unread, [200, *NARROWED[1:]]
        yield "scope lost by the grant", self.narrowed(), NARROWED
        yield "token rotated a minute ago", self.rotated(), CLOSED
        yield "grant revoked", self.revoked(), CLOSED

    @contextlib.contextmanager
    def no_longer_implied(self):
        captains = self.make_group(
            "Captains", implied_ids=[(4, self.group)], user_ids=[(4, self.user_id)]
        )
        with self.leave(self.group):
            self.assertAnswers(OPEN, [door() for door in self.doors()])
            self.administrator.write("res.groups", captains, implied_ids=[(5,)])
            yield

    @contextlib.contextmanager
    def narrowed(self):
        """A new sign-in narrows it: its older token, good for a minute more, too."""
        client, scope = ("oauth2.client", self.site.client_id), self.site.scope_id
        with self.change(*client, "scope_ids", [(3, scope)], [(4, scope)]):
            self.site.authorize(self.identity)
        yield

    @contextlib.contextmanager
    def rotated(self):
        new = self.site.refresh(self.identity).json()["access_token"]
        sql(
            "UPDATE oauth2_token SET expires_at = expires_at - interval '1 hour'"
            " WHERE rotated_at IS NOT NULL"
        )
        self.assertEqual(self.called.get("probe/readonly", new).status_code, 200)
        yield

    @contextlib.contextmanager
    def revoked(self):
        self.assertEqual(self.site.revoke(self.identity).status_code, 200)
        yield
