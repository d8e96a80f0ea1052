/*
 * An OpenID provider that is not ours (node-oidc-provider), in memory.
 *
 *   node server.mjs '{"port": 0, "clients": [{"client_id": "demo-app", …}]}'
 *
 * The keys of the document are listed in README.md. When it listens, it prints
 * one line, `READY {"issuer": …}`, and it ends as soon as its standard input is
 * closed, so that it never outlives the one who started it.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';

// The library writes advice for production to standard output while it loads.
console.info = () => {};
console.warn = () => {};

const { Provider } = await import('oidc-provider');
const { keeping } = await import('./ledger.mjs');
const { configuration, IMPLICIT } = await import('./settings.mjs');

const ENDPOINTS = {
  '/auth': 'authorization',
  '/token': 'token',
  '/token/revocation': 'revocation',
  '/token/introspection': 'introspection',
  '/me': 'userinfo',
  '/jwks': 'jwks',
  '/.well-known/openid-configuration': 'discovery',
};

/** Counters that start at zero for every endpoint. */
function newStats() {
  return Object.fromEntries(Object.values(ENDPOINTS).map((name) => [name, 0]));
}

/** Count the calls of each endpoint and, for tokens, of each grant type. */
function counting(stats, delays) {
  return async (ctx, next) => {
    const endpoint = ENDPOINTS[ctx.path];
    if (endpoint) {
      stats[endpoint] += 1;
      if (delays[endpoint]) {
        await new Promise((done) => { setTimeout(done, delays[endpoint]); });
      }
    }
    await next();
    const grantType = endpoint === 'token' && ctx.oidc?.params?.grant_type;
    if (grantType) {
      stats[`token:${grantType}`] = (stats[`token:${grantType}`] ?? 0) + 1;
    }
  };
}

/** Take a request for `token` alone, as Odoo's own sign-in sends it. */
async function completing(ctx, next) {
  if (ctx.path === '/auth' && ctx.query.response_type === 'token') {
    ctx.query = { ...ctx.query, response_type: IMPLICIT, nonce: randomUUID() };
  }
  await next();
}

/** The listening server, not yet answering; the port may be chosen by the system. */
async function listen(options) {
  const server = options.tls
    ? createHttps({
      key: readFileSync(options.tls.key),
      cert: readFileSync(options.tls.cert),
    })
    : createHttp();
  for (const port of [options.preferred_port, options.port ?? 0]) {
    if (port === undefined) continue;
    server.listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return server;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || port === options.port) throw error;
    }
  }
}

/** Where a client finds things: the answer of the READY line. */
function endpoints(issuer) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/token/revocation`,
    introspection_endpoint: `${issuer}/token/introspection`,
    userinfo_endpoint: `${issuer}/me`,
    jwks_uri: `${issuer}/jwks`,
    stats: `${issuer}/stats`,
  };
}

async function main() {
  const options = JSON.parse(process.argv[2] ?? '{}');
  const server = await listen(options);
  const { port } = server.address();
  const issuer = `${options.tls ? 'https' : 'http'}://localhost:${port}`;
  const stats = newStats();
  const provider = new Provider(issuer, configuration(options, issuer));
  provider.use(keeping);
  if (options.implicit) provider.use(completing);
  provider.use(counting(stats, options.delay ?? {}));
  provider.on('server_error', (ctx, error) => console.error(error));
  const answer = provider.callback();
  server.on('request', (req, res) => {
    if (req.url === '/stats') {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify(stats));
    } else {
      answer(req, res);
    }
  });
  console.log(`READY ${JSON.stringify(endpoints(issuer))}`);
  process.stdin.on('close', () => process.exit(0)).resume();
}

main().catch((error) => {
  const known = error.code === 'EADDRINUSE';
  console.error(known ? `The port is taken: ${error.message}` : error);
  process.exit(1);
});
