// websocket.mjs - the strict list, WebSockets (RFC 6455): handshakes that must fail, frames that must close the connection,
// and what must be understood. The server echoes messages, and closes with CODE at "close CODE". A case is as in http1.mjs.
import { createHash, randomBytes } from "node:crypto";
import { PATIENCE_MS, bytes, exchange, open } from "./client.mjs";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
export const handshake = (changes = {}, first = "GET /chat HTTP/1.1") => {
  const headers = { Host: "x", Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13", ...changes };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [].concat(value).map((v) => `${name}: ${v}\r\n`)));
  return `${first}\r\n${lines.join("")}\r\n`;
};

/** A frame of a client. `how` overrides fin, rsv, mask, and the bytes of the length. */
export function frame(opcode, data = "", how = {}) {
  const payload = bytes(data);
  const { fin = true, rsv = 0, mask = true } = how;
  let length = how.length;
  if (!length && payload.length < 126) length = [payload.length];
  if (!length && payload.length < 65536) length = [126, payload.length >> 8, payload.length & 255];
  if (!length) {
    const b = Buffer.alloc(8);
    b.writeBigUInt64BE(BigInt(payload.length));
    length = [127, ...b];
  }
  const head = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode, (mask ? 0x80 : 0) | length[0], ...length.slice(1)]);
  if (!mask) return Buffer.concat([head, payload]);
  const key = how.key ?? randomBytes(4);
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i] ^= key[i & 3];
  return Buffer.concat([head, key, masked]);
}

export const code = (n, reason = "") => Buffer.concat([Buffer.from([n >> 8, n & 255]), bytes(reason)]);

/** A WebSocket. `frames` are [opcode, payload] as received; `wrong` says what a server must not send. */
export class Socket {
  constructor(target, { changes, early = Buffer.alloc(0), count = false } = {}) {
    this.frames = [];
    this.closed = false;
    this.waiting = [];
    this.received_bytes = 0;
    let received = Buffer.alloc(0);
    this.socket = open(target);
    this.socket.on("data", (data) => {
      this.received_bytes += data.length;
      if (count && this.status === 101) return;
      received = received.length ? Buffer.concat([received, data]) : data;
      if (!this.status) {
        const end = received.indexOf("\r\n\r\n");
        if (end < 0) return;
        this.head = received.toString("latin1", 0, end);
        this.status = Number(this.head.slice(9, 12));
        received = received.subarray(end + 4);
      }
      if (this.status === 101) received = this.take(received);
      this.look();
    });
    this.socket.on("close", () => {
      this.closed = true;
      this.look();
    });
    this.socket.write(Buffer.concat([bytes(handshake(changes)), early]));
  }

  take(received) {
    let at = 0;
    while (received.length - at >= 2) {
      let size = received[at + 1] & 127;
      let head = 2;
      if (received[at + 1] & 0x80) this.wrong = "a masked frame";
      if (received[at] & 0x70) this.wrong = "reserved bits";
      if (size === 126) {
        if (received.length - at < 4) break;
        size = received.readUInt16BE(at + 2);
        head = 4;
      } else if (size === 127) {
        if (received.length - at < 10) break;
        size = Number(received.readBigUInt64BE(at + 2));
        head = 10;
      }
      if (received.length - at < head + size) break;
      this.frames.push([received[at] & 15, received.toString("latin1", at + head, at + head + size)]);
      at += head + size;
    }
    return received.subarray(at);
  }

  look() {
    this.waiting = this.waiting.filter((w) => !w());
  }

  until(check, ms = PATIENCE_MS) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(!!check()), ms);
      this.waiting.push(() => {
        if (!check() && !this.closed) return false;
        clearTimeout(timer);
        resolve(!!check());
        return true;
      });
      this.look();
    });
  }

  /** The code of the received close frame; 0 if it has none, undefined if there was no close frame. */
  get code() {
    const close = this.frames.find(([opcode]) => opcode === 8);
    return close && (close[1].length ? bytes(close[1]).readUInt16BE(0) : 0);
  }
}

const cases = [];
const show = (s) => JSON.stringify(s.frames.slice(0, 5)).slice(0, 200) + (s.closed ? ", closed" : ", open");

// ---- handshakes: 4.2 ----

function no_websocket(statuses, what, check) {
  for (const [name, request] of Object.entries(what)) {
    cases.push([`makes no WebSocket of ${name}`, async (target) => {
      const result = await exchange(target, request, { enough: (answers) => answers.some((a) => a.complete && a.status >= 101), ms: 3000 });
      if (result.wrong) return result.wrong;
      const answer = result.answers.at(-1);
      if (!answer || !statuses.includes(answer.status)) return `answered ${answer?.status ?? "nothing"}, not ${statuses.join(" or ")}`;
      return check?.(answer);
    }]);
  }
}

const says_13 = (answer) => {
  if (answer.header("sec-websocket-version") !== "13") return `Sec-WebSocket-Version: ${answer.header("sec-websocket-version")}`;
};
no_websocket([426], {
  "version 8": handshake({ "Sec-WebSocket-Version": "8" }),
  "version 14": handshake({ "Sec-WebSocket-Version": "14" }),
  "version 7": handshake({ "Sec-WebSocket-Version": "7" }),
  "version 0": handshake({ "Sec-WebSocket-Version": "0" }),
  "version 255": handshake({ "Sec-WebSocket-Version": "255" }),
}, says_13);
no_websocket([400, 426], {
  "no version": handshake({ "Sec-WebSocket-Version": null }),
  "a version that is none": handshake({ "Sec-WebSocket-Version": "x" }),
  "an empty version": handshake({ "Sec-WebSocket-Version": "" }),
  "version +13": handshake({ "Sec-WebSocket-Version": "+13" }),
  "version 013": handshake({ "Sec-WebSocket-Version": "013" }),
  "version 13.0": handshake({ "Sec-WebSocket-Version": "13.0" }),
  "version 13a": handshake({ "Sec-WebSocket-Version": "13a" }),
  "two versions": handshake({ "Sec-WebSocket-Version": ["13", "8"] }),
  "a list of versions": handshake({ "Sec-WebSocket-Version": "13, 8" }),
});
no_websocket([400], {
  "a key of 15 bytes": handshake({ "Sec-WebSocket-Key": Buffer.alloc(15).toString("base64") }),
  "a key of 17 bytes": handshake({ "Sec-WebSocket-Key": Buffer.alloc(17).toString("base64") }),
  "a key that is no Base64": handshake({ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25j*Q==" }),
  "a key of Base64 for URLs": handshake({ "Sec-WebSocket-Key": "-_-_-_-_-_-_-_-_-_-_-A==" }),
  "a key without its padding": handshake({ "Sec-WebSocket-Key": KEY.slice(0, -2) }),
  "a key with a third sign of padding": handshake({ "Sec-WebSocket-Key": `${KEY}=` }),
  "a key with a blank in it": handshake({ "Sec-WebSocket-Key": "dGhlIHNhbXBs ZSBub25jZQ==" }),
  "an empty key": handshake({ "Sec-WebSocket-Key": "" }),
  "two keys": handshake({ "Sec-WebSocket-Key": [KEY, KEY] }),
  "no key": handshake({ "Sec-WebSocket-Key": null }),
  "no Host": handshake({ Host: null }),
});
// Without the headers of an upgrade it is a plain request, which a flare answers; or it is refused.
const plain = [200, 400, 405, 426, 501];
no_websocket(plain, {
  "no Connection": handshake({ Connection: null }),
  "Connection: close": handshake({ Connection: "close" }),
  "Connection: keep-alive": handshake({ Connection: "keep-alive" }),
  "Connection: upgraded": handshake({ Connection: "upgraded" }),
  "Connection: up grade": handshake({ Connection: "up grade" }),
  "no Upgrade": handshake({ Upgrade: null }),
  "Upgrade: websockets": handshake({ Upgrade: "websockets" }),
  "Upgrade: h2c": handshake({ Upgrade: "h2c" }),
  "POST": handshake({ "Content-Length": "0" }, "POST /chat HTTP/1.1"),
  "HEAD": handshake({}, "HEAD /chat HTTP/1.1"),
  "PUT": handshake({ "Content-Length": "0" }, "PUT /chat HTTP/1.1"),
  "HTTP/1.0": handshake({}, "GET /chat HTTP/1.0"),
});

function websocket(what, check) {
  for (const [name, changes] of Object.entries(what)) {
    cases.push([`makes a WebSocket of ${name}`, async (target) => {
      const s = new Socket(target, { changes });
      await s.until(() => s.status);
      const head = s.head ?? "";
      s.socket.write(frame(1, "hello"));
      await s.until(() => s.frames.length > 0, s.status === 101 ? PATIENCE_MS : 1);
      s.socket.destroy();
      if (s.status !== 101) return `answered ${s.status}`;
      const accept = createHash("sha1").update(`${changes["Sec-WebSocket-Key"] ?? KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      if (/^sec-websocket-accept: *(\S+)/im.exec(head)?.[1] !== accept) return "Sec-WebSocket-Accept is wrong";
      if (!/^upgrade: *websocket/im.test(head) || !/^connection:.*upgrade/im.test(head)) return "the answer does not upgrade";
      const protocol = /^sec-websocket-protocol: *(.*?) *$/im.exec(head)?.[1];
      if (protocol && !(changes["Sec-WebSocket-Protocol"] ?? "").split(", ").includes(protocol)) return `it agrees on ${protocol}`;
      if (/^sec-websocket-extensions:/im.test(head)) return "it agrees on extensions";
      if (s.frames[0]?.[1] !== "hello") return show(s);
      return check?.(s);
    }]);
  }
}

websocket({
  "a handshake": {},
  "words in any case": { Connection: "uPGRADE", Upgrade: "WebSocket" },
  "lists": { Connection: "keep-alive, Upgrade", Upgrade: "h2c, websocket" },
  "Connection in two lines": { Connection: ["keep-alive", "Upgrade"] },
  "extensions, without any": { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits, x" },
  "protocols, one of them or without any": { "Sec-WebSocket-Protocol": "chat, superchat" },
  "another key": { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==" },
  "blanks around values": { Upgrade: " websocket \t", "Sec-WebSocket-Version": " 13 ", Connection: "\tUpgrade " },
});

// ---- frames: 5 to 8 ----

/** Ends with one of `codes`, and the connection is closed; the flare gets no message. */
function ended(codes, what) {
  for (const [name, frames] of Object.entries(what)) {
    for (const pieces of [false, true]) {
      cases.push([`ends after ${name}${pieces ? ", byte by byte" : ""}`, async (target) => {
        const s = new Socket(target);
        await s.until(() => s.status);
        const all = Buffer.concat([].concat(frames).map(bytes));
        if (pieces) {
          for (let at = 0; at < Math.min(all.length, 300) && !s.closed; at++) {
            s.socket.write(all.subarray(at, at + 1));
            await new Promise(setImmediate);
          }
          s.socket.write(all.subarray(300));
        } else {
          s.socket.write(all);
        }
        await s.until(() => s.code !== undefined);
        const answered = s.code;
        if (answered !== undefined) s.socket.write(frame(8, code(answered || 1000)));
        await s.until(() => s.closed);
        s.socket.destroy();
        if (s.wrong) return s.wrong;
        if (s.frames.some(([opcode, data]) => opcode < 3 && data.includes("bad"))) return `the flare had it: ${show(s)}`;
        if (answered === undefined ? !s.closed : !codes.includes(answered)) return `code ${answered}, not ${codes.join(" or ")}: ${show(s)}`;
        if (!s.closed) return `not closed: ${show(s)}`;
        if (answered === undefined && !pieces) return "closed without a close frame";
      }]);
    }
  }
}

const PROTOCOL = 1002, NOT_UTF8 = 1007, TOO_BIG = 1009;

ended([PROTOCOL], {
  "a frame that is not masked": frame(1, "bad", { mask: false }),
  "an empty frame that is not masked": frame(1, "", { mask: false }),
  "a close frame that is not masked": frame(8, code(1000), { mask: false }),
  "a ping that is not masked": frame(9, "", { mask: false }),
  "reserved bit 1": frame(1, "bad", { rsv: 4 }),
  "reserved bit 2": frame(1, "bad", { rsv: 2 }),
  "reserved bit 3": frame(1, "bad", { rsv: 1 }),
  "reserved bits of a control frame": frame(9, "bad", { rsv: 4 }),
  "reserved bits of a fragment": [frame(1, "b", { fin: false }), frame(0, "ad", { rsv: 1 })],
  ...Object.fromEntries([3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((o) => [`opcode ${o}`, frame(o, "bad")])),
  "a ping in fragments": frame(9, "bad", { fin: false }),
  "a pong in fragments": frame(10, "bad", { fin: false }),
  "a close in fragments": frame(8, code(1000), { fin: false }),
  "a ping of 126 bytes": frame(9, "x".repeat(126)),
  "a pong of 126 bytes": frame(10, "x".repeat(126)),
  "a close of 126 bytes": frame(8, code(1000, "x".repeat(124))),
  "a ping of 70,000 bytes": frame(9, "x".repeat(70000)),
  "a ping whose length of 5 takes two bytes": frame(9, "12345", { length: [126, 0, 5] }),
  "a continuation of nothing": frame(0, "bad"),
  "a continuation of nothing that is not final": frame(0, "bad", { fin: false }),
  "a continuation after a message that is complete": [frame(1, "good"), frame(0, "bad")],
  "a text within a message": [frame(1, "b", { fin: false }), frame(1, "ad")],
  "a binary message within a message": [frame(1, "b", { fin: false }), frame(2, "ad")],
  "a text within a binary message": [frame(2, "b", { fin: false }), frame(1, "ad", { fin: false })],
  "a length of 3 in two bytes": frame(1, "bad", { length: [126, 0, 3] }),
  "a length of 125 in two bytes": frame(1, "bad".padEnd(125), { length: [126, 0, 125] }),
  "a length of 3 in eight bytes": frame(1, "bad", { length: [127, 0, 0, 0, 0, 0, 0, 0, 3] }),
  "a length of 65,535 in eight bytes": frame(1, "bad".padEnd(65535), { length: [127, 0, 0, 0, 0, 0, 0, 255, 255] }),
  "a close of one byte": frame(8, "\x03"),
  "a close of one byte within a message": [frame(1, "b", { fin: false }), frame(8, "\x03")],
  "a ping of 2^40 bytes": frame(9, "", { length: [127, 0, 0, 1, 0, 0, 0, 0, 0] }),
});
ended([PROTOCOL, TOO_BIG], { "a length over 2^63": frame(2, "bad", { length: [127, 128, 0, 0, 0, 0, 0, 0, 3] }) });
ended([TOO_BIG], { "a message of 2^40 bytes": frame(2, "bad", { length: [127, 0, 0, 1, 0, 0, 0, 0, 0] }), "a message of 2^62 bytes": frame(2, "bad", { length: [127, 64, 0, 0, 0, 0, 0, 0, 0] }) });
ended([PROTOCOL], Object.fromEntries([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((n) => [`close code ${n}`, frame(8, code(n))])));
ended([NOT_UTF8, PROTOCOL], { "a reason to close that is not UTF-8": frame(8, code(1000, "\xff")), "a reason to close that is cut": frame(8, code(1000, "\xc3")), "a reason to close that ends within a character": frame(8, code(4000, "why \xf0\x9f\x98")),
  "a reason to close with a surrogate": frame(8, code(1001, "\xed\xa0\x80")) });

const not_utf8 = {
  "0xff": "bad\xff", "0xc3 alone": "bad\xc3", "0x80 alone": "bad\x80", "overlong /": "bad\xc0\xaf", "overlong NUL": "bad\xe0\x80\x80", "overlong in four bytes": "bad\xf0\x80\x80\x80",
  "a surrogate": "bad\xed\xa0\x80", "U+110000": "bad\xf4\x90\x80\x80", "five bytes": "bad\xf8\x88\x80\x80\x80", "a character that is cut": "bad\xe2\x82", "0xc3 and a letter": "bad\xc3x", "0xfe": "bad\xfe",
};
ended([NOT_UTF8], Object.fromEntries(Object.entries(not_utf8).map(([name, text]) => [`a text with ${name}`, frame(1, text)])));
ended([NOT_UTF8], {
  "a text in fragments with 0xff": [frame(1, "ba", { fin: false }), frame(0, "d\xff")],
  "a text in fragments that ends within a character": [frame(1, "bad\xc3", { fin: false }), frame(0, "")],
  "a text in fragments with a character that goes wrong in the next": [frame(1, "bad\xe2\x82", { fin: false }), frame(0, "x")],
  "a text in fragments, overlong over two": [frame(1, "bad\xc0", { fin: false }), frame(0, "\xaf")],
});

/** Frames that are answered by `answers`, [opcode, payload] each, in this order; the connection stays open. */
function answered(what) {
  for (const [name, [frames, ...answers]] of Object.entries(what)) {
    cases.push([`understands ${name}`, async (target) => {
      const s = new Socket(target);
      await s.until(() => s.status);
      s.socket.write(Buffer.concat([].concat(frames)));
      await s.until(() => s.frames.length >= answers.length);
      s.socket.write(frame(1, "last"));
      await s.until(() => s.frames.length > answers.length);
      s.socket.destroy();
      if (s.wrong) return s.wrong;
      const expected = JSON.stringify([...answers, [1, "last"]]);
      if (JSON.stringify(s.frames) !== expected) return `${show(s)}, not ${expected.slice(0, 200)}`;
    }]);
  }
}

answered({
  "texts": [[frame(1, "a"), frame(1, "b")], [1, "a"], [1, "b"]],
  "an empty text": [frame(1, "x"), [1, "x"]],
  "binary messages": [frame(2, "\0\xff"), [2, "\0\xff"]],
  "fragments": [[frame(1, "a", { fin: false }), frame(0, "", { fin: false }), frame(0, "b")], [1, "ab"]],
  "a character over two fragments": [[frame(1, "\xc3", { fin: false }), frame(0, "\xa9")], [1, "\xc3\xa9"]],
  "the last character there is": [frame(1, "\xf4\x8f\xbf\xbf"), [1, "\xf4\x8f\xbf\xbf"]],
  "a ping within fragments": [[frame(1, "a", { fin: false }), frame(9, "p"), frame(0, "b")], [10, "p"], [1, "ab"]],
  "a ping of 125 bytes": [frame(9, "x".repeat(125)), [10, "x".repeat(125)]],
  "an empty ping": [frame(9), [10, ""]],
  "a pong that nobody asked for": [[frame(10, "x"), frame(1, "a")], [1, "a"]],
  "a mask of zeros": [frame(1, "a", { key: Buffer.alloc(4) }), [1, "a"]],
  "125, 126, 65,535 and 65,536 bytes": [[125, 126, 65535, 65536].map((n) => frame(1, "x".repeat(n))), ...[125, 126, 65535, 65536].map((n) => [1, "x".repeat(n)])],
});

function closes(what) {
  for (const [name, [frames, expected]] of Object.entries(what)) {
    cases.push([`closes at ${name}`, async (target) => {
      const s = new Socket(target);
      await s.until(() => s.status);
      s.socket.write(Buffer.concat([].concat(frames)));
      await s.until(() => s.code !== undefined);
      if (s.frames.at(-1)?.[0] === 8 && !s.closed) s.socket.write(frame(8, code(1000)));
      await s.until(() => s.closed);
      s.socket.destroy();
      if (s.wrong) return s.wrong;
      if (![].concat(expected).includes(s.code)) return `code ${s.code}, not ${expected}: ${show(s)}`;
      if (!s.closed) return "not closed";
      if (s.frames.filter(([opcode]) => opcode === 8).length > 1) return "two close frames";
      if (s.frames.some(([, data]) => data === "after")) return "it answers what comes after a close";
    }]);
  }
}

closes({
  ...Object.fromEntries([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((n) => [`close code ${n}`, [frame(8, code(n, "why")), n]])),
  "a close without a code": [frame(8), [0, 1000]],
  "a close with 123 bytes of a reason": [frame(8, code(1000, "x".repeat(123))), 1000],
  "a close that is followed by a message": [[frame(8, code(1000)), frame(1, "after")], 1000],
  "a close within a message": [[frame(1, "a", { fin: false }), frame(8, code(1000))], 1000],
  "the flare's close": [frame(1, "close 4321"), 4321],
});
cases.push(["reads frames that come with the handshake", async (target) => {
  const s = new Socket(target, { early: frame(1, "early") });
  await s.until(() => s.frames.length > 0);
  s.socket.destroy();
  if (s.frames[0]?.[1] !== "early") return show(s);
}]);
cases.push(["closes a WebSocket whose client leaves without a word", async (target) => {
  const s = new Socket(target);
  await s.until(() => s.status);
  s.socket.end();
  await s.until(() => s.closed);
  s.socket.destroy();
  if (!s.closed) return "open";
}]);

export default cases;
