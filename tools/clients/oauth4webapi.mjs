/** oauth4webapi: every answer checked to the letter, from the resource's metadata on. */
import * as oauth from 'oauth4webapi';
import { finish, hear, say } from './lines.mjs';

const task = await hear();
const isPublic = !task.client_secret;
const http = { [oauth.allowInsecureRequests]: true };

const resource = new URL(task.issuer);
const described = await oauth.processResourceDiscoveryResponse(
  resource,
  await oauth.resourceDiscoveryRequest(resource, http),
);
const issuer = new URL(described.authorization_servers[0]);
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http }),
);

const client = { client_id: task.client_id };
const auth = isPublic ? oauth.None() : oauth.ClientSecretPost(task.client_secret);
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const url = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
  client_id: task.client_id,
  redirect_uri: task.redirect_uri,
  response_type: 'code',
  scope: task.scope,
  state,
  resource: described.resource,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})) {
  url.searchParams.set(name, value);
}
say({ authorization_url: url.href });

const { callback } = await hear();
const parameters = oauth.validateAuthResponse(server, client, new URL(callback), state);
const tokens = await oauth.processAuthorizationCodeResponse(
  server,
  client,
  await oauth.authorizationCodeGrantRequest(
    server,
    client,
    auth,
    parameters,
    task.redirect_uri,
    verifier,
    { additionalParameters: { resource: described.resource }, ...http },
  ),
);
const call = (token) =>
  oauth.protectedResourceRequest(
    token,
    'GET',
    new URL(task.resource_url),
    undefined,
    undefined,
    http,
  );
const introspect = async (token) =>
  oauth.processIntrospectionResponse(
    server,
    client,
    await oauth.introspectionRequest(server, client, auth, token, http),
  );
const done = { tokens, called: (await call(tokens.access_token)).status };
if (!isPublic) {
  done.introspected = await introspect(tokens.access_token);
}
done.refreshed = await oauth.processRefreshTokenResponse(
  server,
  client,
  await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token, http),
);
done.called_again = (await call(done.refreshed.access_token)).status;
await oauth.processRevocationResponse(
  await oauth.revocationRequest(
    server,
    client,
    auth,
    done.refreshed.refresh_token,
    http,
  ),
);
done.called_after_revocation = await call(done.refreshed.access_token).then(
  (answer) => answer.status,
  (error) => error.status ?? error.response?.status,
);
if (!isPublic) {
  done.introspected_after = await introspect(done.refreshed.access_token);
  done.own = await oauth.processClientCredentialsResponse(
    server,
    client,
    await oauth.clientCredentialsGrantRequest(
      server,
      client,
      auth,
      { scope: task.scope },
      http,
    ),
  );
  done.called_as_itself = (await call(done.own.access_token)).status;
}
finish(done);
