// Breakpoints: conditions, hit counts, log messages, functions, lines and files that have no code; where there can be some.
import { mark } from "../../support/dap.mjs";

export const files = {
  "main.lua": `
local cart = require "lib.cart"
local total = 0

-- a comment
local function add(n)
  total = total + n --@ add
end

function cart.empty() total = 0 end --@ empty

return function()
  for i = 1, 10 do --@ loop
    add(i) --@ call
  end
  cart.empty()
  return { body = tostring(total) } --@ end
end
`,
  "lib/cart.lua": `
local cart = {}
function cart.sum(list)
  return #list
end
return cart
`,
  "other.lua": "return 1\n",
};

export async function session(c, equal) {
  const line = (name) => mark(`${c.folder}/main.lua`, name);
  await c.launch({ stopOnEntry: true });
  equal(await c.stop(), "entry loop");

  // What is verified, and what is not.
  const set = await c.breakpoints("main.lua", ["call", 5, 999]);
  equal(set.map((b) => b.verified), [true, false, false]);
  equal(set[0].line, line("call"));
  equal(set.slice(1).map((b) => /the nearest line with code is \d+/.test(b.message)), [true, true]);
  equal((await c.breakpoints("lib/cart.lua", [4])).map((b) => [b.verified, b.line]), [[true, 4]]);
  equal((await c.breakpoints("other.lua", [1])).map((b) => [b.verified, typeof b.message]), [[false, "string"]]);
  equal((await c.breakpoints("none.lua", [1])).map((b) => [b.verified, typeof b.message]), [[false, "string"]]);
  const source = { path: `${c.folder}/main.lua` };
  const { breakpoints } = await c.request("breakpointLocations", { source, line: line("loop"), endLine: line("end") });
  equal(breakpoints.map((b) => b.line).includes(line("call")), true);
  equal(breakpoints.map((b) => b.line).includes(line("call") + 1), false);

  // A condition, a count, a message.
  await c.breakpoints("main.lua", [{ line: "call", condition: "i % 3 == 0" }]);
  equal([await c.go("continue"), await c.value("i")], ["breakpoint call", "3"]);
  await c.breakpoints("main.lua", [{ line: "call", hitCondition: "%2" }, { line: "add", logMessage: "adds {n} to {total}, {{}" }]);
  equal([await c.go("continue"), await c.value("i")], ["breakpoint call", "5"]);
  equal(c.output("console").startsWith("adds 3 to 3"), true);
  const [bad] = await c.breakpoints("main.lua", [{ line: "call", condition: "i +" }]);
  if (bad.verified) {
    equal(await c.go("continue"), "breakpoint call");
    equal(c.stopped.text.length > 0, true);
  }

  // Functions, by their names.
  await c.breakpoints("main.lua", []);
  await c.request("setFunctionBreakpoints", { breakpoints: [{ name: "cart.empty" }] });
  equal(await c.go("continue"), "function breakpoint empty");
  equal(await c.value("total"), "55");
  await c.request("setFunctionBreakpoints", { breakpoints: [{ name: "add", condition: "n == 2" }] });
  equal([await c.go("reverseContinue"), await c.value("n")], ["function breakpoint add", "2"]);

  // goto, in both directions.
  const { targets } = await c.request("gotoTargets", { source, line: line("end") });
  equal(targets.map((t) => t.line), [line("end"), line("end")]);
  await c.request("goto", { threadId: c.thread, targetId: targets[0].id });
  equal(await c.stop(), "goto end");
  const loop = await c.request("gotoTargets", { source, line: line("loop") });
  await c.request("goto", { threadId: c.thread, targetId: loop.targets[1].id });
  equal(await c.stop(), "goto loop");
  equal((await c.request("gotoTargets", { source, line: 5 })).targets, []);
  await c.request("setFunctionBreakpoints", { breakpoints: [] });
  await c.end();
}
