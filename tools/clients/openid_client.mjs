/** openid-client: what it does by default, through OpenID's address of the metadata. */
import * as client from 'openid-client';
import { finish, hear, say } from './lines.mjs';

const task = await hear();
const isPublic = !task.client_secret;
const config = await client.discovery(
  new URL(task.issuer),
  task.client_id,
  undefined,
  isPublic ? client.None() : client.ClientSecretBasic(task.client_secret),
  { execute: [client.allowInsecureRequests] },
);

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: task.redirect_uri,
  scope: task.scope,
  state: expectedState,
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
});
say({ authorization_url: url.href });

const { callback } = await hear();
const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
  pkceCodeVerifier,
  expectedState,
});
const call = (token) =>
  client.fetchProtectedResource(config, token, new URL(task.resource_url), 'GET');
const done = { tokens, called: (await call(tokens.access_token)).status };
if (!isPublic) {
  done.introspected = await client.tokenIntrospection(config, tokens.access_token);
}
done.refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
done.called_again = (await call(done.refreshed.access_token)).status;
await client.tokenRevocation(config, done.refreshed.refresh_token);
done.called_after_revocation = await call(done.refreshed.access_token).then(
  (answer) => answer.status,
  (error) => error.status ?? error.response?.status,
);
if (!isPublic) {
  done.introspected_after = await client.tokenIntrospection(
    config,
    done.refreshed.access_token,
  );
  done.own = await client.clientCredentialsGrant(config, { scope: task.scope });
  done.called_as_itself = (await call(done.own.access_token)).status;
}
finish(done);
