// bytes.js - bytes of bodies, messages and values as people read them: a picture, JSON, text or hex.
//
// A body is shown as what it says it is, and nothing of it runs: text becomes text nodes, a picture an <img>, in which
// scripts of an SVG do not run.
import { make, size, toHex, toText } from "./elements.js";

const TEXT_MOST = 64 << 10, HEX_MOST = 4 << 10, DEEPEST = 20;
const PICTURES = /^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml|x-icon|vnd\.microsoft\.icon)\b/i;

/**
 * The beginning of a JSON text with a value a line. Its tokens stay as they are: no number is rounded, no key is dropped. What is
 * longer than TEXT_MOST ends there, and what is nested deeper than DEEPEST is not moved in further: a body may be anything.
 */
export function layOut(json) {
  const parts = [];
  let depth = 0, length = 0, fresh = false; // fresh: a line begins with the next token, unless that ends what is empty
  const add = (part) => {
    parts.push(part);
    length += part.length;
  };
  const line = () => add(`\n${"  ".repeat(Math.min(depth, DEEPEST))}`);
  for (const [token] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^\s"[\]{},:]+/g)) {
    const closes = token === "]" || token === "}", empty = closes && fresh;
    if (closes) depth--;
    if (!empty && (closes || fresh)) line();
    add(token === ":" ? ": " : token);
    fresh = token === "," || token === "[" || token === "{";
    if (fresh && token !== ",") depth++;
    if (length > TEXT_MOST) return `${parts.join("").slice(0, TEXT_MOST)}\n…`;
  }
  return parts.join("");
}

function isJson(text) {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A dump: place, bytes, and the ASCII among them. */
export function hexDump(bytes) {
  const width = innerWidth < 700 ? 8 : 16, lines = [];
  for (let at = 0; at < Math.min(bytes.length, HEX_MOST); at += width) {
    const part = bytes.subarray(at, at + width);
    const ascii = Array.from(part, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${toHex(part).padEnd(width * 3 - 1)}  ${ascii}`);
  }
  return lines.join("\n");
}

function textOf(text) {
  return text.length > TEXT_MOST ? `${text.slice(0, TEXT_MOST)}\n… the first ${size(TEXT_MOST)} of ${size(text.length)}` : text;
}

function picture(bytes, type, label) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  const free = () => URL.revokeObjectURL(url), note = make("p", { class: "quiet" });
  const image = make("img", { class: "picture", alt: label, src: url,
    onload: () => {
      note.textContent = `${image.naturalWidth} × ${image.naturalHeight}`;
      free();
    },
    onerror: () => {
      note.textContent = "It is no picture that this browser can show.";
      image.hidden = true;
      free();
    } });
  return make("div", {}, image, note);
}

/**
 * Shows bytes. `type` is their Content-Type, "" when there is none; `label` says what they are; `left` is how many bytes
 * of them are not here.
 */
export function bytesView(bytes, type, label, left = 0) {
  const whole = bytes.length + left;
  if (whole === 0) return make("p", { class: "quiet" }, "empty");
  const text = toText(bytes), ways = {};
  if (PICTURES.test(type) && left === 0) ways.Picture = () => picture(bytes, type.split(";")[0].trim(), label);
  if (text !== null && isJson(text)) ways.JSON = () => make("pre", {}, layOut(text));
  if (text !== null && !/\0/.test(text)) ways.Text = () => make("pre", {}, textOf(text));
  ways.Hex = () => make("pre", { class: "hex" }, hexDump(bytes), bytes.length > HEX_MOST ? `\n… the first ${size(HEX_MOST)}` : "");
  const names = Object.keys(ways), box = make("div", { class: "bytes", tabindex: "0", role: "group", "aria-label": label });
  const buttons = names.map((name) => make("button", { type: "button", class: "way", onclick: () => show(name) }, name));
  function show(name) {
    box.replaceChildren(ways[name]());
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.textContent === name));
  }
  show(names[0]);
  return make("div", {},
    make("p", { class: "ways" }, make("span", { class: "quiet" }, left > 0 ? `${size(bytes.length)} of ${size(whole)} are kept` : size(whole)),
      ...(names.length > 1 ? buttons : [])), box);
}
