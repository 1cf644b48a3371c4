// v8.mjs - times a packed program of tests/bench/lua in V8.
//
//   node tests/bench/v8.mjs FLARE.wasm ROUNDS
//
// Prints the best CPU time of ROUNDS calls of handle_request in milliseconds, and the body of the answer. The
// calls before the clock starts let V8 compile the code with its better compiler.
import { readFileSync } from "node:fs";

const [path, rounds] = process.argv.slice(2);
let body = "";
let instance;

// The program calls resp_body_set alone; all other imports answer that there is nothing.
const imports = {};
const module = new WebAssembly.Module(readFileSync(path));
for (const { name } of WebAssembly.Module.imports(module)) imports[name] = () => 0n;
for (const name of ["log_info", "log_warn", "log_error", "resp_set_status", "resp_header_set"]) imports[name] = () => {};
imports.resp_body_set = (at, size) => {
  body = Buffer.from(instance.exports.memory.buffer, at >>> 0, size >>> 0).toString();
};
instance = new WebAssembly.Instance(module, { "flaron/v1": imports });

const WARM_UP = 3;
let best = Infinity;
for (let i = 0; i < WARM_UP + Number(rounds); i++) {
  const begin = process.cpuUsage();
  instance.exports.handle_request();
  const { user, system } = process.cpuUsage(begin);
  if (i >= WARM_UP) best = Math.min(best, (user + system) / 1000);
}
console.log(best.toFixed(3), body);
