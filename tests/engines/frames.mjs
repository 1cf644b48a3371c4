// frames.mjs - V8 as an engine that counts: how many functions of the flare are within each other at the deepest point of a call.
// For tests/tool/stack_spec.lua.
//
//   node --stack-size=4000 tests/engines/frames.mjs [TRACE]
//
// Each function of the module becomes two: one of the same index that counts and calls, and the body behind all others. So a call
// needs twice V8's stack. Every call answers with the error "N frames". TRACE: at that many frames the call is ended by a trap, and
// the indices of the functions go to standard error, the innermost first.
import { writeSync } from "node:fs";
import serve from "./serve.cjs";
import { read, write } from "./stdio.mjs";

const trace = Number(process.argv[2] ?? 0);

/** A number in LEB128, unsigned. */
function leb(n) {
  const out = [];
  do {
    out.push((n & 127) | (n > 127 ? 128 : 0));
    n >>>= 7;
  } while (n > 0);
  return out;
}

/** The module with functions that count, and exports `depth` and `deepest`, mutable globals; and how many functions it had. */
function counting(bytes) {
  let at = 8;
  const number = () => {
    let n = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      n |= (byte & 127) << shift;
      if (byte < 128) return n >>> 0;
    }
  };
  const sections = [];
  while (at < bytes.length) {
    const id = bytes[at++];
    const size = number();
    sections.push({ id, body: bytes.subarray(at, at + size), start: at });
    at += size;
  }
  const section = (id) => sections.find((s) => s.id === id);
  const countOf = (id) => {
    at = section(id).start;
    return number();
  };

  const types = [];
  for (let left = countOf(1); left > 0; left--) {
    at++; // 0x60
    const params = number();
    at += params;
    const results = number(); // moves `at`
    at += results;
    types.push(params);
  }
  const imports = countOf(2); // all of them functions
  const functions = [];
  for (let left = countOf(3); left > 0; left--) functions.push(number());
  const globals = countOf(6);
  const globalsAt = at;
  const exported = countOf(7);
  const exportsAt = at;
  countOf(10);
  const bodiesAt = at;

  const [depth, deepest] = [leb(globals), leb(globals + 1)];
  const code = functions.map((type, i) => {
    const body = [0];
    body.push(0x23, ...depth, 0x41, 1, 0x6a, 0x24, ...depth);
    body.push(0x23, ...depth, 0x23, ...deepest, 0x4a, 0x04, 0x40, 0x23, ...depth, 0x24, ...deepest, 0x0b);
    if (trace > 0) body.push(0x23, ...depth, 0x41, ...leb(trace), 0x4a, 0x04, 0x40, 0x00, 0x0b); // below 64 it would be negative
    for (let p = 0; p < types[type]; p++) body.push(0x20, ...leb(p));
    body.push(0x10, ...leb(imports + functions.length + i));
    body.push(0x23, ...depth, 0x41, 1, 0x6b, 0x24, ...depth, 0x0b);
    return [...leb(body.length), ...body];
  });
  const twice = functions.concat(functions).flatMap(leb);
  const rest = (id, from) => bytes.subarray(from, section(id).start + section(id).body.length);
  const made = {
    3: [leb(2 * functions.length), twice],
    6: [leb(globals + 2), rest(6, globalsAt), [0x7f, 1, 0x41, 0, 0x0b, 0x7f, 1, 0x41, 0, 0x0b]],
    7: [leb(exported + 2), rest(7, exportsAt), [5, ...Buffer.from("depth"), 3, ...depth, 7, ...Buffer.from("deepest"), 3, ...deepest]],
    10: [leb(2 * functions.length), code.flat(), rest(10, bodiesAt)],
  };
  const out = [bytes.subarray(0, 8)];
  for (const { id, body } of sections) {
    const content = Buffer.concat((made[id] ?? [body]).map((part) => Buffer.from(part)));
    out.push([id, ...leb(content.length)], content);
  }
  return { module: Buffer.concat(out.map((part) => Buffer.from(part))), functions: imports + functions.length };
}

/** An instance of serve.cjs whose handlers, but not `alloc`, tell their frames by an error. */
function instantiate(bytes, imports) {
  const { module, functions } = counting(bytes);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), imports);
  const told = { ...exports };
  Error.stackTraceLimit = Infinity;
  for (const name of Object.keys(exports)) {
    if (typeof exports[name] !== "function" || name === "alloc") continue;
    told[name] = () => {
      exports.depth.value = exports.deepest.value = 0;
      try {
        exports[name]();
      } catch (error) {
        if (trace > 0) {
          const indices = [...error.stack.matchAll(/wasm-function\[(\d+)\]/g)].map((found) => Number(found[1]));
          writeSync(2, `${indices.filter((index) => index < functions).join(" ")}\n`);
        }
        throw error;
      }
      throw new Error(`${exports.deepest.value} frames`);
    };
  }
  return { exports: told };
}

serve(read, write, instantiate);
