// A session on a port, which ends with its client and gives the port back; a port that somebody else has.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { Client } from "../../support/dap.mjs";

export const files = { "main.lua": `return function() return { body = "hello" } end` };

export async function session(c, equal) {
  const server = new Client(["--port", "0", c.folder]);
  while (!server.errors.includes("\n")) await once(server.process.stderr, "data");
  const port = Number(/127\.0\.0\.1:(\d+)\n/.exec(server.errors)[1]);
  if (process.getuid() === 0) { // another user is refused, and does not end the wait
    const stranger = spawn(process.execPath, ["-e", `require("net").connect(${port}, "127.0.0.1").on("close", () => process.exit(7)).on("error", () => {})`], { uid: 65534, gid: 65534 });
    equal((await once(stranger, "exit"))[0], 7);
    equal(server.errors.split("\n")[1], "a client of another user was refused");
  }
  const client = new Client([], { port });
  await client.launch({});
  await client.event("terminated");
  equal(client.output("stdout"), "HTTP/1.1 200 OK\n\nhello");
  client.socket.destroy();
  equal(await server.ended, 0);

  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  const late = new Client(["--port", String(port)]);
  equal([await late.ended, late.errors.replace(/process \d+/, "process N")], [1, `flaron-lua debug: cannot listen on 127.0.0.1:${port}: process N (node) does; --port takes another; 0: any that is free\n`]);
  other.close();
}
