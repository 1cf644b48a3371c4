// network.mjs - a fuzzer over the network: valid requests of HTTP/1.1, HTTP/2 and WebSockets with mistakes in them, sent to a
// dev that runs, by 16 connections at a time. Dev has to live and to answer a good client all the time.
//
//   node tests/soak/network.mjs PORT SECONDS [SEED [INDEX]]
//
// Prints the seed, and how many connections there were; exit code 1, and the numbers of the last connections, when a good
// client was not answered. What connection INDEX sends depends on SEED and INDEX alone: with INDEX it sends only that.
import { connect } from "node:net";
import { CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PING, PREFACE, PRIORITIZED, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, block, frame as h2, get, post, request, settings, u32 } from "../support/strict/frames.mjs";
import { code, frame as ws, handshake } from "../support/strict/websocket.mjs";
import { ask } from "./dev.mjs";

const AT_ONCE = 16;
const LINGER_MS = 60; // how long a connection that is not closed stays
const PATIENCE_MS = process.env.SANITIZE ? 30000 : 10000;

const [port, seconds, seed = Date.now() % 1e9, index] = process.argv.slice(2).map(Number);

/** Numbers below n, from mulberry32 of a seed. */
function random_of(state) {
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
  };
}

const b = (text) => Buffer.from(text, "latin1");
const head = (first, ...lines) => b([first, "Host: x", ...lines, "", ""].join("\r\n"));

const http1 = [
  [head("GET /good?a=b HTTP/1.1", "X-A: v", "Cookie: a=1; b=2", "Accept: text/html")],
  [head("POST /body HTTP/1.1", "Content-Length: 5"), b("hello")],
  [head("POST /body HTTP/1.1", "Transfer-Encoding: chunked"), b("5;a=b\r\nhello\r\n"), b("0a\r\n0123456789\r\n"), b("0\r\nX-T: 1\r\n\r\n")],
  [head("POST /body HTTP/1.1", "Expect: 100-continue", "Content-Length: 3"), b("abc")],
  [head("GET http://[::1]:80/a/../b?c HTTP/1.1", "Connection: keep-alive, x-a", "X-A: v"), head("HEAD / HTTP/1.1"), head("OPTIONS * HTTP/1.1", "Connection: close")],
  [b("GET / HTTP/1.0\r\n\r\n")],
  [head("POST /json HTTP/1.1", "Content-Type: application/json", "Content-Length: 13"), b('{"a":[1,2.5]}')],
  [head("GET /__flaron/history HTTP/1.1", "Origin: http://x", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")],
];

const all = block(get(["x-a", "v"], ["cookie", "a=1"], ["cookie", "b=2"]));
const http2 = [
  [request(1, get(["x-a", "v"]))],
  [h2(HEADERS, END_HEADERS, 1, block(post(["content-length", "5"]))), h2(DATA, 0, 1, "he"), h2(DATA, END_STREAM, 1, "llo")],
  [h2(HEADERS, END_STREAM, 1, all.subarray(0, 20)), h2(CONTINUATION, 0, 1, all.subarray(20, 30)), h2(CONTINUATION, END_HEADERS, 1, all.subarray(30))],
  [h2(SETTINGS, 0, 0, settings([1, 0], [3, 100], [4, 65535], [5, 16384], [6, 65536])), h2(PING, 0, 0, "12345678"), request(1, get())],
  [h2(PRIORITY, 0, 3, Buffer.alloc(5)), h2(HEADERS, PRIORITIZED | END_STREAM | END_HEADERS, 1, Buffer.concat([Buffer.alloc(5), all])), h2(RST_STREAM, 0, 1, u32(8)), request(3, get())],
  [h2(HEADERS, PADDED | END_HEADERS, 1, Buffer.concat([b("\x02"), block(post()), b("\0\0")])), h2(DATA, PADDED, 1, "\x03abc\0\0\0"), h2(WINDOW_UPDATE, 0, 1, u32(9)), h2(HEADERS, END_STREAM | END_HEADERS, 1, block([["x-t", "1"]]))],
  [h2(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.from([0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff]))],
];

const websockets = [
  [ws(1, "hello"), ws(2, "\0\xff"), ws(9, "ping"), ws(8, code(1000, "bye"))],
  [ws(1, "hel", { fin: false }), ws(9, ""), ws(0, "lo", { fin: false }), ws(0, "!")],
  [ws(1, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), ws(10, ""), ws(2, "x".repeat(70000)), ws(8, code(4000))],
  [ws(1, "x".repeat(126)), ws(1, "close 4321"), ws(1, "after")],
];

const interesting = [0, 1, 9, 10, 13, 32, 34, 44, 45, 47, 48, 57, 58, 59, 61, 64, 0x7f, 0x80, 0xc0, 0xff];

/** Bytes with one mistake. */
function mistake(bytes, random) {
  const at = random(bytes.length + 1);
  const before = bytes.subarray(0, at);
  switch (random(8)) {
    case 0:
      return Buffer.concat([before, b(String.fromCharCode(interesting[random(interesting.length)])), bytes.subarray(at + 1)]);
    case 1:
      return Buffer.concat([before, b(String.fromCharCode(interesting[random(interesting.length)])), bytes.subarray(at)]);
    case 2: {
      const copy = Buffer.from(bytes);
      if (copy.length) copy[at % copy.length] ^= 1 << random(8);
      return copy;
    }
    case 3:
      return Buffer.concat([before, bytes.subarray(at + 1 + random(8))]);
    case 4: {
      const piece = bytes.subarray(at, at + random(40));
      return Buffer.concat([before, ...Array.from({ length: 1 + random(random(10) ? 4 : 400) }, () => piece), bytes.subarray(at)]);
    }
    case 5:
      return before;
    case 6:
      return Buffer.concat([before, Buffer.from(Array.from({ length: random(20) }, () => random(256))), bytes.subarray(at)]);
    default: {
      const to = random(bytes.length + 1);
      return Buffer.concat([before, bytes.subarray(to)]);
    }
  }
}

/** A frame with mistakes in its head or its payload, of which the length may be right again. */
function broken_frame(kind, bytes, random) {
  if (kind === "http2" && bytes.length >= 9 && random(2)) {
    const payload = random(3) ? mistake(bytes.subarray(9), random) : bytes.subarray(9);
    const id = random(4) ? bytes.readUInt32BE(5) : random(8);
    return h2(random(4) ? bytes[3] : random(11), random(3) ? bytes[4] : random(256), id, payload.subarray(0, 65535));
  }
  return mistake(bytes, random);
}

/** What connection `number` sends: parts, each of which is written at once. */
function parts_of(number) {
  const random = random_of((seed * 1000003 + number) | 0);
  const kind = ["http1", "http2", "websocket"][random(3)];
  const corpus = { http1, http2, websocket: websockets }[kind];
  let parts = [...corpus[random(corpus.length)]];
  if (random(4) === 0) parts.push(...corpus[random(corpus.length)]);
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(parts.length);
    if (random(12) === 0) parts.splice(at, 1, parts[at], parts[at]);
    else if (random(12) === 0) parts.splice(at, 1, ...corpus[random(corpus.length)]);
    else parts[at] = broken_frame(kind, parts[at], random);
  }
  if (kind === "http2") parts = [random(20) ? PREFACE : mistake(PREFACE, random), random(20) ? h2(SETTINGS, 0, 0) : broken_frame(kind, h2(SETTINGS, 0, 0), random), ...parts];
  if (kind === "websocket") parts.unshift(random(20) ? b(handshake()) : mistake(b(handshake()), random));
  if (random(2)) parts = [Buffer.concat(parts)];
  return { parts, gap: random(3) ? 0 : random(5), linger: random(20) ? LINGER_MS : 0 };
}

function send(number) {
  const { parts, gap, linger } = parts_of(number);
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", resolve);
    socket.resume();
    const next = () => {
      if (socket.destroyed) return;
      const part = parts.shift();
      if (part) {
        socket.write(part);
        if (gap) setTimeout(next, gap);
        else next();
      } else {
        setTimeout(() => socket.destroy(), linger);
      }
    };
    next();
  });
}

if (index >= 0) {
  for (const part of parts_of(index).parts) console.log(JSON.stringify(part.toString("latin1")));
  await send(index);
  process.exit(0);
}

console.log(`seed ${seed}`);
const end = performance.now() + seconds * 1000;
const open = new Set();
let next = 0;
let asked = 0;
let lost;
const work = async () => {
  while (performance.now() < end && !lost) {
    const number = next++;
    open.add(number);
    await send(number);
    open.delete(number);
  }
};
const good = async () => {
  while (performance.now() < end && !lost) {
    const answer = await ask(port, "/good", { ms: PATIENCE_MS });
    asked++;
    if (answer.status !== 200) lost = `a good client got ${answer.status || answer.error} at connections ${[...open].join(" ")}`;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
await Promise.all([good(), ...Array.from({ length: AT_ONCE }, work)]);
console.log(lost ?? `${next} connections, ${asked} good requests answered`);
process.exit(lost || asked === 0 ? 1 : 0);
