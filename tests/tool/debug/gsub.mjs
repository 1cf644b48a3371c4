// Callbacks of C functions: gsub, sort; what lies between two Lua functions is a C frame.
export const files = { "main.lua": `
local function double(x)
  return x .. x --@ double
end
return function()
  local s = ("abc"):gsub("[ac]", double) --@ begin
  local list = { 3, 1, 2 } --@ list
  table.sort(list, function(a, b)
    return a > b --@ compare
  end)
  return { body = s .. table.concat(list) } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin", { line: "compare", condition: "a == 1 or b == 1" }] } });
  equal(await c.stop(), "breakpoint begin");
  equal(await c.go("stepIn"), "step double");
  const stack = await c.stack();
  equal(stack.map((f) => (f.source ? c.place(f) : f.name)).slice(0, 3).filter((n) => n !== "begin").length, 2);
  equal(stack.findIndex((f) => f.source && c.place(f) === "begin"), 2);
  equal(await c.value("x"), '"a"');
  equal(await c.go("continue"), "breakpoint compare");
  equal(await c.go("stepBack").then((s) => s.startsWith("step ")), true);
  await c.breakpoints("main.lua", []);
  await c.end();
  equal(c.output("stdout").endsWith("aabcc321"), true);
}
