// reuse.mjs - one instance in V8 goes on after traps, which the edge would replace: what follows must be right.
//
//   node [--stack-size=KB] tests/engines/reuse.mjs imports HELLO.wasm TIMES    an import throws
//   node [--stack-size=KB] tests/engines/reuse.mjs deep DEEP.wasm TIMES        DEEP overflows V8's stack, when asked by DEEP
//   node [--stack-size=KB] tests/engines/reuse.mjs first HELLO.wasm            V8's stack ends somewhere in the first call
//
// Prints how often it trapped, how often it did not, and the answer afterwards. It tests nothing: reuse_spec.lua does.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { open } from "../../bench/host.mjs";

const [how, path, times] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(path));
const count = { trapped: 0, passed: 0 };

// Calls, and counts what became of it.
function attempt(call) {
  try {
    call();
    count.passed++;
  } catch {
    count.trapped++;
  }
}

function imports() {
  let fails = true;
  const url = "https://example.com/greeting";
  const flare = open(module, {
    req_url() {
      if (fails) throw new Error("no");
      return give(flare, url);
    },
  });
  for (let i = 0; i < times; i++) attempt(flare.call);
  fails = false;
  return flare;
}

// An answer of the host.
function give(flare, text) {
  const data = Buffer.from(text);
  const at = flare.exports.alloc(data.length);
  new Uint8Array(flare.exports.memory.buffer).set(data, at);
  return (BigInt(at) << 32n) | BigInt(data.length);
}

function deep() {
  let method = "DEEP";
  const flare = open(module, { req_method: () => give(flare, method) });
  for (let i = 0; i < times; i++) attempt(flare.call);
  method = "GET";
  return flare;
}

// Calls from the depth of `n` functions.
function from(n, call) {
  if (n > 0) from(n - 1, call);
  else call();
}

function first() {
  for (const flag of ["--no-opt", "--no-maglev", "--no-sparkplug"]) setFlagsFromString(flag); // frames keep their size
  let most = 0;
  for (let step = 1 << 16; step > 0; step >>= 1) {
    try {
      from(most + step, () => {});
      most += step;
    } catch {
      // too deep
    }
  }
  let flare, right;
  for (let n = Math.max(0, most - 400); n <= most; n++) {
    flare = open(module);
    attempt(() => from(n, flare.call));
    flare.call();
    right ??= flare.answer();
    if (flare.answer() !== right) throw new Error(`after a trap at depth ${n}: ${flare.answer()}`);
  }
  return flare;
}

const flare = { imports, deep, first }[how]();
flare.call();
console.log(`${count.trapped} ${count.passed} ${flare.answer().trim()}`);
