#!/bin/sh
# size.sh - prints the size of examples/hello, and its sizes with libc's parts in place of ours. Called by `make size`, which
# has built them.
#
#   tools/size.sh EXECUTABLE FOLDER PART...     FOLDER/PART has the flaron-lua and the hello.wasm with libc's PART
#
# Each flare must answer as ours does. Columns: bytes, bytes gzipped, and the differences from ours.
set -eu

exe=$1 folder=$2
shift 2

answer() { # EXECUTABLE FLARE
  "$1" run "$2" --url http://localhost/
}

"$exe" pack examples/hello -o "$folder/hello.wasm" >/dev/null
expected=$(answer "$exe" "$folder/hello.wasm")

size() { wc -c <"$1"; }
zipped() { gzip -9nc "$1" | wc -c; }
bytes=$(size "$folder/hello.wasm") gzip=$(zipped "$folder/hello.wasm")

printf '%-10s %9s %9s\n' part bytes gzipped
printf '%-10s %9d %9d\n' ours "$bytes" "$gzip"
for part; do
  hello=$folder/$part/hello.wasm
  [ "$(answer "$folder/$part/flaron-lua" "$hello")" = "$expected" ] || {
    echo "size.sh: $hello does not answer as $folder/hello.wasm does" >&2
    exit 1
  }
  b=$(size "$hello") g=$(zipped "$hello")
  printf '%-10s %9d %9d  %+7d %+7d\n' "$part" "$b" "$g" $((b - bytes)) $((g - gzip))
done
