// start.mjs - for group 4 of the benchmarks: from the bytes of a file to the first answer, in a process of its own.
//
//   node bench/start.mjs flare FILE.wasm | wasmoon
//
// Prints milliseconds of CPU time, and the bytes of linear memory afterwards.
import { readFileSync } from "node:fs";
import { contestant, cpu, open } from "./host.mjs";

const [what, path] = process.argv.slice(2);
let memory;
const bytes = path && readFileSync(path);
const LuaFactory = path ? undefined : contestant(what).LuaFactory;
const begin = cpu();
if (bytes) {
  const flare = open(new WebAssembly.Module(bytes));
  flare.call();
  memory = flare.memory();
} else {
  const factory = new LuaFactory();
  const lua = await factory.createEngine();
  await lua.doString('return ("hello from %s %s\\n"):format("GET", "https://example.com/greeting")');
  memory = (await factory.getLuaModule()).module.HEAPU8.byteLength;
}
console.log(((cpu() - begin) / 1000).toFixed(2), memory);
