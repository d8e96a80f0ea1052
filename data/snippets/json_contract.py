# Python 3 with requests (pip install requests)
import time

import requests

API = "{{api}}"
CLIENT_ID = "{{client_id}}"
CLIENT_SECRET = "{{client_secret}}"


def post(name, **members):
    body = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        **members,
    }
    return requests.post(f"{API}/oauth2/{name}", json=body, timeout=30)


response = post("provider/authorize")
if not response.ok:
    raise SystemExit(response.text)
asked = response.json()
print("Open this address in a browser, sign in and allow:")
print(asked["authorization_url"], flush=True)
# It stands for this user from now on: keep it as a secret.
identity = asked["client_user_identity"]

pause = asked["interval"]
while not (response := post("token", client_user_identity=identity)).ok:
    error = response.json()["error"]
    if error == "slow_down":
        pause += 5
    elif error != "authorization_pending":
        raise SystemExit(response.text)
    time.sleep(pause)
tokens = response.json()
