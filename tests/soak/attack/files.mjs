// files.mjs - attacks by files: a project, stores and records that come from elsewhere, given to the commands that read
// them. There is no dev and no other client; what counts is that each command ends soon, and what it takes until then. See
// ../attacks.mjs for what an attack is.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { EXE, folder, memory, sleep } from "../dev.mjs";

const FATAL_MIB = 1024; // no more than that is let happen
const SECONDS = 6;

/**
 * Runs flaron-lua, until it ends or takes too much. Returns {peak, ms, ended}: `ended` is undefined if it had to be killed,
 * and the name of a signal if it crashed.
 */
async function run(words) {
  const begin = performance.now();
  const child = spawn(EXE, words, { stdio: ["ignore", "ignore", "ignore"] });
  let ended;
  let peak = 0;
  child.on("exit", (code, signal) => (ended = signal ?? code));
  while (ended === undefined && performance.now() - begin < SECONDS * 1000 && peak < FATAL_MIB) {
    peak = Math.max(peak, memory(child.pid)?.peak ?? 0);
    await sleep(10);
  }
  const ms = performance.now() - begin;
  if (ended === undefined) {
    const held = memory(child.pid)?.peak ?? 0;
    peak = Math.max(peak, held);
    child.kill("SIGKILL");
  }
  return { peak, ms, ended };
}

/** Runs commands one after the other; returns what the worst took, and says which hung, crashed, or was too large. */
async function all(commands, limit) {
  const wrong = [];
  let peak = 0;
  for (const words of commands) {
    const r = await run(words);
    peak = Math.max(peak, r.peak);
    const name = words[0];
    if (r.ended === undefined) wrong.push(`${name} ${r.peak >= FATAL_MIB ? "eats memory" : "hangs"}`);
    else if (typeof r.ended === "string") wrong.push(`${name} crashes (${r.ended})`);
    else if (r.peak > limit) wrong.push(`${name} takes ${Math.round(r.peak)} MB`);
  }
  return { peak, wrong: [...new Set(wrong)].join(", ") };
}

const MAIN = "return function() return { body = 'x' } end\n";

/** A project whose `path` is made by `make(whole path)`; main.lua is there unless it is that. */
function project(path, make) {
  const dir = folder();
  mkdirSync(`${dir}/.flaron`);
  writeFileSync(`${dir}/main.lua`, MAIN);
  rmSync(`${dir}/${path}`, { force: true });
  make(`${dir}/${path}`);
  return dir;
}

const zero = (path) => symlinkSync("/dev/zero", path);
const fifo = (path) => spawnSync("mkfifo", [path]);

/** What reads a project. A dev that serves would not end, so its port is one that is taken: it reads all before. */
const readers = (dir) => [["run", dir], ["pack", dir, "-o", `${dir}/out.wasm`], ["check", dir]];

function inputs(make) {
  return async ({ limit }) => {
    const commands = [];
    for (const path of ["main.lua", "flare.lua", ".luacheckrc"]) commands.push(...readers(project(path, make)));
    const asset = project("asset.txt", make);
    writeFileSync(`${asset}/flare.lua`, "return { assets = { 'asset.txt' } }\n");
    const module = project("a.lua", make);
    writeFileSync(`${module}/main.lua`, "local a = require 'a' return function() return { body = a } end\n");
    const edge = project("edge.lua", make);
    rmSync(`${edge}/main.lua`);
    const secrets = project(".flaron/secrets.json", make);
    const stores = project(".flaron/stores.db", make);
    const file = `${project("x", make)}/x`;
    commands.push(...readers(asset), ...readers(module), ["run", secrets], ["secret", "list", "--persist", `${secrets}/.flaron`], ["kv", "list", "--persist", `${stores}/.flaron`],
      ["run", file], ["inspect", file], ["replay", file], ["explain", file], ["run", `${secrets}`, "--secrets", file], ["run", project("y", make), "-d", `@${file}`]);
    return all(commands, limit);
  };
}

/** Stores that SQL was done to after a flare had written to them. */
function stores(...scripts) {
  return async ({ limit }) => {
    const wrong = [];
    let peak = 0;
    for (const script of scripts) {
      const dir = folder();
      writeFileSync(`${dir}/main.lua`, "local f = require 'flaron' return function() return { body = tostring(f.plasma.increment 'c') .. tostring(f.spark.get 'k') } end\n");
      spawnSync(EXE, ["run", dir, "--persist", `${dir}/.flaron`], { stdio: "ignore" });
      const made = spawnSync("sqlite3", [`${dir}/.flaron/stores.db`], { input: script });
      if (made.error) return { peak: 0, wrong: "sqlite3 is not installed" };
      const persist = ["--persist", `${dir}/.flaron`];
      const r = await all([["run", dir, ...persist], ["kv", "list", "--plasma", ...persist], ["kv", "get", "c", "--plasma", ...persist], ["kv", "set", "c", "1", "--plasma", ...persist], ["kv", "list", ...persist]], limit);
      peak = Math.max(peak, r.peak);
      if (r.wrong) wrong.push(r.wrong);
    }
    return { peak, wrong: [...new Set(wrong)].join(", ") };
  };
}

const ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT";

export default {
  "zero": { what: "/dev/zero in place of each input of each command", alone: true, goal: { peak: 256 }, short: 1, run: inputs(zero) },
  "fifo": { what: "a FIFO in place of each input of each command", alone: true, goal: { peak: 256 }, short: 1, run: inputs(fifo) },
  "stores-null": { what: "stores.db with tables that allow NULL, and a NULL in each", alone: true, goal: { peak: 256 }, short: 1,
    run: stores("DROP TABLE plasma_counter; CREATE TABLE plasma_counter(key, node, epoch, p, n, stamp, PRIMARY KEY(key, node)); INSERT INTO plasma_counter VALUES('c', NULL, 0, x'00', x'00', 0);",
      "DROP TABLE plasma_node; CREATE TABLE plasma_node(id, node); INSERT INTO plasma_node VALUES(0, NULL);",
      "DROP TABLE spark; CREATE TABLE spark(id INTEGER PRIMARY KEY, key UNIQUE, value, expires); INSERT INTO spark VALUES(1, NULL, NULL, NULL); INSERT INTO spark VALUES(2, 'k', NULL, NULL);",
      "DROP TABLE plasma; CREATE TABLE plasma(key PRIMARY KEY, kind, value, stamp, node); INSERT INTO plasma VALUES(NULL, NULL, NULL, NULL, NULL), ('c', 1, NULL, NULL, NULL);",
      "DROP TABLE spark_total; CREATE TABLE spark_total(id, bytes); INSERT INTO spark_total VALUES(0, NULL);") },
  "stores-views": { what: "stores.db with views and triggers that never end, and versions that are none", alone: true, goal: { peak: 256 }, short: 1,
    run: stores(`DROP TABLE plasma_node; CREATE VIEW plasma_node AS ${ENDLESS} 0 AS id, 'a' AS node FROM r WHERE x < 0;`,
      `DROP TABLE plasma_log; CREATE VIEW plasma_log AS ${ENDLESS} x AS seq, 'c' AS key FROM r WHERE x < 0;`,
      `DROP TABLE spark; CREATE VIEW spark AS ${ENDLESS} x AS id, 'k' AS key, x'00' AS value, 0 AS expires FROM r WHERE x < 0;`,
      `CREATE TRIGGER more AFTER INSERT ON plasma_counter BEGIN DELETE FROM plasma_log WHERE (${ENDLESS} count(x) FROM r) = 0; END;`,
      "PRAGMA user_version = -5;", "PRAGMA user_version = 99;") },
  "replay-4gb": { what: "a record of 8.5 MB that builds a body of 4 MB 2,000 times", alone: true, goal: { peak: 512 }, short: 1, async run({ limit }) {
    const dir = folder();
    writeFileSync(`${dir}/main.lua`, MAIN);
    const body = "x".repeat(4.25e6);
    const record = { format: 1, flaron_lua: "0.1.0", flare: { file: dir, sha256: "0".repeat(64) }, id: 0, handler: "handle_request", cpu_ms: 0, redacted: [],
      request: { method: "POST", url: "http://localhost/", headers: [], body },
      calls: Array.from({ length: 2000 }, () => ({ import: "resp_body_set", arguments: [{ from: "request.body" }] })),
      response: { action: "RESPOND", status: 200, headers: [], body: "x", frames: [], close_code: 0, logs: [] }, result: { failed: false, stopped: false, cut: false, cpu_us: 0, memory_bytes: 917504 } };
    writeFileSync(`${dir}/record.json`, JSON.stringify(record));
    return all([["replay", `${dir}/record.json`, dir]], limit);
  } },
};
