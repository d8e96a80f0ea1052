// Node.js 18 or newer: save as connect.mjs and run: node connect.mjs
import { createHash, randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";

const API = "{{api}}";
const CLIENT_ID = "{{client_id}}";
const CLIENT_SECRET = "{{client_secret}}";
const REDIRECT_URI = "{{redirect_uri}}";
const SCOPE = "{{scope}}";

const verifier = randomBytes(32).toString("base64url"); // PKCE
const state = randomBytes(16).toString("base64url");
const question = new URLSearchParams({
    response_type: "code",
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
});
console.log("Open this address in a browser, sign in and allow:");
console.log(`${API}/oauth2/authorize?${question}`);
const terminal = createInterface({ input: process.stdin, output: process.stdout });
console.log("Paste the address at which the browser ended, even if it shows an error:");
const cameBack = await terminal.question("");
terminal.close();
const answer = new URL(cameBack).searchParams;
if (answer.get("state") !== state || !answer.has("code")) {
    throw new Error(`No code came back: ${answer}`);
}

const response = await fetch(`${API}/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams({
        grant_type: "authorization_code",
        code: answer.get("code"),
        redirect_uri: REDIRECT_URI,
        code_verifier: verifier,
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
    }),
});
if (!response.ok) {
    throw new Error(await response.text());
}
const tokens = await response.json();
