// A client that dies, while the flare loops, stands still, or packs: the server ends at once, and leaves nothing behind.
import { Client } from "../../support/dap.mjs";

export const files = { "main.lua": `
local flaron = require "flaron"
return function()
  while flaron.request.url():find "loop" do end
  return { body = "x" } --@ end
end
` };

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
  await dying("", async (client) => { equal(await client.stop(), "breakpoint end"); });
  await dying("", async (client) => { await client.stop(); client.send({ seq: 99, type: "request", command: "stepBack", arguments: { threadId: client.thread } }); });
}
