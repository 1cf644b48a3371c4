// engines.mjs - runs one program of group 1 in Node.js, once for each line on standard input.
//
//   node bench/engines.mjs v8 FLARE.wasm             a packed flare
//   node bench/engines.mjs wasmoon|fengari FILE.lua  Lua that sets the global `run`
//
// Answers each line with the CPU time in milliseconds and what the program returned, or with "error" and why.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { contestant, cpu, open } from "./host.mjs";

// Each gives a function that runs the program once and returns its answer.
const engines = {
  async v8(path) {
    const flare = open(new WebAssembly.Module(readFileSync(path)));
    return () => (flare.call(), flare.answer());
  },
  async wasmoon(path) {
    const lua = await new (contestant("wasmoon").LuaFactory)().createEngine();
    await lua.doString(readFileSync(path, "utf8"));
    return () => lua.doStringSync("return run()");
  },
  async fengari(path) {
    const { lua, lauxlib, lualib, to_luastring } = contestant("fengari");
    const L = lauxlib.luaL_newstate();
    lualib.luaL_openlibs(L);
    const pcall = (status) => {
      if (status !== lua.LUA_OK) throw new Error(lua.lua_tojsstring(L, -1));
    };
    pcall(lauxlib.luaL_loadstring(L, to_luastring(readFileSync(path, "utf8"))));
    pcall(lua.lua_pcall(L, 0, 0, 0));
    return () => {
      lua.lua_getglobal(L, to_luastring("run"));
      pcall(lua.lua_pcall(L, 0, 1, 0));
      const answer = lua.lua_tojsstring(L, -1);
      lua.lua_settop(L, 0);
      return answer;
    };
  },
};

const [engine, path] = process.argv.slice(2);
let run, broken;
try {
  run = await engines[engine](path);
} catch (error) {
  broken = error;
}
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "") continue;
  try {
    if (broken) throw broken;
    const begin = cpu();
    const answer = run();
    console.log(((cpu() - begin) / 1000).toFixed(3), answer);
  } catch (error) {
    console.log("error", String(error.message ?? error).split("\n")[0]);
  }
}
