// provider.mjs - a provider of OpenID Connect on loopback, for specs: oidc-provider of npm, with the pages that it has for
// development, in which any name signs in. What it knows is in memory.
//
//   node provider.mjs MODULES REDIRECT_URI LOGOUT_URI      MODULES: the folder of node_modules
//
// It prints its port. POST /test/rotate takes a new RSA key for the old one.
import { createServer } from "node:http";
import { generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , modules, redirectUri, logoutUri] = process.argv;
const find = createRequire(pathToFileURL(`${modules}/x.js`));
const { default: Provider } = await import(pathToFileURL(find.resolve("oidc-provider")));

let serial = 0;

// One key at a time, each with a name of its own.
function newKey() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: `key-${++serial}`, alg: "RS256", use: "sig" };
}

function newProvider(issuer) {
  return new Provider(issuer, {
    clients: [{
      client_id: "gateway", client_secret: "the secret of the client",
      redirect_uris: [redirectUri], post_logout_redirect_uris: [logoutUri],
      grant_types: ["authorization_code", "refresh_token", "client_credentials"], response_types: ["code"],
    }],
    claims: { openid: ["sub"], profile: ["name"], email: ["email"] },
    conformIdTokenClaims: false, // the ID token has the claims, too
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: `${id} of the provider`, email: `${id}@example.com` }) }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: "read", accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } }),
      },
    },
    cookies: { keys: ["of the cookies"] },
    jwks: { keys: [newKey()] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 60, IdToken: 600, RefreshToken: 3600, ClientCredentials: 3600 },
  });
}

let answer;
const server = createServer((request, response) => {
  if (request.method !== "POST" || request.url !== "/test/rotate") return answer(request, response);
  answer = newProvider(issuer).callback();
  response.end(`${serial}\n`);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
answer = newProvider(issuer).callback();
console.log(server.address().port);
