// v8.mjs - runs flares on Node's V8 for flaron.edge, over the protocol of edge/engine/engine_process.h.
//
// It knows Wasm and the protocol, nothing of what an import means: those are served by the edge. Messages
// are read and written synchronously, since an import must answer before it returns.
import { readSync, writeSync } from "node:fs";

const IN = 0;
const OUT = 1;

function readExactly(size) {
  const buffer = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const n = readSync(IN, buffer, done, size - done, null);
    if (n === 0) process.exit(0);
    done += n;
  }
  return buffer;
}

class Reader {
  constructor() {
    this.buffer = readExactly(readExactly(4).readUInt32LE());
    this.at = 1;
    this.tag = String.fromCharCode(this.buffer[0]);
  }
  number() {
    this.at += 8;
    return this.buffer.readBigInt64LE(this.at - 8);
  }
  bytes() {
    const start = this.at + 4;
    this.at = start + this.buffer.readUInt32LE(this.at);
    return this.buffer.subarray(start, this.at);
  }
}

function number(n) {
  const b = Buffer.allocUnsafe(8);
  b.writeBigInt64LE(BigInt.asIntN(64, BigInt(n)));
  return b;
}

function bytes(data) {
  const size = Buffer.allocUnsafe(4);
  size.writeUInt32LE(data.length);
  return Buffer.concat([size, data]);
}

function send(tag, ...fields) {
  const message = bytes(Buffer.concat([Buffer.from(tag), ...fields]));
  for (let done = 0; done < message.length; ) done += writeSync(OUT, message, done);
}

let instance;

// The function that V8 calls for import number `index`.
function makeImport(index, result, params) {
  const shape = params === "NONE" ? [] : [...params];
  return (...args) => {
    const memory = Buffer.from(instance.exports.memory.buffer);
    const fields = shape.map((kind) => {
      if (kind !== "B") return number(args.shift());
      const [at, size] = [args.shift() >>> 0, args.shift() >>> 0];
      if (at + size > memory.length && size > 0) throw new Error("access outside of memory");
      return bytes(size > 0 ? memory.subarray(at, at + size) : Buffer.alloc(0));
    });
    send("I", number(index), ...fields);
    if (result === "VOID") return undefined;
    const answer = new Reader();
    const present = answer.number() !== 0n;
    const data = answer.bytes();
    const code = answer.number();
    if (result === "I32") return Number(code);
    if (!present || data.length === 0) return 0n;
    const at = instance.exports.alloc(data.length) >>> 0;
    if (at === 0) return 0n;
    data.copy(Buffer.from(instance.exports.memory.buffer), at);
    return BigInt.asIntN(64, (BigInt(at) << 32n) | BigInt(data.length));
  };
}

function open(message) {
  const imports = {};
  const count = Number(message.number());
  for (let i = 0; i < count; i++) {
    const [name, result, params] = [message.bytes(), message.bytes(), message.bytes()].map(String);
    imports[name] = makeImport(i, result, params);
  }
  const module = new WebAssembly.Module(message.bytes());
  instance = new WebAssembly.Instance(module, { "flaron/v1": imports });
  return 0n;
}

for (;;) {
  const message = new Reader();
  try {
    const result = message.tag === "O" ? open(message) : instance.exports[String(message.bytes())]();
    send("R", number(result ?? 0), number(instance.exports.memory.buffer.byteLength));
  } catch (error) {
    send("E", bytes(Buffer.from(String(error.message))));
  }
}
