#!/bin/sh
# run_one.sh - one file of specs: called by run.sh, several at a time, with NATIVE, SANITIZE and RESULTS in the environment.
# It appends the counts to the file RESULTS, a failure if busted died before it had any.
#
#   tests/run_one.sh ENGINE|once FILE
set -u

file=$2 all=$RESULTS
unset ENGINE FLARON_ENGINE
[ "$1" = once ] || export ENGINE="$1"
case $1 in
  once | wasm2c) ;;
  *)
    export FLARON_ENGINE
    if ! FLARON_ENGINE=$(tests/engines/command.sh "$1"); then
      echo "0 1 0" >>"$all"
      exit 0
    fi
    ;;
esac
RESULTS=$(mktemp)
export RESULTS
trap 'rm -f "$RESULTS"' EXIT

# A sanitizer's runtime must come first, and Lua itself is not free of leaks it would report.
preload=
if [ -n "$SANITIZE" ]; then
  preload="LD_PRELOAD=$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0"
fi

# shellcheck disable=SC2086 # words
case $file in
  examples/*) # in its folder, as its author runs them
    example=${file%/spec/*}
    output=$(env -u LUA_PATH -u LUA_CPATH $preload "$NATIVE/flaron-lua" test "$example" -o "$PWD/tests/support/output.lua" 2>&1)
    printf '%s\n' "$output" | sed "s|  spec/|  $example/spec/|"
    ;;
  *) env $preload busted --lua=lua5.4 -o tests/support/output.lua "$file" ;;
esac
if [ -s "$RESULTS" ]; then
  cat "$RESULTS" >>"$all"
else
  echo "FAILED $file: no result"
  echo "0 1 0" >>"$all"
fi
