/*
 * What passes this provider and no other may see, written to the ledger of a test
 * run (tests/ledger.py), where OAUTH2_TEST_LEDGER names one.
 */
import { appendFileSync } from 'node:fs';

const PATH = process.env.OAUTH2_TEST_LEDGER;
const NAMES = [
  'access_token', 'client_secret', 'code', 'code_verifier', 'id_token', 'nonce',
  'refresh_token', 'state', 'token',
];
const WHERE = 'the independent provider';

/** Write the secrets of a request's parameters or of an answer, a plain object. */
function keep(values) {
  const lines = NAMES
    .filter((name) => typeof values?.[name] === 'string' && values[name])
    .map((name) => JSON.stringify({ kind: name, value: values[name], where: WHERE }));
  if (lines.length) appendFileSync(PATH, `${lines.join('\n')}\n`);
}

/** Write down what each request brings and what it gets: a layer of the provider. */
export async function keeping(ctx, next) {
  await next();
  if (!PATH) return;
  keep(ctx.oidc?.params);
  keep(ctx.oidc?.body);
  keep(ctx.body);
  const location = ctx.response.get('location');
  if (location) keep(Object.fromEntries(new URL(location, ctx.href).searchParams));
}
