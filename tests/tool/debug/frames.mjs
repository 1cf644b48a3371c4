// What is no message ends the session, with a sentence on standard error and exit code 1; a client that is gone, at any time, ends it too.
import { Client } from "../../support/dap.mjs";

const head = (size, more = "") => `Content-Length: ${size}\r\n${more}\r\n`;

export async function session(c, equal) {
  const cases = [
    ["GET / HTTP/1.1\r\n\r\n", 'a line of a message\'s head is no "Name: value"'],
    [`X: y\r\n\r\n{}`, "a message has no Content-Length"],
    [`${head("2x")}{}`, "Content-Length is not a number of bytes"],
    [`${head("-2")}{}`, "Content-Length is not a number of bytes"],
    [`${head(2, "content-length: 3\r\n")}{}`, "a message has two Content-Length"],
    [head(16777217), "a message is longer than 16777216 bytes"],
    [`X: ${"y".repeat(5000)}`, "a message's head is longer than 4096 bytes"],
    [`${head(2)}[]`, "not an object"],
    [`${head(1)}{`, "not JSON: string or '}' expected near end of file"],
    [`${head(2)}{}`, "a message is neither a request nor a response"],
    [`${head(18)}{"type":"request"}`, "a request has no number 'seq'"],
    [`${head(26)}{"type":"request","seq":1}`, "a request has no 'command'"],
    [`${head(99)}{"type"`, "the client ended in the middle of a message"],
    ["Content-Len", "the client ended in the middle of a message"],
  ];
  await Promise.all(cases.map(async ([bytes, sentence]) => {
    const bad = new Client();
    bad.raw(bytes);
    bad.to.end();
    equal([await bad.ended, bad.errors], [1, `flaron-lua debug: ${sentence}\n`]);
  }));

  // Two messages at once, one in pieces, in a head that has more.
  const ask = '{"seq":1,"type":"request","command":"x"}';
  c.raw(head(ask.length) + ask + head(ask.length, "Content-Type: y\r\n") + ask.slice(0, 9));
  c.raw(ask.slice(9));
  while (c.all.length < 2) await new Promise((resolve) => c.from.once("data", resolve));
  equal(c.all.map((message) => [message.seq, message.message]), [[1, "there is no request 'x'"], [2, "there is no request 'x'"]]);

  // A request that is cancelled while it waits.
  c.seq = 5;
  const cancelled = { seq: 5, type: "request", command: "initialize", arguments: { adapterID: "x" } };
  const both = [cancelled, { seq: 6, type: "request", command: "cancel", arguments: { requestId: 5 } }].map((m) => JSON.stringify(m));
  c.raw(both.map((m) => head(m.length) + m).join(""));
  while (c.all.length < 4) await new Promise((resolve) => c.from.once("data", resolve));
  equal(c.all.slice(2).map((m) => [m.request_seq, m.success, m.message]), [[5, false, "cancelled"], [6, true, undefined]]);
  c.to.end();
  equal(await c.ended, 0);
  c.over = true;
}
