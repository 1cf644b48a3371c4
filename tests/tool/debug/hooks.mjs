// A script that sets hooks itself: they are called as ever, and the debugger's stops are as ever.
export const files = { "main.lua": `
local lines = 0
local function hook(event, line)
  lines = lines + 1 --@ hook
end
return function()
  debug.sethook(hook, "l")
  local a = 1 --@ begin
  local b = 2 --@ second
  debug.sethook()
  local n, mine = lines, debug.gethook() --@ after
  return { body = n .. tostring(mine) } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin", "after"] } });
  equal(await c.stop(), "breakpoint begin");
  equal(await c.go("next"), "step second");
  equal(await c.go("continue"), "breakpoint after");
  equal(await c.go("next"), "step end");
  equal(await c.value("n"), "3");
  equal(await c.go("stepBack"), "step after");
  await c.breakpoints("main.lua", []);
  await c.end();
  equal(c.output("stdout").endsWith("3nil"), true);
}
