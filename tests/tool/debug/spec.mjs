// A spec whose flare is debugged: it stops where the spec's request meets a breakpoint; the output of busted, and its exit code, come as events.
export const files = {
  "main.lua": `
return function()
  local n = 40 + 2 --@ flare
  return { body = tostring(n) } --@ answer
end
`,
  "spec/main_spec.lua": `
local edge = require "flaron.edge"
it("answers", function()
  local flare <close> = assert(edge.load ".")
  assert.equal("43", flare:request({}).body)
end)
`,
};

export async function session(c, equal) {
  equal((await c.refused("launch", {})).length > 0, true);
  await c.request("initialize", { adapterID: "x" });
  equal((await c.refused("launch", { project: c.folder, spec: "spec/none_spec.lua" })).length > 0, true);
  await c.request("launch", { project: c.folder, spec: "spec/main_spec.lua" });
  await c.event("initialized");
  equal((await c.breakpoints("main.lua", ["answer"]))[0].verified, false); // nothing is loaded yet
  await c.request("configurationDone");
  equal((await c.event("breakpoint")).breakpoint.verified, true);
  equal(await c.stop(), "breakpoint answer");
  equal(await c.value("n"), "42");
  equal(await c.value("n = 43", "repl"), "nil");
  await c.request("continue", { threadId: c.thread });
  equal((await c.event("exited")).exitCode, 0);
  await c.event("terminated");
  equal(c.output("stdout").includes("1 success"), true);
}
