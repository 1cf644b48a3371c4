#!/usr/bin/env node
// flaron-lua.js - `npx flaron-lua`: the native executable of this machine, or else what of it is Wasm (lib/pure.js).
"use strict";

const { find, start } = require("../lib/native.js");

const words = process.argv.slice(2);
const native = find();

if (native !== undefined) {
  start(native, words);
} else {
  require("../lib/pure.js")(words);
}
