// page.js - the page of `flaron-lua dev`: see edge/dev/page.h for what it asks. The list of requests, what the flare and its
// stores are, the edges. One request in whole is in record.js, the plots in plots.js, the client for WebSockets in socket.js.
import { $, ask, bar, duration, fill, lifetime, make, number, setOpen, size, toBase64, toBytes, toHex, toText } from "./elements.js";
import { bytesView } from "./bytes.js";
import { drawPlots as draw } from "./plots.js";
import { bytesOf, curlOf, fileOf, headerList, headersOf, isWhole, loadRecord, recordParts, textOf } from "./record.js";
import { openSockets } from "./socket.js";
import { openSteps } from "./steps.js";

const ROWS_MOST = 500, EDITABLE_MOST = 256 << 10;

// ---- tabs ----

const tabs = [...document.querySelectorAll("[role=tab]")];
const shown = () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true").getAttribute("aria-controls");
const onShow = { stores: () => listKeys(), flare: () => loadFlares(), edges: () => loadEdges(), requests: () => drawPlots(), socket: () => {} };

function show(name, focus) {
  const chosen = tabs.find((tab) => tab.getAttribute("aria-controls") === name && !tab.hidden) ?? tabs[0];
  for (const tab of tabs) {
    tab.setAttribute("aria-selected", tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
  }
  if (focus) chosen.focus();
  history.replaceState(null, "", `#${chosen.getAttribute("aria-controls")}`);
  onShow[chosen.getAttribute("aria-controls")]();
}

for (const tab of tabs) {
  tab.addEventListener("click", () => show(tab.getAttribute("aria-controls")));
  tab.addEventListener("keydown", (event) => {
    const visible = tabs.filter((t) => !t.hidden), at = visible.indexOf(tab), last = visible.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    show(visible[to].getAttribute("aria-controls"), true);
  });
}

// ---- requests ----

const records = []; // the oldest first
let chosen = null; // the record whose details are open

const isEvent = (r) => r.event !== undefined;
const isBad = (r) => !r.cancelled && (r.failed || r.status >= 500);
const memoryOf = (r) => r.peak_bytes || r.memory_bytes;
const callsOf = (r) => Object.values(r.calls).reduce((sum, call) => sum + call.calls, 0);

/** Path and query of a URL, or all of it when it is none. */
function pathOf(r) {
  const found = /^[\w+.-]+:\/\/[^/?#]*([^]*)$/.exec(r.url);
  return found ? found[1] || "/" : r.url;
}

function statusOf(r) {
  if (r.cancelled) return "client gone";
  if (isEvent(r)) return r.failed ? "failed" : "ok";
  return r.status ? String(r.status) : "origin";
}

/** What became of a request. That it logged an error is another matter: its answer may be good. */
const statusClass = (r) => (isBad(r) ? "bad" : r.cancelled || r.status >= 400 ? "warn" : "good");
const handedOn = (r) => r.origin === true || (!isEvent(r) && !r.cancelled && !r.status);
const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB");

function matches(r, words) {
  const text = [r.edge ?? "", r.method, pathOf(r), statusOf(r), r.event ?? "", r.connection ?? "", handedOn(r) ? "origin" : "", ...r.logs.map((line) => `${line.level} ${line.text}`)];
  const whole = text.join("\n").toLowerCase();
  return words.every((word) => whole.includes(word));
}

const filterWords = () => $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);

/** What an event brought, and what it sent. */
const frames = (r) => [r.event === "message" ? `${size(r.received_bytes)} received` : null,
  `${r.frames} frame${r.frames === 1 ? "" : "s"} sent`].filter(Boolean).join(", ");

function makeRow(r) {
  const first = r.logs.find((line) => line.level === "error") ?? r.logs.find((line) => line.level === "warn") ?? r.logs[0];
  const said = first ? first.text.split("\n", 1)[0].slice(0, 300) : isEvent(r) ? frames(r) : "";
  r.row = make("tr", { class: isBad(r) && "failed", onclick: () => choose(r, true) },
    make("td", { class: "clock quiet" }, clock(r.time)),
    make("td", { class: "mono" }, isEvent(r) ? "WS" : r.method),
    make("td", {}, make("button", { class: "open", type: "button" }, isEvent(r) ? `${r.event} ${pathOf(r)}` : pathOf(r)),
      make("small", { class: "quiet" }, make("span", { class: "narrow" }, `${clock(r.time)} `),
        first && first.level !== "info" ? make("b", { class: first.level === "error" ? "bad" : "warn" }, `${first.level} `) : null, said)),
    make("td", { class: statusClass(r) }, statusOf(r), handedOn(r) && r.status ? make("small", { class: "quiet" }, "origin") : null),
    make("td", { class: "number" }, duration(r.wall_us)),
    make("td", { class: "number wide" }, duration(r.cpu_us)),
    make("td", { class: "number widest" }, size(memoryOf(r))),
    make("td", { class: "number widest" }, String(callsOf(r))));
  return r.row;
}

function addRecord(r, fresh) {
  if (records.some((other) => other.id === r.id && other.edge === r.edge)) return;
  records.push(r);
  if (records.length > ROWS_MOST) records.shift().row?.remove();
  const row = makeRow(r);
  row.hidden = !matches(r, filterWords());
  if (fresh) row.classList.add("new");
  $("rows").prepend(row);
}

/** Brings everything that depends on all records up to date, once a frame however many come. */
let refreshing = false;
function refresh() {
  if (refreshing) return;
  refreshing = true;
  requestAnimationFrame(() => {
    refreshing = false;
    const visible = records.filter((r) => !r.row.hidden).length;
    $("count").textContent = records.length === 0 ? "" : visible === records.length ? `${visible}` : `${visible} of ${records.length}`;
    $("empty").textContent = records.length === 0 ? "None yet. Send one above, or open the flare's own address." : "No request matches the filter.";
    $("empty").hidden = visible > 0;
    $("table").hidden = visible === 0;
    drawPlots();
  });
}

function setRecords(list) {
  const open = chosen;
  records.length = 0;
  $("rows").replaceChildren();
  for (const r of list) addRecord(r, false);
  const again = records.find((r) => r.id === open?.id && r.time === open.time);
  if (again) choose(again, false);
  refresh();
}

function applyFilter() {
  const words = filterWords();
  for (const r of records) r.row.hidden = !matches(r, words);
  refresh();
}

function setFilter(text) {
  $("filter").value = text;
  applyFilter();
}

$("filter").addEventListener("input", applyFilter);

$("clear").addEventListener("click", () => {
  setRecords([]);
  closeDetails();
});

$("rows").addEventListener("keydown", (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  let row = event.target.closest("tr");
  if (!step || !row) return;
  event.preventDefault();
  do row = row[step]; while (row?.hidden);
  row?.querySelector("button").focus();
});

// ---- plots ----

function drawPlots() {
  if (shown() !== "requests") return;
  draw(records.filter((r) => !r.row.hidden), { kind: statusClass, pathOf, chosen, choose: (r) => choose(r, true), filter: setFilter,
    title: (r) => `${clock(r.time)} ${r.method} ${pathOf(r)}: ${statusOf(r)}, ${duration(r.wall_us)} (${duration(r.cpu_us)} CPU)` });
}

new ResizeObserver(drawPlots).observe($("plots"));

// ---- details of a request ----

const NOTHING_CHOSEN = "Choose a request to see its headers and bodies, its log, and each call that it made.";

function choose(r, focus) {
  chosen?.row?.removeAttribute("aria-selected");
  chosen = r;
  r.row.setAttribute("aria-selected", "true");
  fill($("details"), ...detailsOf(r));
  setOpen($("details"), true);
  $("details").scrollTop = 0;
  if (focus) $("details").focus({ preventScroll: true });
  drawPlots();
}

function closeDetails() {
  const row = chosen?.row;
  row?.removeAttribute("aria-selected");
  chosen = null;
  fill($("details"), make("p", { class: "quiet" }, NOTHING_CHOSEN));
  setOpen($("details"), false);
  row?.querySelector("button").focus();
  drawPlots();
}

function budget(name, used, limit, text) {
  const share = limit ? used / limit : 0;
  return make("div", { class: "budget" }, make("span", {}, name), bar(share, share > 0.9), make("span", {}, text(share)));
}

const percent = (share) => (share < 0.001 ? "under 0.1 %" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`);

/** Copies the request as a command; where the browser refuses, shows it to be copied by hand. */
async function copyCurl(record, box) {
  const command = curlOf(record), replaced = record.redacted?.length > 0 || record.result.left_out?.request;
  const note = replaced ? " What is replaced or left out in it is to be put in by hand." : "";
  try {
    await navigator.clipboard.writeText(command);
    fill(box, `Copied.${note}`);
  } catch {
    fill(box, `Copy it:${note}`, make("pre", { class: "command", tabindex: "0" }, command));
  }
}

/** Shows a spec of the request, to be copied or saved. */
async function makeSpec(r, box) {
  fill(box, "…");
  try {
    const { spec } = await ask(`spec?id=${r.id}`), name = `request_${r.id}_spec.lua`;
    const save = make("a", { href: URL.createObjectURL(new Blob([spec], { type: "text/x-lua" })), download: name }, "Save");
    fill(box, `spec/${name}, for flaron-lua test: `, save, make("pre", { class: "command", tabindex: "0" }, spec));
  } catch (error) {
    fill(box, make("span", { class: "bad" }, error.message));
  }
}

/** What can be done with a request that is kept in whole. */
function actionsOf(r, record) {
  const said = make("div", { class: "said", role: "status" });
  const save = isWhole(record) ? make("a", { class: "button", href: `record?id=${r.id}`, download: fileOf(record), title: "a file for flaron-lua replay" }, "Save as record")
    : make("span", { class: "quiet" }, "not kept in whole, so it cannot be saved: flaron-lua dev --record writes all of each");
  return make("div", {}, make("div", { class: "line actions" },
    isEvent(r) ? make("button", { type: "button", onclick: () => setFilter(r.connection) }, "Show its connection")
      : make("button", { type: "button", onclick: () => prepare(r, record) }, "Send again"),
    isEvent(r) ? null : make("button", { type: "button", onclick: () => copyCurl(record, said) }, "Copy as curl"),
    isWhole(record) ? make("button", { type: "button", onclick: () => openSteps(`${isEvent(r) ? `WS ${r.event}` : r.method} ${pathOf(r)}`, r.id, record) }, "Steps") : null,
    isWhole(record) ? make("button", { type: "button", onclick: () => makeSpec(r, said) }, "Make a spec") : null, save), said);
}

function detailsOf(r) {
  const limits = r.limits, calls = Object.entries(r.calls), logs = r.logs;
  const actions = make("div", {}), whole = make("div", { class: "whole" }, make("p", { class: "quiet" }, "…"));
  loadRecord(r.id).then((record) => {
    if (chosen !== r) return;
    fill(actions, actionsOf(r, record));
    fill(whole, ...recordParts(record, handedOn(r)));
  }).catch((error) => fill(whole, make("p", { class: "quiet" }, error.message)));
  return [
    make("div", { class: "line" },
      make("h2", {}, `${isEvent(r) ? `WS ${r.event}` : r.method} ${pathOf(r)}`),
      make("button", { class: "close", type: "button", onclick: closeDetails }, "Close")),
    make("p", { class: "facts" },
      make("b", { class: statusClass(r) }, isEvent(r) || r.cancelled ? statusOf(r) : r.status ? `status ${r.status}${r.origin ? " of the origin" : ""}` : "handed on to the origin"),
      make("span", {}, clock(r.time)), make("span", {}, `${duration(r.wall_us)}, ${duration(r.cpu_us)} CPU`),
      make("span", {}, `number ${r.id}${r.edge ? ` on ${r.edge}` : ""}`)),
    actions,
    make("h3", {}, "Log"),
    logs.length > 0 ? make("ul", { class: "log" }, ...logs.map(logLine))
      : make("p", { class: "quiet" }, "The flare logged nothing."),
    ...(r.source ? [make("h3", {}, "Where it failed"), sourceLines(r.source)] : []),
    ...(r.locals ? [make("h3", {}, "Local variables"), sourceLines(r.locals.replaceAll("\t", "  "))] : []),
    whole,
    make("h3", {}, "What it used"),
    budget("CPU", r.cpu_us, limits.cpu_us, (share) =>
      limits.cpu_us ? `${duration(r.cpu_us)} of ${duration(limits.cpu_us)}, ${percent(share)}` : duration(r.cpu_us)),
    budget("Memory", memoryOf(r), limits.memory_bytes, (share) =>
      limits.memory_bytes ? `${size(memoryOf(r))} of ${size(limits.memory_bytes)}, ${percent(share)}` : size(memoryOf(r))),
    r.calls.beam_fetch ? budget("Fetches", r.calls.beam_fetch.calls, limits.fetches, () =>
      `${r.calls.beam_fetch.calls} of ${limits.fetches}`) : null,
    calls.length > 0 ? make("details", {}, make("summary", {}, "Calls by import"), make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Import"), make("th", { scope: "col", class: "number" }, "Calls"),
        make("th", { scope: "col", class: "number" }, "In"), make("th", { scope: "col", class: "number" }, "Out"))),
      make("tbody", {}, ...calls.map(([name, call]) => make("tr", {}, make("td", { class: "mono" }, name),
        make("td", { class: "number" }, String(call.calls)), make("td", { class: "number" }, call.in ? size(call.in) : "–"),
        make("td", { class: "number" }, call.out ? size(call.out) : "–")))))) : null,
  ];
}

const logLine = (line) => make("li", { class: line.level },
  make("b", { class: { error: "bad", warn: "warn" }[line.level] ?? "quiet" }, line.level), " ", make("pre", {}, line.text));

/** Lines of a script as the edge gives them, ">   11 | return x": the one with the mark stands out. */
const sourceLines = (text) => make("div", { class: "source", tabindex: "0" }, ...text.replace(/\n$/, "").split("\n").map((line) =>
  make("pre", { class: line.startsWith(">") && "at" }, line)));

let flares = []; // what `flares` answered last
let pages = []; // the ports of the edges' pages
let address = null; // {host, port, https} of the flares

// ---- sending a request ----

const sender = $("sender").elements;
let sent = 0; // the number of the request that was sent last, whose details are wanted

/** Puts a request into the form, without what the edge or the browser's connection sets, and what is replaced in it. */
function prepare(r, record) {
  const replaced = new Set((record.redacted ?? []).map((name) => textOf(name).toLowerCase()));
  const skipped = /^(host|content-length|connection|transfer-encoding|accept-encoding|upgrade|sec-.*)$/i;
  const headers = headersOf(record.request).filter(([name]) => !skipped.test(name) && !replaced.has(name.toLowerCase()));
  if (![...sender.method.options].some((option) => option.value === r.method)) sender.method.append(make("option", {}, r.method));
  sender.method.value = r.method;
  sender.path.value = pathOf(r);
  sender.headers.value = headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  sender.body.value = toText(bytesOf(record.request.body)) ?? "";
  $("sender").querySelector("details").open = headers.length > 0 || sender.body.value !== "";
  setOpen($("details"), false);
  sender.path.focus();
}

function readHeaders(text) {
  const headers = new Headers();
  for (const line of text.split("\n").filter((l) => l.trim() !== "")) {
    const colon = line.indexOf(":");
    if (colon < 1) throw new Error(`'${line}' is no header: a name, a colon and a value are expected`);
    headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** Has the edge ask the flare, which is of another origin. */
async function send() {
  const url = new URL(sender.path.value, location.origin);
  if (url.origin !== location.origin) throw new Error("the path begins with one '/': requests go to this flare only");
  const method = sender.method.value, body = ["GET", "HEAD"].includes(method) ? "" : sender.body.value;
  const begin = performance.now();
  const answer = await ask("send", "POST", { method, path: url.pathname + url.search, headers: [...readHeaders(sender.headers.value)], body });
  return { ...answer, body: Uint8Array.from(atob(answer.body), (c) => c.charCodeAt(0)), ms: performance.now() - begin };
}

function showAnswer({ status, reason, headers, body, size: all, whole, ms }) {
  const kind = status >= 500 ? "bad" : status >= 400 ? "warn" : "good";
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  fill($("answer"),
    make("p", { class: "facts" }, make("b", { class: kind }, `${status} ${reason}`.trim()),
      make("span", {}, duration(Math.round(ms * 1000))), make("span", {}, type),
      whole ? null : make("span", { class: "bad" }, "cut off")),
    make("details", {}, make("summary", {}, "Headers of the answer"), headerList(headers)),
    bytesView(body, type, "Body of the answer", all - body.length));
}

/** Shows what was sent beside the list, unless that would cover the answer. */
function showSent() {
  const r = records.find((other) => other.id === sent);
  if (r === undefined || getComputedStyle($("details")).position === "fixed" || getComputedStyle($("details")).display === "none") return;
  sent = 0;
  choose(r, false);
}

$("sender").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("answer").hidden = false;
  try {
    const answer = await send();
    sent = answer.id;
    showAnswer(answer);
    showSent();
  } catch (error) {
    fill($("answer"), make("p", { class: "bad" }, `It could not be sent: ${error.message}`));
  }
});

// ---- stores ----

const editor = $("editor").elements;
let editing = null; // {key, fresh, counter, bytes (what it holds), crlf, as (how it is shown)}

const storeName = () => document.querySelector("input[name=store]:checked").value;
const keyPath = (key) => `kv/${storeName()}?key=${encodeURIComponent(key)}`;
const say = (text, bad, ...more) => fill($("kv-message"), make("span", { class: bad && "bad" }, text), ...more);

async function listKeys() {
  const store = storeName();
  try {
    const list = await ask(`kv/${store}?prefix=${encodeURIComponent($("prefix").value)}`);
    if (store !== storeName()) return;
    const of = list.total > list.keys.length ? `the first ${list.keys.length} of ${number.format(list.total)} keys` : `${list.total} key${list.total === 1 ? "" : "s"}`;
    $("kv-note").textContent = list.quota ? `${of}; ${size(list.bytes)} of ${size(list.quota)} in use` : of;
    $("kv-third").textContent = store === "spark" ? "Expires" : "Kind";
    $("kv-table").hidden = list.keys.length === 0;
    fill($("kv-rows"), ...list.keys.map((item) => make("tr",
      { "aria-selected": editing?.key === item.key && !editing.fresh ? "true" : false, onclick: () => openKey(item.key) },
      make("td", {}, make("button", { class: "open", type: "button" }, item.key)), make("td", { class: "number" }, size(item.bytes)),
      make("td", { class: "number" }, store === "spark" ? lifetime(item.ttl) || "never" : item.counter ? "counter" : "value"))));
  } catch (error) {
    $("kv-note").textContent = error.message;
  }
}

/** Shows what is being edited. */
function showEditor() {
  const plasma = storeName() === "plasma", open = editing !== null, counter = open && editing.counter;
  $("editor-empty").hidden = open;
  $("editor-form").hidden = !open;
  setOpen($("editor"), open);
  if (!open) return;
  $("editor-title").textContent = editing.fresh ? `A new key in ${storeName()}` : editing.key;
  $("key-line").hidden = !editing.fresh;
  $("kind-line").hidden = !editing.fresh || !plasma;
  $("as-line").hidden = counter;
  $("value-line").hidden = counter && editing.fresh;
  $("add-line").hidden = !counter;
  $("ttl-line").hidden = plasma;
  $("delete").hidden = editing.fresh;
  editor.value.disabled = counter || editing.bytes.length > EDITABLE_MOST;
  $("save").disabled = !counter && editing.bytes.length > EDITABLE_MOST;
  if (editing.bytes.length > EDITABLE_MOST) say(`With ${size(editing.bytes.length)} it is too large to be edited here; flaron-lua kv can.`);
}

/** Puts bytes into the field: as text where they are text and the field would not change them. */
function showValue(bytes, wanted) {
  const text = toText(bytes), as = wanted === "text" && (text === null || text.includes("\r")) ? "hex" : wanted;
  const head = bytes.subarray(0, EDITABLE_MOST);
  editing.as = editor.as.value = as;
  editor.value.value = as === "text" ? text.slice(0, EDITABLE_MOST) : as === "hex" ? toHex(head) : toBase64(head);
  return as === wanted;
}

async function openKey(key) {
  try {
    const item = await ask(keyPath(key));
    fill($("kv-message"));
    editing = { key, fresh: false, counter: item.counter, bytes: item.text !== undefined ? toBytes(item.text, "text") : toBytes(item.base64, "base64") };
    editor.key.value = key;
    editor.ttl.value = item.ttl || "";
    editor.add.value = "1";
    showValue(editing.bytes, "text");
    showEditor();
    $("editor").focus({ preventScroll: true });
  } catch (error) {
    say(error.message, true);
  }
  listKeys();
}

function newKey() {
  editing = { key: "", fresh: true, counter: false, bytes: new Uint8Array(), as: "text" };
  fill($("kv-message"));
  for (const name of ["key", "value", "ttl"]) editor[name].value = "";
  editor.kind.value = "value";
  editor.as.value = "text";
  editor.add.value = "1";
  showEditor();
  editor.key.focus();
  listKeys();
}

async function closeEditor() {
  const key = editing?.key;
  editing = null;
  showEditor();
  await listKeys();
  [...$("kv-rows").querySelectorAll("button")].find((button) => button.textContent === key)?.focus();
}

const valueBody = (bytes, ttl) => {
  const text = toText(bytes), body = text !== null ? { text } : { base64: toBase64(bytes) };
  return storeName() === "spark" ? { ...body, ttl } : body;
};

async function save(event) {
  event.preventDefault();
  if (editing === null) return;
  const key = editing.fresh ? editor.key.value : editing.key;
  try {
    const body = editing.counter ? { add: editor.add.value.trim() } : valueBody(toBytes(editor.value.value, editor.as.value), Number(editor.ttl.value || 0));
    const item = await ask(keyPath(key), "PUT", body);
    await openKey(key);
    say(item.counter ? `Saved: '${key}' is ${item.text} now.` : `Saved '${key}', ${size(item.bytes)}.`);
  } catch (error) {
    say(error.message, true);
  }
}

async function deleteKey() {
  const { key, counter, bytes } = editing, ttl = Number(editor.ttl.value || 0);
  try {
    await ask(keyPath(key), "DELETE");
    await closeEditor();
    const undo = async () => {
      try {
        await ask(keyPath(key), "PUT", counter ? { add: toText(bytes) } : valueBody(bytes, ttl));
        openKey(key);
      } catch (error) {
        say(error.message, true);
      }
    };
    say(`Deleted '${key}'. `, false, make("button", { type: "button", onclick: undo }, "Undo"));
  } catch (error) {
    say(error.message, true);
  }
}

$("editor").addEventListener("submit", save);
$("delete").addEventListener("click", deleteKey);
$("close-editor").addEventListener("click", closeEditor);
$("kv-new").addEventListener("click", newKey);
$("prefix").addEventListener("input", listKeys);
for (const choice of document.querySelectorAll("input[name=store]")) choice.addEventListener("change", () => {
  fill($("kv-message"));
  closeEditor();
});
editor.kind.addEventListener("change", () => {
  editing.counter = editor.kind.value === "counter";
  showEditor();
});
editor.as.addEventListener("change", () => {
  const wanted = editor.as.value;
  try {
    fill($("kv-message"));
    if (!showValue(toBytes(editor.value.value, editing.as), wanted)) say("It has bytes that a text field cannot hold.", true);
  } catch (error) {
    editor.as.value = editing.as;
    say(error.message, true);
  }
});

// ---- flares ----

const pairs = (list) => make("dl", { class: "pairs" }, ...list.filter(Boolean).flatMap(([name, value]) =>
  [make("dt", {}, name), make("dd", {}, value)]));

function sizeTable(title, list, name) {
  const most = Math.max(1, ...list.map((item) => item.bytes));
  return [make("h3", {}, title), make("table", { class: "sizes" }, make("tbody", {}, ...list.map((item) => make("tr", {},
    make("td", { class: "mono" }, name(item)), make("td", { class: "number" }, size(item.bytes)), make("td", {}, bar(item.bytes / most))))))];
}

/** The secrets of a flare by name: which it may use, which are set. */
function secretTable(secrets) {
  if (secrets.length === 0) return [];
  const state = ({ name, set, allowed }) => {
    if (!allowed) return make("span", { class: "quiet" }, "set, but not in allowed_secrets");
    return set ? make("span", { class: "good" }, "set")
      : make("span", {}, make("b", { class: "warn" }, "not set"), ": ", make("code", {}, `flaron-lua secret set ${name}`));
  };
  return [make("h3", {}, "Secrets"), make("table", { class: "secrets" }, make("tbody", {}, ...secrets.map((secret) => make("tr", {},
    make("td", { class: "mono" }, secret.name), make("td", {}, state(secret))))))];
}

function flareCard({ path, route, error, flare, secrets }) {
  const card = make("div", { class: "card" }, make("h2", {}, flare?.name ?? path, route ? make("span", { class: "quiet" }, ` for ${route}`) : ""));
  if (error !== undefined) card.append(make("pre", { class: "bad" }, error));
  if (flare === undefined) return card;
  const sum = flare.modules.reduce((total, module) => total + module.bytes, 0);
  const manifest = Object.entries(flare.config ?? {});
  card.append(make("div", { class: "columns" },
    make("div", {}, make("h3", {}, "Flare"), pairs([
      ["Project", path], ["Size", `${size(flare.bytes)}; ${size(flare.image_bytes)} of memory when it begins`],
      ["SHA-256", make("code", {}, flare.sha256)], ["Runtime", make("code", {}, flare.runtime.slice(0, 12))],
      ["Memory", `${size(flare.memory_bytes)} at first, ${size(flare.memory_limit_bytes)} at most`],
      ["Handlers", flare.handlers.join(", ")], flare.stripped && ["Debug", "stripped: tracebacks have no lines"]]),
    make("h3", {}, "Manifest"), flare.config === undefined ? make("p", { class: "quiet" }, "There is no flare.lua: everything is allowed.")
      : manifest.length === 0 ? make("p", { class: "quiet" }, "flare.lua allows nothing beyond the defaults.")
      : pairs(manifest.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") || "none" : String(value)]))),
    make("div", {}, ...secretTable(secrets ?? []), ...sizeTable(`Modules: ${flare.modules.length}, ${size(sum)} of source`, flare.modules,
      (module) => (module.name === module.file ? module.name : `${module.name} (${module.file})`)),
    ...(flare.assets.length > 0 ? sizeTable(`Assets: ${flare.assets.length}`, flare.assets, (asset) => asset.file) : []))));
  return card;
}

async function loadFlares() {
  const answer = await ask("flares").catch(() => null);
  if (answer === null) return;
  flares = answer.flares;
  pages = answer.pages;
  const name = flares.length === 1 ? flares[0].flare?.name ?? answer.name : answer.name;
  $("name").textContent = answer.edge ? `${name} on ${answer.edge}` : name;
  document.title = `${$("name").textContent} – flaron-lua dev`;
  const here = ["0.0.0.0", "::", "::1", "127.0.0.1"].includes(answer.host) ? "localhost" : answer.host;
  address = { host: here.includes(":") ? `[${here}]` : here, port: answer.port, https: answer.https };
  $("address").href = $("address").textContent = `${answer.https ? "https" : "http"}://${address.host}:${address.port}/`;
  $("tab-socket").hidden = !flares.some((f) => f.flare?.handlers.some((handler) => handler.startsWith("ws_")));
  const wrong = flares.filter((f) => f.error !== undefined);
  $("trouble").hidden = wrong.length === 0;
  fill($("trouble"), ...wrong.flatMap((f) => [make("b", {}, `${f.path} cannot be packed`), make("pre", {}, f.error),
    make("p", { class: "quiet" }, f.flare ? "The last version that could be packed goes on serving." : "Mend it: it is packed again at once.")]));
  fill($("flare"), ...flares.map(flareCard));
  setState();
}

// ---- edges ----

/** The links between each two edges: what gossips one way, what the other way. */
function pairLinks(links) {
  const back = (link) => links.find((other) => other.from === link.to && other.to === link.from);
  return links.filter((link, i) => i < links.indexOf(back(link))).map((link) => [link, back(link)]);
}

function edgesCards({ edges, links, latency_ms: latency }) {
  const change = (action, query) => async () => {
    const fault = await ask(`${action}${query}`, "POST").then(() => "", (error) => error.message);
    await loadEdges();
    $("edges-message").textContent = fault;
  };
  const button = (label, action, query) => make("button", { type: "button", onclick: change(action, query) }, label);
  const table = (titles, rows) => make("table", {}, make("thead", {}, make("tr", {}, ...titles.map((t) => make("th", { scope: "col" }, t)))),
    make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))))));
  const state = (link) => make("span", { class: { up: "good", cut: "bad" }[link.state] ?? "warn" },
    link.pending > 0 ? `${link.state}, ${number.format(link.pending)} pending` : link.state);
  const name = (edge, i) => (pages[i] === undefined ? edge.name
    : make("a", { href: `${location.protocol}//${location.hostname}:${Number(pages[i])}/__flaron/` }, `${edge.name}, port ${edge.port}`));
  return [
    make("div", { class: "card" }, make("h2", {}, "Edges"), table(["Edge", "Node of Plasma", "Clock"], edges.map((edge, i) =>
      [name(edge, i), edge.error !== undefined ? make("span", { class: "bad" }, edge.error) : make("code", {}, edge.node),
        edge.skew_ms === 0 ? "right" : `${edge.skew_ms > 0 ? "+" : ""}${edge.skew_ms} ms`]))),
    make("div", { class: "card" },
      make("div", { class: "line" }, make("h2", {}, "Links"), make("span", { class: "quiet" }, latency > 0 ? `latency ${latency} ms` : ""),
        button("Cut all", "partition", ""), button("Heal all", "heal", "")),
      table(["Between", "There", "Back", ""], pairLinks(links).map(([there, back]) => {
        const cut = there.state === "cut", query = `?a=${encodeURIComponent(there.from)}&b=${encodeURIComponent(there.to)}`;
        return [`${there.from} and ${there.to}`, state(there), state(back), button(cut ? "Heal" : "Cut", cut ? "heal" : "partition", query)];
      })),
      make("p", { id: "edges-message", role: "status", class: "bad" })),
  ];
}

let watching = 0;
async function loadEdges() {
  const answer = pages.length > 1 ? await ask("edges").catch(() => null) : null;
  $("tab-edges").hidden = answer === null;
  if (answer !== null) fill($("edges"), ...edgesCards(answer));
  clearTimeout(watching); // what is pending changes by itself
  if (answer !== null && shown() === "edges") watching = setTimeout(loadEdges, 1000);
}

// ---- events of the edge ----

let connected = false;

function setState() {
  const wrong = flares.some((f) => f.error !== undefined);
  const state = !connected ? "disconnected" : wrong ? "error" : "live";
  $("state").dataset.state = state;
  $("state").textContent = { live: "live", error: "cannot be packed", disconnected: "disconnected: waiting for flaron-lua dev" }[state];
}

async function catchUp() {
  await loadFlares();
  const past = await ask("history").catch(() => null);
  if (past !== null) setRecords(past.records);
  if (shown() !== "requests") onShow[shown()]();
  loadEdges();
}

let listing = 0;
function onRecord(r) {
  addRecord(r, true);
  refresh();
  showSent();
  if (shown() !== "stores" || !Object.keys(r.calls).some((name) => /^(spark|plasma)_/.test(name))) return;
  clearTimeout(listing);
  listing = setTimeout(listKeys, 200);
}

function listen() {
  const events = new EventSource("events");
  events.addEventListener("open", () => {
    connected = true;
    setState();
    catchUp();
  });
  events.addEventListener("request", (event) => onRecord(JSON.parse(event.data)));
  events.addEventListener("reload", () => loadFlares());
  events.addEventListener("error", () => {
    connected = false;
    setState();
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 2000); // else it tries again by itself
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (shown() === "requests" && chosen !== null) closeDetails();
  if (shown() === "stores" && editing !== null) closeEditor();
});

openSockets(() => address);
show(location.hash.slice(1));
listen();
