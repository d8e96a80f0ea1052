"""Authlib: its own discovery, and its session on requests."""

import json
import os

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # the servers of tests speak http

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from lines import hear, say

task = hear()
is_public = not task["client_secret"]
answer = requests.get(get_well_known_url(task["issuer"], external=True), timeout=60)
answer.raise_for_status()
server = answer.json()
# It judges production's: http is what it would refuse.
secured = json.loads(answer.text.replace("http://", "https://"))
AuthorizationServerMetadata(secured).validate()


def new_session(**options):
    return OAuth2Session(
        task["client_id"],
        task["client_secret"] or None,
        scope=task["scope"],
        token_endpoint_auth_method="none" if is_public else "client_secret_basic",
        **options,
    )


def call(session):
    return session.get(task["resource_url"]).status_code


session = new_session(redirect_uri=task["redirect_uri"], code_challenge_method="S256")
verifier = generate_token(48)
url, state = session.create_authorization_url(
    server["authorization_endpoint"], code_verifier=verifier
)
say({"authorization_url": url})

tokens = session.fetch_token(
    server["token_endpoint"],
    authorization_response=hear()["callback"],
    state=state,
    code_verifier=verifier,
)
done = {"tokens": dict(tokens), "called": call(session)}
if not is_public:
    introspected = session.introspect_token(
        server["introspection_endpoint"], token=tokens["access_token"]
    )
    introspected.raise_for_status()
    done["introspected"] = introspected.json()
done["refreshed"] = dict(session.refresh_token(server["token_endpoint"]))
done["called_again"] = call(session)
session.revoke_token(
    server["revocation_endpoint"],
    token=done["refreshed"]["refresh_token"],
    token_type_hint="refresh_token",
).raise_for_status()
done["called_after_revocation"] = call(session)
if not is_public:
    done["introspected_after"] = session.introspect_token(
        server["introspection_endpoint"], token=done["refreshed"]["access_token"]
    ).json()
    own = new_session()
    done["own"] = dict(
        own.fetch_token(server["token_endpoint"], grant_type="client_credentials")
    )
    done["called_as_itself"] = call(own)
say(done)
