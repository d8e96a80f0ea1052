import os

from requests_oauthlib import OAuth2Session  # 2.0 or newer

BASE = os.environ.get("OAUTH2_BASE_URL", "http://localhost:8069")
API = f"{BASE}/demo"
SECRET = os.environ["OAUTH2_CLIENT_SECRET"]
if BASE.startswith("http://localhost"):
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # elsewhere it demands https

client = OAuth2Session(
    "demo-client",
    redirect_uri="http://localhost:8400/back",
    scope=["partners.read"],
    pkce="S256",
)
address, _state = client.authorization_url(f"{API}/oauth2/authorize")
print("Open this address in a browser, log in and allow:", address, sep="\n")
came_back = input("The address at which the browser ended: ")
client.fetch_token(
    f"{API}/oauth2/token", authorization_response=came_back, client_secret=SECRET
)
print(client.get(f"{API}/oauth2/whoami").json())
print(client.get(f"{API}/partners?limit=2").json())
