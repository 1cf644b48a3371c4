// front.mjs - clients and an origin of raw bytes for front_spec.lua.
//
//   node front.mjs ask PORT FILE      FILE is a JSON array of strings, each byte a character: sends each on its
//                                     own connection, all at once, and keeps them open for a while; prints a JSON array of
//                                     [the bytes received, "closed" or "open"]
//   node front.mjs half PORT PATH     asks for PATH and shuts its sending side down; prints all that is received
//   node front.mjs gone PORT PATH N   N clients that ask and close at once
//   node front.mjs answers FILE       an origin that answers /N with the N-th string of FILE, and keeps the connection open;
//                                     prints its port, then "N closed" when the other side has closed it
//   node front.mjs h2 PORT WHAT       a client of HTTP/2 that does WHAT, by raw frames; prints the frames that come as
//                                     "TYPE FLAGS STREAM HEX"
//   node front.mjs ws PORT WHAT       a WebSocket that does WHAT; prints the frames that come as "OPCODE SIZE HEX"
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { frame as message, open } from "./websocket.mjs";

const latin1 = (text) => Buffer.from(text, "latin1");

function ask(port, file) {
  const first = 3000, quiet = 700; // the first answer may take long on a busy machine
  const one = (bytes) => new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => socket.write(latin1(bytes)));
    let all = "";
    const end = (how) => resolve([all, how]);
    let timer = setTimeout(() => end("open"), first);
    socket.on("data", (data) => {
      all += data.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(() => end("open"), quiet);
    });
    socket.on("end", () => end("closed"));
    socket.on("error", () => end("closed"));
  });
  Promise.all(JSON.parse(readFileSync(file, "utf8")).map(one)).then((answers) => {
    console.log(JSON.stringify(answers));
    process.exit(0);
  });
}

function half(port, path) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  socket.on("data", (data) => process.stdout.write(data));
}

function gone(port, path, count) {
  for (let i = 0; i < count; i++) {
    const socket = connect(port, "127.0.0.1", () => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, () => socket.destroy()));
    socket.on("error", () => {});
  }
}

function answers(file) {
  const all = JSON.parse(readFileSync(file, "utf8"));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let name = "?";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      name = /^\w+ \/origin\/(\d+)/.exec(data.toString("latin1"))?.[1] ?? name;
      if (name === "0") console.log(JSON.stringify(data.toString("latin1")));
      socket.write(latin1(all[name]));
    });
    socket.on("close", () => console.log(`${name} closed`));
    socket.on("end", () => socket.end());
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

// ---- HTTP/2 ----

const number = (size, value) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
};
const frame = (type, flags, stream, ...parts) => {
  const payload = Buffer.concat(parts.map((part) => (typeof part === "string" ? latin1(part) : part)));
  return Buffer.concat([number(3, payload.length), Buffer.from([type, flags]), number(4, stream), payload]);
};
// A literal field without indexing, its strings without Huffman coding (RFC 7541, 6.2.2).
const field = (name, value) => Buffer.concat([Buffer.from([0, name.length]), latin1(name), Buffer.from([value.length]), latin1(value)]);
const head = (method, path, ...fields) => Buffer.concat([field(":method", method), field(":scheme", "http"), field(":path", path),
  field(":authority", "x"), ...fields]);
const DATA = 0, HEADERS = 1, RESET = 3, SETTINGS = 4, PING = 6, CONTINUATION = 9, END_STREAM = 1, END_HEADERS = 4;
const CANCEL = number(4, 8);

const frames = {
  cookies: () => [frame(HEADERS, 5, 1, head("GET", "/hdr", field("cookie", "a=1"), field("cookie", "b=2"), field("x-a", "1"), field("x-a", "2")))],
  "empty name": () => [frame(HEADERS, 5, 1, head("GET", "/hdr", field("", "v")))],
  "capital name": () => [frame(HEADERS, 5, 1, head("GET", "/hdr", field("X-A", "v")))],
  "host and authority": () => [frame(HEADERS, 5, 1, head("GET", "/hdr", field("host", "y")))],
  fragment: () => [frame(HEADERS, 5, 1, head("GET", "/hdr#a"))],
  connection: () => [frame(HEADERS, 5, 1, head("GET", "/hdr", field("connection", "close")))],
  many: () => [frame(HEADERS, 5, 1, head("GET", "/hdr", ...Array.from({ length: 101 }, (_, i) => field(`x-${i}`, "v"))))],
  length: () => [frame(HEADERS, 4, 1, head("POST", "/hdr", field("content-length", "5"))), frame(DATA, END_STREAM, 1, "1234")],
  resets: () => Array.from({ length: 5000 }, (_, i) => [frame(HEADERS, 5, 2 * i + 1, head("GET", "/spin")), frame(RESET, 0, 2 * i + 1, CANCEL)]).flat(),
  window: () => [frame(SETTINGS, 0, 0, number(2, 4), number(4, 0)),
    ...Array.from({ length: 100 }, (_, i) => frame(HEADERS, 5, 2 * i + 1, head("GET", "/big")))],
  continuations: () => [frame(HEADERS, END_STREAM, 1, head("GET", "/hdr")), ...Array.from({ length: 5000 }, () => frame(CONTINUATION, 0, 1))],
  empty: () => [frame(HEADERS, END_HEADERS, 1, head("POST", "/hdr")), ...Array.from({ length: 5000 }, () => frame(DATA, 0, 1))],
  pings: () => Array.from({ length: 200000 }, () => frame(PING, 0, 0, "12345678")),
};

function h2(port, what) {
  const socket = connect(port, "127.0.0.1");
  let received = Buffer.alloc(0);
  socket.on("error", () => process.exit(0));
  socket.on("close", () => process.exit(0));
  setTimeout(() => process.exit(0), what === "window" ? 2500 : 1000);
  socket.write(Buffer.concat([latin1("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(SETTINGS, 0, 0), ...frames[what]()]));
  if (what === "pings") return;
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
    while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
      const size = received.readUIntBE(0, 3);
      console.log(received[3], received[4], received.readUInt32BE(5), received.subarray(9, 9 + size).toString("latin1").replace(/[^ -~]/g, (c) => `<${c.charCodeAt(0)}>`));
      received = received.subarray(9 + size);
    }
  });
}

// ---- WebSockets ----

const deeds = {
  // Sends as many one-byte messages as the other side accepts, for a while, without reading the answers.
  flood: (socket) => {
    const block = Buffer.concat(Array.from({ length: 10000 }, () => message(1, "x")));
    const go = () => { while (socket.write(block)); };
    socket.pause();
    socket.on("drain", go);
    go();
    setTimeout(() => process.exit(0), 3000);
  },
  pings: (socket) => {
    const block = Buffer.concat(Array.from({ length: 10000 }, () => message(9, "")));
    const go = () => { while (socket.write(block)); };
    socket.pause();
    socket.on("drain", go);
    go();
    setTimeout(() => process.exit(0), 3000);
  },
  fragments: (socket) => {
    socket.write(Buffer.concat([message(1, "x", false), ...Array.from({ length: 70000 }, () => message(0, "x", false))]));
  },
  large: (socket) => socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 4, 0, 0, 1, 0, 0, 0, 0, 120])),
  unmasked: (socket) => socket.write(Buffer.from([0x81, 1, 120])),
  idle: () => {},
  types: (socket) => socket.write(Buffer.concat([message(1, "a"), message(2, "abc"), message(1, "b")])),
  id: (socket) => socket.write(message(1, "id")),
  headers: (socket) => socket.write(message(1, "headers")),
};

function ws(port, what) {
  const socket = open(port, {
    path: "/ws",
    headers: "X-Once: kept\r\n",
    opened: () => deeds[what](socket),
    framed: (opcode, payload) => console.log(opcode, payload.length, payload.toString("hex")),
  });
  socket.on("error", () => process.exit(0));
  socket.on("close", () => (console.log("closed"), process.exit(0)));
  setTimeout(() => process.exit(0), 4000);
}

const [what, ...words] = process.argv.slice(2);
({ ask, half, gone, answers: (file) => answers(file), h2, ws })[what](...words);
