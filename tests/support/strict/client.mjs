// client.mjs - the client of the strict list: a connection of raw bytes, and a parser of HTTP/1.1 answers that
// is as strict as servers should be with requests (except for refusals that are answered as HTTP/1.0). It contains no case of the list.
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

/** How long a server may take to answer, or to close: generous, since the machine may be slow and the server sanitized. */
export const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? (process.env.SANITIZE ? 15000 : 5000));

/** Opens a connection to a target, {port, host?, tls?: ALPN name}. */
export function open(target) {
  const { port, host = "127.0.0.1", tls } = target;
  const socket = tls
    ? connectTls({ port, host, rejectUnauthorized: false, ALPNProtocols: [tls], servername: "localhost" })
    : connect({ port, host, noDelay: true });
  socket.on("error", () => {}); // "close" follows, which is enough for the cases
  return socket;
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The bytes of a string of characters up to U+00FF; bytes stay unchanged. */
export const bytes = (what) => (typeof what === "string" ? Buffer.from(what, "latin1") : what);

/**
 * Sends bytes, all at once or in `pieces` of a few bytes, and reads until `enough(answers)` or the server closes.
 * `half` shuts the client's sending side down after that. `methods` are those of the requests, in order: an answer to HEAD has no body. Returns {answers, closed, wrong}:
 * `wrong` says what is not valid HTTP/1.1.
 */
export async function exchange(target, what, { methods = [], enough = () => false, pieces = 0, half = false, ms = PATIENCE_MS } = {}) {
  const socket = open(target);
  let received = Buffer.alloc(0);
  let closed = false;
  let result = { answers: [], wrong: null };
  const over = new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = () => (clearTimeout(timer), resolve());
    socket.on("data", (data) => {
      received = Buffer.concat([received, data]);
      result = readAnswers(received, methods, false);
      if (result.wrong || enough(result.answers)) end();
    });
    socket.on("close", () => {
      closed = true;
      end();
    });
  });
  await new Promise((resolve) => {
    socket.once(target.tls ? "secureConnect" : "connect", resolve);
    socket.once("close", resolve);
  });
  const all = bytes(what);
  if (pieces) {
    for (let at = 0; at < all.length && !closed; at += pieces) {
      socket.write(all.subarray(at, at + pieces));
      await new Promise(setImmediate);
    }
  } else {
    socket.write(all);
  }
  if (half) socket.end();
  await over;
  socket.destroy();
  return { ...readAnswers(received, methods, closed), closed };
}

/** Parses the answers in bytes. `closed`: no more bytes come, so a body without a length is complete. */
export function readAnswers(received, methods, closed) {
  const answers = [];
  let at = 0;
  let index = 0;
  while (at < received.length) {
    const end = received.indexOf("\r\n\r\n", at, "latin1");
    const head = received.toString("latin1", at, end < 0 ? received.length : end);
    if (end < 0) {
      if (!/^HTTP\/1\.[01] /.test(head) && !"HTTP/1.1 ".startsWith(head)) return { answers, wrong: `no answer: ${head.slice(0, 60)}` };
      break;
    }
    const [first, ...lines] = head.split("\r\n");
    const status = /^HTTP\/1\.[01] ([1-5]\d\d) [^\r\n\0]*$/.exec(first)?.[1];
    if (!status) return { answers, wrong: `no status line: ${first.slice(0, 60)}` };
    const answer = { status: Number(status), headers: [], body: "", complete: false };
    for (const line of lines) {
      const field = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line);
      if (!field) return { answers, wrong: `no header line: ${line.slice(0, 60)}` };
      answer.headers.push([field[1].toLowerCase(), field[2]]);
    }
    answer.header = (name) =>
      answer.headers
        .filter(([n]) => n === name)
        .map(([, value]) => value)
        .join(", ") || undefined;
    at = end + 4;
    answers.push(answer);
    if (answer.status < 200) {
      answer.complete = true;
      if (answer.status !== 101) continue;
      return { answers, rest: received.subarray(at) };
    }
    const head_only = methods[index++] === "HEAD" || answer.status === 204 || answer.status === 304;
    const lengths = answer.headers.filter(([name]) => name === "content-length").map(([, value]) => value);
    if (lengths.length > 1 || (lengths.length && !/^\d+$/.test(lengths[0]))) return { answers, wrong: "no content-length" };
    const coding = answer.header("transfer-encoding");
    if (coding && lengths.length) return { answers, wrong: "content-length and transfer-encoding in one answer" };
    if (head_only) {
      answer.complete = true;
    } else if (coding) {
      const read = readChunks(received, at);
      answer.body = read.body;
      answer.complete = read.complete;
      if (read.wrong) return { answers, wrong: read.wrong };
      at = read.at;
      if (!read.complete) break;
    } else if (lengths.length) {
      const size = Number(lengths[0]);
      answer.body = received.toString("latin1", at, at + size);
      answer.complete = received.length >= at + size;
      at += size;
    } else {
      answer.body = received.toString("latin1", at);
      answer.complete = closed;
      break;
    }
  }
  return { answers, wrong: null };
}

function readChunks(received, at) {
  let body = "";
  for (;;) {
    const end = received.indexOf("\r\n", at, "latin1");
    if (end < 0) return { body, complete: false, at };
    const size = /^([\da-f]+)$/i.exec(received.toString("latin1", at, end))?.[1];
    if (!size) return { body, wrong: "no chunk" };
    const length = parseInt(size, 16);
    at = end + 2;
    if (length === 0) {
      const last = received.indexOf("\r\n", at, "latin1");
      return { body, complete: last === at, at: at + 2 };
    }
    body += received.toString("latin1", at, at + length);
    if (received.length < at + length + 2) return { body, complete: false, at };
    at += length + 2;
  }
}
