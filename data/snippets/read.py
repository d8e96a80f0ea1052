question = {"domain": [], "fields": ["display_name"], "limit": 3}
address = f"{API}/json/2/{{model}}/search_read"
found = requests.post(address, json=question, headers=headers, timeout=30)
if not found.ok:
    raise SystemExit(found.text)
print(found.json())
