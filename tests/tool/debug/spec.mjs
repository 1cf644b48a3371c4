// A spec is debugged, and the flare that it loads, over the boundary; the output of busted and its exit code come as events.
import { Client } from "../../support/dap.mjs";

export const native = true;
export const files = {
  "main.lua": `
return function()
  local n = 40 + 2 --@ flare
  return { body = tostring(n) } --@ answer
end
`,
  "spec/plain_spec.lua": `
local n = 1 --@ top
for i = 1, 5 do
  n = 1 --@ loop
end
it("needs no flare", function() assert.equal(1, n) end)
`,
  "spec/main_spec.lua": `
local edge = require "flaron.edge"
local function check(flare, expected)
  local response = flare:request {} --@ request
  assert.equal(expected, response.body) --@ assert
end
it("answers", function()
  local flare <close> = assert(edge.load ".") --@ load
  check(flare, "43") --@ check
end)
`,
};

export async function session(c, equal) {
  await c.request("initialize", { adapterID: "x" });
  equal((await c.refused("launch", { project: `${c.folder}/none`, spec: "spec" })).length > 0, true);
  await c.request("launch", { project: c.folder, spec: `${c.folder}/spec/main_spec.lua` });
  await c.event("initialized");
  const source = { path: `${c.folder}/spec/main_spec.lua` };
  equal((await c.request("breakpointLocations", { source, line: 8 })).breakpoints, []); // no flare is there yet
  equal((await c.request("loadedSources")).sources, []);
  equal((await c.breakpoints("main.lua", ["answer"]))[0].verified, true); // native Lua could run it
  equal((await c.breakpoints("spec/main_spec.lua", ["check", 99])).map((b) => b.verified), [true, false]);
  await c.request("configurationDone");
  equal(await c.stop(), "breakpoint check");
  equal((await c.event("breakpoint")).breakpoint.verified, true);
  equal(await c.value("#'abc'"), "3");
  equal((await c.refused("stepBack", { threadId: c.thread })).includes("forwards only"), true);

  // Into a function, into the flare, and out of it.
  equal(await c.go("stepIn"), "step request");
  equal((await c.scope("Locals")).expected.value, '"43"');
  equal((await c.stack()).slice(0, 2).map((f) => c.place(f)), ["request", "check"]);
  equal((await c.go("stepIn")).endsWith(" flare"), true);
  equal(await c.go("continue"), "breakpoint answer");
  equal(await c.value("n"), "42");
  equal(await c.go("stepBack"), "step flare");
  equal(await c.go("next"), "breakpoint answer");
  await c.value("n = 43", "repl");
  equal(await c.go("next"), "step assert");
  equal(await c.value("response.body"), '"43"');
  await c.request("continue", { threadId: c.thread });
  equal((await c.event("exited")).exitCode, 0);
  await c.event("terminated");
  equal(c.output("stdout").includes("1 success"), true);

  // A spec without a flare; breakpoints hold from its first line on.
  const plain = new Client([], { native });
  plain.folder = c.folder;
  await plain.launch({ spec: "spec/plain_spec.lua" }, { breakpoints: { "spec/plain_spec.lua": ["top"] } });
  equal(await plain.stop(), "breakpoint top");
  await plain.breakpoints("spec/plain_spec.lua", [{ line: "loop", hitCondition: "2", condition: "i ~= 3" }]);
  equal([await plain.go("continue"), await plain.value("i")], ["breakpoint loop", "2"]);
  equal([await plain.go("continue"), await plain.value("i")], ["breakpoint loop", "4"]);
  await plain.breakpoints("spec/plain_spec.lua", [{ line: "loop", logMessage: "i is {i}" }]);
  await plain.end();
  equal(plain.output("console"), "i is 5\n");
  equal(await plain.close(), 0);
}
