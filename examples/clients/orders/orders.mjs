#!/usr/bin/env node
// The orders API from JavaScript (Node 18 or newer; the class works in browsers too).
//
//   orders.mjs list [STATE]
//   orders.mjs show ID
//   orders.mjs create CUSTOMER_ID PRODUCT QUANTITY PRICE
//   orders.mjs confirm ID
//
// The token is OAUTH2_ACCESS_TOKEN, or the one that ../python_client.py keeps.

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Odoo said no; the message tells why. */
export class Refused extends Error {}

/** The four calls of the orders API. */
export class Orders {
    constructor(baseUrl, api, token, database = "") {
        this.root = `${baseUrl.replace(/\/+$/, "")}/${api}/orders`;
        this.headers = { Authorization: `Bearer ${token}` };
        if (database) {
            this.headers["X-Odoo-Database"] = database; // for servers with several
        }
    }

    /** Filters are state, created_since, limit and offset. */
    list(filters = {}) {
        const query = new URLSearchParams(filters).toString();
        return this.#call("GET", query ? `?${query}` : "");
    }

    show(id) {
        return this.#call("GET", `/${id}`);
    }

    /** Lines are objects of product, quantity and price_unit. */
    create(partnerId, lines, note = "") {
        return this.#call("POST", "", { partner_id: partnerId, lines, note });
    }

    confirm(id) {
        return this.#call("POST", `/${id}/confirm`);
    }

    async #call(method, path, body) {
        const headers = { ...this.headers };
        if (body !== undefined) {
            headers["Content-Type"] = "application/json";
        }
        const answer = await fetch(this.root + path, {
            method,
            headers,
            body: body === undefined ? undefined : JSON.stringify(body),
            signal: AbortSignal.timeout(30_000),
        });
        const told = await answer.json().catch(() => {
            throw new Refused(`${answer.status}: not JSON; is the address right?`);
        });
        if (!answer.ok) {
            throw new Refused(`${answer.status} ${told.error_description}`);
        }
        return told;
    }
}

async function keptToken(env) {
    if (env.OAUTH2_ACCESS_TOKEN) {
        return env.OAUTH2_ACCESS_TOKEN;
    }
    const file = env.OAUTH2_FILE ?? join(homedir(), ".oauth2_python_client.json");
    try {
        return JSON.parse(await readFile(file, "utf8")).access_token;
    } catch {
        throw new Refused("There is no token: see ../python_client.py authorize");
    }
}

async function main(env, [command, ...words]) {
    const orders = new Orders(
        env.OAUTH2_BASE_URL ?? "http://localhost:8069",
        env.OAUTH2_API ?? "demo",
        await keptToken(env),
        env.OAUTH2_DATABASE,
    );
    switch (command) {
        case "list":
            return orders.list(words[0] ? { state: words[0] } : {});
        case "show":
        case "confirm":
            return orders[command](Number(words[0]));
        case "create": {
            const [customer, product, quantity, price] = words;
            const line = {
                product,
                quantity: Number(quantity),
                price_unit: Number(price),
            };
            return orders.create(Number(customer), [line]);
        }
        default:
            throw new Refused("Use: list, show, create or confirm");
    }
}

try {
    const told = await main(process.env, process.argv.slice(2));
    console.log(JSON.stringify(told, null, 2));
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
