// frames.mjs - a minimal HTTP/2 client (RFC 9113, RFC 7541): frames that may be as wrong as a test wants, and a reader of
// the answers. Headers are written as literals without an index; of an answer's headers only the status is read.
import { PATIENCE_MS, bytes, open } from "./client.mjs";

export const DATA = 0, HEADERS = 1, PRIORITY = 2, RST_STREAM = 3, SETTINGS = 4, PUSH_PROMISE = 5, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8, CONTINUATION = 9;
export const END_STREAM = 1, ACK = 1, END_HEADERS = 4, PADDED = 8, PRIORITIZED = 32;
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const body = bytes(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export function u32(n) {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(n >>> 0);
  return b;
}

/** A payload of SETTINGS, of pairs of number and value. */
export const settings = (...pairs) =>
  Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.from([id >> 8, id & 255]), u32(value)])));

// An HPACK integer with a 7-bit prefix in a byte of its own.
function size_of(n) {
  if (n < 127) return Buffer.from([n]);
  const out = [127];
  for (n -= 127; n >= 128; n >>>= 7) out.push((n & 127) | 128);
  return Buffer.from([...out, n]);
}

/** A header block from pairs. Names and values are written unchanged. */
export const block = (pairs) =>
  Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), size_of(bytes(name).length), bytes(name), size_of(bytes(value).length), bytes(value)]));

/** The pairs of a GET, followed by more. */
export const get = (...more) => [[":method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "x"], ...more];

export const post = (...more) => [[":method", "POST"], [":scheme", "http"], [":path", "/"], [":authority", "x"], ...more];

/** A request of a HEADERS frame only. */
export const request = (stream, pairs, flags = END_STREAM | END_HEADERS) => frame(HEADERS, flags, stream, block(pairs));

// Digits in Huffman's code (RFC 7541, appendix B).
const digits = { "00000": 0, "00001": 1, "00010": 2, "011001": 3, "011010": 4, "011011": 5, "011100": 6, "011101": 7, "011110": 8, "011111": 9 };
const statuses = { 8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500 };

// The status, the first field of an answer's block; undefined if that is not a status.
function status_of(payload) {
  let at = 0;
  while ((payload[at] & 0xe0) === 0x20) {
    if ((payload[at++] & 0x1f) === 0x1f) while (payload[at++] & 0x80) continue; // a table size update
  }
  if (payload[at] & 0x80) return statuses[payload[at] & 0x7f];
  const index = payload[at] & 0x40 ? payload[at] & 0x3f : payload[at] & 0x0f;
  if (index < 8 || index > 14) return undefined;
  const size = payload[at + 1] & 0x7f;
  const value = payload.subarray(at + 2, at + 2 + size);
  if (!(payload[at + 1] & 0x80)) return Number(value.toString("latin1"));
  let text = "";
  let code = "";
  for (const bit of [...value].map((b) => b.toString(2).padStart(8, "0")).join("")) {
    code += bit;
    if (code in digits) {
      text += digits[code];
      code = "";
    }
  }
  return Number(text);
}

/**
 * An HTTP/2 connection. `streams` maps numbers to {status, body, ended, reset}; `goaway` is an error code, `pings`
 * are the payloads that were answered, `window` is how much the connection may send; the caller decrements it. Windows are replenished as bytes arrive, unless `options.greedy` is false.
 */
export class Connection {
  constructor(target, { first = settings(), greedy = true } = {}) {
    this.streams = new Map();
    this.pings = [];
    this.waiting = [];
    this.closed = false;
    this.window = 65535;
    this.frames = 0;
    this.greedy = greedy;
    let received = Buffer.alloc(0);
    this.socket = open(target.tls ? { ...target, tls: "h2" } : target);
    this.socket.on("data", (data) => {
      received = received.length ? Buffer.concat([received, data]) : data;
      let at = 0;
      while (received.length - at >= 9) {
        const size = received.readUIntBE(at, 3);
        if (received.length - at < 9 + size) break;
        this.take(received[at + 3], received[at + 4], received.readUInt32BE(at + 5) & 0x7fffffff, received.subarray(at + 9, at + 9 + size));
        at += 9 + size;
      }
      received = received.subarray(at);
      this.look();
    });
    this.socket.on("close", () => {
      this.closed = true;
      this.look();
    });
    if (first) this.write(PREFACE, frame(SETTINGS, 0, 0, first));
  }

  write(...parts) {
    return this.socket.write(parts.length === 1 ? parts[0] : Buffer.concat(parts.map(bytes)));
  }

  stream(id) {
    if (!this.streams.has(id)) this.streams.set(id, { body: "", size: 0 });
    return this.streams.get(id);
  }

  take(type, flags, id, payload) {
    this.frames++;
    if (type === SETTINGS && !(flags & ACK)) this.write(frame(SETTINGS, ACK, 0));
    if (type === PING && flags & ACK) this.pings.push(payload.toString("latin1"));
    if (type === WINDOW_UPDATE && id === 0) this.window += payload.readUInt32BE(0);
    if (type === GOAWAY) this.goaway = payload.readUInt32BE(4);
    if (type === RST_STREAM) this.stream(id).reset = payload.readUInt32BE(0);
    if (type === HEADERS) {
      const status = status_of(payload);
      if (status >= 200) this.stream(id).status ??= status;
    }
    if (type === DATA) {
      const s = this.stream(id);
      s.size += payload.length;
      if (s.body.length < 100000) s.body += payload.toString("latin1");
      if (this.greedy && payload.length) this.write(frame(WINDOW_UPDATE, 0, 0, u32(payload.length)), frame(WINDOW_UPDATE, 0, id, u32(payload.length)));
    }
    if ((type === DATA || type === HEADERS) && flags & END_STREAM) this.stream(id).ended = true;
  }

  look() {
    this.waiting = this.waiting.filter((w) => !w());
  }

  /** Waits until `check()` is true, the connection is closed, or a timeout; returns whether it is true. */
  until(check, ms = PATIENCE_MS) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(!!check()), ms);
      const look = () => {
        if (!check() && !this.closed) return false;
        clearTimeout(timer);
        resolve(!!check());
        return true;
      };
      this.waiting.push(look);
      this.look();
    });
  }

  /** Whether a stream has ended: answered, reset, or closed with its connection. */
  over(id) {
    return () => {
      const s = this.streams.get(id);
      return this.closed || this.goaway > 0 || (s && (s.ended || s.reset !== undefined));
    };
  }

  close() {
    this.socket.destroy();
  }
}
