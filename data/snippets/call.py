headers = {"Authorization": f"Bearer {tokens['access_token']}"}
me = requests.get(f"{API}/oauth2/whoami", headers=headers, timeout=30)
me.raise_for_status()
print(me.json())
