// v8.mjs - Node's V8 as an engine: serve.cjs on Node's standard input and output.
import { readSync, writeSync } from "node:fs";
import serve from "./serve.cjs";

const IN = 0;
const OUT = 1;

function read(size) {
  const buffer = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const n = readSync(IN, buffer, done, size - done, null);
    if (n === 0) return undefined;
    done += n;
  }
  return buffer;
}

function write(bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(OUT, bytes, done);
}

serve(read, write);
