// page.js - the page of `flaron-lua dev`: see edge/dev/page.h for what it asks.
//
// All that comes from requests, logs, stores and flares becomes text nodes: `make` and `fill` know no markup.

const ROWS_MOST = 500, PLOTTED = 120, EDITABLE_MOST = 256 << 10, SHOWN_MOST = 64 << 10;

// ---- elements ----

const $ = (id) => document.getElementById(id);

/** An element with properties ("class", "on...", "aria-..." and the like) and children: nodes or texts. */
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replaces the children of an element; the button that had the focus, or the one in its place, has it again. */
function fill(element, ...children) {
  const at = [...element.querySelectorAll("button")].indexOf(document.activeElement);
  element.replaceChildren(...children.filter((child) => child !== null));
  if (at >= 0) element.querySelectorAll("button")[at]?.focus();
}

/** A bar filled to a share from 0 to 1. What it says must stand beside it as text. */
function bar(share, bad) {
  const inside = make("i", { class: bad && "bad" });
  inside.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return make("span", { class: "bar", "aria-hidden": "true" }, inside);
}

/** Opens or closes a panel beside a list. Where it covers everything, nothing after it can be reached. */
function setOpen(panel, open) {
  panel.classList.toggle("open", open);
  const covers = open && getComputedStyle(panel).position === "fixed";
  for (const element of [panel.previousElementSibling, document.querySelector("header")]) element.inert = covers;
}

matchMedia("(max-width: 1099px)").addEventListener("change", () => {
  for (const panel of document.querySelectorAll(".details.open")) setOpen(panel, true);
});

// ---- numbers ----

const number = new Intl.NumberFormat("en");
const short = (n) => number.format(Number(n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0)));

function duration(us) {
  return us < 1000 ? `${us} µs` : us < 1e6 ? `${short(us / 1e3)} ms` : `${short(us / 1e6)} s`;
}

function size(n) {
  return n < 1024 ? `${n} B` : n < 1 << 20 ? `${short(n / 1024)} KiB` : `${short(n / (1 << 20))} MiB`;
}

function lifetime(s) {
  if (!s) return "";
  return s < 120 ? `${s} s` : s < 7200 ? `${Math.round(s / 60)} min` : s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;
}

// ---- asking the edge ----

/** The JSON of a resource of the page; an Error with the edge's own sentence when it is refused. */
async function ask(path, method = "GET", body = undefined) {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body), cache: "no-store" });
  const text = await answer.text();
  let value = {};
  try {
    value = JSON.parse(text);
  } catch {
    if (answer.ok) throw new Error("the edge answered something that is no JSON");
  }
  if (!answer.ok) throw new Error(value.error ?? (text.trim() || `the edge answered ${answer.status}`));
  return value;
}

// ---- tabs ----

const tabs = [...document.querySelectorAll("[role=tab]")];
const shown = () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true").getAttribute("aria-controls");
const onShow = { stores: () => listKeys(), flare: () => loadFlares(), edges: () => loadEdges(), requests: () => drawPlots() };

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

const statusClass = (r) => (isBad(r) ? "bad" : r.cancelled || r.status >= 400 ? "warn" : "good");

function matches(r, words) {
  const text = [r.edge ?? "", r.method, pathOf(r), statusOf(r), r.event ?? "", ...r.logs.map((line) => `${line.level} ${line.text}`)];
  const whole = text.join("\n").toLowerCase();
  return words.every((word) => whole.includes(word));
}

const filterWords = () => $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);

function makeRow(r) {
  const first = r.logs.find((line) => line.level === "error") ?? r.logs.find((line) => line.level === "warn") ?? r.logs[0];
  r.row = make("tr", { class: isBad(r) && "failed", onclick: () => choose(r, true) },
    make("td", { class: "mono" }, isEvent(r) ? "WS" : r.method),
    make("td", {}, make("button", { class: "open", type: "button" }, isEvent(r) ? `${r.event} ${pathOf(r)}` : pathOf(r)),
      first ? make("small", { class: first.level === "error" ? "bad" : first.level === "warn" ? "warn" : "quiet" },
        first.text.split("\n", 1)[0].slice(0, 300)) : null),
    make("td", { class: statusClass(r) }, statusOf(r)),
    make("td", { class: "number" }, duration(r.cpu_us)),
    make("td", { class: "number wide" }, duration(r.wall_us)),
    make("td", { class: "number wide" }, size(memoryOf(r))),
    make("td", { class: "number wide" }, String(callsOf(r))));
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

$("filter").addEventListener("input", () => {
  const words = filterWords();
  for (const r of records) r.row.hidden = !matches(r, words);
  refresh();
});

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

/** Draws a column for each record. `parts` gives its heights from the bottom up, as [class, value]. */
function plot(svg, list, parts, describe) {
  const width = 600, height = 72, step = width / Math.max(list.length, 30);
  const most = Math.max(1, ...list.map((r) => parts(r).reduce((sum, part) => sum + part[1], 0)));
  const shape = (tag, properties) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
    return element;
  };
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.replaceChildren(...list.map((r, i) => {
    const group = shape("g", { class: r === chosen ? "chosen" : "" }), title = shape("title", {});
    let top = height;
    for (const [name, value] of parts(r)) {
      const tall = value === 0 ? 0 : Math.max(1.5, (value / most) * (height - 2));
      top = Math.max(0, top - tall);
      group.append(shape("rect", { class: name, x: i * step, y: top, width: Math.max(step - 1, 1), height: tall }));
    }
    title.textContent = `${r.method} ${pathOf(r)}: ${describe(r)}`;
    group.append(shape("rect", { class: "hit", x: i * step, y: 0, width: step, height }), title);
    group.addEventListener("click", () => choose(r, true));
    return group;
  }));
  return most;
}

function drawPlots() {
  const list = records.filter((r) => !r.row.hidden).slice(-PLOTTED);
  $("plots").hidden = list.length === 0;
  if (list.length === 0 || shown() !== "requests") return;
  const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
  const wall = (r) => Math.max(r.wall_us, r.cpu_us);
  const describe = (svg, note, what, median, most) => {
    $(note).textContent = `median ${median}, most ${most}`;
    $(svg).setAttribute("aria-label", `${what} of the last ${list.length} requests: median ${median}, most ${most}`);
  };
  const longest = plot($("plot-time"), list, (r) => [[isBad(r) ? "bad" : "cpu", r.cpu_us], ["wait", wall(r) - r.cpu_us]],
    (r) => `${duration(r.cpu_us)} CPU, ${duration(wall(r))} in all`);
  describe("plot-time", "plot-time-note", "Time", duration(middle(list.map(wall))), duration(longest));
  const largest = plot($("plot-memory"), list, (r) => [[isBad(r) ? "bad" : "cpu", memoryOf(r)]], (r) => size(memoryOf(r)));
  describe("plot-memory", "plot-memory-note", "Memory", size(middle(list.map(memoryOf))), size(largest));
}

// ---- details of a request ----

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
  fill($("details"), make("p", { class: "quiet" }, "Choose a request to see its log, its traceback and what it asked of the edge."));
  setOpen($("details"), false);
  row?.querySelector("button").focus();
  drawPlots();
}

function budget(name, used, limit, text) {
  const share = limit ? used / limit : 0;
  return make("div", { class: "budget" }, make("span", {}, name), bar(share, share > 0.9), make("span", {}, text(share)));
}

const percent = (share) => (share < 0.001 ? "under 0.1 %" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`);

function detailsOf(r) {
  const limits = r.limits, calls = Object.entries(r.calls), logs = r.logs;
  const when = new Date(r.time).toLocaleTimeString("en-GB");
  return [
    make("div", { class: "line" },
      make("h2", {}, `${isEvent(r) ? `WS ${r.event}` : r.method} ${pathOf(r)}`),
      make("button", { class: "close", type: "button", onclick: closeDetails }, "Close")),
    make("p", { class: "facts" },
      make("span", { class: statusClass(r) }, isEvent(r) || r.cancelled ? statusOf(r) : r.status ? `status ${r.status}` : "handed on to the origin"),
      make("span", {}, when), make("span", {}, `number ${r.id}${r.edge ? ` on ${r.edge}` : ""}`),
      isEvent(r) ? null : make("button", { class: "link", type: "button", onclick: () => prepare(r) }, "Send again")),
    budget("CPU", r.cpu_us, limits.cpu_us, (share) =>
      limits.cpu_us ? `${duration(r.cpu_us)} of ${duration(limits.cpu_us)}, ${percent(share)}` : duration(r.cpu_us)),
    budget("Memory", memoryOf(r), limits.memory_bytes, (share) =>
      limits.memory_bytes ? `${size(memoryOf(r))} of ${size(limits.memory_bytes)}, ${percent(share)}` : size(memoryOf(r))),
    r.calls.beam_fetch ? budget("Fetches", r.calls.beam_fetch.calls, limits.fetches, () =>
      `${r.calls.beam_fetch.calls} of ${limits.fetches}`) : null,
    make("p", { class: "facts" }, `${duration(r.wall_us)} from beginning to end`),
    make("h3", {}, "Log"),
    logs.length > 0 ? make("ul", { class: "log" }, ...logs.map(logLine))
      : make("p", { class: "quiet" }, "The flare logged nothing."),
    ...(r.source ? [make("h3", {}, "Where it failed"), sourceLines(r.source)] : []),
    ...(r.last_calls ? [make("h3", {}, "Before it failed"), make("pre", { class: "calls" }, r.last_calls.replace(/^.*\n/, "").replace(/^ {2}/gm, ""))] : []),
    make("h3", {}, "Calls of the edge"),
    calls.length > 0 ? make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Import"), make("th", { scope: "col", class: "number" }, "Calls"),
        make("th", { scope: "col", class: "number" }, "In"), make("th", { scope: "col", class: "number" }, "Out"))),
      make("tbody", {}, ...calls.map(([name, call]) => make("tr", {}, make("td", { class: "mono" }, name),
        make("td", { class: "number" }, String(call.calls)), make("td", { class: "number" }, call.in ? size(call.in) : "–"),
        make("td", { class: "number" }, call.out ? size(call.out) : "–")))))
      : make("p", { class: "quiet" }, "It asked nothing of the edge."),
  ];
}

const logLine = (line) => make("li", { class: line.level },
  make("b", { class: { error: "bad", warn: "warn" }[line.level] ?? "quiet" }, line.level), " ", make("pre", {}, line.text));

/** Lines of a script as the edge gives them, ">   11 | return x": the one with the mark stands out. */
const sourceLines = (text) => make("div", { class: "source", tabindex: "0" }, ...text.replace(/\n$/, "").split("\n").map((line) =>
  make("pre", { class: line.startsWith(">") && "at" }, line)));

let flares = []; // what `flares` answered last
let pages = []; // the ports of the edges' pages

// ---- sending a request ----

const sender = $("sender").elements;

function prepare(r) {
  if ([...sender.method.options].some((option) => option.value === r.method)) sender.method.value = r.method;
  sender.path.value = pathOf(r);
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
  let text = toText(body.subarray(0, SHOWN_MOST));
  if (text === null) text = `(not text) ${toHex(body.subarray(0, 1024))}`;
  if (body.length > SHOWN_MOST) text += "\n…";
  fill($("answer"),
    make("p", { class: "facts" }, make("b", { class: kind }, `${status} ${reason}`.trim()),
      make("span", {}, duration(Math.round(ms * 1000))), make("span", {}, size(all)),
      make("span", {}, headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? ""),
      whole ? null : make("span", { class: "bad" }, "cut off")),
    make("details", {}, make("summary", {}, `Headers of the answer`),
      make("pre", {}, headers.map(([name, value]) => `${name}: ${value}`).join("\n"))),
    body.length > 0 ? make("pre", { tabindex: "0", "aria-label": "Body of the answer" }, text) : null);
}

$("sender").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("answer").hidden = false;
  try {
    showAnswer(await send());
  } catch (error) {
    fill($("answer"), make("p", { class: "bad" }, `It could not be sent: ${error.message}`));
  }
});

// ---- bytes ----

function toText(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

function toBase64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The bytes that a field's text stands for; an Error that says what is wrong with it. */
function toBytes(text, as) {
  if (as === "text") return new TextEncoder().encode(text);
  const plain = text.replace(/\s/g, "");
  if (as === "hex") {
    if (!/^([0-9a-f]{2})*$/i.test(plain)) throw new Error("this is no hex: two digits a byte are expected");
    return Uint8Array.from(plain.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  }
  try {
    return Uint8Array.from(atob(plain), (c) => c.charCodeAt(0));
  } catch {
    throw new Error("this is no base64");
  }
}

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

function flareCard({ path, route, error, flare }) {
  const card = make("div", { class: "card" }, make("h2", {}, flare?.name ?? path, route ? make("span", { class: "quiet" }, ` for ${route}`) : ""));
  if (error !== undefined) card.append(make("pre", { class: "bad" }, error));
  if (flare === undefined) return card;
  const sum = flare.modules.reduce((total, module) => total + module.bytes, 0);
  const manifest = Object.entries(flare.config ?? {});
  card.append(make("div", { class: "columns" },
    make("div", {}, make("h3", {}, "Flare"), pairs([
      ["Project", path], ["Size", `${size(flare.bytes)}, ${size(flare.image_bytes)} of it image`],
      ["SHA-256", make("code", {}, flare.sha256)], ["Runtime", make("code", {}, flare.runtime.slice(0, 12))],
      ["Memory", `${size(flare.memory_bytes)} at first, ${size(flare.memory_limit_bytes)} at most`],
      ["Handlers", flare.handlers.join(", ")], flare.stripped && ["Debug", "stripped: tracebacks have no lines"]]),
    make("h3", {}, "Manifest"), flare.config === undefined ? make("p", { class: "quiet" }, "There is no flare.lua: everything is allowed.")
      : manifest.length === 0 ? make("p", { class: "quiet" }, "flare.lua allows nothing beyond the defaults.")
      : pairs(manifest.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") || "none" : String(value)]))),
    make("div", {}, ...sizeTable(`Modules: ${flare.modules.length}, ${size(sum)} of source`, flare.modules,
      (module) => (module.name === module.file ? module.name : `${module.name} (${module.file})`)),
    ...(flare.assets.length > 0 ? sizeTable(`Assets: ${flare.assets.length}`, flare.assets, (asset) => asset.file) : []))));
  return card;
}

async function loadFlares() {
  const answer = await ask("flares").catch(() => null);
  if (answer === null) return;
  flares = answer.flares;
  pages = answer.pages;
  $("name").textContent = flares.length === 1 ? flares[0].flare?.name ?? answer.name : answer.name;
  document.title = `${$("name").textContent} – flaron-lua dev`;
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
        edge.skew_ms === 0 ? "true" : `${edge.skew_ms > 0 ? "+" : ""}${edge.skew_ms} ms`]))),
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
  const answer = await ask("edges").catch(() => null);
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

show(location.hash.slice(1));
listen();
