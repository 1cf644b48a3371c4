// Forwards and backwards over calls of the host: what it answered is answered again, and stores see nothing of a second run.
export const files = {
  "flare.lua": `return { writes_spark_kv = true }`,
  "main.lua": `
local flaron = require "flaron"
return function()
  local n = (tonumber((flaron.spark.get "n")) or 0) + 1 --@ read
  flaron.spark.set("n", tostring(n)) --@ write
  local id = flaron.id.uuid_v4() --@ id
  flaron.logging.info("n is " .. n) --@ log
  local again = flaron.spark.get "n" --@ again
  return { body = n .. again .. id } --@ end
end
` };

export async function session(c, equal) {
  await c.launch({ stopOnEntry: true, stopAtEnd: true }, { breakpoints: { "main.lua": ["end"] } });
  equal(await c.stop(), "entry read");
  equal(await c.go("continue"), "breakpoint end");
  const id = await c.value("id");
  for (let round = 0; round < 3; round++) {
    equal([await c.go("stepBack"), await c.go("stepBack"), await c.go("stepBack")], ["step again", "step log", "step id"]);
    equal(await c.value("id"), "nil");
    equal(await c.go("reverseContinue"), "entry read");
    equal(await c.go("continue"), "breakpoint end");
    equal([await c.value("id"), await c.value("n"), await c.value("again")], [id, "1", '"1"']);
  }
  equal(c.output("console"), "info: n is 1\n");

  // The end: the invocation is over, and one can go back from there.
  await c.request("continue", { threadId: c.thread });
  equal((await c.event("stopped")).reason, "end");
  equal((await c.request("stackTrace", { threadId: c.thread })).stackFrames, []);
  equal(await c.go("stepBack"), "step end");

  // A frame from its first line again; then all of it, on a script that has changed.
  await c.request("restartFrame", { frameId: c.frame.id });
  equal((await c.stop()).endsWith(" read"), true);
  await c.request("restart", {});
  equal(await c.stop(), "entry read");
  await c.request("terminate", {});
  await c.event("terminated");
}
