// invocation.mjs - group 2 of the benchmarks in V8: what one invocation takes there. Best CPU time of rounds in turn.
//
//   node bench/invocation.mjs HELLO.wasm EMPTY.wasm FLOOR.wasm
//
// EMPTY's handler does nothing: what it takes is mostly the restore of the image. Prints lines of a name and
// microseconds; those of wasmoon only when it is installed.
import { readFileSync } from "node:fs";
import { contestant, cpu, open } from "./host.mjs";

const WARM = 20000;
const FRESH = 300;
const ROUNDS = 12;

const modules = process.argv.slice(2).map((path) => new WebAssembly.Module(readFileSync(path)));
const [hello, empty, floor] = modules.map(open);
hello.call(), floor.call();
if (hello.answer() !== floor.answer()) throw new Error("hello and the floor answer differently");

const cases = [
  ["floor_warm", WARM, floor.call],
  ["hello_warm", WARM, hello.call],
  ["restore", WARM, empty.call],
  ["floor_fresh", FRESH, () => open(modules[2]).call()],
  ["hello_fresh", FRESH, () => open(modules[0]).call()],
];

let LuaFactory;
try {
  ({ LuaFactory } = contestant("wasmoon"));
} catch {
  // not installed
}
if (LuaFactory) {
  const factory = new LuaFactory();
  const script = `return function(method, url) return ("hello from %s %s\\n"):format(method, url) end`;
  const greet = async (from) => {
    const lua = await from.createEngine();
    const answer = (await lua.doString(script))("GET", "https://example.com/greeting");
    lua.global.close();
    return answer;
  };
  if ((await greet(factory)) !== hello.answer()) throw new Error("wasmoon answers differently");
  cases.push(["wasmoon_state", FRESH / 3, () => greet(factory)]);
  cases.push(["wasmoon_fresh", 10, () => greet(new LuaFactory())]);
}

const best = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, count, call] of cases) {
    const begin = cpu();
    for (let i = 0; i < count; i++) {
      const result = call();
      if (result instanceof Promise) await result;
    }
    best[name] = Math.min(best[name] ?? Infinity, (cpu() - begin) / count);
  }
}
for (const [name, us] of Object.entries(best)) console.log(name, us.toFixed(3));
