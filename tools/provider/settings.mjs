/*
 * What the one JSON document of the caller means to node-oidc-provider.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';

const SCOPES = ['openid', 'email', 'profile', 'offline_access'];

/** The implicit flow with an access token, as OpenID Connect has it. */
export const IMPLICIT = 'id_token token';

const CLAIMS = {
  openid: ['sub'],
  email: ['email', 'email_verified'],
  profile: ['name', 'preferred_username'],
};

/** A signing key of this run's own. */
function signingKeys() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ format: 'jwk' });
  return { keys: [{ ...key, kid: 'test-key', alg: 'RS256', use: 'sig' }] };
}

/** The claims of a login name: any name is a user, `accounts` overrides. */
function claimsOf(login, accounts) {
  return {
    sub: login,
    name: login,
    preferred_username: login,
    email: login.includes('@') ? login : `${login}@example.com`,
    email_verified: true,
    ...accounts[login],
  };
}

/** Whether a refresh token goes with the answer. */
function issueRefreshToken(mode) {
  return (ctx, client, source) => {
    if (mode === 'none' || !client.grantTypeAllowed('refresh_token')) return false;
    return mode === 'always' || source.scopes.has('offline_access');
  };
}

/*
 * Signed access tokens: the library makes them for a named resource only, so
 * every request gets a default one that knows the same scopes. The library's
 * userinfo endpoint refuses such tokens (they are meant for another server).
 */
function resourceIndicators(format, issuer) {
  if (format !== 'jwt') return { enabled: false };
  return {
    enabled: true,
    defaultResource: (ctx, client, oneOf) => oneOf ?? `${issuer}/api`,
    useGrantedResource: () => true,
    getResourceServerInfo: (ctx, resource) => ({
      scope: SCOPES.join(' '),
      audience: resource,
      accessTokenFormat: 'jwt',
      jwt: { sign: { alg: 'RS256' } },
    }),
  };
}

/** node-oidc-provider's configuration for the caller's document. */
export function configuration(options, issuer) {
  const accounts = options.accounts ?? {};
  return {
    clients: options.clients ?? [],
    clientDefaults: { grant_types: ['authorization_code', 'refresh_token'] },
    jwks: options.jwks ?? signingKeys(),
    cookies: { keys: [randomBytes(32).toString('hex')] },
    scopes: SCOPES,
    claims: CLAIMS,
    conformIdTokenClaims: options.idTokenClaims === false,
    ...(options.implicit && { responseTypes: ['code', IMPLICIT] }),
    pkce: { required: () => options.pkceRequired ?? true },
    rotateRefreshToken: options.rotateRefreshToken ?? true,
    issueRefreshToken: issueRefreshToken(options.refreshTokens ?? 'always'),
    expiresWithSession: () => false,
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      Grant: 14 * 86400,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 14 * 86400,
      Session: 14 * 86400,
      ...options.ttl,
    },
    features: {
      devInteractions: { enabled: true },
      introspection: { enabled: true },
      jwtUserinfo: { enabled: true },
      revocation: { enabled: true },
      userinfo: { enabled: true },
      resourceIndicators: resourceIndicators(options.accessTokenFormat, issuer),
    },
    findAccount: (ctx, login) => ({
      accountId: login,
      // A changed `sub` is what some tests want; the library insists on its own
      // in tokens, so only the other claims can be overridden.
      claims: async () => ({ ...claimsOf(login, accounts), sub: login }),
    }),
  };
}
