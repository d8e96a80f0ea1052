
const headers = { Authorization: `Bearer ${tokens.access_token}` };
const me = await fetch(`${API}/oauth2/whoami`, { headers });
if (!me.ok) {
    throw new Error(await me.text());
}
console.log(await me.json());
