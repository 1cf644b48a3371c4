// http2.mjs - the strict list, HTTP/2 (RFC 9113): malformed requests, which end their stream or are answered 400, errors
// of the connection, which end it, and requests that must be understood. A case is as in http1.mjs.
import { Connection, ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PREFACE, PRIORITIZED, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS,
  WINDOW_UPDATE, block, frame, get, post, request, settings, u32 } from "./frames.mjs";

const cases = [];
const scheme = (target) => (target.tls ? "https" : "http");

/** The scheme of requests is that of the connection. */
const fit = (target, pairs) => pairs.map(([name, value]) => [name, name === ":scheme" && value === "http" ? scheme(target) : value]);

async function with_connection(target, options, use) {
  const connection = new Connection(target, options);
  try {
    return await use(connection);
  } finally {
    connection.close();
  }
}

const state = (c, id) => JSON.stringify({ ...c.streams.get(id), goaway: c.goaway, closed: c.closed }).slice(0, 200);

/** Malformed requests (8.1.1): the frames of stream 1 are `make(target)`. They must not reach the flare, however they end. */
function malformed(what, statuses = [400]) {
  for (const [name, make] of Object.entries(what)) {
    cases.push([`refuses ${name}`, (target) =>
      with_connection(target, {}, async (c) => {
        c.write(make(target));
        await c.until(c.over(1));
        const s = c.streams.get(1) ?? {};
        if (!c.over(1)()) return `no end of the stream: ${state(c, 1)}`;
        if (s.status !== undefined && !statuses.includes(s.status)) return `answered ${s.status}`;
        if (s.status === undefined && !s.reset && !c.goaway && !c.closed) return `neither refused nor reset: ${state(c, 1)}`;
      })]);
  }
}

const malformed_pairs = (what, statuses) =>
  malformed(Object.fromEntries(Object.entries(what).map(([name, pairs]) => [name, (target) => request(1, fit(target, pairs))])), statuses);

/** Errors of the connection (5.4.1): it is closed, ideally after a GOAWAY. */
function fatal(what) {
  for (const [name, make] of Object.entries(what)) {
    cases.push([`ends the connection after ${name}`, (target) =>
      with_connection(target, {}, async (c) => {
        c.write(make(target));
        if (!(await c.until(() => c.goaway > 0 || c.closed))) return `the connection goes on: ${state(c, 1)}`;
        await c.until(() => c.closed);
        if (!c.closed) return "GOAWAY, but not closed";
      })]);
  }
}

/** Requests that are answered 200 with `parts` in the body; the connection stays open. */
function understood(what) {
  for (const [name, [make, ...parts]] of Object.entries(what)) {
    cases.push([`understands ${name}`, (target) =>
      with_connection(target, {}, async (c) => {
        c.write(typeof make === "function" ? make(target) : request(1, fit(target, make)));
        await c.until(c.over(1));
        const s = c.streams.get(1) ?? {};
        if (s.status !== 200 || !s.ended) return `not answered 200: ${state(c, 1)}`;
        for (const part of parts) if (!s.body.includes(part)) return `${JSON.stringify(part)} is not in ${JSON.stringify(s.body.slice(0, 300))}`;
        c.write(request(101, fit(target, get())));
        await c.until(c.over(101));
        if (c.streams.get(101)?.status !== 200) return `the connection does not go on: ${state(c, 101)}`;
      })]);
  }
}

const pairs = (method, scheme_, path, authority, ...more) =>
  [[":method", method], [":scheme", scheme_], [":path", path], [":authority", authority], ...more].filter(([, value]) => value !== undefined);

// ---- fields: 8.2 ----

malformed_pairs({
  "an empty header name": get(["", "v"]),
  "an uppercase name": get(["X-A", "v"]),
  "a name with one uppercase letter": get(["x-aB", "v"]),
  "a blank in a name": get(["x a", "v"]),
  "a colon in a name": get(["x:a", "v"]),
  "a colon at the end of a name": get(["x-a:", "v"]),
  "a NUL in a name": get(["x\0a", "v"]),
  "a byte over 127 in a name": get(["x\xe9", "v"]),
  "a control character in a name": get(["x\x01", "v"]),
  "a DEL in a name": get(["x\x7f", "v"]),
  "a newline in a name": get(["x\na", "v"]),
  "a NUL in a value": get(["x-a", "a\0b"]),
  "a CR in a value": get(["x-a", "a\rb"]),
  "a LF in a value": get(["x-a", "a\nb"]),
  "a CR LF in a value": get(["x-a", "a\r\nx-b: c"]),
  "a LF at the end of a value": get(["x-a", "a\n"]),
  "connection": get(["connection", "x-a"], ["x-a", "v"]),
  "connection: close": get(["connection", "close"]),
  "keep-alive": get(["keep-alive", "5"]),
  "proxy-connection": get(["proxy-connection", "close"]),
  "transfer-encoding": post(["transfer-encoding", "chunked"]),
  "transfer-encoding: identity": get(["transfer-encoding", "identity"]),
  "upgrade": get(["upgrade", "websocket"]),
  "te but trailers": get(["te", "gzip"]),
  "te of a list": get(["te", "trailers, deflate"]),
});

// ---- pseudo-header fields: 8.3 ----

malformed_pairs({
  "no :method": pairs(undefined, "http", "/", "x"),
  "no :scheme": pairs("GET", undefined, "/", "x"),
  "no :path": pairs("GET", "http", undefined, "x"),
  "no :authority and no host": pairs("GET", "http", "/", undefined),
  "two :method": get([":method", "POST"]),
  "two :path": [[":path", "/b"], ...get()],
  "two :scheme": [[":scheme", "https"], ...get()],
  "two :authority": [[":authority", "y"], ...get()],
  "a pseudo-header after a header": [[":method", "GET"], [":scheme", "http"], [":path", "/"], ["x-a", "v"], [":authority", "x"]],
  "an unknown pseudo-header": [[":foo", "v"], ...get()],
  ":status in a request": [[":status", "200"], ...get()],
  ":protocol that nobody allowed": [[":protocol", "x"], [":method", "CONNECT"], [":scheme", "http"], [":path", "/"], [":authority", "x"]],
  "an uppercase pseudo-header": [[":Method", "GET"], [":scheme", "http"], [":path", "/"], [":authority", "x"]],
  "an empty :path": pairs("GET", "http", "", "x"),
  "a :path without a slash": pairs("GET", "http", "a", "x"),
  "a :path with a fragment": pairs("GET", "http", "/a#b", "x"),
  "a :path with a blank": pairs("GET", "http", "/a b", "x"),
  "a :path with a NUL": pairs("GET", "http", "/a\0b", "x"),
  "a :path with CR LF": pairs("GET", "http", "/ HTTP/1.1\r\nx: y", "x"),
  "a :path with a tab": pairs("GET", "http", "/a\tb", "x"),
  "a :path that is a whole URL": pairs("GET", "http", "http://x/", "x"),
  ":path * of GET": pairs("GET", "http", "*", "x"),
  "an empty :method": pairs("", "http", "/", "x"),
  "a :method with a blank": pairs("GET /", "http", "/", "x"),
  "a :method that is no token": pairs("G(T", "http", "/", "x"),
  "an empty :authority": pairs("GET", "http", "/", ""),
  "an :authority with user information": pairs("GET", "http", "/", "u@x"),
  "an :authority with a path": pairs("GET", "http", "/", "x/y"),
  "an :authority with a blank": pairs("GET", "http", "/", "x y"),
  "an :authority with a query": pairs("GET", "http", "/", "x?y"),
  "an :authority with a fragment": pairs("GET", "http", "/", "x#y"),
  "an :authority with a backslash": pairs("GET", "http", "/", "x\\y"),
  "an :authority whose port is none": pairs("GET", "http", "/", "x:y"),
  "an empty :scheme": pairs("GET", "", "/", "x"),
  "a :scheme that is none": pairs("GET", "ht tp", "/", "x"),
  "a host that differs from :authority": get(["host", "y"]),
  "two hosts": get(["host", "x"], ["host", "x"]),
  "two hosts without :authority": pairs("GET", "http", "/", undefined, ["host", "x"], ["host", "y"]),
});
malformed_pairs({ "CONNECT": [[":method", "CONNECT"], [":authority", "a:443"]], "CONNECT with a path": pairs("CONNECT", "http", "/", "x") }, [400, 405, 501]);

// ---- bodies: 8.1.1 ----

const body = (length, ...data) => (target) =>
  Buffer.concat([request(1, fit(target, post(...(length === undefined ? [] : [].concat(length).map((l) => ["content-length", l])))), END_HEADERS),
    ...data.map((d, i) => frame(DATA, i === data.length - 1 ? END_STREAM : 0, 1, d))]);

malformed({
  "a content-length that is larger than the body": body("6", "hello"),
  "a content-length that is smaller than the body": body("4", "hello"),
  "a content-length of 0 and a body": body("0", "hello"),
  "a content-length that is smaller than one of two frames": body("3", "he", "llo"),
  "a content-length without a body": (target) => request(1, fit(target, post(["content-length", "5"]))),
  "a content-length that is none": body("5a", "hello"),
  "a content-length with a sign": body("+5", "hello"),
  "a negative content-length": body("-5", "hello"),
  "an empty content-length": body("", "hello"),
  "two content-lengths": body(["5", "6"], "hello"),
  "a content-length of a list": body("5, 6", "hello"),
  "trailers with a pseudo-header": (target) =>
    Buffer.concat([request(1, fit(target, post()), END_HEADERS), frame(DATA, 0, 1, "hello"), frame(HEADERS, END_STREAM | END_HEADERS, 1, block([[":path", "/"]]))]),
  "trailers with an uppercase name": (target) =>
    Buffer.concat([request(1, fit(target, post()), END_HEADERS), frame(DATA, 0, 1, "hello"), frame(HEADERS, END_STREAM | END_HEADERS, 1, block([["X-T", "1"]]))]),
  "trailers that do not end the stream": (target) =>
    Buffer.concat([request(1, fit(target, post()), END_HEADERS), frame(DATA, 0, 1, "hello"), frame(HEADERS, END_HEADERS, 1, block([["x-t", "1"]]))]),
});
malformed({ "a content-length of 100 GB": body("100000000000", "hello") }, [400, 413]);
malformed({
  "headers of 1 MiB": (target) => {
    const all = block(fit(target, get(...Array.from({ length: 64 }, (_, i) => [`x-${i}`, "a".repeat(16000)]))));
    const parts = [];
    for (let at = 0; at < all.length; at += 16384) {
      const end = at + 16384 >= all.length ? END_HEADERS : 0;
      parts.push(frame(at ? CONTINUATION : HEADERS, (at ? 0 : END_STREAM) | end, 1, all.subarray(at, at + 16384)));
    }
    return Buffer.concat(parts);
  },
  "1,000 headers": (target) => request(1, fit(target, get(...Array.from({ length: 1000 }, (_, i) => [`x-${i}`, "v"])))),
}, [400, 431]);

// ---- frames: 4 to 6 ----

const at = (stream, make) => (target) => Buffer.concat([request(1, fit(target, post()), END_HEADERS), make(stream)]);
const first = (pairs_) => (target) => frame(HEADERS, END_STREAM, 1, block(fit(target, pairs_)));

fatal({
  "DATA on stream 0": () => frame(DATA, 0, 0, "x"),
  "HEADERS on stream 0": (target) => request(0, fit(target, get())),
  "RST_STREAM on stream 0": () => frame(RST_STREAM, 0, 0, u32(8)),
  "PRIORITY on stream 0": () => frame(PRIORITY, 0, 0, Buffer.alloc(5)),
  "CONTINUATION on stream 0": () => frame(CONTINUATION, END_HEADERS, 0, "x"),
  "SETTINGS on stream 1": () => frame(SETTINGS, 0, 1),
  "PING on stream 1": () => frame(PING, 0, 1, Buffer.alloc(8)),
  "GOAWAY on stream 1": () => frame(GOAWAY, 0, 1, Buffer.alloc(8)),
  "a request on stream 2": (target) => request(2, fit(target, get())),
  "a stream that is below one before": (target) => Buffer.concat([request(5, fit(target, get())), request(3, fit(target, get()))]),
  "DATA on a stream that is not open yet": () => frame(DATA, END_STREAM, 1, "x"),
  "RST_STREAM on a stream that is not open yet": () => frame(RST_STREAM, 0, 1, u32(8)),
  "WINDOW_UPDATE on a stream that is not open yet": () => frame(WINDOW_UPDATE, 0, 1, u32(8)),
  "CONTINUATION that continues nothing": () => frame(CONTINUATION, END_HEADERS, 1, block(get())),
  "a frame within a block of headers": (target) => Buffer.concat([first(get())(target), frame(PING, 0, 0, Buffer.alloc(8))]),
  "DATA within a block of headers": (target) => Buffer.concat([first(get())(target), frame(DATA, 0, 1, "x")]),
  "CONTINUATION of another stream": (target) => Buffer.concat([first(get())(target), frame(CONTINUATION, END_HEADERS, 3, block([["x", "y"]]))]),
  "CONTINUATION after a block that is complete": (target) => Buffer.concat([request(1, fit(target, get()), END_HEADERS), frame(CONTINUATION, END_HEADERS, 1, block([["x", "y"]]))]),
  "an unknown frame within a block of headers": (target) => Buffer.concat([first(get())(target), frame(0x20, 0, 1, "x")]),
  "PUSH_PROMISE of a client": at(1, (s) => frame(PUSH_PROMISE, END_HEADERS, s, Buffer.concat([u32(2), block(get())]))),
  "SETTINGS of 5 bytes": () => frame(SETTINGS, 0, 0, Buffer.alloc(5)),
  "SETTINGS that are acknowledged with a payload": () => frame(SETTINGS, ACK, 0, settings([1, 1])),
  "ENABLE_PUSH of 2": () => frame(SETTINGS, 0, 0, settings([2, 2])),
  "INITIAL_WINDOW_SIZE over 2^31 - 1": () => frame(SETTINGS, 0, 0, settings([4, 0x80000000])),
  "MAX_FRAME_SIZE below 16,384": () => frame(SETTINGS, 0, 0, settings([5, 16383])),
  "MAX_FRAME_SIZE over 2^24 - 1": () => frame(SETTINGS, 0, 0, settings([5, 0x1000000])),
  "PING of 7 bytes": () => frame(PING, 0, 0, Buffer.alloc(7)),
  "PING of 9 bytes": () => frame(PING, 0, 0, Buffer.alloc(9)),
  "RST_STREAM of 3 bytes": at(1, (s) => frame(RST_STREAM, 0, s, Buffer.alloc(3))),
  "WINDOW_UPDATE of 3 bytes": () => frame(WINDOW_UPDATE, 0, 0, Buffer.alloc(3)),
  "WINDOW_UPDATE of 0 on the connection": () => frame(WINDOW_UPDATE, 0, 0, u32(0)),
  "windows of the connection over 2^31 - 1": () => frame(WINDOW_UPDATE, 0, 0, u32(0x7fffffff)),
  "GOAWAY of 7 bytes": () => frame(GOAWAY, 0, 0, Buffer.alloc(7)),
  "a frame of 16,385 bytes": at(1, (s) => frame(DATA, 0, s, Buffer.alloc(16385))),
  "HEADERS of 16,385 bytes": () => frame(HEADERS, END_HEADERS, 1, Buffer.alloc(16385)),
  "DATA with more padding than bytes": at(1, (s) => frame(DATA, PADDED, s, "\x05abc")),
  "HEADERS with more padding than bytes": () => frame(HEADERS, PADDED | END_HEADERS, 1, "\xffabc"),
  "DATA with padding and no bytes": at(1, (s) => frame(DATA, PADDED, s)),
  "HEADERS with priority and no bytes": () => frame(HEADERS, PRIORITIZED | END_HEADERS, 1, "ab"),
  "an index of no header": () => frame(HEADERS, END_HEADERS, 1, Buffer.from([0xff, 0x80, 0x01])),
  "index 0": () => frame(HEADERS, END_HEADERS, 1, Buffer.from([0x80])),
  "a header that ends in its name": () => frame(HEADERS, END_HEADERS, 1, Buffer.from([0x00, 0x05, 0x61])),
  "Huffman's code that ends in EOS": () => frame(HEADERS, END_HEADERS, 1, Buffer.from([0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00])),
  "Huffman's code with a byte of padding": () => frame(HEADERS, END_HEADERS, 1, Buffer.from([0x00, 0x82, 0x1f, 0xff, 0x00])),
  "a table of HPACK that is larger than allowed": () => frame(HEADERS, END_HEADERS, 1, Buffer.from([0x3f, 0xe1, 0xff, 0x03])),
  "an integer of HPACK without end": () => frame(HEADERS, END_HEADERS, 1, Buffer.concat([Buffer.from([0x7f]), Buffer.alloc(20, 0x80)])),
});
cases.push(["ends the connection after a preface that is none", (target) =>
  with_connection(target, { first: null }, async (c) => {
    c.write("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", frame(SETTINGS, 0, 0));
    await c.until(() => c.closed);
    if (!c.closed) return "not closed";
  })]);
cases.push(["ends the connection after a preface without SETTINGS", (target) =>
  with_connection(target, { first: null }, async (c) => {
    c.write(PREFACE, frame(PING, 0, 0, Buffer.alloc(8)));
    await c.until(() => c.closed);
    if (!c.closed) return "not closed";
  })]);
malformed({
  "DATA after the end of a stream": (target) => Buffer.concat([request(1, fit(target, get())), frame(DATA, 0, 1, "x")]),
  "a window of a stream over 2^31 - 1": at(1, (s) => frame(WINDOW_UPDATE, 0, s, u32(0x7fffffff))),
  "WINDOW_UPDATE of 0 on a stream": at(1, (s) => frame(WINDOW_UPDATE, 0, s, u32(0))),
}, [200, 400]);

// ---- requests that must be understood ----

understood({
  "a request": [get(), "://x/"],
  "cookies in crumbs, joined by semicolons": [get(["cookie", "a=1"], ["x-b", "c"], ["cookie", "b=2"], ["cookie", "c=3"]), "cookie: [a=1; b=2; c=3]"],
  "a cookie in one piece": [get(["cookie", "a=1; b=2"]), "cookie: [a=1; b=2]"],
  "a header that comes twice, as a list": [get(["x-a", "a"], ["x-b", "c"], ["x-a", "b"]), "x-a: [a, b]"],
  "a host without :authority": [pairs("GET", "http", "/", undefined, ["host", "x:81"]), "://x:81/", "host: [x:81]"],
  "a host that is the same as :authority": [get(["host", "x"]), "host: [x]"],
  "a path and a query as they are": [pairs("GET", "http", "/%2e/a?b=%00", "x"), "://x/%2e/a?b=%00"],
  "OPTIONS *": [pairs("OPTIONS", "http", "*", "x"), "OPTIONS "],
  "te: trailers": [get(["te", "trailers"]), "://x/"],
  "an empty value": [get(["x-a", ""]), "x-a: []"],
  "bytes over 127 in a value": [get(["x-a", "\xc3\xa9"]), "x-a: [\xc3\xa9]"],
  "a body": [body("5", "he", "llo"), "\n\nhello"],
  "a body without a content-length": [body(undefined, "he", "llo"), "\n\nhello"],
  "a body that ends with an empty frame": [body("5", "hello", ""), "\n\nhello"],
  "trailers, which are no headers": [(target) =>
    Buffer.concat([request(1, fit(target, post(["x-a", "head"])), END_HEADERS), frame(DATA, 0, 1, "hello"), frame(HEADERS, END_STREAM | END_HEADERS, 1, block([["x-a", "trailer"]]))]),
  "x-a: [head]", "\n\nhello"],
  "headers in several frames": [(target) => {
    const all = block(fit(target, get(["x-a", "v"])));
    return Buffer.concat([frame(HEADERS, END_STREAM, 1, all.subarray(0, 10)), frame(CONTINUATION, 0, 1, all.subarray(10, 11)), frame(CONTINUATION, END_HEADERS, 1, all.subarray(11))]);
  }, "x-a: [v]"],
  "padding": [(target) =>
    Buffer.concat([frame(HEADERS, PADDED | END_HEADERS, 1, Buffer.concat([Buffer.from([3]), block(fit(target, post())), Buffer.alloc(3)])), frame(DATA, PADDED | END_STREAM, 1, "\x02hello\0\0")]),
  "\n\nhello"],
  "priorities": [(target) => Buffer.concat([frame(PRIORITY, 0, 3, Buffer.alloc(5)), frame(HEADERS, PRIORITIZED | END_STREAM | END_HEADERS, 1, Buffer.concat([Buffer.from([0, 0, 0, 0, 15]), block(fit(target, get()))]))]), "://x/"],
  "frames and settings that it does not know": [(target) =>
    Buffer.concat([frame(0x77, 0xff, 0, "x"), frame(SETTINGS, 0, 0, settings([0x99, 5])), request(1, fit(target, get())), frame(0x77, 0, 1, "x")]), "://x/"],
});
cases.push(["answers PING with its payload", (target) =>
  with_connection(target, {}, async (c) => {
    c.write(frame(PING, 0, 0, "12345678"));
    if (!(await c.until(() => c.pings.includes("12345678")))) return "no answer";
  })]);
cases.push(["answers other streams after a malformed one, or ends the connection", (target) =>
  with_connection(target, {}, async (c) => {
    c.write(request(1, fit(target, get(["X", "v"]))), request(3, fit(target, get())));
    await c.until(() => c.over(1)() && c.over(3)());
    if (!c.closed && !c.goaway && c.streams.get(3)?.status !== 200) return state(c, 3);
  })]);
cases.push(["sends no more than the window", (target) =>
  with_connection(target, { first: settings([4, 10]), greedy: false }, async (c) => {
    c.write(request(1, fit(target, get(["x-a", "a".repeat(100)]))));
    await c.until(() => c.streams.get(1)?.size >= 10);
    await c.until(() => c.streams.get(1)?.size > 10, 300);
    if (c.streams.get(1)?.size !== 10) return `${c.streams.get(1)?.size} bytes of 10`;
    c.write(frame(SETTINGS, 0, 0, settings([4, 20])));
    await c.until(() => c.streams.get(1)?.size >= 20);
    c.write(frame(WINDOW_UPDATE, 0, 1, u32(100000)));
    await c.until(c.over(1));
    if (!c.streams.get(1)?.ended) return `not ended: ${state(c, 1)}`;
  })]);

export default cases;
