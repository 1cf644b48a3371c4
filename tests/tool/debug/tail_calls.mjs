// Tail calls, which leave no frame behind: stepping over one, into one, and out of many.
export const files = { "main.lua": `
local function finish(n)
  return n + 1 --@ finish
end
local function down(n)
  if n == 0 then return finish(n) end --@ down
  return down(n - 1) --@ tail
end
return function()
  local n = down(3) --@ begin
  n = down(1000) --@ second
  return { body = tostring(n) } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin"] } });
  equal(await c.stop(), "breakpoint begin");
  equal(await c.go("stepIn"), "step down");
  equal(await c.go("stepIn"), "step tail");
  equal(await c.go("stepIn"), "step down");
  equal(await c.value("n"), "2");
  const lua = (await c.stack()).filter((f) => f.source);
  equal(lua.map((f) => c.place(f)), ["down", "begin"]);
  equal(lua[0].name.endsWith("(tail call)"), true);
  equal(await c.go("stepOut"), "step second");
  equal(await c.go("next"), "step end");
  equal(await c.value("n"), "1");
  equal(await c.go("stepBack"), "step second");
  await c.end();
}
