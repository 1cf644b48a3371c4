// stdio.mjs - Node's standard input and output as the two functions that serve.cjs takes.
import { readSync, writeSync } from "node:fs";

const IN = 0;
const OUT = 1;

export function read(size) {
  const buffer = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const n = readSync(IN, buffer, done, size - done, null);
    if (n === 0) return undefined;
    done += n;
  }
  return buffer;
}

export function write(bytes) {
  for (let done = 0; done < bytes.length; ) done += writeSync(OUT, bytes, done);
}
