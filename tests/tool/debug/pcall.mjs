// Stepping into, over and out of protected calls; errors that are caught and errors that are not.
export const files = { "main.lua": `
local function fail(what)
  error(what) --@ raise
end
local function guard()
  local ok, why = pcall(fail, "caught") --@ protected
  return ok, why --@ caught
end
local function handler(message)
  return message .. "!" --@ handler
end
return function()
  local ok, why = guard() --@ begin
  ok, why = xpcall(fail, handler, { "table" } and "again") --@ handled
  why = why .. "" --@ after
  fail "uncaught" --@ last
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin"] }, filters: ["uncaught"] });
  equal(await c.stop(), "breakpoint begin");
  equal(await c.go("stepIn"), "step protected");
  equal(await c.go("stepIn"), "step raise");
  equal((await c.stack()).map((f) => c.place(f)).filter((at) => !at.startsWith("-")), ["raise", "protected", "begin"]);
  equal(await c.go("stepOut"), "step caught"); // the error goes through it
  equal((await c.scope("Locals")).why.value.includes("caught"), true);
  equal(await c.go("stepBack"), "step protected");
  equal(await c.go("next"), "step caught");
  equal(await c.go("next"), "step handled");
  equal(await c.go("next"), "step after");
  equal(await c.value("why"), '"main.lua:3: again!"');

  // Only the one that nothing catches stops.
  equal(await c.go("continue"), "exception raise");
  equal(c.stopped.text, "main.lua:3: uncaught");
  const info = await c.request("exceptionInfo", { threadId: c.thread });
  equal([info.breakMode, info.description, info.details.typeName], ["unhandled", "main.lua:3: uncaught", "string"]);
  equal(await c.value("what"), '"uncaught"');

  // All of them, backwards, with a text.
  await c.request("setExceptionBreakpoints", { filters: [], filterOptions: [{ filterId: "all", condition: "again" }] });
  equal(await c.go("reverseContinue"), "exception raise");
  equal([c.stopped.text, await c.value("what")], ["main.lua:3: again", '"again"']);
  equal((await c.request("exceptionInfo", { threadId: c.thread })).breakMode, "always");
  await c.end();
  equal(c.output("stdout").startsWith("HTTP/1.1 500"), true);
}
