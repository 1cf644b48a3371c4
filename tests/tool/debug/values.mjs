// Scopes, kinds of values, setting them, expressions, completions, and the text of sources.
export const files = { "main.lua": `
local router = require "flaron.router"
local up = { field = 1 }
shared = "global"
local function work(a, ...)
  local list, empty = { 10, 20, x = "y", [3.5] = true }, nil
  local float, whole <const>, yes = 1.0, 7, true
  local meta = setmetatable({}, { __index = up })
  local co = coroutine.create(work)
  up.field = up.field + a --@ work
  return list, select("#", ...)
end
return function()
  work(1, "two", nil) --@ begin
  return { body = tostring(up.field) .. tostring(shared) .. type(router) } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["work"] } });
  equal(await c.stop(), "breakpoint work");
  const locals = await c.scope("Locals");
  const shown = (name) => [locals[name].type, locals[name].value];
  equal(["a", "empty", "float", "whole", "yes"].map(shown),
    [["integer", "1"], ["nil", "nil"], ["float", "1.0"], ["integer", "7"], ["boolean", "true"]]);
  equal([locals.co.type, locals.list.type, locals.list.indexedVariables], ["thread", "table", 2]);
  equal(Object.values(await c.children(locals.list.variablesReference)).map((v) => `${v.name}=${v.value}`), ["[1]=10", "[2]=20", "[3.5]=true", "x=\"y\""]);
  equal(Object.values(await c.scope("Varargs")).map((v) => v.value), ['"two"', "nil"]);
  const upvalues = await c.scope("Upvalues");
  equal(upvalues.up.type, "table");
  const globals = await c.scope("Globals");
  equal(globals.shared.value, '"global"');
  const meta = await c.children(locals.meta.variablesReference);
  equal(meta["(metatable)"].type, "table");

  // Expressions: to look leaves no trace, to do stays done.
  equal(await c.value("a + #list"), "3");
  equal(await c.value("(function() up.field = 99 return up.field end)()", "hover"), "99");
  equal(await c.value("up.field"), "1");
  equal(await c.value("meta.field"), "1");
  equal((await c.refused("evaluate", { expression: "none.x", frameId: c.frame.id, context: "watch" })).includes("none"), true);
  equal((await c.refused("evaluate", { expression: "a +", frameId: c.frame.id, context: "watch" })).length > 0, true);
  equal(await c.value("a, whole"), "1 (and 1 more)");
  await c.value("shared = 'changed'", "repl");
  const set = await c.request("setExpression", { expression: "up.field", value: "40 + a", frameId: c.frame.id });
  equal(set.value, "41");
  const { scopes } = await c.request("scopes", { frameId: c.frame.id });
  const variablesReference = scopes.find((s) => s.name === "Locals").variablesReference;
  equal((await c.request("setVariable", { variablesReference, name: "a", value: "0" })).value, "0");
  equal((await c.refused("setVariable", { variablesReference, name: "a", value: "nonsense(" })).length > 0, true);

  // Names in the REPL. "é" is one column.
  const complete = async (text) => (await c.request("completions", { text, column: text.length + 1, frameId: c.frame.id })).targets;
  equal((await complete("'é' .. flo")).map((t) => [t.label, t.start, t.length]), [["float", 8, 3]]);
  equal((await complete("list.")).map((t) => t.label), ["x"]);

  // Sources: those of the flare, and the text of what lies in the executable.
  const { sources } = await c.request("loadedSources");
  const ready = sources.find((s) => s.name === "flaron/router.lua");
  equal([typeof ready.sourceReference, sources.find((s) => s.name === "main.lua").path], ["number", `${c.folder}/main.lua`]);
  const { content } = await c.request("source", { sourceReference: ready.sourceReference });
  equal(content.includes("function"), true);
  equal((await c.refused("source", { sourceReference: 999 })).length > 0, true);

  await c.end();
  equal(c.output("stdout").endsWith("41changedtable"), true);
}
