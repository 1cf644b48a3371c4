// A stripped flare is debugged by the line map that lies beside it: lines, but no names of locals.
import { execFileSync } from "node:child_process";

export const files = { "main.lua": `
local function add(a, b)
  return a + b --@ add
end
return function()
  local n = add(40, 2) --@ begin
  return { body = tostring(n) } --@ end
end
` };

export async function session(c, equal) {
  execFileSync(`${process.env.NATIVE ?? "build/native"}/flaron-lua`, ["pack", "--strip", c.folder, "-o", `${c.folder}/s.wasm`], { stdio: "pipe" });
  await c.launch({ project: `${c.folder}/s.wasm` }, { breakpoints: { "main.lua": ["begin"] } });
  equal(await c.stop(), "breakpoint begin");
  equal(await c.go("stepIn"), "step add");
  equal(await c.go("stepOut"), "step end");
  equal(await c.go("stepBack"), "step begin");
  equal((await c.request("loadedSources")).sources.map((s) => s.name), ["main.lua"]);
  await c.end();
  equal(c.output("stdout").endsWith("42"), true);
}
