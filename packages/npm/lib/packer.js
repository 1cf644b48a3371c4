// packer.js - the thread in which the packer runs: WASI by Node, its instances by engine.js, its cryptography by node.js.
"use strict";

const { readFileSync } = require("node:fs");
const { join, parse } = require("node:path");
const { parentPort, workerData } = require("node:worker_threads");

// node:wasi says that it is experimental each time; it is what runs here, whatever it is called.
const emitWarning = process.emitWarning;
process.emitWarning = (warning, ...rest) => {
  if (rest[0] !== "ExperimentalWarning" && rest[0]?.type !== "ExperimentalWarning") emitWarning(warning, ...rest);
};
const { WASI } = require("node:wasi");
const engine = require("./engine.js");
const node = require("./node.js");

const { words, limit, turn } = workerData;

const compile = (name) => new WebAssembly.Module(readFileSync(join(__dirname, "..", "wasm", name)));

/** The packer's files are those of the drive with the working folder; its names have '/'. */
function place() {
  const folder = process.cwd();
  const { root } = parse(folder);
  return { root, folder: "/" + folder.slice(root.length).replaceAll("\\", "/") };
}

const { root, folder } = place();
const wasi = new WASI({
  version: "preview1",
  args: ["flaron-lua", ...words],
  env: { ...process.env, PWD: folder },
  preopens: { "/": root },
  returnOnExit: true,
});

/**
 * Functions of WASI that Wasm calls by way of JavaScript. Called straight away, they are V8's "fast API calls", in which no garbage may be
 * collected; but Node's allocate there, and so the process crashes now and then (seen with Node 20).
 */
function slowly(functions) {
  const wrapped = Object.entries(functions).map(([name, call]) => [name, (...words) => call(...words)]);
  return Object.fromEntries(wrapped);
}

const packer = {}; // its exports
const instance = new WebAssembly.Instance(compile("packer.wasm"), {
  wasi_snapshot_preview1: slowly(wasi.wasiImport),
  v8: engine(packer, compile("runtime.wasm"), limit),
  node: node(packer, turn),
});
Object.assign(packer, instance.exports);
parentPort.postMessage({ code: wasi.start(instance) });
