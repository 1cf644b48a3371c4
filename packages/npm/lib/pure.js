// pure.js - runs the packer (packer.wasm, the C of flaron-lua for WASI) without the native executable.
//
// The packer runs in a thread of its own (packer.js), which waits as C does. This one makes its requests of HTTP meanwhile, and ends it
// when a script takes longer than it may.
"use strict";

const { join } = require("node:path");
const { Worker } = require("node:worker_threads");
const request = require("./request.js");

const LOOK_MS = 20; // how often the time of a script is looked at

/** The time that all threads have taken, in ms. */
function cpuTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Calls `late(ms)` when a script has taken its limit of `limit`, [its ms, how often it was set], in CPU time and on the clock. */
function watch(limit, late) {
  let set = 0;
  let begin = 0;
  let cpu = 0;
  return setInterval(() => {
    if (Atomics.load(limit, 1) !== set) {
      set = Atomics.load(limit, 1);
      begin = performance.now();
      cpu = cpuTime();
    }
    const ms = Atomics.load(limit, 0);
    if (ms > 0 && performance.now() - begin > ms && cpuTime() - cpu > ms) late(ms);
  }, LOOK_MS);
}

/** Runs flaron-lua with these words. The exit code becomes that of this process. */
module.exports = function pure(words) {
  const limit = new Int32Array(new SharedArrayBuffer(8));
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(join(__dirname, "packer.js"), { workerData: { words, limit, turn } });
  let answers; // where the packer waits for an answer
  const end = (code) => {
    clearInterval(timer);
    process.exitCode = code;
  };
  const timer = watch(limit, (ms) => {
    end(1);
    worker.terminate();
    process.stderr.write(`flaron-lua ${words[0]}: stopped: CPU time limit reached (${ms} ms)\n`);
  });
  worker.on("message", async (message) => {
    if (message.code !== undefined) {
      end(message.code);
      return;
    }
    answers ??= message.port;
    answers.postMessage(await request(Buffer.from(message.request)));
    Atomics.store(turn, 0, 1);
    Atomics.notify(turn, 0);
  });
  worker.on("error", (error) => {
    end(1);
    process.stderr.write(`flaron-lua: ${error.stack}\n`);
  });
};
