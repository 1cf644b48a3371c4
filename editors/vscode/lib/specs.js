// specs.js - finds the blocks of a busted spec: what `describe` and `it` stand where, with their names. It reads the text as Lua's
// lexer does and runs nothing, so a name that is computed is known by its beginning alone.
"use strict";

const GROUPS = new Set(["describe", "context", "insulate", "expose"]);
const CASES = new Set(["it", "spec", "test", "pending"]);
const OPENING = new Set(["function", "do", "if", "repeat"]);
const CLOSING = new Set(["end", "until"]);
const ESCAPES = { n: "\n", t: "\t", r: "\r", a: "\x07", b: "\b", f: "\f", v: "\v" };

// The rules of the lexer, each tried where the one before ended.
const TOKEN = new RegExp([
  /(?<space>\s+)/, /(?<comment>--(?:\[(?<level>=*)\[[^]*?(?:\]\k<level>\]|$)|[^\n]*))/,
  /(?<long>\[(?<equals>=*)\[\n?(?<raw>[^]*?)(?:\]\k<equals>\]|$))/,
  /(?<string>"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?)/,
  /(?<word>[A-Za-z_]\w*)/, /(?<other>[^])/,
].map((rule) => rule.source).join("|"), "gy");

/** The value of a short string literal, with its quotes around it. */
function unquote(literal) {
  return literal.slice(1, -1)
    .replace(/\\z\s*/g, "")
    .replace(/\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]+)\}|(\d{1,3})|([^]))/g, (_, hex, unicode, decimal, letter) =>
      letter !== undefined ? ESCAPES[letter] ?? letter
        : String.fromCodePoint(hex ? parseInt(hex, 16) : unicode ? parseInt(unicode, 16) : parseInt(decimal, 10)));
}

/** The tokens of a text that are neither space nor comment: { kind, text, line }, `line` beginning at 1. */
function tokens(text) {
  const list = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  for (let match; (match = TOKEN.exec(text));) {
    const { space, comment, long, raw, string, word } = match.groups;
    if (space === undefined && comment === undefined) {
      const kind = long !== undefined || string !== undefined ? "string" : word !== undefined ? "word" : "other";
      list.push({ kind, text: long !== undefined ? raw : string !== undefined ? unquote(string) : match[0], line });
    }
    line += match[0].split("\n").length - 1;
  }
  return list;
}

const isOther = (token, text) => token?.kind === "other" && token.text === text;

/** Whether the argument after the name, whose rest begins at `from`, is a function; `pending("later")` has none. */
function hasFunction(list, from) {
  for (let parentheses = 0; list[from] && (list[from].kind !== "word" || !CLOSING.has(list[from].text)); from++) {
    const { kind, text } = list[from];
    if (kind !== "other") continue;
    if (text === ")" && parentheses-- === 0) return false;
    if (text === "(") parentheses++;
    if (text === "," && parentheses === 0) return list[from + 1]?.kind === "word" && list[from + 1].text === "function";
  }
  return false;
}

/**
 * The blocks of a spec: a list of { group, name, partial, line, end, children }. `partial` is true when `name` is only how the name
 * begins. `line` and `end` are the first and last line, from 1 on. What stands in no `describe` is in the list itself.
 */
function discover(text) {
  const list = tokens(text);
  const top = { children: [] };
  const open = []; // { block, depth }: groups and cases whose function is not closed yet
  let depth = 0;
  for (let i = 0; i < list.length; i++) {
    const token = list[i];
    if (token.kind !== "word") continue;
    const before = list[i - 1];
    const isField = isOther(before, ".") || isOther(before, ":") || before?.kind === "word" && before.text === "function";
    if (OPENING.has(token.text)) {
      depth++;
    } else if (CLOSING.has(token.text)) {
      depth--;
      while (open.length > 0 && depth <= open[open.length - 1].depth) open.pop().block.end = token.line;
    } else if (!isField && (GROUPS.has(token.text) || CASES.has(token.text))) {
      const isCall = isOther(list[i + 1], "(");
      const isFormat = isCall && isOther(list[i + 2], "("); // it(("adds %d"):format(n), ...)
      const at = i + 1 + isCall + isFormat;
      if (list[at]?.kind !== "string") continue;
      const partial = isFormat || isOther(list[at + 1], ".");
      const name = isFormat ? list[at].text.replace(/%[^]*/, "") : list[at].text;
      const block = { group: GROUPS.has(token.text), name, partial, line: token.line, end: list[at].line, children: [] };
      (open.length > 0 ? open[open.length - 1].block : top).children.push(block);
      if (isCall && hasFunction(list, at + 1 + isFormat)) open.push({ block, depth });
    }
  }
  return top.children;
}

/** A Lua pattern that matches the text itself. */
const escapePattern = (text) => text.replace(/[\^$()%.[\]*+\-?]/g, "%$&");

/** The words for busted that run the block at the end of a path of blocks, the outermost first, and all in it. */
function filterOf(path) {
  const last = path[path.length - 1];
  const known = [];
  for (const block of path) {
    known.push(block.name);
    if (block.partial) break; // what follows in a full name is not known
  }
  const whole = known.length === path.length && !last.partial;
  return `^${escapePattern(known.join(" "))}${whole ? (last.group ? " " : "$") : ""}`;
}

module.exports = { discover, filterOf, escapePattern };
