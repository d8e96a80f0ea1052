// Node.js 18 or newer: save as connect.mjs and run: node connect.mjs
const API = "{{api}}";
const CLIENT_ID = "{{client_id}}";
const CLIENT_SECRET = "{{client_secret}}";
const SCOPE = "{{scope}}";

const response = await fetch(`${API}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        scope: SCOPE,
    }),
});
if (!response.ok) {
    throw new Error(await response.text());
}
const tokens = await response.json();
