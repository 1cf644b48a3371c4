// host.mjs - attacks that make one call of the host, or one function of Lua, cost far more than what they hand over. Each is
// one request; what counts is the CPU time it takes of dev, and what others wait. See ../attacks.mjs for what an attack is.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { EXE, ask, cpu, folder } from "../dev.mjs";

/** What an answer costs of CPU time, in seconds, at most. */
const within = (seconds) => (result) => (result.cpu > seconds ? `${result.cpu.toFixed(1)} s of CPU time` : undefined);

async function one(context, path, options) {
  const before = cpu(context.pid);
  const answer = await ask(context.port, path, { ms: 60000, ...options });
  context.result.cpu = cpu(context.pid) - before;
  return `${answer.status || answer.error} after ${context.result.cpu.toFixed(2)} s CPU${answer.status === 200 ? `: ${answer.body.slice(0, 40)}` : ""}`;
}

/** Calls in the flare's own time are stopped at --cpu-ms 1000; a second more is for what was begun. */
const goal = { peak: 256, longest: 100, judge: within(2) };

/*
 * Keys of JSON whose hashes agree in their lowest 16 bits, for a seed of Lua's strings that is known (runtime/lua/lstring_hash.c, at the
 * time when the seed came from the bundle): where the low half of the first word becomes 0, the hash is a rotation of the
 * high half, whose other 16 bits may be anything.
 */
function colliding_keys(seed, count) {
  const GOLDEN = 0x9e3779b97f4a7c15n;
  const begin = ((BigInt((seed ^ 8) >>> 0) + 1n) * GOLDEN) & 0xffffffffffffffffn;
  const keys = [];
  for (let i = 0; keys.length < count; i++) {
    const high = BigInt((((i >>> 3) << 19) | (i & 7)) >>> 0);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(begin ^ (high << 32n));
    keys.push(bytes);
  }
  return keys;
}

/** JSON of an object with these keys; bytes that JSON does not have as they are stand as escapes. */
function object_of(keys) {
  const text = keys.map((key) => `"${[...key].map((b) => (b < 32 || b === 34 || b === 92 || b === 127 ? `\\u00${b.toString(16).padStart(2, "0")}` : String.fromCharCode(b))).join("")}":1`);
  return `{${text.join(",")}}`;
}

/** The seed that a flare's bundle gave its strings (edge/pack/pack.c). */
function seed_of(flare, wasm) {
  spawnSync(EXE, ["pack", flare, "-o", wasm]);
  const runtime = /"runtime": ?"([0-9a-f]{64})"/.exec(readFileSync(wasm, "latin1"))?.[1] ?? "";
  const hash = createHash("sha256").update(runtime);
  const main = readFileSync(`${flare}/main.lua`);
  const line = main.subarray(0, main.indexOf('require "flaron"')).toString().split("\n").length;
  for (const part of ["main", "@main.lua", main, "flaron", `main.lua:${line}`, ""]) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(part.length);
    hash.update(length).update(part);
  }
  return hash.digest().readUInt32LE(0);
}

const random_keys = (count) => Array.from({ length: count }, (_, i) => createHash("md5").update(`${i}`).digest().subarray(0, 8));

export default {
  "beam-headers": { what: "beam.fetch with 100,000 headers", goal, short: 1, run: (c) => one(c, `/headers/${100000 * c.scale}?${c.upstream}/fine`) },
  "answer-headers": { what: "14,000 response headers", goal, short: 1, run: (c) => one(c, "/answer/14000") },
  "record-encodings": { what: "a record with 8,000 encodings of a secret", goal: { ...goal, judge: within(0.5) }, short: 1, words: ["--record", "build/tmp/attack-records"], prepare: (persist) => spawnSync(EXE, ["secret", "set", "KEY", "--persist", persist], { input: "sesame-open-1234" }),
    run: (c) => one(c, "/secret/8000") },
  "spark-list": { what: "spark.list of a million keys", goal, short: 0.5, run: (c) => one(c, "/list"), prepare(persist, scale) {
    spawnSync(EXE, ["kv", "set", "k", "v", "--persist", persist]);
    spawnSync("sqlite3", [`${persist}/stores.db`, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${1000000 * scale}) INSERT INTO spark(key, value, expires) SELECT 'k' || i, x'', 0 FROM n`]);
  } },
  "json-keys": { what: "20,000 chosen keys of JSON, whose hashes collided when the seed was the bundle's", goal: { ...goal, longest: 500, judge: within(0.5) }, words: ["--cpu-ms", "20000"], short: 1, async run(context) {
    const before = await ask(context.port, "/json", { method: "POST", body: object_of(random_keys(20000)) });
    const keys = colliding_keys(seed_of("tests/soak/flare", `${folder()}/flare.wasm`), 20000);
    const told = await one(context, "/json", { method: "POST", body: object_of(keys) });
    return `${told} (other keys: ${Math.round(before.ms)} ms)`;
  } },
};

