#!/usr/bin/env node
// A sign-in from JavaScript (Node 18 or newer; the class works in browsers too):
// prints the address for the user, waits for the decision, tells who the token is.
//
//   sign_in.mjs
//
// Identity and tokens are kept where ../python_client.py keeps them: OAUTH2_FILE.

import { open, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Odoo said no; the message tells why, `code` is the error's name. */
export class Refused extends Error {
    constructor(message, code = "") {
        super(message);
        this.code = code;
    }
}

/** One user of one application on one API. */
export class SignIn {
    constructor(baseUrl, api, clientId, { secret = "", database = "" } = {}) {
        this.root = `${baseUrl.replace(/\/+$/, "")}/${api}/oauth2`;
        this.names = { client_id: clientId };
        this.headers = { "Content-Type": "application/json" };
        if (secret) {
            // Not in an application that others can read: a page, an app.
            this.headers.Authorization = `Basic ${btoa(`${clientId}:${secret}`)}`;
        }
        if (database) {
            this.headers["X-Odoo-Database"] = database; // for servers with several
        }
    }

    /** Ask where the user signs in; return the address. */
    async authorize() {
        const told = await this.#post("provider/authorize", this.names);
        // Odoo made this name up. It is a secret: all who know it can refresh.
        this.names.client_user_identity = told.client_user_identity;
        this.interval = told.interval;
        return told.authorization_url;
    }

    /** Ask for the tokens until the user has decided; return token information. */
    async wait() {
        for (let seconds = this.interval; ; ) {
            try {
                return await this.#post("token", this.names);
            } catch (error) {
                if (error.code === "slow_down") {
                    seconds += 5;
                } else if (error.code !== "authorization_pending") {
                    throw error; // the user said no, or took too long
                }
            }
            await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        }
    }

    async whoami(accessToken) {
        const headers = { Authorization: `Bearer ${accessToken}` };
        return this.#answer("whoami", { headers: { ...this.headers, ...headers } });
    }

    #post(name, body) {
        const { headers } = this;
        return this.#answer(name, { method: "POST", headers, body: JSON.stringify(body) });
    }

    async #answer(name, options) {
        const signal = AbortSignal.timeout(30_000);
        const answer = await fetch(`${this.root}/${name}`, { ...options, signal });
        const told = await answer.json().catch(() => {
            throw new Refused(`${answer.status}: not JSON; is the address right?`);
        });
        if (!answer.ok) {
            const text = `${answer.status} ${told.error}: ${told.error_description}`;
            throw new Refused(text, told.error);
        }
        return told;
    }
}

/** Replace the file in one go; no other user may read it. */
async function keep(file, values) {
    const fresh = `${file}.new`;
    await rm(fresh, { force: true });
    const handle = await open(fresh, "wx", 0o600);
    await handle.writeFile(JSON.stringify(values, null, 2));
    await handle.close();
    await rename(fresh, file);
}

async function main(env) {
    const signIn = new SignIn(
        env.OAUTH2_BASE_URL ?? "http://localhost:8069",
        env.OAUTH2_API ?? "demo",
        env.OAUTH2_CLIENT_ID ?? "demo-app",
        { secret: env.OAUTH2_CLIENT_SECRET, database: env.OAUTH2_DATABASE },
    );
    console.log(await signIn.authorize());
    const information = await signIn.wait();
    const file = env.OAUTH2_FILE ?? join(homedir(), ".oauth2_python_client.json");
    const { client_user_identity } = signIn.names;
    await keep(file, { client_user_identity, ...information });
    return signIn.whoami(information.access_token);
}

try {
    console.log(JSON.stringify(await main(process.env), null, 2));
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
