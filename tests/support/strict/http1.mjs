// http1.mjs - the strict list, HTTP/1.1: requests that a server must refuse, may refuse, and must understand (RFC
// 9112, RFC 9110). Each case has a name and a function that returns what is wrong with the server, or nothing.
//
// A refused request is answered once, with a status of the list, and then the connection is closed: the bytes after it are
// not a request any more. So a request for /smuggled follows each of them. All is sent twice: at once, and in pieces.
import { PATIENCE_MS, bytes, exchange } from "./client.mjs";

const NEXT = "GET /smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const cases = [];

/** Adds cases: refused with one of `statuses`, and closed. `what` maps a name to the request's bytes. */
function refused(statuses, what) {
  for (const [name, request] of Object.entries(what)) {
    cases.push([`refuses ${name}`, (target) => in_both_ways(request, (how) => check_refused(target, request, statuses, how))]);
  }
}

/** Adds cases that a server may either refuse in this way or understand. */
function either(statuses, what) {
  for (const [name, request] of Object.entries(what)) {
    cases.push([`refuses or understands ${name}`, async (target) => {
      const wrong = await check_refused(target, request, statuses, {});
      return wrong && (await check_understood(target, request, [], {})) && wrong;
    }]);
  }
}

/** Adds cases that end the connection after their only answer, which has one of `statuses`. */
function last(statuses, what) {
  for (const [name, request] of Object.entries(what)) {
    cases.push([`closes after ${name}`, (target) => in_both_ways(request, (how) => check_refused(target, request, statuses, how))]);
  }
}

/** Adds cases that are answered 200 with a body that has `parts`, after which the connection stays open. */
function understood(what) {
  for (const [name, [request, ...parts]] of Object.entries(what)) {
    cases.push([`understands ${name}`, (target) => in_both_ways(request, (how) => check_understood(target, request, parts, how))]);
  }
}

async function in_both_ways(request, check) {
  const wrong = await check({});
  if (wrong || request.length > 2000) return wrong;
  const in_pieces = await check({ pieces: 3 });
  return in_pieces && `in pieces: ${in_pieces}`;
}

async function check_refused(target, request, statuses, how) {
  const result = await exchange(target, Buffer.concat([bytes(request), bytes(NEXT)]), how);
  if (result.wrong) return result.wrong;
  // The system answers bytes that arrive after the close with a reset, which may overtake the answer.
  if (how.pieces && result.answers.length === 0 && result.closed) return undefined;
  if (result.answers.length !== 1) return `${result.answers.length} answers: ${result.answers.map((a) => a.status)}${result.closed ? "" : ", not closed"}`;
  if (!statuses.includes(result.answers[0].status)) return `answered ${result.answers[0].status}, not ${statuses.join(" or ")}`;
  if (!result.closed) return `answered ${result.answers[0].status}, but the connection is open after ${PATIENCE_MS} ms`;
}

async function check_understood(target, request, parts, how) {
  const method = /^(?:\r\n)*(\S+)/.exec(request.toString("latin1"))[1];
  const result = await exchange(target, Buffer.concat([bytes(request), bytes(NEXT)]), { ...how, methods: [method] });
  if (result.wrong) return result.wrong;
  const answers = result.answers.filter((a) => a.status >= 200);
  if (answers[0]?.status !== 200) return `answered ${answers[0]?.status ?? "nothing"}, not 200`;
  if (answers.length !== 2 || answers[1].status !== 200) return `the request after it: ${answers[1]?.status ?? "no answer"}`;
  if (!answers[1].body.startsWith("GET ")) return `the request after it: ${JSON.stringify(answers[1].body.slice(0, 60))}`;
  for (const expected of parts) {
    const part = target.tls && typeof expected === "string" ? expected.replace(/^([^ /]+) http:/, "$1 https:") : expected; // over TLS the scheme is https
    if (part instanceof RegExp ? !part.test(answers[0].body) : !answers[0].body.includes(part))
      return `${part instanceof RegExp ? part : JSON.stringify(part)} is not in ${JSON.stringify(answers[0].body.slice(0, 300))}`;
  }
}

const get = (...lines) => ["GET / HTTP/1.1", "Host: x", ...lines, "", ""].join("\r\n");
const post = (...lines) => ["POST / HTTP/1.1", "Host: x", ...lines, "", ""].join("\r\n");
const chunked = (body) => post("Transfer-Encoding: chunked") + body;
const line = (first) => `${first}\r\nHost: x\r\n\r\n`;
const host = (value) => `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;
const X = "X".repeat(100000);

/** Makes a case for each value. */
const each = (values, make) => Object.fromEntries(values.map((v) => [JSON.stringify(v).slice(0, 60), make(v)]));
const named = (what, values) => Object.fromEntries(Object.entries(values).map(([name, v]) => [`${what} ${name}`, v]));

// ---- the request line: RFC 9112, 3 ----

refused([400, 505], named("the request line", each([
  "GET /", "GET", "GET / HTTP/2.0", "GET / HTTP/3.0", "GET / HTTP/0.9", "GET / http/1.1", "GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/.1",
  "GET / HTTP/ 1.1", "GET / HTTP/1.1.1", "GET / HTTP/11", "GET / HTTP/1.10", "GET / HTTP/01.1", "GET / HTTP/-1.1", "GET / HTTPS/1.1",
  "GET / HTTP/1.1 ", "GET / HTTP/1.1 x", "GET / HTTP/1.x", "GET / X", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1",
  "GET /\tHTTP/1.1", " GET / HTTP/1.1", "\tGET / HTTP/1.1", "GET\x0b/ HTTP/1.1", "GET / HTTP/1.1\x00", "/ HTTP/1.1", "GET HTTP/1.1", "PRI * HTTP/1.1",
], line)));
refused([400, 501], named("the method in", each(
  ["G(T", "G\x00T", "G\xe9T", "G\x7fT", "GET:", "\"GET\"", "G{T", "GE,T", "G@T", "G\\T", "G/T"], (m) => line(`${m} / HTTP/1.1`))));
either([400, 414, 431, 501], { "a method of 100,000 characters": line(`${X} / HTTP/1.1`), "a target of 100,000 characters": line(`GET /${X} HTTP/1.1`) });
refused([400], { "what is no HTTP": "nonsense\r\n\r\n", "a hello of TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n" });
understood({
  "an empty line before a request": [`\r\n${get()}`, "GET http://x/"],
  "methods of one's own": [line("M-SEARCH /a HTTP/1.1"), "M-SEARCH http://x/a"],
  "methods of all characters of a token": [line("a!#$%&'*+-.^_`|~9 /a HTTP/1.1"), "a!#$%&'*+-.^_`|~9 http://x/a"],
  "that methods have case": [line("get /a HTTP/1.1"), "get http://x/a"],
  "HEAD": [line("HEAD / HTTP/1.1")],
});
either([400, 505], { "HTTP/1.2": line("GET / HTTP/1.2"), "HTTP/1.9": line("GET / HTTP/1.9") });

// ---- the target: RFC 9112, 3.2 ----

refused([400], named("the target", each([
  "*", "a", "?a", "#a", "a:443", ":80", "ftp://x/", "http:///a", "http://", "http:/a", "http:a", "http://u@x/", "http://u:p@x/", "http://a b/",
  "http://x:port/", "http://x:80:80/", "http://[::1/", "http://a\\b/", "/a b", "/a\tb", "/a\x00b", "/a\x7fb", "/\x01", "/a\x0bb", "/a#b", "/#", "/a?b#c",
  "http://x/#b", "http://x#b", "",
], (t) => line(`GET ${t} HTTP/1.1`))));
refused([400, 405, 501], named("CONNECT to", each(["a:443", "/", "a", "http://x/", "*", "[::1]:80", "//x"], (t) => line(`CONNECT ${t} HTTP/1.1`))));
refused([400], named("OPTIONS of", each(["*x", "**", "*/", "*?q"], (t) => line(`OPTIONS ${t} HTTP/1.1`))));
understood({
  "a whole URL, whose host counts": [line("GET http://other:81/a?b HTTP/1.1"), "GET http://other:81/a?b", "host: [other:81]"],
  "a whole URL without a path": [line("GET http://other HTTP/1.1"), "GET http://other/\n"],
  "a whole URL with a query and no path": [line("GET http://other?q HTTP/1.1"), "GET http://other/?q\n"],
  "that schemes have no case": [line("GET HTTP://other/a HTTP/1.1"), "://other/a"],
  "an address of IPv6": [line("GET http://[::1]:80/a HTTP/1.1"), "//[::1]:80/a"],
  "OPTIONS *": [line("OPTIONS * HTTP/1.1"), "OPTIONS http://x/"],
  "two slashes at the beginning": [line("GET //a/b HTTP/1.1"), "GET http://x//a/b"],
  "escapes as they are": [line("GET /%2e%2E/a%2fb?%00 HTTP/1.1"), "GET http://x/%2e%2E/a%2fb?%00"],
});
either([400], { "bytes over 127 in a target": line("GET /\xc3\xa9 HTTP/1.1"), "an escape that is none": line("GET /%zz HTTP/1.1") });

// ---- header lines: RFC 9112, 5; RFC 9110, 5 ----

refused([400], named("the header line", each([
  "X-A : 1", "X-A\t: 1", " X-A: 1", ": 1", ":", "X-A", "X A: 1", "X(A: 1", "X;A: 1", "X\x00A: 1", "X\xe9: 1", "X\x7fA: 1", "X\"A: 1", "X/A: 1", "X[A]: 1",
  "X@A: 1", "X{A: 1", "X\\A: 1", "X=A: 1", "X,A: 1", "X\x0bA: 1", "=", " ", "X-A: a\x00b", "X-A: \x00", "X-A: a\rX-B: b", "X-A: a\r", "X-A: a\nX-B: b", "X-A: a\n",
  "\rX-A: a", "X-A: a\r\r", "X\rA: a", "X\nA: a",
], (l) => get(l))));
refused([400], {
  "a blank line of header before all others": "GET / HTTP/1.1\r\n X-A: 1\r\nHost: x\r\n\r\n",
  "a folded line": get("X-A: a", " b"),
  "a line folded by a tab": get("X-A: a", "\tb"),
  "a line folded to nothing": get("X-A: a", " "),
  "a folded Host": "GET / HTTP/1.1\r\nHost:\r\n x\r\n\r\n",
  "a folded Content-Length": post("Content-Length:", " 5") + "hello",
  "a folded Transfer-Encoding": post("Transfer-Encoding:", " chunked") + "0\r\n\r\n",
  "lines that end with LF alone": "GET / HTTP/1.1\nHost: x\n\n",
  "a request line that ends with LF alone": "GET / HTTP/1.1\nHost: x\r\n\r\n",
  "a header line that ends with LF alone": "GET / HTTP/1.1\r\nHost: x\n\r\n",
  "a head that ends with LF alone": "GET / HTTP/1.1\r\nHost: x\r\n\n",
  "a head that ends with CR CR LF": "GET / HTTP/1.1\r\nHost: x\r\n\r\r\n",
  "lines that end with CR alone": "GET / HTTP/1.1\rHost: x\r\r",
});
refused([400, 431], {
  "a value of 1 MiB": get(`X-A: ${"a".repeat(1 << 20)}`),
  "1,000 header lines": get(...Array.from({ length: 1000 }, (_, i) => `X-${i}: y`)),
});
either([400, 431], { "a name of 100,000 characters": get(`${X}: a`) });
either([400], named("the control character", each(["\x01", "\x1f", "\x7f", "\x0b"], (c) => get(`X-A: a${c}b`))));
understood({
  "blanks around a value, which are not part of it": [get("X-A: \t v w\t \t"), "x-a: [v w]"],
  "a value without a blank before it": [get("X-A:v"), "x-a: [v]"],
  "an empty value": [get("X-A:"), "x-a: []"],
  "a value of blanks, which is empty": [get("X-A: \t "), "x-a: []"],
  "bytes over 127 and tabs in a value": [get("X-A: \xc3\xa9\t\xff"), "x-a: [\xc3\xa9\t\xff]"],
  "names without regard to case": [get("x-A: v"), "x-a: [v]"],
  "names of all characters of a token": [get("!#$%&'*+-.^_`|~9: v", "X-A: w"), "x-a: [w]"],
  "a header that comes twice, as a list": [get("X-A: a", "X-B: c", "x-a: b"), "x-a: [a, b]"],
  "colons in a value": [get("X-A: :a:b"), "x-a: [:a:b]"],
});

// ---- Host: RFC 9112, 3.2 ----

refused([400], {
  "HTTP/1.1 without Host": "GET / HTTP/1.1\r\n\r\n",
  "HTTP/1.1 without Host, though the target has one": "GET http://x/ HTTP/1.1\r\n\r\n",
  "two Hosts": get("Host: y"),
  "two Hosts that are the same": get("Host: x"),
  "two Hosts in HTTP/1.0": "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
  "two Hosts in different case": get("HOST: y"),
  "a Host that is none, though the target has one": "GET http://x/ HTTP/1.1\r\nHost: a b\r\n\r\n",
});
refused([400], named("the Host", each([
  "", " ", "a b", "a/b", "a?b", "a#b", "a@b", "u:p@b", "a\\b", "[::1", "::1]", "[::1]x", "[::g]", "[]", "a:b", "a:80:80", "a:-1", "a: 80", "a:+80", "<x>", "\"a\"", "a\x00", "a\tb",
  "http://a", "a^b", "a|b", "a`b", "{a}", ":80",
], host)));
understood({
  "a Host with a port": [host("x:81"), "GET http://x:81/", "host: [x:81]"],
  "a Host of IPv6": [host("[::1]:80"), "host: [[::1]:80]"],
  "a Host of IPv4": [host("127.0.0.1"), "host: [127.0.0.1]"],
  "a Host with a dot at the end": [host("a.example."), "host: [a.example.]"],
});
last([200], { "HTTP/1.0 without Host": "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0": "GET / HTTP/1.0\r\nHost: x\r\n\r\n" });
either([400], named("the Host", each(["a:99999", "a:", "a,b", "%61", "a%zz", "\xe9"], host)));

// ---- Content-Length: RFC 9112, 6.2, 6.3 ----

const length = (value) => post(`Content-Length: ${value}`) + "hello";
refused([400], named("the Content-Length", each([
  "+5", "-1", "-5", "0x5", "5 5", "5a", "a", "", " ", "5.0", "1e1", "99999999999999999999", "18446744073709551621", "5, 6", "5,6", "4, 5", "5;", "\"5\"", "5, a",
  "5,-5", "\x005", "5\x00", "5_0", "\xb2", "5\x0b", "5 ,5 6",
], length)));
refused([400], {
  "two Content-Lengths": post("Content-Length: 4", "Content-Length: 5") + "hello",
  "two Content-Lengths the other way round": post("Content-Length: 5", "content-length: 4") + "hello",
  "two Content-Lengths of which one is 0": post("Content-Length: 0", "Content-Length: 5") + "hello",
  "two Content-Lengths far from each other": post("Content-Length: 5", "X-A: b", "CONTENT-LENGTH: 6") + "hello",
  "a Content-Length with a blank before the colon": post("Content-Length : 5") + "hello",
  "two Content-Lengths of which one is none": post("Content-Length: 5", "Content-Length: x") + "hello",
  "two Content-Lengths of GET": get("Content-Length: 0", "Content-Length: 5") + "hello",
});
refused([400, 413], { "a body of 100 GB": post("Content-Length: 100000000000"), "a body of 2^63 bytes": post("Content-Length: 9223372036854775808"),
  "a body of 2^32 + 5 bytes": post("Content-Length: 4294967301") });
refused([400, 413, 417], { "a body of 100 GB, and does not say 100 Continue": post("Content-Length: 100000000000", "Expect: 100-continue") });
either([400], { "the same Content-Length twice": post("Content-Length: 5", "Content-Length: 5") + "hello", "the same Content-Length in a list": length("5, 5"),
  "a Content-Length with many zeros": length("0000000000000000000000000000005"), "a Content-Length of a list with an end that is empty": length("5,") });
understood({
  "a Content-Length with blanks around": [length("\t 5 \t"), "\n\nhello"],
  "a Content-Length with zeros before it": [length("005"), "\n\nhello"],
  "a body of GET": [get("Content-Length: 5") + "hello", "GET http://x/", "\n\nhello"],
  "a body of no bytes": [post("Content-Length: 0"), "POST http://x/"],
  "POST without a length, which has no body": [post(), "POST http://x/"],
  "a body that looks like a request": [post(`Content-Length: ${NEXT.length}`) + NEXT, "\n\nGET /smuggled"],
});

// ---- Transfer-Encoding: RFC 9112, 6.1, 6.3, 7 ----

const coded = (...values) => post(...values.map((v) => `Transfer-Encoding: ${v}`)) + "5\r\nhello\r\n0\r\n\r\n";
last([200, 400], {
  "Content-Length with Transfer-Encoding": post("Content-Length: 4", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n",
  "Transfer-Encoding with Content-Length": post("Transfer-Encoding: chunked", "Content-Length: 4") + "5\r\nhello\r\n0\r\n\r\n",
  "Transfer-Encoding with a Content-Length that is right": post("Transfer-Encoding: chunked", "Content-Length: 15") + "5\r\nhello\r\n0\r\n\r\n",
  "chunks in HTTP/1.0": "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "chunks in HTTP/1.0 that is to be kept": "POST / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
});
refused([400, 501], named("the Transfer-Encoding", each([
  "gzip", "identity", "gzip, chunked", "chunked, gzip", "chunked, identity", "identity, chunked", "chunked, chunked", "", "xchunked", "chunkedx", "chunked;q=1", "\"chunked\"",
  "chunked\x0b", "\x0bchunked", "chu nked", "chunked chunked", "cow", "chunked\x00", "chun\xe7ked", "'chunked'", "chunked; chunked", "deflate", "compress", "br",
], (v) => coded(v))));
refused([400, 501], {
  "chunked in two lines": coded("chunked", "chunked"),
  "identity and chunked in two lines": coded("identity", "chunked"),
  "chunked and identity in two lines": coded("chunked", "identity"),
  "gzip and chunked in two lines": coded("gzip", "chunked"),
  "gzip with a Content-Length": post("Transfer-Encoding: gzip", "Content-Length: 5") + "hello",
  "Transfer-Encoding with a blank before the colon": post("Transfer-Encoding : chunked") + "0\r\n\r\n",
  "Transfer-Encoding after a NUL": post("\x00Transfer-Encoding: chunked") + "0\r\n\r\n",
  "Transfer-Encoding of GET that is unknown": get("Transfer-Encoding: cow"),
});
either([400, 501], named("the Transfer-Encoding", each(["chunked,", ", chunked", ",chunked,"], (v) => coded(v))));
understood({
  "that chunked has no case": [coded("Chunked"), "\n\nhello"],
  "blanks around chunked": [coded("\t chunked \t"), "\n\nhello"],
  "chunks": [chunked("3\r\nabc\r\n2\r\n\0\xff\r\n0\r\n\r\n"), "\n\nabc\0\xff"],
  "chunks of GET": [get("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", "\n\nhello"],
  "sizes of chunks in either case, with zeros": [chunked("00a\r\n0123456789\r\n0A\r\n0123456789\r\n000\r\n\r\n"), "\n\n01234567890123456789"],
  "extensions of chunks": [chunked('5;a=b;c\r\nhello\r\n5;d="x;\\" y"\r\nworld\r\n0;e\r\n\r\n'), "\n\nhelloworld"],
  "trailers, which are no headers": [post("X-A: head", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\nX-A: trailer\r\nHost: y\r\n\r\n", "x-a: [head]", "host: [x]", "\n\nhello"],
  "an empty body in chunks": [chunked("0\r\n\r\n"), "POST http://x/"],
});
refused([400], named("the size of a chunk", each([
  "ZZ", "0x5", "-5", "+5", " 5", "\t5", "", ";a", "5g", "5 5", "5,5", "5:", "5_0", "5.", "\x005", "5\x00", "5\x0b", "\xb2", "5h",
], (s) => chunked(`${s}\r\nhello\r\n0\r\n\r\n`))));
refused([400, 413], named("the size of a chunk", each(["ffffffffffffffffff", "10000000000000005", "ffffffffffffffff", "7fffffffffffffff", "fffffffff", "100000005", "8000000000000005", "4000001", "004000001;x", "7fffffff"], (s) => chunked(`${s}\r\nhello\r\n0\r\n\r\n`))));
refused([400], {
  "a size of a chunk that ends with LF alone": chunked("5\nhello\r\n0\r\n\r\n"),
  "a size of a chunk that ends with CR alone": chunked("5\rhello\r\n0\r\n\r\n"),
  "a size of a chunk that ends with CR CR LF": chunked("5\r\r\nhello\r\n0\r\n\r\n"),
  "a chunk that is longer than its size": chunked("5\r\nhelloX\r\n0\r\n\r\n"),
  "a chunk that is longer than its size by two bytes": chunked("5\r\nhelloXX0\r\n\r\n"),
  "a chunk that is shorter than its size": chunked("5\r\nhel\r\n0\r\n\r\n"),
  "a chunk that ends with LF alone": chunked("5\r\nhello\n0\r\n\r\n"),
  "a chunk that ends with CR alone": chunked("5\r\nhello\r0\r\n\r\n"),
  "a chunk with nothing after it": chunked("5\r\nhello0\r\n\r\n"),
  "an extension of a chunk with LF": chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"),
  "an extension of a chunk with CR": chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"),
  "an extension of a chunk with NUL": chunked("5;a\x00b\r\nhello\r\n0\r\n\r\n"),
  "a last chunk that ends with LF alone": chunked("5\r\nhello\r\n0\n\n"),
  "a last chunk with a request in place of trailers": chunked("5\r\nhello\r\n0\r\n"),
  "trailers that end with LF alone": chunked("5\r\nhello\r\n0\r\nX-T: 1\n\r\n"),
  "an end of trailers that is LF alone": chunked("5\r\nhello\r\n0\r\nX-T: 1\r\n\n"),
  "a trailer with a blank before the colon": chunked("5\r\nhello\r\n0\r\nX-T : 1\r\n\r\n"),
  "a trailer without a colon": chunked("5\r\nhello\r\n0\r\nX-T\r\n\r\n"),
  "a trailer without a name": chunked("5\r\nhello\r\n0\r\n: 1\r\n\r\n"),
  "a trailer with NUL": chunked("5\r\nhello\r\n0\r\nX-T: \x00\r\n\r\n"),
  "a folded trailer": chunked("5\r\nhello\r\n0\r\nX-T: 1\r\n 2\r\n\r\n"),
});
refused([400, 413, 431], {
  "an extension of a chunk of 1 MB": chunked(`5;${"a".repeat(1 << 20)}\r\nhello\r\n0\r\n\r\n`),
  "a trailer of 1 MB": chunked(`5\r\nhello\r\n0\r\nX-T: ${"a".repeat(1 << 20)}\r\n\r\n`),
  "10,000 trailers": chunked(`5\r\nhello\r\n0\r\n${"X-T: 1\r\n".repeat(10000)}\r\n`),
});
either([400, 413], { "a size of a chunk with many zeros": chunked(`${"0".repeat(100)}5\r\nhello\r\n0\r\n\r\n`), "a size of a chunk with a blank after it": chunked("5 \r\nhello\r\n0\r\n\r\n"),
  "an extension of a chunk that is empty": chunked("5;\r\nhello\r\n0\r\n\r\n"), "blanks around an extension of a chunk": chunked("5 ; a = b\r\nhello\r\n0\r\n\r\n"),
  "a Content-Length among trailers": chunked("5\r\nhello\r\n0\r\nContent-Length: 7\r\n\r\n") });

// ---- the connection: RFC 9112, 9 ----

last([200], {
  "Connection: close": get("Connection: close"),
  "Connection: Close": get("Connection: Close"),
  "close in a list": get("Connection: foo, close"),
  "close in a second line": get("Connection: keep-alive", "Connection: close"),
  "close in a list with empty members": get("Connection: ,, close ,"),
});
understood({ "keep-alive": [get("Connection: keep-alive"), "GET http://x/"], "a connection option of one's own": [get("Connection: x-a, foo", "X-A: v"), "GET http://x/"] });
last([200, 400, 417], { "an Expect that is unknown, with a length that does not come": post("Expect: cow", "Connection: close") });

cases.push(["says 100 Continue before it reads a body", async (target) => {
  const result = await exchange(target, post("Expect: 100-continue", "Content-Length: 5", "Connection: close"), { enough: (answers) => answers.length > 0, ms: 3000 });
  if (result.answers[0]?.status !== 100) return `answered ${result.answers[0]?.status ?? "nothing"}, not 100`;
}]);
cases.push(["says 100 Continue to nobody in HTTP/1.0", async (target) => {
  const result = await exchange(target, "POST / HTTP/1.0\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", {});
  if (result.answers[0]?.status !== 200) return `answered ${result.answers[0]?.status ?? "nothing"}, not 200`;
}]);
cases.push(["answers in order what comes at once, and nothing after what it refuses", async (target) => {
  const bad = get("Content-Length: 1", "Content-Length: 2");
  const result = await exchange(target, line("GET /1 HTTP/1.1") + line("HEAD /2 HTTP/1.1") + line("DELETE /3 HTTP/1.1") + bad + NEXT, { methods: ["GET", "HEAD", "DELETE"] });
  if (result.wrong) return result.wrong;
  const statuses = result.answers.map((a) => a.status).join(" ");
  if (statuses !== "200 200 200 400") return `answered ${statuses}`;
  if (!/^GET \S+\/1\n/.test(result.answers[0].body) || !/^DELETE \S+\/3\n/.test(result.answers[2].body)) return "answers are not in order";
  if (!result.closed) return "not closed";
}]);
cases.push(["answers a client that has ended its side", async (target) => {
  const result = await exchange(target, get("Connection: close"), { half: true });
  if (result.answers[0]?.status !== 200) return `answered ${result.answers[0]?.status ?? "nothing"}`;
}]);
cases.push(["dates its answers, and sends no body to HEAD", async (target) => {
  const result = await exchange(target, line("HEAD / HTTP/1.1") + NEXT, { methods: ["HEAD"] });
  if (result.wrong) return result.wrong;
  if (result.answers.length !== 2) return `${result.answers.length} answers`;
  if (!result.answers[1].body.startsWith("GET ")) return "HEAD has a body";
  if (!result.answers.every((a) => /GMT$/.test(a.header("date")))) return "an answer has no Date";
}]);

export default cases;
