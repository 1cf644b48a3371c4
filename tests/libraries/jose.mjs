// jose.mjs - makes and verifies tokens with jose of npm, for jose_spec.lua. Run in the folder that has node_modules.
//
//   node jose.mjs make COUNT FILE    private keys of all algorithms, and as many tokens of random claims, as JSON
//   node jose.mjs verify FILE        takes such a file, whose tokens a flare made; says how many are right
import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { randomBytes, randomInt, webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node 18
globalThis.CryptoKey ??= webcrypto.CryptoKey;
const jose = await import("jose");

const algorithms = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"];
const [what, ...rest] = process.argv.slice(2);

async function newKey(alg, rsa) {
  if (alg.startsWith("HS")) {
    const k = randomBytes(Number(alg.slice(2)) / 8 + randomInt(40)).toString("base64url");
    const key = { kty: "oct", k, alg };
    return { private: key, public: key };
  }
  const pair = alg.startsWith("ES") ? await jose.generateKeyPair(alg, { extractable: true }) : rsa;
  return {
    private: { ...(await jose.exportJWK(pair.privateKey)), alg },
    public: { ...(await jose.exportJWK(pair.publicKey)), alg },
  };
}

const text = () => String.fromCodePoint(...Array.from(randomBytes(1 + randomInt(24)), (b) => (b < 200 ? 0x20 + b : 0x1f000 + b)));

function randomClaims() {
  const claims = { sub: text(), n: randomInt(2 ** 40) - 2 ** 39, half: randomInt(1000) + 0.5, yes: randomInt(2) === 0, none: null };
  for (let i = randomInt(4); i > 0; i--) claims[text()] = [text(), { [text()]: randomInt(100) }];
  return claims;
}

if (what === "make") {
  const keys = {}, tokens = [], rsa = await jose.generateKeyPair("RS256", { extractable: true });
  for (const alg of algorithms) keys[alg] = await newKey(alg, rsa);
  for (let i = 0; i < Number(rest[0]); i++) {
    const alg = algorithms[i % algorithms.length], claims = randomClaims();
    const header = i % 3 === 0 ? { alg, typ: "JWT", kid: text() } : { alg };
    const token = await new jose.SignJWT(claims).setProtectedHeader(header).sign(await jose.importJWK(keys[alg].private, alg));
    tokens.push({ alg, claims, token });
  }
  writeFileSync(rest[1], JSON.stringify({ keys, tokens }));
} else {
  const { keys, tokens } = JSON.parse(readFileSync(rest[0], "utf8"));
  for (const { alg, claims, token } of tokens) {
    const key = await jose.importJWK(keys[alg].public, alg);
    const found = await jose.jwtVerify(token, key, { algorithms: [alg] });
    assert.equal(found.protectedHeader.alg, alg);
    assert.deepEqual({ ...found.payload }, claims);
  }
  console.log(tokens.length);
}
