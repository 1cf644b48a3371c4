// host.mjs - a packed flare in V8 with the least a host can do: it hands over a method and a URL, and keeps the
// body it is given. All other imports answer that there is nothing. Also: wasmoon and fengari, where npm put them.
import { createRequire } from "node:module";
import { resolve } from "node:path";

const inputs = { req_method: Buffer.from("GET"), req_url: Buffer.from("https://example.com/greeting") };

// An instance of a WebAssembly.Module: `call` is handle_request, `answer` gives the last body as text. `over`: imports
// in place of those here.
export function open(module, over = {}) {
  let exports, memory, body = new Uint8Array();
  const view = () => (memory?.buffer === exports.memory.buffer ? memory : (memory = new Uint8Array(exports.memory.buffer)));
  const imports = {};
  for (const { name } of WebAssembly.Module.imports(module)) imports[name] = () => 0n;
  for (const name of ["log_info", "log_warn", "log_error", "resp_set_status"]) imports[name] = () => {};
  for (const [name, data] of Object.entries(inputs)) {
    imports[name] = () => {
      const at = exports.alloc(data.length);
      view().set(data, at);
      return (BigInt(at) << 32n) | BigInt(data.length);
    };
  }
  imports.resp_header_set = (name, nameSize, value, size) => void view().slice(value, value + size);
  imports.resp_body_set = (at, size) => void (body = view().slice(at, at + size));
  Object.assign(imports, over);
  exports = new WebAssembly.Instance(module, { "flaron/v1": imports }).exports;
  return {
    exports,
    call: exports.handle_request,
    answer: () => Buffer.from(body).toString(),
    memory: () => exports.memory.buffer.byteLength,
  };
}

// A package of bench/package.json; throws when it is not installed.
export const contestant = createRequire(resolve("build/bench/package.json"));

// CPU time of the process so far, user and system, all threads: microseconds.
export function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
