// Restarting, on a script that has changed: breakpoints are found again, and what cannot be packed is told.
import { writeFileSync } from "node:fs";

const main = `
local function answer()
  error "not caught" --@ raise
end
return function()
  local n = 1 --@ begin
  n = answer() --@ end
  return n
end
`;
export const files = { "main.lua": main };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin"] }, functions: [{ name: "answer" }], filters: ["uncaught"] });
  equal(await c.stop(), "breakpoint begin");
  writeFileSync(`${c.folder}/main.lua`, main.replace("local n = 1", "local n = 2"));
  await c.request("restart", { arguments: { project: c.folder, stopOnEntry: true } });
  equal((await c.event("breakpoint")).breakpoint.verified, true);
  equal((await c.stop()).split(" ").at(-1), "begin");
  if (c.stopped.reason === "entry") equal((await c.go("next")).split(" ").at(-1), "end");
  else equal(await c.go("next"), "step end");
  equal(await c.value("n"), "2");
  equal(await c.go("continue"), "function breakpoint raise");
  equal(await c.go("continue"), "exception raise");

  writeFileSync(`${c.folder}/main.lua`, "return function(");
  await c.request("restart");
  await c.event("terminated");
  equal(c.output("stderr").includes("main.lua:1:"), true);
  equal(await c.refused("restart"), "nothing runs");
}
