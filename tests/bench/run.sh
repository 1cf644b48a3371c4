#!/bin/sh
# run.sh - all benchmarks, a file a group, into docs/benchmarks.md. Called by `make bench`, which sets NATIVE
# and builds build/bench/floor.wasm.
set -eu
export LUA_CPATH="$NATIVE/lua/?.so;;" NATIVE
empty=build/bench/empty
mkdir -p $empty
echo 'return function() end' >$empty/main.lua
"$NATIVE/flaron-lua" pack examples/hello -o build/bench/hello.wasm >/dev/null
"$NATIVE/flaron-lua" pack $empty -o $empty.wasm >/dev/null
{
  echo '# Benchmarks'
  echo
  echo "Made by \`make bench\` on $(nproc) cores ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)), $(gcc --version | head -1), Node $(node --version)."
  echo
  lua5.4 tests/bench/programs.lua
  echo
  node tests/bench/invocation.mjs build/bench/hello.wasm $empty.wasm build/bench/floor.wasm
  echo
  tests/bench/size.sh
} | tee build/bench/benchmarks.md
mv build/bench/benchmarks.md docs/benchmarks.md
