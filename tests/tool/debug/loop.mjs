// A flare that loops for ever: it can be paused, looked into, left by a write, and ended.
export const files = { "main.lua": `
return function()
  local n, go = 0, true
  while go do
    n = n + 1
  end
  return { body = "left" } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({});
  const { threadId } = await c.event("thread");
  equal((await c.refused("stackTrace", { threadId })).startsWith("it runs"), true);
  await c.request("pause", { threadId });
  equal((await c.stop()).replace(/:\d+$/, ""), "pause main.lua");
  equal(await c.value("(n or 0) >= 0"), "true"); // it may not be there yet
  equal((await c.refused("evaluate", { expression: "(function() while true do end end)()", frameId: c.frame.id })).length > 0, true);
  await c.request("continue", { threadId });
  await c.request("pause", { threadId });
  equal((await c.stop()).replace(/:\d+$/, ""), "pause main.lua");
  const { scopes } = await c.request("scopes", { frameId: c.frame.id });
  const set = await c.request("setVariable", { variablesReference: scopes[0].variablesReference, name: "go", value: "false" });
  equal(set.value, "false");
  await c.end();
  equal(c.output("stdout").endsWith("left"), true);
}
