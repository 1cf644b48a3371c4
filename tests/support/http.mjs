// http.mjs - a client of raw bytes for dev_spec.lua: sends given bytes, prints what it receives.
//
//   node http.mjs PORT MS FILE    connects, sends FILE, prints all that it receives until the end or for MS ms
//   node http.mjs origin          an HTTP server that describes each request; prints its port. `status` of the query is its
//                                 status, `ms` how long it takes, `cut` has it leave in the middle of the body
//   node http.mjs hang            a server that never answers; prints its port
//   node http.mjs slow PORT HOW   a client that is too slow; prints after how many ms it is cut off, or "never"
//   node http.mjs ws PORT         talks to a WebSocket echo; prints each frame as "opcode hex"
//   node http.mjs ws PORT stay    the same, but the server closes
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, createServer as createNetServer } from "node:net";
import { frame, open } from "./websocket.mjs";

function raw(port, ms, file) {
  const socket = connect(port, "127.0.0.1", () => socket.write(readFileSync(file)));
  socket.on("data", (data) => process.stdout.write(data));
  socket.on("error", () => process.exit(0));
  socket.on("close", () => process.exit(0));
  setTimeout(() => process.exit(0), ms);
}

function origin() {
  const server = createServer((request, response) => {
    const body = [];
    request.on("data", (data) => body.push(data));
    request.on("end", () => {
      response.setHeader("x-origin", "yes");
      response.setHeader("content-type", "text/plain");
      const query = new URL(request.url, "http://origin").searchParams;
      const end = () => response.end(`${request.method} ${request.url} ${request.headers["x-test"] ?? ""} ${Buffer.concat(body).length}`);
      response.statusCode = Number(query.get("status") ?? 200);
      if (query.has("cut")) {
        response.setHeader("content-length", "100");
        response.write("some", () => setTimeout(() => response.destroy(), 30));
      } else {
        setTimeout(end, Number(query.get("ms") ?? 0));
      }
    });
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

function hang() {
  const server = createNetServer(() => {});
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

// Sends the start of a request, then a part repeatedly; a `reader` does not read the answer.
const slow_ways = {
  idle: ["", ""],
  headers: ["GET / HTTP/1.1\r\nHost: x\r\n", "X-Again: and again\r\n"],
  body: ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "x"],
  silence: ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", ""],
  reader: ["GET /big HTTP/1.1\r\nHost: x\r\n\r\n", ""],
};

function slow(port, how) {
  const [first, again] = slow_ways[how];
  const begin = Date.now();
  const end = () => {
    console.log(Date.now() - begin);
    process.exit(0);
  };
  const socket = connect(port, "127.0.0.1", () => socket.write(first));
  socket.on("error", end);
  socket.on("close", end);
  if (how === "reader") {
    socket.pause();
    setTimeout(() => socket.resume(), 6000); // a paused socket does not notice the end
  } else {
    socket.resume();
  }
  setInterval(() => again && socket.write(again), 100);
  setTimeout(() => (console.log("never"), process.exit(0)), 12000);
}

function ws(port, stays) {
  const socket = open(port, {
    path: "/chat",
    opened: () => {
      for (let i = 0; i < 20; i++) socket.write(frame(1, `m${i}`));
      socket.write(frame(2, [0, 255]));
      socket.write(frame(9, "ping"));
      if (!stays) setTimeout(() => socket.write(frame(8, [0x0f, 0xa0])), 300);
    },
    framed: (opcode, payload) => {
      console.log(opcode, payload.toString("hex"));
      if (stays && opcode === 8) socket.write(frame(8, payload));
    },
  });
  socket.on("close", () => process.exit(0));
  setTimeout(() => process.exit(1), 5000);
}

const [first, ...rest] = process.argv.slice(2);
if (first === "origin") origin();
else if (first === "hang") hang();
else if (first === "ws") ws(Number(rest[0]), rest[1] === "stay");
else if (first === "slow") slow(Number(rest[0]), rest[1]);
else raw(Number(first), Number(rest[0]), rest[1]);
