// serve.cjs - runs flares on the JavaScript engine that runs this, over the protocol of edge/engine/engine_process.h.
//
// It knows Wasm and the protocol, nothing of what an import means: those are served by the edge. It uses nothing but the
// language, so each engine's host gives it two functions, which are synchronous since an import must answer before it returns:
// read(size) gives an Uint8Array of that size, or undefined when the input has ended; write(bytes) takes an Uint8Array.
"use strict";

/** An ASCII string of bytes, such as the name of an import. */
function text(bytes) {
  let s = "";
  for (const byte of bytes) s += String.fromCharCode(byte);
  return s;
}

/** The bytes of a string, in UTF-8. */
function utf8(s) {
  return Uint8Array.from(unescape(encodeURIComponent(s)), (c) => c.charCodeAt(0));
}

/** A message to the edge: a tag, then numbers (BigInt, 64 bits) and bytes (Uint8Array). */
function message(tag, fields) {
  let size = 5;
  for (const field of fields) size += typeof field === "bigint" ? 8 : 4 + field.length;
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  view.setUint32(0, size - 4, true);
  out[4] = tag.charCodeAt(0);
  let at = 5;
  for (const field of fields) {
    if (typeof field === "bigint") {
      view.setBigInt64(at, field, true);
      at += 8;
    } else {
      view.setUint32(at, field.length, true);
      out.set(field, at + 4);
      at += 4 + field.length;
    }
  }
  return out;
}

/** The instance of a module. */
function instantiate(bytes, imports) {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
}

/** Serves the edge until the input ends; `make` is for who changes the module first. */
function serve(read, write, make = instantiate) {
  const ENDED = new Error("the input has ended");
  let instance;

  const exactly = (size) => {
    const bytes = read(size);
    if (bytes === undefined) throw ENDED;
    return bytes;
  };
  const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

  function receive() {
    const buffer = exactly(view(exactly(4)).getUint32(0, true));
    const fields = view(buffer);
    let at = 1;
    return {
      tag: String.fromCharCode(buffer[0]),
      number() {
        at += 8;
        return fields.getBigInt64(at - 8, true);
      },
      bytes() {
        const start = at + 4;
        at = start + fields.getUint32(at, true);
        return buffer.subarray(start, at);
      },
    };
  }

  /** The function that the flare calls for import number `index`. */
  function makeImport(index, result, params) {
    const shape = params === "NONE" ? [] : [...params];
    return (...args) => {
      const memory = new Uint8Array(instance.exports.memory.buffer);
      const fields = [BigInt(index)];
      for (const kind of shape) {
        if (kind !== "B") {
          fields.push(BigInt(args.shift()));
          continue;
        }
        const at = args.shift() >>> 0;
        const size = args.shift() >>> 0;
        if (size > 0 && at + size > memory.length) throw new Error("access outside of memory");
        fields.push(size > 0 ? memory.subarray(at, at + size) : new Uint8Array(0));
      }
      write(message("I", fields));
      if (result === "VOID") return undefined;
      const answer = receive();
      const present = answer.number() !== 0n;
      const data = answer.bytes();
      const code = answer.number();
      if (result === "I32") return Number(code);
      if (!present || data.length === 0) return 0n;
      const at = instance.exports.alloc(data.length) >>> 0;
      if (at === 0) return 0n;
      new Uint8Array(instance.exports.memory.buffer).set(data, at);
      return BigInt.asIntN(64, (BigInt(at) << 32n) | BigInt(data.length));
    };
  }

  function open(request) {
    const imports = {};
    const count = Number(request.number());
    for (let i = 0; i < count; i++) {
      const name = text(request.bytes());
      const result = text(request.bytes());
      imports[name] = makeImport(i, result, text(request.bytes()));
    }
    instance = make(request.bytes(), { "flaron/v1": imports });
    return 0n;
  }

  try {
    for (;;) {
      const request = receive();
      let reply;
      try {
        const result = request.tag === "O" ? open(request) : instance.exports[text(request.bytes())]();
        reply = message("R", [BigInt(result ?? 0), BigInt(instance.exports.memory.buffer.byteLength)]);
      } catch (error) {
        if (error === ENDED) throw error;
        reply = message("E", [utf8(String(error.message))]);
      }
      write(reply);
    }
  } catch (error) {
    if (error !== ENDED) throw error;
  }
}

module.exports = serve;
