// plots.js - what the last requests took, on a logarithmic scale, and which paths are slow. It draws what it is given.
import { $, duration, fill, make } from "./elements.js";

const PLOTTED = 120, PATHS_MOST = 5, LEFT = 46, RIGHT = 10, BOTTOM = 6, TOP = 8;

/** The value that a share of all is at or below. */
export const quantile = (sorted, share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];

const sorted = (values) => [...values].sort((a, b) => a - b);
const timeOf = (r) => Math.max(1, r.wall_us, r.cpu_us);

function shape(tag, properties, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A mark for a request: what failed differs by its shape, not by colour alone. */
function mark(kind, x, y) {
  if (kind === "bad") return shape("path", { class: kind, d: `M${x - 4} ${y - 4}l8 8m0-8l-8 8` });
  return shape("circle", { class: kind, cx: x, cy: y, r: 3 });
}

/**
 * Draws the times of requests, the oldest first. `about`: {kind(r): "good", "warn" or "bad", title(r), chosen, choose(r)}.
 */
function drawTimes(list, about) {
  const svg = $("plot-time"), width = Math.max(240, svg.clientWidth), height = Math.max(60, svg.clientHeight), times = sorted(list.map(timeOf));
  const low = 10 ** Math.floor(Math.log10(Math.min(times[0], ...list.map((r) => Math.max(1, r.cpu_us)))));
  const high = Math.max(10 * low, 10 ** Math.ceil(Math.log10(times.at(-1))));
  const span = Math.log10(high / low), y = (us) => height - BOTTOM - (Math.log10(Math.max(us, low) / low) / span) * (height - BOTTOM - TOP);
  const step = (width - LEFT - RIGHT) / Math.max(list.length, 30), x = (i) => LEFT + (i + 0.5) * step;
  const parts = [], every = span * 14 > height - BOTTOM - TOP ? 2 : 1;
  for (let decade = 0; decade <= span + 0.01; decade++) {
    const at = y(low * 10 ** decade);
    parts.push(shape("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
    if (decade % every === 0) parts.push(shape("text", { class: "scale", x: LEFT - 6, y: at + 4 }, duration(low * 10 ** decade)));
  }
  for (const [name, share] of [["p50", 0.5], ["p95", 0.95]]) {
    const at = y(quantile(times, share));
    parts.push(shape("line", { class: `quantile ${name}`, x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
  }
  list.forEach((r, i) => {
    const kind = about.kind(r), group = shape("g", { class: r === about.chosen ? "chosen" : "" });
    group.append(shape("rect", { class: "hit", x: x(i) - step / 2, y: 0, width: step, height: height }));
    if (timeOf(r) > 1.2 * r.cpu_us) group.append(shape("line", { class: "wait", x1: x(i), x2: x(i), y1: y(Math.max(1, r.cpu_us)), y2: y(timeOf(r)) }));
    group.append(mark(kind, x(i), y(timeOf(r))), shape("title", {}, about.title(r)));
    group.addEventListener("click", () => about.choose(r));
    parts.push(group);
  });
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(...parts);
  const said = `p50 ${duration(quantile(times, 0.5))}, p95 ${duration(quantile(times, 0.95))}, slowest ${duration(times.at(-1))}`;
  const failed = list.filter((r) => about.kind(r) === "bad").length;
  $("plot-time-note").textContent = said;
  svg.setAttribute("aria-label", `Time of the last ${list.length} requests on a logarithmic scale: ${said}, ${failed} failed`);
}

/** The slowest paths, by p95. `about`: {kind, pathOf(r), filter(path)}. */
function listPaths(list, about) {
  const paths = new Map();
  for (const r of list) {
    const path = about.pathOf(r).split("?")[0];
    if (!paths.has(path)) paths.set(path, []);
    paths.get(path).push(r);
  }
  const rows = [...paths].map(([path, some]) => {
    const times = sorted(some.map(timeOf));
    return { path, count: some.length, failed: some.filter((r) => about.kind(r) === "bad").length, p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
  }).sort((a, b) => b.p95 - a.p95);
  fill($("path-rows"), ...rows.slice(0, PATHS_MOST).map((row) => make("tr", {},
    make("td", {}, make("button", { class: "open", type: "button", title: row.path, onclick: () => about.filter(row.path) }, row.path)),
    make("td", { class: "number" }, String(row.count)),
    make("td", { class: row.failed > 0 ? "number bad" : "number quiet" }, String(row.failed)),
    make("td", { class: "number" }, duration(row.p50)), make("td", { class: "number" }, duration(row.p95)))));
  $("paths-note").textContent = rows.length > PATHS_MOST ? `the ${PATHS_MOST} slowest of ${rows.length}` : "";
}

/** Draws the last of `all`, the oldest first. */
export function drawPlots(all, about) {
  const list = all.slice(-PLOTTED);
  $("plots").hidden = list.length === 0;
  if (list.length === 0) return;
  drawTimes(list, about);
  listPaths(all, about);
}
