// Node.js 18 or newer: save as connect.mjs and run: node connect.mjs
const API = "{{api}}";
const CLIENT_ID = "{{client_id}}";
const CLIENT_SECRET = "{{client_secret}}";

function post(name, members = {}) {
    const body = JSON.stringify({
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        ...members,
    });
    const headers = { "Content-Type": "application/json" };
    return fetch(`${API}/oauth2/${name}`, { method: "POST", headers, body });
}

let response = await post("provider/authorize");
if (!response.ok) {
    throw new Error(await response.text());
}
const asked = await response.json();
console.log("Open this address in a browser, sign in and allow:");
console.log(asked.authorization_url);
// It stands for this user from now on: keep it as a secret.
const { client_user_identity } = asked;

let pause = asked.interval;
while (!(response = await post("token", { client_user_identity })).ok) {
    const { error } = await response.json();
    if (error === "slow_down") {
        pause += 5;
    } else if (error !== "authorization_pending") {
        throw new Error(error);
    }
    await new Promise((resolve) => setTimeout(resolve, pause * 1000));
}
const tokens = await response.json();
