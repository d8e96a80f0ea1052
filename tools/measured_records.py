"""The records that ``./dev bench`` and ``./dev scale`` measure with.

One access is made with the addon's own test records; what is needed in numbers is
copied from its rows by SQL, whatever columns they have.
"""

import json

import console
import places

SCRIPT = """
import datetime, json, pathlib
from odoo.addons.api_auth_oauth2.tests.common import OAuth2Records

class Maker(OAuth2Records):
    pass

Maker.env = env
access = Maker.make_access(ENDPOINT, [SCOPE], json2_enabled=True)
days = datetime.timedelta(days=3000)
access.grant.expires_at += days
access.grant.token_ids.expires_at += days
Maker.open_model(access.api.scope_ids, "res.currency", "read")
# What is measured is a refusal, not the limit on them.
env["ir.config_parameter"].set_param("api_auth_oauth2.limit_refused_tokens", "0")
# Odoo lets an API key end after 90 days at most.
until = datetime.datetime.now() + datetime.timedelta(days=80)
keys = env["res.users.apikeys"].with_user(access.user)
key = keys.sudo()._generate("rpc", "bench", until)
told = {"token": access.token, "odoo_key": key, "grant": access.grant.id}
if "auth.api.key" in env:
    theirs = env["auth.api.key"].create({"name": "bench", "user_id": access.user.id})
    told["oca_key"] = theirs.key
env.cr.commit()
pathlib.Path(RESULT).write_text(json.dumps(told))
"""


def make(odoo, database, name, modules, *, endpoint, scope):
    """Install modules on a database, make the records; returns secrets and ids."""
    with console.step(f"Installing {modules} to measure"):
        install = ["-i", modules, "--stop-after-init"]
        odoo.run(database, install, log=f"{name}-install.log")
        words = {"ENDPOINT": endpoint, "SCOPE": scope}
        return ask(odoo, database, name, SCRIPT, **words)


def ask(odoo, database, name, script, **words):
    """Run a script in ``odoo shell``; returns the JSON that it writes to RESULT.

    Each of the words stands in it for a value.
    """
    result = places.DEV / f"{name}-told.json"
    for word, value in (words | {"RESULT": str(result)}).items():
        script = script.replace(word, repr(value))
    arguments = ["--log-level=warn"]
    odoo.run(database, arguments, log=f"{name}-script.log", script=script)
    told = json.loads(result.read_text())
    result.unlink()
    return told


def grants(grant, count):
    """SQL that copies a grant."""
    return _copied(
        "oauth2_client_user",
        f"id = {grant}",
        count,
        subject="'subject-' || n",
        identity_digest="encode(sha256(('identity-' || n)::bytea), 'hex')",
    )


def tokens(grant, count, of, label="token", ends="100 days", **columns):
    """SQL statements that copy a grant's tokens for copies of the grant.

    :param int of: how many copies of the grant there are; each gets as many tokens,
        half of them access tokens, half refresh tokens
    """
    first = f"(SELECT min(id) FROM oauth2_client_user WHERE id > {grant})"
    for kind in ("access", "refresh"):
        yield _copied(
            "oauth2_token",
            f"client_user_id = {grant} ORDER BY id LIMIT 1",
            count // 2,
            kind=f"'{kind}'",
            digest=f"encode(sha256(('{label}-{kind}-' || n)::bytea), 'hex')",
            client_user_id=f"{first} + n % {of}",
            # Times that differ: equal ones would take next to no room in an index.
            expires_at=f"now() AT TIME ZONE 'UTC' + interval '{ends}'"
            " + n * interval '1 millisecond'",
            **columns,
        )


def events(count):
    """SQL that copies an event."""
    return _copied(
        "oauth2_event",
        "true ORDER BY id DESC LIMIT 1",
        count,
        create_date="row.create_date - n * interval '20 seconds'",
    )


def _copied(table, where, count, **columns):
    """SQL that copies one row so often, with columns computed from ``n``, from 0 on."""
    columns = {"id": f"nextval('{table}_id_seq') + 0 * n"} | columns
    values = ", ".join(f"'{name}', {value}" for name, value in columns.items())
    return f"""
        INSERT INTO {table}
        SELECT made.*
          FROM {table} row, generate_series(0, {count} - 1) n,
               LATERAL jsonb_populate_record(row, jsonb_build_object({values})) made
         WHERE row.id = (SELECT id FROM {table} WHERE {where})"""
