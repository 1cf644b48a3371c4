// steps.js - one request step by step: its source with the lines that ran, a slider over time, and what the variables were at
// each line. The edge runs the request again for each question (edge/debug/steps.h); how one gets from line to line is known here.
import { $, fill, make, number } from "./elements.js";
import { bytesOf, shortBytes } from "./record.js";

const CALLS_MOST = 500, ASK_AGAIN_MS = 25;

let open = null; // what is shown: { id, record, lines, at, level, ...}

// ---- asking ----

/** The answer to a question about the steps of a request; undefined when `wanted` says that nobody waits for it any more. */
async function askSteps(query, wanted) {
  for (;;) {
    const answer = await fetch(`steps?${query}`, { cache: "no-store" }), value = await answer.json();
    if (!wanted()) return undefined;
    if (answer.status === 200) return value;
    if (answer.status !== 202) throw new Error(value.error);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

// ---- from event to event; the first is 1 ----

const depth = (event) => open.lines.d[event - 1], thread = (event) => open.lines.t[event - 1];

/** The nearest event in a direction (1 or -1) that `good` holds for; null when there is none. */
function nearest(direction, good) {
  for (let event = open.at + direction; event >= 1 && event <= open.lines.events; event += direction) if (good(event)) return event;
  return null;
}

const here = (event) => thread(event) === thread(open.at);
const ways = {
  first: () => 1,
  last: () => open.lines.events,
  "back-out": () => nearest(-1, (event) => here(event) && depth(event) < depth(open.at)),
  "back-over": () => nearest(-1, (event) => here(event) && depth(event) <= depth(open.at)),
  back: () => nearest(-1, () => true),
  forward: () => nearest(1, () => true),
  over: () => nearest(1, (event) => here(event) && depth(event) <= depth(open.at)),
  out: () => nearest(1, (event) => here(event) && depth(event) < depth(open.at)),
  "back-call": () => open.asked.findLast(({ event }) => event < open.at)?.event ?? null,
  call: () => open.asked.find(({ event }) => event > open.at)?.event ?? null,
};

/** The event before in the same call of the function; 0 when this is its first line. */
function eventBefore(at) {
  for (let event = at - 1; event >= 1; event--) {
    if (thread(event) !== thread(at) || depth(event) > depth(at)) continue;
    return depth(event) === depth(at) ? event : 0;
  }
  return 0;
}

function say(text, bad) {
  $("steps-said").textContent = text;
  $("steps-said").className = bad ? "bad" : "quiet";
}

function move(way) {
  const event = ways[way]();
  if (event === null) say("There is none.");
  else go(event);
}

function go(event) {
  if (event !== open.at) say("");
  open.at = Math.max(1, Math.min(event, open.lines.events));
  open.level = 0;
  show();
}

// ---- the source ----

function drawSource() {
  const { lines } = open, index = lines.s[open.at - 1], source = lines.sources[index];
  if (open.drawn !== index) {
    const counts = new Map();
    for (let i = 0; i < lines.events; i++) if (lines.s[i] === index) counts.set(lines.l[i], (counts.get(lines.l[i]) ?? 0) + 1);
    const text = source.text?.split("\n") ?? [];
    if (text.at(-1) === "") text.pop();
    const rows = source.text === undefined ? [...counts.keys()].sort((a, b) => a - b) : text.map((_, i) => i + 1);
    fill($("steps-source"), ...rows.map((line) => {
      const ran = counts.get(line);
      return make("li", { "data-line": line, class: ran ? "ran" : null, onclick: ran ? () => goLine(line) : null },
        make("span", { class: "count", title: ran ? `ran ${ran} time${ran === 1 ? "" : "s"}` : null }, ran ? number.format(ran) : ""),
        make("span", { class: "at" }, String(line)), make("code", {}, text[line - 1] ?? ""));
    }));
    $("steps-file").textContent = source.name + (source.text === undefined ? " (its source is not here)" : "");
    open.drawn = index;
  }
  $("steps-source").querySelector("[aria-current]")?.removeAttribute("aria-current");
  const row = $("steps-source").querySelector(`[data-line="${lines.l[open.at - 1]}"]`);
  row?.setAttribute("aria-current", "step");
  row?.scrollIntoView({ block: "nearest" });
}

/** Goes to the next time that a line runs, else to the first. */
function goLine(line) {
  const { s, l } = open.lines, index = s[open.at - 1], is = (event) => s[event - 1] === index && l[event - 1] === line;
  const next = nearest(1, is);
  if (next !== null) return go(next);
  for (let event = 1; event <= open.at; event++) if (is(event)) return go(event);
}

// ---- what there is at an event ----

/** Goes to where a variable of the call that is shown changed. */
async function goChange(name, backwards) {
  const { at } = open;
  say("looking…");
  try {
    const query = `id=${open.id}&at=${at}&level=${open.level}&change=${encodeURIComponent(name)}${backwards ? "&backwards=1" : ""}`;
    const found = await askSteps(query, () => open?.at === at);
    if (found === undefined) return;
    if (found.event === 0) return say(`${name} is not changed ${backwards ? "before" : "after"} this.`);
    go(found.event);
    say(found.line ? `${name} is changed in ${found.source}:${found.line}.` : "");
  } catch (error) {
    say(error.message, true);
  }
}

function variableRow(variable) {
  const { name, value, inside, more, changed, kind } = variable;
  const content = inside === undefined ? [make("span", { class: "value" }, value)] : [make("details", {},
    make("summary", {}, value), make("dl", { class: "pairs headers" },
      ...inside.flatMap((field) => [make("dt", {}, field.name), make("dd", {}, field.value)])),
    more ? make("p", { class: "quiet" }, `and ${more} more`) : null)];
  const button = (backwards) => make("button", { type: "button", class: "way", onclick: () => goChange(name, backwards),
    "aria-label": `${backwards ? "Back to where" : "On to where"} ${name} is changed`, title: `${backwards ? "Back to where" : "On to where"} it is changed` },
    backwards ? "←" : "→");
  return make("tr", { class: changed ? "changed" : null },
    make("th", { scope: "row" }, changed ? make("span", { title: "changed by the last line" }, "● ", make("span", { class: "hidden" }, "changed: ")) : null, name,
      kind === "local" ? null : make("small", {}, kind)),
    make("td", {}, ...content),
    make("td", {}, ...(kind === "local" ? [button(true), button(false)] : [])));
}

function drawPlace(place) {
  fill($("steps-frames"), ...place.frames.map((frame, level) => make("li", {},
    make("button", { type: "button", class: "link", "aria-pressed": String(level === place.level), disabled: !frame.lua, onclick: () => {
      open.level = level;
      askPlace();
    } }, frame.name), make("span", { class: "quiet" }, frame.line > 0 ? ` ${frame.source}:${frame.line}` : " in C", frame.tail ? ", by a tail call" : ""))));
  const rows = place.variables.map(variableRow);
  fill($("steps-variables"), ...(rows.length > 0 ? rows : [make("tr", {}, make("td", { class: "quiet" }, "It has no variables here."))]));
}

/** Asks for stack and variables of the event that is shown, unless another one is chosen before they come. */
async function askPlace() {
  const { at, level } = open, before = level === 0 ? eventBefore(at) : 0;
  open.place?.();
  let wanted = true;
  open.place = () => { wanted = false; };
  try {
    const place = await askSteps(`id=${open.id}&at=${at}&level=${level}${before ? `&before=${before}` : ""}`, () => wanted && open?.at === at);
    if (place === undefined) return;
    drawPlace(place);
    if (place.departure) say(`The run departs from the request: ${place.departure}`, true);
  } catch (error) {
    say(error.message, true);
  }
}

// ---- calls of the host ----

/** What was asked of the edge and logged, in order: [{ event, and what of it is shown }]. */
function askedOf(record, lines) {
  const calls = lines.calls.map(({ event, call: at }) => {
    const call = record.calls[at];
    const words = call.arguments.map((value) => (/^(number|bigint)$/.test(typeof value) ? String(value) : shortBytes(bytesOf(value, record)))).join(", ");
    return { event, shown: [make("b", {}, record.names[call.import] ?? call.import), `(${words})`] };
  });
  const logs = lines.logs.map(({ event, level, line }) =>
    ({ event, shown: [make("b", { class: level === "info" ? null : level === "error" ? "bad" : "warn" }, `log ${level}: `), line] }));
  return [...calls, ...logs].sort((a, b) => a.event - b.event);
}

function drawCalls() {
  const { asked } = open;
  fill($("steps-calls"), ...asked.slice(0, CALLS_MOST).map(({ event, shown }) => make("li", { "data-event": event },
    make("button", { type: "button", class: "link", onclick: () => go(event) }, number.format(event)), " ", ...shown)),
    asked.length > CALLS_MOST ? make("li", { class: "quiet" }, `and ${asked.length - CALLS_MOST} more`) : null,
    asked.length === 0 ? make("li", { class: "quiet" }, "It asked nothing of the edge, and logged nothing.") : null);
}

function markCalls() {
  for (const row of $("steps-calls").children) {
    if (row.dataset.event === String(open.at)) row.setAttribute("aria-current", "step");
    else row.removeAttribute("aria-current");
  }
  $("steps-calls").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

// ---- all of it ----

function show() {
  const { lines } = open;
  $("steps-slider").value = open.at;
  $("steps-at").textContent = `line ${number.format(open.at)} of ${number.format(lines.events)}${lines.cut ? ", the first ones" : ""}`;
  $("steps-slider").setAttribute("aria-valuetext", `${lines.sources[lines.s[open.at - 1]].name}:${lines.l[open.at - 1]}, ${$("steps-at").textContent}`);
  for (const button of $("steps").querySelectorAll("[data-way]")) {
    const back = /^(back|first)/.test(button.dataset.way);
    button.disabled = back ? open.at === 1 : open.at === lines.events;
  }
  drawSource();
  markCalls();
  askPlace();
}

async function find(first) {
  const text = $("steps-find").value, { at } = open;
  if (text === "") return;
  say("looking…");
  try {
    const found = await askSteps(`id=${open.id}&at=${first ? 1 : at}&find=${encodeURIComponent(text)}`, () => open?.at === at);
    if (found === undefined) return;
    if (found.event === 0) return say(first ? "No variable of a running function ever has it." : "It does not appear again.");
    go(found.event);
    say("Here it appears: a variable of this function has it now, and had it not at the line before.");
  } catch (error) {
    say(error.message, true);
  }
}

/** Shows a request of the list; `record` is all of it. */
export async function openSteps(title, id, record) {
  const mine = { id, record, at: 1, level: 0, lines: null, drawn: -1 };
  open = mine;
  $("steps-title").textContent = title;
  $("steps-body").hidden = true;
  say("running it again…");
  $("steps").showModal();
  try {
    const lines = await askSteps(`id=${id}`, () => open === mine);
    if (lines === undefined) return;
    if (lines.events === 0) return say("No line of Lua ran.");
    open.lines = lines;
    open.asked = askedOf(record, lines);
    $("steps-slider").max = lines.events;
    $("steps-body").hidden = false;
    say(lines.departure ? `The run departs from the request: ${lines.departure}` : "", true);
    drawCalls();
    go(1);
    $("steps-slider").focus();
  } catch (error) {
    say(error.message, true);
  }
}

const keys = { ArrowRight: "forward", ArrowLeft: "back", ArrowDown: "over", ArrowUp: "back-over", PageDown: "call", PageUp: "back-call", Home: "first", End: "last" };

$("steps").addEventListener("keydown", (event) => {
  if (open?.lines === null || event.target === $("steps-find") || event.ctrlKey || event.metaKey || event.altKey) return;
  const way = event.shiftKey ? { ArrowRight: "out", ArrowLeft: "back-out" }[event.key] : keys[event.key];
  if (way === undefined) return;
  event.preventDefault();
  move(way);
});
for (const button of $("steps").querySelectorAll("[data-way]")) button.addEventListener("click", () => move(button.dataset.way));
$("steps-slider").addEventListener("input", () => go(Number($("steps-slider").value)));
$("steps-search").addEventListener("submit", (event) => {
  event.preventDefault();
  find(event.submitter?.name !== "next");
});
$("steps-close").addEventListener("click", () => $("steps").close());
$("steps").addEventListener("close", () => { open = null; });
