// An error in __close, while another error goes through.
export const files = { "main.lua": `
local function closing(name)
  return setmetatable({}, { __close = function(self, why)
    error(name .. " after " .. tostring(why):match "[%a ]+$", 0) --@ close
  end })
end
local function work()
  local first <close> = closing "first"
  local second <close> = closing "second"
  error("body", 0) --@ raise
end
return function()
  local ok, why = pcall(work) --@ begin
  return { body = why } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({}, { breakpoints: { "main.lua": ["begin", "close"] }, filters: ["all"] });
  equal(await c.stop(), "breakpoint begin");
  const seen = [];
  for (let i = 0; i < 5; i++) seen.push(`${await c.go("continue")} ${c.stopped.text ?? ""}`.trim());
  equal(seen, ["exception raise body", "breakpoint close", "exception close second after body", "breakpoint close",
    "exception close first after second after body"]);
  await c.request("setExceptionBreakpoints", { filters: [] });
  await c.end();
  equal(c.output("stdout").endsWith("first after second after body"), true);
}
