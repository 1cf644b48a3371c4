// Who wrote this? Data breakpoints on a local, an upvalue and a field, forwards and backwards.
import { mark } from "../../support/dap.mjs";

export const files = { "main.lua": `
local cart = { total = 0 }
local count = 0
local function add(price)
  count = count + 1 --@ count
  cart.total = cart.total + price --@ write
end
return function()
  local sum = 0 --@ begin
  for _, price in ipairs { 5, 7, -3, 8 } do
    add(price)
    sum = sum + price --@ sum
  end
  return { body = cart.total .. " " .. count .. " " .. sum } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin", "end"] } });
  equal(await c.stop(), "breakpoint begin");
  const watch = async (name, more) => {
    const info = await c.request("dataBreakpointInfo", { name, frameId: c.frame.id });
    if (info.dataId === null) throw new Error(info.description);
    equal(info.accessTypes, ["write"]);
    const { breakpoints } = await c.request("setDataBreakpoints", { breakpoints: [{ dataId: info.dataId, ...more }] });
    equal(breakpoints.map((b) => b.verified), [true]);
  };
  equal((await c.request("dataBreakpointInfo", { name: "none.of.it", frameId: c.frame.id })).dataId, null);

  // A field, by its variable: forwards, each write.
  const { cart } = await c.scope("Upvalues").then(async (upvalues) => upvalues.cart ? upvalues : { cart: null });
  if (cart) {
    const info = await c.request("dataBreakpointInfo", { variablesReference: cart.variablesReference, name: "total" });
    await c.request("setDataBreakpoints", { breakpoints: [{ dataId: info.dataId, accessType: "write" }] });
  } else await watch("cart.total");
  await c.request("continue", { threadId: c.thread });
  equal((await c.stop()).split(" ").slice(0, 2).join(" "), "data breakpoint");
  equal(c.stopped.text.endsWith(` at main.lua:${mark(`${c.folder}/main.lua`, "write")}`), true);

  // Backwards from the end: the last write with this value.
  await c.request("setDataBreakpoints", { breakpoints: [] });
  equal(await c.go("continue"), "breakpoint end");
  equal(await c.value("cart.total"), "17");
  await watch("cart.total");
  equal(await c.go("reverseContinue"), "data breakpoint write");
  equal(await c.value("price"), "8");
  equal(await c.go("reverseContinue"), "data breakpoint write");
  equal(await c.value("price"), "-3");

  // An upvalue and a local.
  await watch("count");
  equal(await c.go("reverseContinue"), "data breakpoint count");
  equal(await c.value("count"), "2");
  await c.request("setDataBreakpoints", { breakpoints: [] });
  equal(await c.go("continue"), "breakpoint end");
  await watch("sum");
  equal(await c.go("reverseContinue"), "data breakpoint sum");
  equal(await c.value("sum"), "9");
  await c.request("setDataBreakpoints", { breakpoints: [] });
  equal(await c.go("reverseContinue"), "breakpoint begin");
  await c.breakpoints("main.lua", []);
  await c.end();
}
