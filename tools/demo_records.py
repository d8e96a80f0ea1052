"""The addresses of the running demo, written into its database where they differ."""

import json

PROVIDER_FIELDS = (
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
)

SCRIPT = """
wanted = {wanted!r}
parameters = env["ir.config_parameter"]
for key, value in wanted["parameters"].items():
    if parameters.get_param(key) != value:
        parameters.set_param(key, value)
provider = env.ref("api_auth_oauth2.provider_demo")
changed = {{
    name: value for name, value in wanted["provider"].items() if provider[name] != value
}}
if changed:
    provider.write(changed)
env.cr.commit()
print("RECORDS WRITTEN", sorted(changed))
"""


def script(url, endpoints):
    """Python for ``odoo shell``.

    :param url: where Odoo answers
    :param endpoints: what the provider says of itself (its READY line)
    """
    wanted = {
        "parameters": {"api_auth_oauth2.base_url": url},
        "provider": {name: endpoints[name] for name in PROVIDER_FIELDS},
    }
    # Through JSON, so that only plain values get into the script.
    return SCRIPT.format(wanted=json.loads(json.dumps(wanted)))
