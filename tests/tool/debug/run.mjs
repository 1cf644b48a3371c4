// run.mjs - runs the sessions of this folder, or those that are named, and prints a line for each: "ok NAME", "bad NAME<tab>why",
// or "none NAME<tab>why" for one that cannot be had here.
// A session exports `files` (a project, whose lines may end with a mark, "--@ MARK") and `session(client, equal)`.
import { deepStrictEqual } from "node:assert";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Client, project } from "../../support/dap.mjs";

const folder = "tests/tool/debug";

function equal(actual, expected) {
  try {
    deepStrictEqual(actual, expected);
  } catch {
    throw new Error(`${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`);
  }
}

async function run(name) {
  const { files, session, native, needs } = await import(`./${name}.mjs`);
  if (needs && !existsSync(`build/libraries/npm/node_modules/${needs}`)) {
    console.log(`none ${name}\t${needs} of npm is not there`);
    return;
  }
  const client = new Client([], { native });
  client.folder = files && project(files);
  try {
    await session(client, equal);
    if (client.process.exitCode === null && !client.over) equal(await client.close(), 0);
    if (client.errors !== "") throw new Error(`standard error: ${client.errors}`);
    console.log(`ok ${name}`);
  } catch (error) {
    const at = /\/(\w+\.mjs:\d+):\d+/.exec(error.stack.split("\n").filter((l) => l.includes(folder) && !l.includes("run.mjs")).join())?.[1];
    console.log(`bad ${name}\t${at}: ${error.message.replaceAll("\n", "\\n")}`);
    client.process.kill("SIGKILL");
  }
}

process.setMaxListeners(0);
const names = process.argv.slice(2);
if (names.length === 0)
  names.push(...readdirSync(folder).filter((file) => file.endsWith(".mjs")).map((file) => basename(file, ".mjs")).filter((name) => name !== "run"));
const rest = [...names];
await Promise.all([1, 2].map(async () => { while (rest.length > 0) await run(rest.shift()); }));
process.exit(0);
