// native.js - finds the native executable, which an optional package has for this machine, and runs it.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

/** The path of the executable; undefined: there is none for this machine, it was not installed, or FLARON_LUA_PURE says not to. */
function find() {
  if (process.env.FLARON_LUA_PURE) return undefined;
  try {
    return require.resolve(`@flaron-lua/${process.platform}-${process.arch}/bin/flaron-lua`);
  } catch {
    return undefined;
  }
}

/** Runs it with these words, as if it had been started in place of this process. */
function start(path, words) {
  const child = spawn(path, words, { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; other signals come to this process alone.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`flaron-lua: ${path}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

module.exports = { find, start };
