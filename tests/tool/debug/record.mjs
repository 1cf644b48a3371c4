// A record is debugged: the calls are answered from it; a record of another flare is refused.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Client } from "../../support/dap.mjs";

export const files = { "main.lua": `
local flaron = require "flaron"
return function()
  local id = flaron.id.uuid_v4() --@ id
  return { body = flaron.request.url() .. id } --@ end
end
` };

export async function session(c, equal) {
  const record = `${c.folder}/r.json`;
  const answer = execFileSync(`${process.env.NATIVE ?? "build/native"}/flaron-lua`, ["run", c.folder, "--url", "http://localhost/recorded", "--record", record],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  await c.launch({ record }, { breakpoints: { "main.lua": ["end"] } });
  equal(await c.stop(), "breakpoint end");
  equal(answer.includes((await c.value("id")).slice(1, -1)), true);
  equal(await c.go("stepBack"), "step id");
  await c.breakpoints("main.lua", []);
  await c.end();
  equal(c.output("stdout"), answer);

  const other = new Client();
  await other.request("initialize", { adapterID: "x" });
  writeFileSync(`${c.folder}/main.lua`, `return function() return { body = "other" } end`);
  const why = await other.refused("launch", { project: c.folder, record });
  equal(why.replace(/\b[0-9a-f]{12}\b/g, "HASH"), `${record}: it is a record of another flare: recorded HASH, ${c.folder} is HASH`);
  equal(await other.close(), 0);
}
