"""requests-oauthlib, and oauthlib's requests where it has no call of its own."""

import os
from urllib.parse import urlsplit

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the servers of tests speak http

import requests
from lines import hear, say
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

task = hear()
is_public = not task["client_secret"]
# It has no discovery: RFC 8414 section 3.1.
address = urlsplit(task["issuer"])
server = requests.get(
    address._replace(
        path=f"/.well-known/oauth-authorization-server{address.path}"
    ).geturl(),
    timeout=60,
).json()
auth = None if is_public else HTTPBasicAuth(task["client_id"], task["client_secret"])
proof = {"client_id": task["client_id"]} if is_public else {}


def post(url, body, headers=None):
    answer = requests.post(url, data=body, headers=headers, auth=auth, timeout=60)
    answer.raise_for_status()
    return answer.json()


def call(session):
    return session.get(task["resource_url"]).status_code


def introspect(token):
    return post(server["introspection_endpoint"], {"token": token})


session = OAuth2Session(
    task["client_id"],
    redirect_uri=task["redirect_uri"],
    scope=task["scope"].split(),
    pkce="S256",
)
url, _state = session.authorization_url(server["authorization_endpoint"])
say({"authorization_url": url})

# It leaves an answer of another issuer unseen; state and PKCE are its own.
tokens = session.fetch_token(
    server["token_endpoint"],
    authorization_response=hear()["callback"],
    auth=auth,
    include_client_id=is_public,
)
done = {"tokens": dict(tokens), "called": call(session)}
if not is_public:
    done["introspected"] = introspect(tokens["access_token"])
done["refreshed"] = dict(
    session.refresh_token(server["token_endpoint"], auth=auth, **proof)
)
done["called_again"] = call(session)
url, headers, body = session._client.prepare_token_revocation_request(
    server["revocation_endpoint"],
    done["refreshed"]["refresh_token"],
    "refresh_token",
    **proof,
)
post(url, body, headers)
done["called_after_revocation"] = call(session)
if not is_public:
    done["introspected_after"] = introspect(done["refreshed"]["access_token"])
    own = OAuth2Session(
        client=BackendApplicationClient(task["client_id"], scope=task["scope"].split())
    )
    done["own"] = dict(own.fetch_token(server["token_endpoint"], auth=auth))
    done["called_as_itself"] = call(own)
say(done)
