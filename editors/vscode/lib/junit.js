// junit.js - reads what busted writes with `-o junit`: which specs ran, and what came of them. No reader of XML in general.
"use strict";

const NAMED = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const TAG = /<(\/?)([\w:-]+)((?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|<\?[^]*?\?>|<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>/g;

const unescape = (text) => text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (all, hex, decimal, name) =>
  hex ? String.fromCodePoint(parseInt(hex, 16)) : decimal ? String.fromCodePoint(parseInt(decimal, 10)) : NAMED[name] ?? all);

function attributes(text) {
  const found = {};
  for (const [, name, double, single] of text.matchAll(/([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    found[name] = unescape(double ?? single);
  }
  return found;
}

/** "spec/a_spec.lua:3" as { file, line }; undefined when it is none. */
function place(text) {
  const match = /^(.+):(\d+)$/.exec(text ?? "");
  return match ? { file: match[1], line: Number(match[2]) } : undefined;
}

/**
 * What a failure says: { message, file, line, expected, actual }. The text begins with "FILE:LINE: "; a traceback at its end is in
 * `message`, too. `expected` and `actual` are there when an assertion compared two values.
 */
function explain(text) {
  const where = /^(\S.*?):(\d+): ([^]*)$/.exec(text);
  const message = (where ? where[3] : text).trimEnd();
  const compared = /^[^]*?\nPassed in:\n([^]*?)\nExpected:\n([^]*?)(?:\nstack traceback:\n[^]*)?$/.exec(message);
  return {
    message,
    file: where?.[1], line: where ? Number(where[2]) : undefined,
    actual: compared?.[1], expected: compared?.[2],
  };
}

/**
 * The results in a report: a list of { name, file, line, state, ms, ...explain }. `state` is "passed", "failed", "errored" or
 * "skipped". What failed outside of every spec, such as a file that cannot be loaded, has no name. Throws an Error when the text is
 * no whole report.
 */
function parse(xml) {
  const results = [];
  let current, text, whole = false, at = 0;
  const add = (piece) => { if (text !== undefined) text += piece; };
  for (const match of xml.matchAll(TAG)) {
    const [all, closing, tag, words, empty, raw] = match;
    add(unescape(xml.slice(at, match.index)));
    at = match.index + all.length;
    if (raw !== undefined) add(raw);
    if (tag === "testcase" && !closing) {
      const { name, classname, time } = attributes(words);
      current = { name, ...place(classname), state: "passed", ms: Number(time) * 1000 || 0 };
      results.push(current);
    }
    if (tag === "testcase" && (closing || empty)) current = undefined;
    if (tag === "skipped" && !closing && current) current.state = "skipped";
    if (tag === "failure" || tag === "error") {
      if (!closing) text = "";
      if (closing || empty) {
        const { file, line, ...what } = explain(text);
        const result = current ?? {};
        if (!current) results.push(result);
        Object.assign(result, what, { state: tag === "failure" ? "failed" : "errored", failedAt: file && { file, line } });
        if (!current && file) Object.assign(result, { file, line });
        text = undefined;
      }
    }
    if (tag === "testsuites" && (closing || empty)) whole = true;
  }
  if (!whole) throw new Error("busted's report is not whole");
  return results;
}

module.exports = { parse, explain };
