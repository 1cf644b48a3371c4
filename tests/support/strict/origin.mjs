// origin.mjs - the strict list, answers of an origin that a server forwards (RFC 9112, 6.3; RFC 9110, 7.6): the origin,
// which is a socket of raw bytes, and the cases, which ask the server for /origin/NUMBER. The server's `--origin` is this origin.
//
// An invalid answer becomes a 502, and the connection to the origin is closed. The origin also reports, at /seen/NUMBER, the
// request that it got and whether that connection is open.
import { createServer } from "node:net";
import { PATIENCE_MS, bytes, exchange, sleep } from "./client.mjs";

const answers = []; // what the origin sends, by number
const cases = [];
const REASONABLE = 65536;

const ok = (...lines) => ["HTTP/1.1 200 OK", ...lines, "", ""].join("\r\n");

function add(name, answer, check, { request, method = "GET", ends = false } = {}) {
  const number = answers.push({ answer: bytes(answer), ends }) - 1;
  cases.push([name, async (target) => {
    const what = request?.(number) ?? `${method} /origin/${number} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const result = await exchange(target, what, { methods: [method], enough: (all) => all.some((a) => a.complete && a.status >= 200) });
    const wrong = (await check(result, target, number)) || result.wrong;
    const alive = await exchange(target, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return wrong ?? (alive.answers[0]?.status === 200 ? undefined : "the server is gone");
  }]);
}

async function seen(target, number) {
  const result = await exchange({ port: target.origin }, `GET /seen/${number} HTTP/1.1\r\n\r\n`);
  const [state, ...head] = (result.answers[0]?.body ?? "").split("\n");
  return { state, head: head.join("\n") };
}

async function check_502(result, target, number) {
  if (result.wrong) return result.wrong;
  const answer = result.answers.at(-1);
  if (result.answers.length !== 1) return `${result.answers.length} answers: ${result.answers.map((a) => a.status)}`;
  if (answer.status !== 502) return `answered ${answer.status} ${JSON.stringify(answer.body.slice(0, 60))}, not 502`;
  for (let i = 0; i < PATIENCE_MS / 50; i++) {
    if ((await seen(target, number)).state === "closed") return undefined;
    await sleep(50);
  }
  return "the connection to the origin stays open";
}

const check_200 = (...parts) => (result) => {
  const final = result.answers.filter((a) => a.status >= 200);
  if (final.length !== 1 || final[0].status !== 200) return `answered ${result.answers.map((a) => a.status)}, not 200`;
  if (!final[0].complete) return "the answer is not complete";
  for (const part of parts) if (part !== final[0].body) return `${JSON.stringify(final[0].body.slice(0, 100))}, not ${JSON.stringify(part)}`;
};

/** Broken after its head: a 502, or an incomplete answer. */
const check_broken = (result) => {
  const answer = result.answers.at(-1);
  if (result.answers.length > 1) return `${result.answers.length} answers`;
  if (answer && answer.status !== 502 && answer.complete) return `a complete answer of ${answer.status}: ${JSON.stringify(answer.body.slice(0, 60))}`;
};

function refused(what) {
  for (const [name, answer] of Object.entries(what)) add(`answers 502 for ${name}`, answer, check_502);
}

function broken(what) {
  for (const [name, answer] of Object.entries(what)) add(`makes no whole answer of ${name}`, answer, check_broken, { ends: true });
}

function understood(what) {
  for (const [name, [answer, ...rest]] of Object.entries(what)) add(`understands ${name}`, answer, check_200(...rest), { ends: rest.ends });
}

function either(what) {
  for (const [name, [answer, ...parts]] of Object.entries(what)) {
    add(`answers 502 for, or understands, ${name}`, answer, async (result, target, number) => {
      const wrong = check_200(...parts)(result);
      return wrong && (await check_502(result, target, number)) && wrong;
    });
  }
}

const each = (values, make) => Object.fromEntries(values.map((v) => [JSON.stringify(v).slice(0, 60), make(v)]));
const named = (what, values) => Object.fromEntries(Object.entries(values).map(([name, v]) => [`${what} ${name}`, v]));

refused(named("the Content-Length", each(["-2", "+2", "", "99999999999999999999", "18446744073709551618", "2, 3", "2,3", "0x2", "2 2", "2a", "a", "2.0", "2;", "\"2\"", "1e0", "-0"], (v) => ok(`Content-Length: ${v}`) + "ok")));
refused(named("the Transfer-Encoding", each(["gzip", "chunked, gzip", "", "identity", "gzip, chunked", "chunked, chunked", "cow", "xchunked", "chunked;q=1", "chunked, identity", "chu nked"], (v) => ok(`Transfer-Encoding: ${v}`) + "2\r\nok\r\n0\r\n\r\n")));
refused({
  "two Content-Lengths": ok("Content-Length: 2", "Content-Length: 3") + "ok",
  "two Content-Lengths the other way round": ok("Content-Length: 3", "Content-Length: 2") + "ok",
  "Content-Length with Transfer-Encoding": ok("Content-Length: 2", "Transfer-Encoding: chunked") + "2\r\nok\r\n0\r\n\r\n",
  "Transfer-Encoding with Content-Length": ok("Transfer-Encoding: chunked", "Content-Length: 2") + "2\r\nok\r\n0\r\n\r\n",
  "chunked in two lines": ok("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "2\r\nok\r\n0\r\n\r\n",
  "gzip and chunked in two lines": ok("Transfer-Encoding: gzip", "Transfer-Encoding: chunked") + "2\r\nok\r\n0\r\n\r\n",
  "a 101 that nobody asked for": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + ok("Content-Length: 2") + "ok",
  "a 101 of nothing": "HTTP/1.1 101 Switching Protocols\r\n\r\nhello",
  "a folded line": ok("X-A: a", " b", "Content-Length: 2") + "ok",
  "a line folded by a tab": ok("X-A: a", "\tb", "Content-Length: 2") + "ok",
  "a folded Content-Length": ok("Content-Length:", " 2") + "ok",
  "a folded line before all others": ok(" X-A: a", "Content-Length: 2") + "ok",
  "a blank before a colon": ok("X-A : a", "Content-Length: 2") + "ok",
  "a Content-Length with a blank before the colon": ok("Content-Length : 2") + "ok",
  "a header without a colon": ok("X-A", "Content-Length: 2") + "ok",
  "a header without a name": ok(": a", "Content-Length: 2") + "ok",
  "a name with a blank": ok("X A: a", "Content-Length: 2") + "ok",
  "a NUL in a name": ok("X\0A: a", "Content-Length: 2") + "ok",
  "a NUL in a value": ok("X-A: a\0b", "Content-Length: 2") + "ok",
  "a CR in a value": ok("X-A: a\rb", "Content-Length: 2") + "ok",
  "no HTTP": "nonsense\r\n\r\n",
  "bytes": "\x00\xff\r\n\r\n",
  "HTTP/0.9": "ok",
  "another protocol": "ICY 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "a hello of TLS": "\x15\x03\x01\x00\x02\x02\x28",
  "a hello of SSH": "SSH-2.0-OpenSSH_9.2\r\n",
  "1 MB of a header": ok(`X-A: ${"a".repeat(1 << 20)}`, "Content-Length: 2") + "ok",
});
refused(named("the status line", each([
  "HTTP/1.1 99 OK", "HTTP/1.1 1000 OK", "HTTP/1.1 abc OK", "HTTP/1.1 -200 OK", "HTTP/1.1 2 00", "HTTP/1.1", "HTTP/1.1 ", "HTTP/2.0 200 OK", "HTTP/2 200 OK", "HTTP/3 200 OK", "HTTP/1.10 200 OK", "HTTP/. 200 OK", "HTTP/1. 200 OK", "HTTP/9.9 200 OK", "HTTP/1.1 700", "HTTP/1.1 20 OK", "HTTP/1.1 200OK", "HTTP/1.1  200 OK",
  "HTTP/1.x 200 OK", "HTTP/11 200 OK", "http/1.1 200 OK", "HTTP/1.1 000 OK", "HTTP/1.1 600 OK", "HTTP/1.1 999 OK", "HTTPS/1.1 200 OK", "HTTP/1.1 200 O\0K", "HTTP/1.1\t200 OK", " HTTP/1.1 200 OK",
], (first) => `${first}\r\nContent-Length: 2\r\n\r\nok`)));
add("answers 502 for an end without an answer", "", check_502, { ends: true });
add("answers 502 for an end within the head", "HTTP/1.1 200 OK\r\nContent-", check_502, { ends: true });
broken({
  "a body that is shorter than its Content-Length": ok("Content-Length: 10") + "ok",
  "chunks without an end": ok("Transfer-Encoding: chunked") + "2\r\nok\r\n",
  "a chunk that is cut": ok("Transfer-Encoding: chunked") + "5\r\nok",
  "a last chunk that is cut": ok("Transfer-Encoding: chunked") + "2\r\nok\r\n0\r\n",
  ...named("the size of a chunk", each(["ZZ", "-2", "0x2", "+2", "", ";a", "ffffffffffffffffff", "10000000000000002", "2 2"], (s) => ok("Transfer-Encoding: chunked") + `${s}\r\nok\r\n0\r\n\r\n`)),
  "a chunk that is longer than its size": ok("Transfer-Encoding: chunked") + "2\r\nokX\r\n0\r\n\r\n",
  "a chunk with nothing after it": ok("Transfer-Encoding: chunked") + "2\r\nok0\r\n\r\n",
});
understood({
  "a blank after a Content-Length": [ok("Content-Length: 2 ") + "ok", "ok"],
  "blanks around a Content-Length": [ok("Content-Length:\t 2 \t") + "ok", "ok"],
  "a Content-Length with zeros": [ok("Content-Length: 002") + "ok", "ok"],
  "chunks": [ok("Transfer-Encoding: chunked") + "1\r\no\r\n1\r\nk\r\n0\r\n\r\n", "ok"],
  "that chunked has no case": [ok("Transfer-Encoding: Chunked") + "2\r\nok\r\n0\r\n\r\n", "ok"],
  "extensions and trailers": [ok("Transfer-Encoding: chunked") + "2;a=b\r\nok\r\n0;c\r\nX-T: 1\r\n\r\n", "ok"],
  "an empty body": [ok("Content-Length: 0"), ""],
  "interim answers": ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok("Content-Length: 2") + "ok", "ok"],
  "bytes over 127 in a value": [ok("X-A: \xc3\xa9", "Content-Length: 2") + "ok", "ok"],
  "an empty value": [ok("X-A:", "Content-Length: 2") + "ok", "ok"],
  "an empty reason": ["HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "ok"],
});
add("understands a body that the end of the connection ends", ok() + "ok", check_200("ok"), { ends: true });
add("understands HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nok", check_200("ok"), { ends: true });
either({
  "Transfer-Encoding in HTTP/1.0": ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok"],
  "the same Content-Length in a list": [ok("Content-Length: 2, 2") + "ok", "ok"],
  "the same Content-Length twice": [ok("Content-Length: 2", "Content-Length: 2") + "ok", "ok"],
  "lines that end with LF alone": ["HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"],
  "no blank after the status": ["HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"],
  "a control character in a value": [ok("X-A: a\x01b", "Content-Length: 2") + "ok", "ok"],
});
add("hands on no answer that follows the one that was asked for", ok("Content-Length: 2") + "ok" + ok("Content-Length: 3") + "bad", check_200("ok"));
add("hands on no body after 204", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", (r) => r.answers.length === 1 && r.answers[0].status === 204 ? undefined : `answered ${r.answers.map((a) => a.status)}`);
add("reads no body after HEAD", ok("Content-Length: 100"), (r) => r.answers[0]?.status === 200 && r.answers[0].complete ? undefined : `answered ${r.answers.map((a) => a.status)}`, { method: "HEAD" });

// ---- requests to the origin: RFC 9110, 7.6.1 ----

/** A request to the origin: `has` must be in it, `has_not` must not. */
function asked(what) {
  for (const [name, [lines, has, has_not]] of Object.entries(what)) {
    add(name, ok("Content-Length: 2") + "ok", async (result, target, number) => {
      const { head } = await seen(target, number);
      for (const h of has) if (!h.test(head)) return `${h} is not in ${JSON.stringify(head.slice(0, 400))}`;
      for (const h of has_not) if (h.test(head)) return `${h} is in ${JSON.stringify(head.slice(0, 400))}`;
      return check_200("ok")(result);
    }, { request: (number) => [`GET /origin/${number} HTTP/1.1`, "Host: x", ...lines, "", ""].join("\r\n") });
  }
}

asked({
  "hands on headers": [["X-A: v"], [/^x-a: v$/im, /^host: /im], []],
  "hands on no header that Connection names": [["Connection: x-a, X-B", "X-A: v", "x-b: w", "X-C: u"], [/^x-c: u$/im], [/^x-a:/im, /^x-b:/im, /^connection:.*x-a/im]],
  "hands on no header that a second Connection names": [["Connection: keep-alive", "X-A: v", "Connection: x-a"], [], [/^x-a:/im]],
  "hands on no header that Connection names in another case": [["Connection: close, X-a", "x-A: v"], [], [/^x-a:/im]],
  "hands on no header that Connection names among empty members": [["Connection: ,, x-a ,", "x-A: v"], [], [/^x-a:/im]],
  "hands on neither Keep-Alive, Proxy-Connection, TE, Trailer nor Upgrade": [["Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: trailers", "Trailer: X-T", "Upgrade: h2c"], [],
    [/^keep-alive:/im, /^proxy-connection:/im, /^te:/im, /^trailer:/im, /^upgrade:/im]],
  "hands on neither Transfer-Encoding nor a Content-Length that is not its own": [["Content-Length: 0"], [], [/^transfer-encoding:/im, /^content-length: [1-9]/im]],
  "hands on no Host that Connection names but its own": [["Connection: host"], [/^host: \S/im], []],
  "hands on no Content-Length that Connection names but its own": [["Connection: content-length", "Content-Length: 0"], [], [/^content-length: [1-9]/im]],
  "trims what it hands on": [["X-A: \t v \t"], [/^x-a: v\r?$/im], []],
});
add("hands on no header of the origin's connection", ok("Connection: x-a, close", "X-A: v", "X-B: w", "Keep-Alive: timeout=5", "Proxy-Connection: close", "Upgrade: h2c", "Content-Length: 2") + "ok", (result) => {
  const answer = result.answers[0];
  if (answer?.status !== 200) return `answered ${answer?.status}`;
  for (const name of ["x-a", "keep-alive", "proxy-connection", "upgrade"]) if (answer.header(name) !== undefined) return `${name} is handed on`;
  if (answer.header("x-b") !== "w") return "x-b is not handed on";
});

/** Runs the origin; prints its port. */
export function serve() {
  const told = new Map();
  const server = createServer((socket) => {
    let received = "";
    let number;
    socket.on("error", () => {});
    socket.on("close", () => number !== undefined && (told.get(number).state = "closed"));
    socket.on("data", (data) => {
      received += data.toString("latin1");
      if (!received.includes("\r\n\r\n") || received.length > REASONABLE) return;
      const [, kind, n] = /^\S+ \S*?\/(origin|seen)\/(\d+)/.exec(received) ?? [];
      if (kind === "seen") {
        const t = told.get(Number(n));
        const body = t ? `${t.state}\n${t.head.replaceAll("\r", "")}` : "never";
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body, "latin1")}\r\n\r\n${body}`, "latin1");
        return;
      }
      if (kind !== "origin" || !answers[n]) return socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      if (number !== undefined) told.get(number).state = "used again";
      number = Number(n);
      told.set(number, { state: "open", head: received });
      received = "";
      socket.write(answers[n].answer);
      if (answers[n].ends) socket.end();
    });
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

export default cases;
