# Python 3 with requests (pip install requests)
import requests

API = "{{api}}"
CLIENT_ID = "{{client_id}}"
CLIENT_SECRET = "{{client_secret}}"
SCOPE = "{{scope}}"

response = requests.post(
    f"{API}/oauth2/token",
    data={
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": SCOPE,
    },
    timeout=30,
)
if not response.ok:
    raise SystemExit(response.text)
tokens = response.json()
