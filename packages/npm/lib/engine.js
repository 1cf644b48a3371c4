// engine.js - what the packer has V8 do (wasi/engine_v8.h): instantiates the runtime and flares, calls them, and serves their imports by
// the packer's host.
"use strict";

const FLARE_IMPORTS = "flaron/v1";

// A module that exports its import as a function of Wasm, (i32, i32) -> i64, which a table takes.
const FINDER = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7e, 2, 7, 1, 1, 0x61, 1, 0x66, 0, 0, 7, 5, 1, 1, 0x66, 0, 0,
]);

/**
 * The functions of the module "v8". `packer`: its exports, when it runs; `runtime`: the module of start-up; `limit`: where the limit
 * of time is told (pure.js).
 */
module.exports = function engine(packer, runtime, limit) {
  const instances = new Map();
  let last = 0;
  let fault = "";

  const bytes = (at, size) => new Uint8Array(packer.memory.buffer, at >>> 0, size >>> 0);
  const view = () => new DataView(packer.memory.buffer);
  const memoryOf = (id) => instances.get(id).exports.memory;

  /** A C string of the packer. */
  function string(at) {
    const all = new Uint8Array(packer.memory.buffer);
    return Buffer.from(all.subarray(at, all.indexOf(0, at))).toString();
  }

  /** Tries; a failure's sentence is kept for fault(). */
  function attempt(failed, action) {
    try {
      return action();
    } catch (error) {
      fault = String(error.message);
      return failed;
    }
  }

  /** Bytes of an instance's memory, as an argument. */
  function argument(memory, at, size) {
    if (size > 0 && (at >>> 0) + (size >>> 0) > memory.byteLength) throw new Error("access outside of memory");
    return size > 0 ? new Uint8Array(memory, at >>> 0, size >>> 0) : new Uint8Array(0);
  }

  /** Puts byte arguments into the packer's room. */
  function fill(...parts) {
    let at = packer.v8_room(parts.reduce((size, part) => size + part.length, 0));
    for (const part of parts) {
      bytes(at, part.length).set(part);
      at += part.length;
    }
  }

  /** An answer's bytes in a block of the instance, packed as the ABI has it. */
  function pack(exports, answer) {
    const data = view().getUint32(answer, true);
    const size = view().getUint32(answer + 4, true);
    if (data === 0 || size === 0) return 0n;
    const at = exports.alloc(size) >>> 0;
    if (at === 0) return 0n;
    new Uint8Array(exports.memory.buffer, at, size).set(bytes(data, size));
    return BigInt.asIntN(64, (BigInt(at) << 32n) | BigInt(size));
  }

  /** The function of import number `index`, for the instance that `self` will hold. */
  function makeImport(owner, self, index, result, params) {
    const byteArguments = [...params].filter((kind) => kind === "B").length;
    const hasNumber = params !== "NONE" && params.length > byteArguments;
    return (...args) => {
      const parts = [];
      for (let i = 0; i < byteArguments; i++) parts.push(argument(self.exports.memory.buffer, args[2 * i], args[2 * i + 1]));
      fill(...parts);
      const number = hasNumber ? BigInt(args[2 * byteArguments]) : 0n;
      const answer = packer.v8_import(owner, index, parts[0]?.length ?? 0, parts[1]?.length ?? 0, number);
      if (result === "I32") return view().getInt32(answer + 8, true);
      return result === "PACKED" ? pack(self.exports, answer) : undefined;
    };
  }

  function makeImports(owner, self) {
    const imports = {};
    for (let index = 0; ; index++) {
      const signature = packer.v8_signature(index);
      if (signature === 0) return { [FLARE_IMPORTS]: imports };
      const [name, result, params] = [0, 4, 8].map((at) => string(view().getUint32(signature + at, true)));
      imports[name] = makeImport(owner, self, index, result, params);
    }
  }

  return {
    open: (owner, wasm, size) => attempt(0, () => {
      const self = { owner };
      const module = size > 0 ? new WebAssembly.Module(bytes(wasm, size).slice()) : runtime;
      self.exports = new WebAssembly.Instance(module, makeImports(owner, self)).exports;
      instances.set(++last, self);
      return last;
    }),
    close: (id) => instances.delete(id),
    call: (id, name, args, count, result) => attempt(0, () => {
      const numbers = [...new Uint32Array(packer.memory.buffer, args, count)];
      const answer = instances.get(id).exports[string(name)](...numbers);
      view().setBigInt64(result, typeof answer === "bigint" ? answer : BigInt((answer ?? 0) >>> 0), true);
      return 1;
    }),
    size: (id) => memoryOf(id).buffer.byteLength,
    grow: (id, pages) => attempt(0, () => {
      memoryOf(id).grow(pages >>> 0);
      return 1;
    }),
    read: (id, at, to, size) => attempt(0, () => {
      bytes(to, size).set(argument(memoryOf(id).buffer, at, size));
      return 1;
    }),
    write: (id, at, from, size) => attempt(0, () => {
      argument(memoryOf(id).buffer, at, size).set(bytes(from, size));
      return 1;
    }),
    stack: (id) => instances.get(id).exports.__stack_pointer.value,
    set_stack: (id, stack) => {
      instances.get(id).exports.__stack_pointer.value = stack;
    },
    finder: (id) => {
      const { owner, exports } = instances.get(id);
      const find = (name, size) => {
        fill(argument(exports.memory.buffer, name, size));
        return pack(exports, packer.v8_find(owner, size));
      };
      const { f } = new WebAssembly.Instance(new WebAssembly.Module(FINDER), { a: { f: find } }).exports;
      const index = exports.table.grow(1);
      exports.table.set(index, f);
      return index;
    },
    fault: (to, most) => {
      const sentence = Buffer.from(fault).subarray(0, most);
      bytes(to, sentence.length).set(sentence);
      return sentence.length;
    },
    limit: (ms) => {
      Atomics.store(limit, 0, ms);
      Atomics.add(limit, 1, 1);
    },
  };
};
