// A client that dies, while the flare loops, stands still, or packs: the server ends at once, and leaves nothing behind.
import { readdirSync, readlinkSync } from "node:fs";
import { Client } from "../../support/dap.mjs";

export const files = {
  "spec/main_spec.lua": `
local edge = require "flaron.edge"
it("loops", function()
  local flare <close> = assert(edge.load ".")
  flare:request { url = "http://localhost/loop" }
end)
`,
  "main.lua": `
local flaron = require "flaron"
return function()
  local url = flaron.request.url()
  while url:find "loop" do end
  if url:find "long" then ("a"):rep(5000):find(("a-"):rep(20) .. "b") end
  return { body = "x" } --@ end
end
`,
};

export async function session(c, equal) {
  const dying = async (url, before) => {
    const client = new Client();
    client.folder = c.folder;
    await client.launch({ url: `http://localhost/${url}` }, { breakpoints: { "main.lua": ["end"] } });
    await before(client);
    client.process.stdin.destroy();
    client.process.stdout.destroy();
    equal([await client.ended, client.errors], [0, ""]);
  };
  await dying("loop", async (client) => { await client.event("thread"); });
  await dying("long", async (client) => { await client.event("thread"); }); // in a C function that does not return
  await dying("", async (client) => { equal(await client.stop(), "breakpoint end"); });
  await dying("", async (client) => { await client.stop(); client.send({ seq: 99, type: "request", command: "stepBack", arguments: { threadId: client.thread } }); });

  // A server that is killed takes the specs that it has started along.
  const killed = new Client([], { native: true });
  killed.folder = c.folder;
  await killed.launch({ spec: "spec" });
  await killed.event("thread");
  const inFolder = (pid) => { try { return readlinkSync(`/proc/${pid}/cwd`) === c.folder; } catch { return false; } };
  const children = () => readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && inFolder(pid));
  equal(children().length >= 1, true);
  killed.process.kill("SIGKILL");
  await killed.ended;
  for (let i = 0; i < 400 && children().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  equal(children(), []);
}
