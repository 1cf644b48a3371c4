// Tables that contain themselves, as a field, an item, a key and a metatable.
export const files = { "main.lua": `
return function()
  local t = { name = "t" }
  t.self, t[1] = t, t
  t[t] = "key"
  setmetatable(t, t)
  return { body = t.name } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["end"] } });
  equal(await c.stop(), "breakpoint end");
  let { t } = await c.scope("Locals");
  for (let depth = 0; depth < 20; depth++) {
    const inside = await c.children(t.variablesReference);
    equal(inside.name.value, '"t"');
    equal(["self", "[1]", "(metatable)"].map((name) => inside[name].type), ["table", "table", "table"]);
    t = inside[["self", "[1]", "(metatable)"][depth % 3]];
  }
  await c.end();
}
