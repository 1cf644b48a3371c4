// node.js - what Node computes and fetches for the packer (wasi/node.h).
"use strict";

const crypto = require("node:crypto");
const { MessageChannel, parentPort, receiveMessageOnPort } = require("node:worker_threads");

const NONCE = 12;
const TAG = 16;
const RSA_MIN_BITS = 2048;

/** A signature, or undefined if the key is not one for it. */
function sign(kind, pem, message) {
  const key = crypto.createPrivateKey(pem);
  if (kind === "EdDSA") return key.asymmetricKeyType === "ed25519" ? crypto.sign(null, message, key) : undefined;
  const fits = key.asymmetricKeyType === "rsa" && key.asymmetricKeyDetails.modulusLength >= RSA_MIN_BITS;
  return fits ? crypto.sign("sha256", message, key) : undefined;
}

function seal(key, plain) {
  const nonce = crypto.randomBytes(NONCE);
  const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function unseal(key, sealed) {
  const decipher = crypto.createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, sealed.length - TAG)), decipher.final()]);
}

/** The functions of the module "node". `packer`: its exports, when it runs; `turn`: becomes 1 when an answer is there (pure.js). */
module.exports = function node(packer, turn) {
  const { port1: here, port2: there } = new MessageChannel();
  let sent = false; // the other thread has its port
  let answer;

  const bytes = (at, size) => Buffer.from(packer.memory.buffer, at >>> 0, size >>> 0);

  function string(at) {
    const all = Buffer.from(packer.memory.buffer);
    return all.toString("latin1", at, all.indexOf(0, at));
  }

  /** Writes what `make` gives; the size of it, or -1. */
  function give(to, most, make) {
    try {
      const made = make();
      if (made === undefined || made.length > most) return -1;
      bytes(to, made.length).set(made);
      return made.length;
    } catch {
      return -1;
    }
  }

  return {
    hash: (digest, of, size, to, most) => give(to, most, () => crypto.createHash(string(digest)).update(bytes(of, size)).digest()),
    hmac: (digest, key, keySize, of, size, to, most) =>
      give(to, most, () => crypto.createHmac(string(digest), bytes(key, keySize)).update(bytes(of, size)).digest()),
    sign: (kind, pem, pemSize, of, size, to, most) => give(to, most, () => sign(string(kind), bytes(pem, pemSize), bytes(of, size))),
    seal: (key, from, size, to, most) => give(to, most, () => seal(bytes(key, 32), bytes(from, size))),
    unseal: (key, from, size, to, most) => give(to, most, () => unseal(bytes(key, 32), bytes(from, size))),
    fetch: (request, size) => {
      Atomics.store(turn, 0, 0);
      parentPort.postMessage({ request: Uint8Array.from(bytes(request, size)), port: sent ? undefined : there }, sent ? [] : [there]);
      sent = true;
      Atomics.wait(turn, 0, 0);
      answer = receiveMessageOnPort(here).message;
      return answer.length;
    },
    take: (to) => bytes(to, answer.length).set(answer),
  };
};
