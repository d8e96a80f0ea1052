"""No secret field is readable by anyone over RPC, by whatever way round."""

from functools import partial

from odoo.fields import NO_ACCESS, Field
from odoo.tests import tagged

from ..services.providers.provider_calls import client_secret
from .test_access_rights import AccessCase

#: The stored fields that no user reads over RPC.
SECRETS = {
    "oauth2.client": {
        "client_secret_encrypted",
        "secret_digest",
        "former_secret_digest",
        "former_secret_encrypted",
        "private_key_encrypted",
    },
    "oauth2.connect": {"client_secret_encrypted"},
    "oauth2.client.user": {"identity_digest", "cached_token_response"},
    "oauth2.token": {"digest", "value"},
    "oauth2.revocation": {"client_secret_encrypted", "value"},
    "oauth2.authorization.request": {
        "identity_digest",
        "client_state",
        "code_challenge",
        "code_digest",
        "state_digest",
        "start_digest",
        "browser_digest",
        "form_digest",
        "nonce_digest",
        "code_verifier",
        "result",
    },
}
_WORDS_OF_SECRETS = (
    "secret private digest value verifier challenge client_state result response"
).split()
#: What a token carries of its grant is no secret; no user needs it either.
CARRIED = {"user_ref", "api_ref", "client_ref", "granted_scopes"}
#: Our models' own public methods: each checks rights, or calls what does.
_CONFIGURATION = {"create", "write", "copy", "unlink", "oauth2_what_ends"}
_CLIENT_PROOF = {"action_make_key", "action_rotate_secret", "action_end_former_secret"}
PUBLIC_METHODS = {
    "ir.config_parameter": {"create", "write", "unlink", "set_param"},
    "oauth2.api": {*_CONFIGURATION, "action_add_ready_scopes"},
    "oauth2.check": {"action_again"},
    "oauth2.check.line": {"action_open"},
    "oauth2.client": {
        *_CONFIGURATION,
        *_CLIENT_PROOF,
        "action_test_connection",
        "action_download_postman",
        "message_new",
        "message_update",
    },
    "oauth2.client.proof": _CLIENT_PROOF,
    "oauth2.connect": {
        "action_next",
        "action_back",
        "action_connect",
        "action_test_connection",
        "action_open_client",
    },
    "oauth2.client.snippets": {"action_download_postman"},
    "oauth2.client.user": {
        "create",
        "write",
        "unlink",
        "action_revoke",
        "oauth2_what_ends",
        "oauth2_connected_applications",
    },
    "oauth2.configuration": _CONFIGURATION,
    "oauth2.event": {"create", "write", "unlink"},
    "oauth2.provider": {
        *_CONFIGURATION,
        "read_from_issuer",
        "action_add_client",
        "action_test_connection",
    },
    "oauth2.scope": _CONFIGURATION,
    "oauth2.scope.choice": {"action_add"},
    "oauth2.scope.line": _CONFIGURATION,
    "oauth2.authorization.request": {"unlink"},
    "res.config.settings": {"set_values", "action_api_auth_oauth2_security_check"},
    "res.company": {"create", "write"},
    "res.groups": {"create", "write", "unlink"},
    "res.users": {"write", "unlink", "SELF_READABLE_FIELDS", "oauth2_what_ends"},
}


@tagged("post_install", "-at_install")
class TestSecretFields(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        dialog = cls.env["oauth2.connect"].with_user(cls.system)
        cls.models = {**cls.models, "oauth2.connect": dialog.create({})}

    def secrets(self):
        """Every secret field, as the mightiest user sees it who is no superuser.

        :return: ``[(record, field name), …]``
        """
        return [
            (self.as_user(self.system, self.models[model]), name)
            for model, names in SECRETS.items()
            for name in sorted(names)
        ]

    def assertNoneAllowed(self, record, name, *calls):
        for number, call in enumerate(calls):
            with self.subTest(record._name, field=name, call=number):
                self.assertNotAllowed(call)

    def test_every_secret_field_is_open_to_no_group(self):
        for model in self.models:
            fields = self.env[model]._fields
            marked = {name for name, f in fields.items() if f.groups == NO_ACCESS}
            if model == "oauth2.token":
                self.assertLessEqual(CARRIED, marked)
                marked -= CARRIED
            self.assertEqual(marked, SECRETS.get(model, set()), model)
            suspect = {
                name
                for name, field in fields.items()
                if field.store
                and field.type in ("char", "text", "binary", "json")
                and any(word in name for word in _WORDS_OF_SECRETS)
            }
            self.assertEqual(suspect, marked, model)

    def test_secret_fields_are_not_read_along_with_others(self):
        for record, name in self.secrets():
            field = record._fields[name]
            self.assertTrue(field.store)
            if field.type == "char" and "digest" not in name:
                self.assertFalse(field.prefetch, "read along with the rest")

    def test_secret_fields_cannot_be_read(self):
        for record, name in self.secrets():
            self.assertNoneAllowed(
                record,
                name,
                partial(record.read, [name]),
                partial(record.web_read, {name: {}}),
                partial(record.search_read, [], [name]),
                partial(record.web_search_read, [], {name: {}}),
                partial(record.search_fetch, [], [name]),
                partial(record.export_data, [name]),
                partial(record.web_save, {}, {name: {}}),
                partial(getattr, record, name),
            )
            self.assertNotIn(name, record.read()[0])
            self.assertNotIn(name, record.fields_get())

    def test_secret_fields_cannot_be_guessed_by_search_order_or_group(self):
        for record, name in self.secrets():
            self.assertNoneAllowed(
                record,
                name,
                partial(record.search, [(name, "!=", False)]),
                partial(record.search, [(name, "like", "a%")]),
                partial(record.search, [(name, "=", "x")]),
                partial(record.search, [(name, "in", ["x"])]),
                partial(record.search_count, ["!", (name, "=ilike", "a%")]),
                partial(record.name_search, "", [(name, ">", "x")]),
                partial(record.search, [], order=name),
                partial(record.web_search_read, [], {}, order=f"{name} desc"),
                partial(record.formatted_read_group, [], [name], ["__count"]),
                partial(record.formatted_read_group, [], [], [f"{name}:array_agg"]),
                partial(record.formatted_read_group, [], [], [f"{name}:max"]),
                partial(record.web_read_group, [], [name]),
            )

    def test_secret_fields_cannot_be_guessed_from_another_model(self):
        guesses = [
            (self.grant, [("token_ids.digest", "like", "a%")]),
            (self.grant, [("token_ids", "any", [("value", "!=", False)])]),
            (self.grant, [("client_id.client_secret_encrypted", "like", "g%")]),
            (self.user, [("oauth2_client_user_ids.identity_digest", "like", "a%")]),
            (self.api, [("client_ids.client_secret_encrypted", "!=", False)]),
            (self.revocation, [("client_id.client_secret_encrypted", "like", "g%")]),
        ]
        for record, domain in guesses:
            for user in (self.system, self.user):
                with self.subTest(record._name, domain=domain, user=user.name):
                    seen = self.as_user(user, record)
                    self.assertNotAllowed(seen.search, domain)

    def test_secret_fields_cannot_be_read_through_another_model(self):
        grant = self.as_user(self.system, self.grant)
        self.assertNoneAllowed(
            grant,
            "digest",
            partial(grant.web_read, {"token_ids": {"fields": {"digest": {}}}}),
            partial(grant.export_data, ["token_ids/digest"]),
            partial(grant.export_data, ["client_id/client_secret_encrypted"]),
        )

    def test_secret_fields_cannot_be_written(self):
        for record, name in self.secrets():
            self.assertNotAllowed(record.write, {name: "x"})
            self.assertNotAllowed(record.create, {name: "x"})

    def test_secret_fields_are_not_copied(self):
        copied = self.client.copy({"client_identifier": "copy", "client_secret": False})
        self.assertFalse(copied.has_client_secret)
        for record, name in self.secrets():
            self.assertFalse(record._fields[name].copy)
            self.assertNotAllowed(record.copy, {name: "x"})

    def test_the_client_secret_is_write_only(self):
        for user in (self.manager, self.system):
            user.group_ids += self.env.ref("base.group_allow_export")
            self.as_user(self.system, self.client).client_secret = "a-new-secret"
            self.assertEqual(client_secret(self.client), "a-new-secret")
            client = self.as_user(user, self.client)
            self.env.flush_all()
            for value in (
                client.client_secret,
                client.read(["client_secret"])[0]["client_secret"],
                client.web_read({"client_secret": {}})[0]["client_secret"],
                client.search_read([], ["client_secret"])[0]["client_secret"],
                client.export_data(["client_secret"])["datas"][0][0],
            ):
                self.assertFalse(value)
            self.assertTrue(client.has_client_secret)
            self.as_user(self.system, self.client).client_secret = False
            self.assertFalse(client.has_client_secret)

    def test_the_client_secret_cannot_be_searched(self):
        client = self.as_user(self.system, self.client)
        for domain in (
            [("client_secret", "=", "demo-secret")],
            [("client_secret", "like", "d%")],
            [("client_secret", "!=", False)],
        ):
            with self.assertRaisesRegex(ValueError, "client_secret"):
                client.search(domain)


@tagged("post_install", "-at_install")
class TestPublicMethods(AccessCase):
    """RPC calls any method whose name has no underscore in front."""

    def test_our_public_methods_are_few_and_known(self):
        for model in self.env.registry:
            public = {
                name
                for cls in type(self.env[model]).__mro__
                if cls.__module__.startswith("odoo.addons.api_auth_oauth2.")
                for name, value in vars(cls).items()
                if not name.startswith("_")
                and not isinstance(value, Field | str)
                and not getattr(value, "_api_private", False)
            }
            self.assertEqual(public, PUBLIC_METHODS.get(model, set()), model)

    def test_revoking_is_for_who_may_delete(self):
        for user, own in ((self.user, self.grant), (self.portal, self.portal_grant)):
            foreign = (self.grant + self.portal_grant) - own
            self.assertNotAllowed(self.as_user(user, foreign).action_revoke)
            self.assertTrue(foreign.exists())
