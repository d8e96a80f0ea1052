# Python 3 with requests (pip install requests)
import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

API = "{{api}}"
CLIENT_ID = "{{client_id}}"
CLIENT_SECRET = "{{client_secret}}"
REDIRECT_URI = "{{redirect_uri}}"
SCOPE = "{{scope}}"

verifier = secrets.token_urlsafe(32)  # PKCE
digest = hashlib.sha256(verifier.encode()).digest()
state = secrets.token_urlsafe(16)
question = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT_URI,
    "scope": SCOPE,
    "state": state,
    "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}
print("Open this address in a browser, sign in and allow:")
print(f"{API}/oauth2/authorize?{urlencode(question)}", flush=True)
print("Paste the address at which the browser ended, even if it shows an error:")
answer = parse_qs(urlsplit(input()).query)
if answer.get("state") != [state] or "code" not in answer:
    raise SystemExit(f"No code came back: {answer}")

response = requests.post(
    f"{API}/oauth2/token",
    data={
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": REDIRECT_URI,
        "code_verifier": verifier,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    },
    timeout=30,
)
if not response.ok:
    raise SystemExit(response.text)
tokens = response.json()
