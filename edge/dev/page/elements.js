// elements.js - what the scripts of the page share: elements, numbers and bytes as people read them, questions to the edge.
//
// All that comes from requests, logs, stores and flares becomes text nodes: `make` and `fill` know no markup.

// ---- elements ----

export const $ = (id) => document.getElementById(id);

/** An element with properties ("class", "on...", "aria-..." and the like) and children: nodes or texts. */
export function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replaces the children of an element; the button that had the focus, or the one in its place, has it again. */
export function fill(element, ...children) {
  const at = [...element.querySelectorAll("button")].indexOf(document.activeElement);
  element.replaceChildren(...children.filter((child) => child !== null));
  if (at >= 0) element.querySelectorAll("button")[at]?.focus();
}

/** A bar filled to a share from 0 to 1. What it says must stand beside it as text. */
export function bar(share, bad) {
  const inside = make("i", { class: bad && "bad" });
  inside.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return make("span", { class: "bar", "aria-hidden": "true" }, inside);
}

/** Opens or closes a panel beside a list. Where it covers everything, nothing after it can be reached. */
export function setOpen(panel, open) {
  panel.classList.toggle("open", open);
  const covers = open && getComputedStyle(panel).position === "fixed";
  for (const element of [panel.previousElementSibling, document.querySelector("header")]) element.inert = covers;
}

matchMedia("(max-width: 1099px)").addEventListener("change", () => {
  for (const panel of document.querySelectorAll(".details.open")) setOpen(panel, true);
});

// ---- numbers ----

export const number = new Intl.NumberFormat("en");
export const short = (n) => number.format(Number(n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0)));

export function duration(us) {
  return us < 1000 ? `${us} µs` : us < 1e6 ? `${short(us / 1e3)} ms` : `${short(us / 1e6)} s`;
}

export function size(n) {
  return n < 1024 ? `${n} B` : n < 1 << 20 ? `${short(n / 1024)} KiB` : `${short(n / (1 << 20))} MiB`;
}

export function lifetime(s) {
  if (!s) return "";
  return s < 120 ? `${s} s` : s < 7200 ? `${Math.round(s / 60)} min` : s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;
}

// ---- asking the edge ----

/** The JSON of a resource of the page; an Error with the edge's own sentence when it is refused. */
export async function ask(path, method = "GET", body = undefined) {
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

// ---- bytes ----

export function toText(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

export function toBase64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The bytes that a field's text stands for; an Error that says what is wrong with it. */
export function toBytes(text, as) {
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
