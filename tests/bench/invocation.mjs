// invocation.mjs - group 2 of the benchmarks: what one invocation takes in V8, beside a flare of 30 lines of C
// that makes the same host calls (floor.c). Best of several rounds of CPU time.
//
//   node tests/bench/invocation.mjs HELLO.wasm EMPTY.wasm FLOOR.wasm
//
// EMPTY's handler does nothing: what it takes is mostly the restore of the image.
import { readFileSync } from "node:fs";

const WARM = 20000;
const FRESH = 300;
const ROUNDS = 15;
const inputs = { req_method: Buffer.from("GET"), req_url: Buffer.from("https://example.com/greeting") };

// An instance; its imports do what a host must at least do.
function open(module) {
  let exports, memory;
  const view = () => (memory?.buffer === exports.memory.buffer ? memory : (memory = new Uint8Array(exports.memory.buffer)));
  const imports = { answer: "" };
  for (const { name } of WebAssembly.Module.imports(module)) imports[name] = () => 0n;
  for (const [name, data] of Object.entries(inputs)) {
    imports[name] = () => {
      const at = exports.alloc(data.length);
      view().set(data, at);
      return (BigInt(at) << 32n) | BigInt(data.length);
    };
  }
  imports.resp_set_status = () => {};
  imports.resp_header_set = (a, b, c, d) => view().slice(c, c + d).length;
  imports.resp_body_set = (at, size) => (imports.answer = view().slice(at, at + size));
  exports = new WebAssembly.Instance(module, { "flaron/v1": imports }).exports;
  return { call: exports.handle_request, answer: () => Buffer.from(imports.answer).toString() };
}

// The best CPU time of `count` calls of `f`, in microseconds a call.
function time(f, count) {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.cpuUsage();
    for (let i = 0; i < count; i++) f();
    const { user, system } = process.cpuUsage(begin);
    best = Math.min(best, (user + system) / count);
  }
  return best;
}

const [hello, empty, floor] = process.argv.slice(2).map((path) => new WebAssembly.Module(readFileSync(path)));
const flares = { hello: open(hello), empty: open(empty), floor: open(floor) };
flares.hello.call(), flares.floor.call();
if (flares.hello.answer() !== flares.floor.answer()) throw new Error("hello and the floor answer differently");

const warm = {};
for (const [name, flare] of Object.entries(flares)) warm[name] = time(flare.call, WARM);
const row = (what, us) => console.log(`| ${what} | ${us.toFixed(2)} | ${(us / warm.floor).toFixed(1)} |`);
console.log("### 2. An invocation in V8\n");
console.log("| what | µs | times the floor |\n| --- | ---: | ---: |");
row("the floor: C, the same host calls, warm", warm.floor);
row("hello, warm", warm.hello);
row("a handler that does nothing: the restore of the image and a call", warm.empty);
row("hello, a fresh instance of a compiled module", time(() => open(hello).call(), FRESH));
row("the floor, fresh", time(() => open(floor).call(), FRESH));
