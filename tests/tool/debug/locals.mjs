// 10,000 locals, over functions, and a table of 100,000 items, in pages.
export const files = { "main.lua": `
local function f(down)
${Array.from({ length: 190 }, (_, i) => `  local v${i} = ${i} + down * 1000`).join("\n")}
  if down > 0 then f(down - 1) end --@ down
end
return function()
  local list = {}
  for i = 1, 100000 do list[i] = i * 2 end
  for i = 1, 300 do list["name" .. i] = i end
  f(52) --@ begin
  return { body = "x" }
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin", { line: "down", condition: "down == 0" }] } });
  equal(await c.stop(), "breakpoint begin");
  const { list } = await c.scope("Locals");
  equal([list.type, list.indexedVariables, list.namedVariables], ["table", 100000, 300]);
  const { variables } = await c.request("variables", { variablesReference: list.variablesReference, filter: "indexed", start: 99998, count: 5 });
  equal(variables.map((v) => [v.name, v.value]), [["[99999]", "199998"], ["[100000]", "200000"]]);
  const named = await c.request("variables", { variablesReference: list.variablesReference, filter: "named", start: 0, count: 2 });
  equal(named.variables.map((v) => [v.name, v.value]), [["name1", "1"], ["name10", "10"]]);
  equal(await c.go("continue"), "breakpoint down");
  const frames = (await c.stack()).filter((f) => f.source);
  let count = 0;
  for (const frame of frames) count += Object.keys(await c.scope("Locals", frame.id)).length;
  equal(count > 10000, true);
  const part = await c.request("stackTrace", { threadId: c.thread, startFrame: 50, levels: 2 });
  equal([part.stackFrames.length, part.totalFrames >= 54], [2, true]);
  await c.end();
}
