// Starts an OpenID provider on loopback: `node oidc_provider.mjs MODULES PORT CONFIGURATION`. MODULES is the folder that `oidc-provider` is installed in.
// The account of `login_hint`, else the usual account, logs in and consents at once. An unknown account denies.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [modules, port, configuration] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(join(modules, 'oidc-provider', 'lib', 'index.js')));
const { clients, accounts, claimsInToken, usual } = JSON.parse(configuration);
const issuer = `http://127.0.0.1:${port}`;

// New keys at every start, so that a restart is a rotation. By way of a text: a key that is exported as JWK while the job that made it is collected waits for itself for ever.
const key = (kind, options, more) => {
  const publicKeyEncoding = { type: 'spki', format: 'pem' };
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem' };
  const { privateKey } = generateKeyPairSync(kind, { ...options, publicKeyEncoding, privateKeyEncoding });
  return { ...createPrivateKey(privateKey).export({ format: 'jwk' }), use: 'sig', ...more };
};
const now = Date.now();

const provider = new Provider(issuer, {
  clients,
  jwks: {
    keys: [
      key('rsa', { modulusLength: 2048 }, { alg: 'RS256', kid: `rsa-${now}` }),
      key('ec', { namedCurve: 'P-256' }, { alg: 'ES256', kid: `ec-${now}` }),
    ],
  },
  cookies: { keys: [`signed-${now}`] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  conformIdTokenClaims: !claimsInToken,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  async findAccount(_, id) {
    const account = accounts[id];
    return account && { accountId: id, claims: async () => ({ sub: id, ...account }) };
  },
});

const finish = async (request, response) => {
  const { params, session } = await provider.interactionDetails(request, response);
  const named = params.login_hint ?? usual ?? '';
  if (!Object.hasOwn(accounts, named)) {
    await provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'no user logged in' });
    return;
  }
  const accountId = session?.accountId ?? named;
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  await provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId: await grant.save() } });
};

const answer = provider.callback();
const server = createServer((request, response) => {
  if (request.url.startsWith('/interaction/')) {
    finish(request, response).catch((error) => {
      response.statusCode = 500;
      response.end(String(error));
    });
    return;
  }
  answer(request, response);
}).listen(Number(port), '127.0.0.1');

process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
