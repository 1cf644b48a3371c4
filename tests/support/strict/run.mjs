// run.mjs - runs the strict list against a server: what it must refuse and understand by RFC 9112, 9110, 9113 and 6455.
//
//   node run.mjs list GROUP                    prints the names of the cases of http1, http2, websocket or origin
//   node run.mjs GROUP PORT [tls] [ORIGIN]     tests the server at 127.0.0.1; prints a line per case: its name, a tab, and
//                                              "ok" or what is wrong
//   node run.mjs origin-server                 runs the origin that the group "origin" needs; prints its port, ORIGIN
//
// The server may be any that answers as flare/main.lua does: dev with that flare, or another one. CASES=WORD in the
// environment selects cases with that word in their names, AT_ONCE=1 runs one after the other; PATIENCE_MS and SANITIZE say
// how long it may take. It waits for a server that has ended, in case it is restarted.
import { connect } from "node:net";
import { sleep } from "./client.mjs";
import http1 from "./http1.mjs";
import http2 from "./http2.mjs";
import origin, { serve } from "./origin.mjs";
import websocket from "./websocket.mjs";

const AT_ONCE = Number(process.env.AT_ONCE ?? 8);
const groups = { http1, http2, websocket, origin };
const words = process.argv.slice(2);
const tls = words.includes("tls");
const [what, first, second] = words.filter((w) => w !== "tls");

// Waits until the server listens.
async function listens(target) {
  for (let i = 0; i < 100; i++) {
    const up = await new Promise((resolve) => {
      const socket = connect(target.port, "127.0.0.1", () => (socket.destroy(), resolve(true)));
      socket.on("error", () => resolve(false));
    });
    if (up) return;
    await sleep(30);
  }
}

async function ask(cases, target) {
  const results = new Map();
  const left = cases.filter(([name]) => name.includes(process.env.CASES ?? ""));
  const list = [...left];
  const work = async () => {
    for (let next; (next = left.shift()); ) {
      const [name, check] = next;
      try {
        await listens(target);
        results.set(name, (await check(target)) ?? "ok");
      } catch (error) {
        results.set(name, `the client failed: ${error.stack}`.replaceAll("\n", " "));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const [name] of list) console.log(`${name}\t${results.get(name)}`);
}

if (what === "origin-server") {
  serve();
} else if (what === "list" && groups[first]) {
  for (const [name] of groups[first]) console.log(name);
} else if (groups[what] && Number(first)) {
  await ask(groups[what], { port: Number(first), tls: tls && "http/1.1", origin: Number(second) });
  process.exit(0);
} else {
  console.error("usage: node run.mjs list GROUP | GROUP PORT [tls] [ORIGIN] | origin-server");
  process.exit(2);
}
