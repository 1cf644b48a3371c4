#!/bin/sh
# size.sh - group 4 of the benchmarks: bytes of a packed flare, and the time of packing. NATIVE: what was built.
set -eu
hello=build/bench/hello.wasm
"$NATIVE/flaron-lua" pack examples/hello -o $hello >build/bench/pack.log
echo '### 4. Size and packing'
echo
echo '| what | |'
echo '| --- | ---: |'
echo "| hello.wasm, bytes | $(wc -c <$hello) |"
echo "| the same, gzip -9 | $(gzip -9 -c $hello | wc -c) |"
wasm-objdump -h $hello | sed -n 's/^ *\([A-Z][a-z]*\) start.*(size=\(0x[0-9a-f]*\)) .*/\1 \2/p' |
  while read -r section size; do echo "| of it, section $section | $((size)) |"; done
echo "| packing | $(sed -n 's/.*, in \(.*\)/\1/p' build/bench/pack.log) |"
