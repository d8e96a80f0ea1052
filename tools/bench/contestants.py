"""Who runs against whom: the records, and the requests."""

import json

from bench.load import Call

# The keys of the ratios, and what each has to reach: (ours, theirs, what, at least).
TARGETS = (
    ("ours", "public", "throughput", 1.0),
    ("ours", "none", "throughput", 0.85),
    ("ours", "bearer", "throughput", 2.8),
    ("ours", "api_key", "throughput", 1.05),
    ("ours-json2", "odoo-json2", "throughput", 2.0),
    ("refused", "ours", "throughput", 1.0),
    ("ours", "public", "p99", 1.15),
)

LABELS = {
    "none": 'auth="none": no user, no check',
    "public": 'auth="public": no check, the shared public user',
    "bearer": 'auth="bearer": Odoo API key',
    "api_key": 'auth="api_key": OCA auth_api_key',
    "ours": "oauth2_route: access token",
    "refused": "oauth2_route: unknown token, refused",
    "ours-json2": "/<api>/json/2: access token",
    "odoo-json2": "Odoo's /json/2: Odoo API key",
}

JSON2 = json.dumps({"domain": [["id", "=", 1]]})

RECORDS = """
import datetime, json, pathlib
from odoo.addons.api_auth_oauth2.tests.common import OAuth2Records

class Maker(OAuth2Records):
    pass

Maker.env = env
access = Maker.make_access("orders", ["bench"], json2_enabled=True)
access.grant.expires_at += datetime.timedelta(days=3000)
access.grant.token_ids.expires_at += datetime.timedelta(days=3000)
Maker.open_model(access.api.scope_ids, "res.currency", "read")
# Odoo lets an API key end after 90 days at most.
until = datetime.datetime.now() + datetime.timedelta(days=80)
keys = env["res.users.apikeys"].with_user(access.user)
key = keys.sudo()._generate("rpc", "bench", until)
told = {"token": access.token, "odoo_key": key, "grant": access.grant.id}
# What is measured is a refusal, not the limit on them.
env["ir.config_parameter"].set_param("api_auth_oauth2.limit_refused_tokens", "0")
if "auth.api.key" in env:
    theirs = env["auth.api.key"].create({"name": "bench", "user_id": access.user.id})
    told["oca_key"] = theirs.key
env.cr.commit()
pathlib.Path(RESULT).write_text(json.dumps(told))
"""


def records_script(result):
    """Python for ``odoo shell``: makes the records, writes their secrets."""
    return RECORDS.replace("RESULT", repr(str(result)))


def calls(base, told):
    """The requests of all contestants, by key."""

    def bearer(text):
        return (("Authorization", f"Bearer {text}"),)

    json_type = (("Content-Type", "application/json"),)
    path = "/json/2/res.currency/search_count"
    found = [
        Call("none", f"{base}/bench/none"),
        Call("public", f"{base}/bench/public"),
        Call("bearer", f"{base}/bench/bearer", bearer(told["odoo_key"])),
        Call("api_key", f"{base}/bench/api_key", (("API-KEY", told["oca_key"]),)),
        Call("ours", f"{base}/orders/bench", bearer(told["token"])),
        Call("refused", f"{base}/orders/bench", bearer("x" * 43), refused=True),
        Call(
            "ours-json2",
            f"{base}/orders{path}",
            bearer(told["token"]) + json_type,
            JSON2,
        ),
        Call(
            "odoo-json2", f"{base}{path}", bearer(told["odoo_key"]) + json_type, JSON2
        ),
    ]
    return {call.name: call for call in found}
