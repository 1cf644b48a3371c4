// record.js - one request in whole: headers and bodies both ways, and each call, as GET record?id= gives it. What the list
// knows of a request is in page.js.
import { ask, duration, make, size, toBase64, toBytes, toText } from "./elements.js";
import { bytesView } from "./bytes.js";

const CALLS_MOST = 200, SHORT = 70;
const CODES = /^(spark_set|plasma_set|plasma_delete|ws_send)$/; // imports that answer 0, or the number of a mistake

const names = ask("imports").catch(() => ({})); // what Lua calls the imports

/** The record of a request; an Error that says why there is none. */
export const loadRecord = async (id) => {
  const answer = await fetch(`record?id=${encodeURIComponent(id)}`, { cache: "no-store" }), text = await answer.text();
  // A whole number that a double cannot hold is given as it stands there.
  const exact = (_, value, context) =>
    (Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context.source) : value);
  const record = JSON.parse(text, exact);
  if (!answer.ok) throw new Error(record.error);
  return { ...record, names: await names };
};

/** The bytes that a value of a record stands for. */
export function bytesOf(value, record) {
  if (typeof value === "string") return toBytes(value, "text");
  if (value?.base64 !== undefined) return toBytes(value.base64, "base64");
  const source = { "request.body": record?.request.body, "request.event.data": record?.request.event?.data,
    "response.body": record?.response.body }[value?.from];
  return source === undefined ? new Uint8Array() : bytesOf(source);
}

/** The text that a value stands for, which may be no UTF-8. */
export const textOf = (value) => toText(bytesOf(value)) ?? new TextDecoder().decode(bytesOf(value));

/** Headers as [name, value], both texts. */
export const headersOf = (part) => part.headers.map(([name, value]) => [textOf(name), textOf(value)]);

const header = (headers, wanted) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";

export const headerList = (headers) => (headers.length === 0 ? make("p", { class: "quiet" }, "no headers")
  : make("dl", { class: "pairs headers" }, ...headers.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])));

// ---- calls ----

/** Bytes as a short string. */
export function shortBytes(bytes) {
  const text = toText(bytes.subarray(0, 4 * SHORT)) ?? toText(bytes);
  if (text === null) return `${size(bytes.length)} of bytes`;
  const quoted = JSON.stringify(text.slice(0, SHORT));
  return text.length > SHORT || bytes.length > 4 * SHORT ? `${quoted.slice(0, -1)}…" (${size(bytes.length)})` : quoted;
}

const number64 = (bytes) => String(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true));

/** What a fetch answered: [a few words, what makes the elements after them]; null when it is not as expected. */
function fetchedOf(bytes) {
  let fetched = null;
  try {
    fetched = JSON.parse(toText(bytes));
  } catch {
    return null;
  }
  if (typeof fetched.error === "string") return [[make("b", { class: "bad" }, "no answer: "), fetched.error.slice(0, SHORT)], () => bytesView(bytes, "", "The answer")];
  if (typeof fetched.status !== "number" || typeof fetched.body !== "string") return null;
  const headers = Object.entries(fetched.headers ?? {}).map(([name, value]) => [name, String(value)]), body = toBytes(fetched.body, "text");
  const kind = fetched.status >= 500 ? "bad" : fetched.status >= 400 ? "warn" : "good";
  return [[make("b", { class: kind }, String(fetched.status)), ` ${size(body.length)}`], () =>
    make("div", {}, headerList(headers), bytesView(body, header(headers, "content-type"), "Body of the answer"))];
}

/** What a call answered: [a few words, what makes the elements after them, or null]. */
function answerOf(call, record) {
  if (call.answer === undefined) return ["", null];
  if (call.answer === null) return ["nothing", null];
  if (CODES.test(call.import)) return [call.answer === 0 ? "done" : `code ${call.answer}`, null];
  if (typeof call.answer === "number") return [String(call.answer), null];
  const bytes = bytesOf(call.answer, record), view = (part) => () => bytesView(part, "", "The answer");
  if (call.import === "secret_get") return [`${size(bytes.length)}, not shown`, null];
  if (/^plasma_(in|de)crement$/.test(call.import) && bytes.length === 8) return [number64(bytes), null];
  if (call.import === "spark_get" && bytes.length >= 4) {
    const ttl = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true), value = bytes.subarray(4);
    return [`${shortBytes(value)}${ttl > 0 ? `, ${ttl} s left` : ""}`, view(value)];
  }
  return (call.import === "beam_fetch" && fetchedOf(bytes)) || [shortBytes(bytes), view(bytes)];
}

function callRow(call, record, at) {
  const given = call.arguments.map((value) => (/^(number|bigint)$/.test(typeof value) ? value : bytesOf(value, record)));
  const words = given.map((value) => (value instanceof Uint8Array ? shortBytes(value) : String(value))).join(", ");
  const [answer, behind] = answerOf(call, record);
  const row = make("details", { class: "call" },
    make("summary", {}, make("span", { class: "at" }, String(at + 1)),
      make("span", { class: "what" }, make("b", {}, record.names[call.import] ?? call.import), `(${words})`,
        ...(answer.length === 0 ? [] : [make("span", { class: "arrow" }, " → "), ...[answer].flat()])),
      make("span", { class: "us" }, call.us === undefined ? "" : duration(call.us))));
  row.addEventListener("toggle", () => {
    if (!row.open || row.childElementCount > 1) return;
    const parts = given.filter((value) => value instanceof Uint8Array);
    row.append(make("div", { class: "inside" },
      ...parts.map((part, i) => make("div", {}, make("h4", {}, parts.length > 1 ? `Argument ${i + 1}` : "Argument"), bytesView(part, "", "An argument"))),
      ...(behind === null ? [] : [make("h4", {}, "Answer"), behind()]),
      parts.length === 0 && behind === null ? make("p", { class: "quiet" }, "It was given no bytes, and answered none.") : null));
  });
  return row;
}

export function callList(record) {
  const { calls } = record, list = make("div", { class: "callsof" });
  const add = (from, to) => list.append(...calls.slice(from, to).map((call, i) => callRow(call, record, from + i)));
  add(0, CALLS_MOST);
  if (calls.length > CALLS_MOST) {
    const more = make("button", { type: "button", onclick: () => {
      more.remove();
      add(CALLS_MOST);
    } }, `Show ${calls.length - CALLS_MOST} more`);
    list.append(more);
  }
  if (calls.length === 0) list.append(make("p", { class: "quiet" }, "It asked nothing of the edge."));
  if (record.result.cut) list.append(make("p", { class: "warn" }, "There were more calls: what one request may keep here is full."));
  return list;
}

// ---- as curl ----

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Whether a terminal takes a text as it is when it is pasted between quotes. */
const isPlain = (text) => !/[\0-\x08\x0b-\x1f\x7f-\x9f]/.test(text);

/** The request as a command for a shell. */
export function curlOf(record) {
  const { request } = record, method = textOf(request.method), url = textOf(request.url), words = ["curl"];
  const body = bytesOf(request.body), text = toText(body), headers = headersOf(request);
  const asText = text !== null && isPlain(text);
  if (url.startsWith("https:")) words.push("--insecure");
  if (method === "HEAD") words.push("--head");
  else if (method !== (body.length > 0 ? "POST" : "GET")) words.push("-X", quote(method));
  words.push(quote(url));
  for (const [name, value] of headers) {
    if (/^(host|content-length|connection|transfer-encoding)$/i.test(name) || !isPlain(value)) continue;
    words.push("-H", quote(value === "" ? `${name};` : `${name}: ${value}`));
  }
  if (body.length > 0 && header(headers, "content-type") === "") words.push("-H", "'content-type:'");
  if (body.length > 0) words.push(asText ? "--data-raw" : "--data-binary", asText ? quote(text) : "@-");
  const command = words.join(" ");
  return body.length > 0 && !asText ? `printf %s ${quote(toBase64(body))} | base64 -d | ${command}` : command;
}

/** The name of its file: when, which, what; nothing in it that a client chose freely. */
export const fileOf = (record) =>
  `${(record.begin ?? "").replace(/[^\dT.]/g, "")}-${String(record.id).padStart(6, "0")}-${textOf(record.request.method).replace(/[^A-Za-z]/g, "-").slice(0, 16)}.json`;

/** Whether the record has all that a replay needs. */
export const isWhole = (record) => !record.result.cut && record.result.left_out === undefined;

// ---- the parts of the panel ----

function framesView(frames, type) {
  return frames.map((frame, i) => make("div", { class: "frame" }, make("h4", {}, frames.length > 1 ? `Frame ${i + 1}` : "Frame"),
    bytesView(bytesOf(frame), type, `Frame ${i + 1}`)));
}

function eventParts(record) {
  const { event } = record.request, { frames, close_code: code } = record.response, left = record.result.left_out;
  return [
    make("h3", {}, "Received"),
    event.type === "message" ? bytesView(bytesOf(event.data), "", "The message", left?.request) : null,
    event.type === "close" ? make("p", {}, `closed with ${event.close_code}`) : null,
    event.type === "open" ? make("p", {}, "the connection was opened") : null,
    make("h3", {}, frames.length > 0 ? `Sent: ${frames.length} frame${frames.length === 1 ? "" : "s"}` : "Sent"),
    frames.length === 0 ? make("p", { class: "quiet" }, "no frames") : null,
    ...framesView(frames, ""),
    left?.response ? make("p", { class: "warn" }, `${size(left.response)} of frames are not kept here`) : null,
    code ? make("p", {}, `The flare closed the connection with ${code}.`) : null,
    make("details", {}, make("summary", {}, "Headers of the request that opened it"), headerList(headersOf(record.request))),
  ];
}

/** What the origin answered, which the flare did not see. */
function originParts(origin, action) {
  const headers = headersOf(origin);
  return [
    make("p", { class: "quiet" }, `${action}: of the origin, as the client got it.`), headerList(headers),
    origin.body === "" ? make("p", { class: "quiet" }, "no body") : bytesView(bytesOf(origin.body), header(headers, "content-type"), "Body of the answer", origin.left_out),
  ];
}

function requestParts(record, handedOn) {
  const { request, response } = record, left = record.result.left_out;
  const asked = headersOf(request), answered = headersOf(response);
  return [
    make("h3", {}, "Request"),
    headerList(asked),
    request.body === "" ? make("p", { class: "quiet" }, "no body")
      : bytesView(bytesOf(request.body), header(asked, "content-type"), "Body of the request", left?.request),
    make("h3", {}, "Answer"),
    ...(record.origin ? originParts(record.origin, response.action)
      : handedOn ? [make("p", { class: "quiet" }, `${response.action}: the origin was to answer, and did not.`)] : [headerList(answered), response.body === "" ? make("p", { class: "quiet" }, "no body")
        : bytesView(bytesOf(response.body), header(answered, "content-type"), "Body of the answer", left?.response)]),
  ];
}

/** What a record shows, as elements. `handedOn`: the origin answered. */
export function recordParts(record, handedOn) {
  return [
    ...(record.request.event ? eventParts(record) : requestParts(record, handedOn)),
    record.result.left_out ? make("p", { class: "quiet" }, "Of requests that came before this page was opened, 4 KiB of each body and value are kept; of later ones, 1 MiB of a body.") : null,
    record.redacted?.length > 0 ? make("p", { class: "quiet redacted" },
      `Replaced by others of the same length: ${record.redacted.map(textOf).join(", ")}.`) : null,
    make("h3", {}, `Calls, in order${record.calls.length > 0 ? `: ${record.calls.length}` : ""}`),
    callList(record),
  ];
}
