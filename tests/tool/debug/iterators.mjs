// Stepping through generic for: an iterator of one's own, pairs with __pairs, and ipairs, whose iterator is no Lua.
export const files = { "main.lua": `
local function count(limit, n)
  if n < limit then return n + 1 end --@ iterator
end
local list = setmetatable({}, { __pairs = function(t)
  return next, { key = "value" } --@ pairs
end })
return function()
  local sum = 0 --@ begin
  for n in count, 2, 0 do --@ first
    sum = sum + n --@ body
  end
  for name, value in pairs(list) do --@ second
    sum = sum .. name .. value --@ named
  end
  for i, value in ipairs { "x" } do --@ third
    sum = sum .. i .. value --@ indexed
  end
  return { body = sum } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin"] } });
  equal(await c.stop(), "breakpoint begin");
  const seen = [];
  while (!seen.at(-1)?.endsWith("end")) seen.push(await c.go("stepIn"));
  const marks = (list) => list.map((s) => s.replace("step ", "")).filter((s) => !s.includes(":")); // but the lines with `end`
  equal(marks(seen), ["first", "iterator", "body", "first", "iterator", "body", "first", "iterator", "second", "pairs",
    "named", "second", "third", "indexed", "third", "end"]);
  equal(await c.value("sum"), '"3keyvalue1x"');
  const back = [];
  while (!back.at(-1)?.endsWith("begin")) back.push(await c.go("stepBack"));
  equal(marks(back).reverse(), ["begin", "first", "body", "first", "body", "first", "second",
    "named", "second", "third", "indexed", "third"]);
  await c.end();
}
