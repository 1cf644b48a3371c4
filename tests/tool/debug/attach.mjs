// Attaching to a project that is served: requests that meet a breakpoint stand still, each a thread; the others go on.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { once } from "node:events";
import { Client } from "../../support/dap.mjs";

const main = `
local flaron = require "flaron"
return function()
  local url = flaron.request.url()
  if url:find "stop" then
    url = url:upper() --@ stop
  end
  return { body = url } --@ end
end
`;
export const files = { "main.lua": main };

const match = async (stream, said, pattern) => {
  while (!pattern.test(said.text)) await once(stream, "data");
  return pattern.exec(said.text)[1];
};

export async function session(c, equal) {
  const dev = spawn(`${process.env.NATIVE ?? "build/native"}/flaron-lua`, ["dev", c.folder, "--port", "0", "--debug", "0"]);
  process.on("exit", () => dev.kill("SIGKILL"));
  const said = { text: "" };
  dev.stderr.on("data", (data) => { said.text += data; });
  const port = Number(await match(dev.stderr, said, /attach to 127\.0\.0\.1:(\d+)/));
  const url = `http://127.0.0.1:${await match(dev.stderr, said, /on http:\/\/127\.0\.0\.1:(\d+)/)}/`;
  const get = async (path) => (await fetch(url + path)).text();
  equal(await get("stop"), `${url}stop`.toUpperCase()); // nobody is attached

  await c.launch({ port }, { command: "attach", breakpoints: { "main.lua": ["stop"] } });
  const first = get("stop/1");
  equal(await c.stop(), "breakpoint stop");
  const one = c.thread;
  const second = get("stop/2");
  equal(await c.stop(), "breakpoint stop");
  equal(await get("other"), `${url}other`);
  const { threads } = await c.request("threads");
  equal(threads.filter((t) => t.name.startsWith("GET /stop/")).map((t) => t.name).sort(), ["GET /stop/1", "GET /stop/2"]);
  equal(await c.value("url"), `"${url}stop/2"`);
  equal(await c.go("next"), "step end");
  await c.request("continue", { threadId: c.thread });
  equal(await second, `${url}stop/2`.toUpperCase());

  // The script is changed while one stands in it: where the breakpoint is now is told.
  writeFileSync(`${c.folder}/main.lua`, `-- one more line\n${main}`);
  const { breakpoint } = await c.event("breakpoint");
  equal(breakpoint.verified, true);

  await c.request("terminate");
  await c.event("terminated");

  // A client that goes lets it go on; another may come.
  equal(await c.close(), 0);
  c.over = true;
  equal(await first, `${url}stop/1`.toUpperCase());
  const next = new Client();
  next.folder = c.folder;
  await next.launch({ port }, { command: "attach", breakpoints: { "main.lua": ["end"] } });
  const third = get("third");
  equal(await next.stop(), "breakpoint end");
  dev.kill("SIGINT"); // dev ends, though one stands still
  await once(dev, "exit");
  await third.catch(() => {});
  next.process.stdin.end();
  equal([await next.ended, next.errors], [0, ""]);
}
