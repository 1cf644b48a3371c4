// Stepping into what metamethods do, and back out of it, forwards and backwards.
export const files = { "main.lua": `
local vector = {}
vector.__index = function(self, name)
  return rawget(self, "raw" .. name) --@ index
end
vector.__add = function(a, b)
  return setmetatable({ rawx = a.x + b.x }, vector) --@ add
end
vector.__lt = function(a, b) return a.rawx < b.rawx end --@ less
vector.__tostring = function(self)
  return "vector " .. self.rawx --@ string
end
return function()
  local a, b = setmetatable({ rawx = 1 }, vector), setmetatable({ rawx = 2 }, vector)
  local sum = a + b --@ begin
  local less = a < sum --@ compare
  local text = tostring(sum) --@ text
  return { body = text .. tostring(less) } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin"] } });
  equal(await c.stop(), "breakpoint begin");
  equal(await c.go("stepIn"), "step add");
  equal(await c.go("stepIn"), "step index");
  equal((await c.scope("Locals")).name.value, '"x"');
  equal(await c.go("stepOut"), "step compare"); // what is left of the lines that called it is no line
  equal(await c.value("sum.rawx"), "3");
  equal(await c.go("stepIn"), "step less");
  equal(await c.go("stepOut"), "step text");
  equal(await c.go("stepIn"), "step string");
  equal(await c.go("stepBack"), "step text");
  equal(await c.go("stepBack"), "step compare");
  equal(await c.go("stepBack"), "step begin");
  equal(await c.value("sum"), "nil");
  await c.end();
  equal(c.output("stdout").split("\n").at(-1), "vector 3true");
}
