#!/bin/sh
# run.sh - all tests: native programs, specs that run once, specs that run on both engines. Called by
# `make test`, which sets NATIVE (the folder of what it built) and SANITIZE. The last line counts them.
#
#   tests/run.sh [WORD...]  with words: only test files whose path has one of them
#
# With AFTER_SANITIZE=1 what runs once is left out if a run with sanitizers shows as much.
set -u

only=$*
export LC_ALL=C.UTF-8
unset MAKEFLAGS MFLAGS MAKELEVEL # what specs make is no part of the make that called this
export LUA_PATH="tests/support/?.lua;scripts/modules/?.lua;;" LUA_CPATH="$NATIVE/lua/?.so;;"
RESULTS=$(mktemp)
export RESULTS NATIVE SANITIZE
trap 'rm -rf "$RESULTS" build/tmp' EXIT

# Whether a path is one of those asked for.
wanted() {
  [ -n "$only" ] || return 0
  for word in $only; do
    case $1 in *"$word"*) return 0 ;; esac
  done
  return 1
}

# Programs that end with "N passed, N failed".
for program in "$NATIVE"/tests/*_test; do
  wanted "$program" || continue
  [ -z "${AFTER_SANITIZE:-}" ] || continue
  output=$("$program" 2>&1)
  status=$?
  counts=$(printf '%s\n' "$output" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2 0/p')
  if [ $status != 0 ] || [ -z "$counts" ]; then
    printf '%s\n' "$output"
    [ $status = 0 ] || [ "${counts#* }" != '0 0' ] || counts=
    echo "${counts:-0 1 0}" >>"$RESULTS"
  else
    echo "$counts" >>"$RESULTS"
  fi
  echo "  $(basename "$program"): ${counts%% *}"
done

# A sanitizer's runtime must come first, and Lua itself is not free of leaks it would report.
preload=
if [ -n "$SANITIZE" ]; then
  preload="LD_PRELOAD=$(gcc -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0"
fi

# NAME FILES... : busted's counts go to RESULTS; a busted that dies before it has any counts as a failure.
specs() {
  name=$1
  shift
  [ $# -gt 0 ] || return 0
  echo "$name"
  before=$(wc -l <"$RESULTS")
  # shellcheck disable=SC2086 # words
  env $preload busted --lua=lua5.4 -o tests/support/output.lua "$@"
  [ "$(wc -l <"$RESULTS")" -gt "$before" ] || echo "0 1 0" >>"$RESULTS"
}

# Specs of pages, packages and tools that are built without sanitizers: with them they would show nothing more.
unsanitized='tests/docs/ /install_spec /lua_version_spec /sbom_spec /setup_spec /translated_spec /unwind_spec'

# has PATH WORDS: whether a path has one of the words.
has() {
  for word in $2; do
    case $1 in *"$word"*) return 0 ;; esac
  done
  return 1
}

# Whether a file is for this run.
due() {
  wanted "$1" || return 1
  [ -z "$only" ] || return 0
  if [ -n "$SANITIZE" ]; then
    ! has "$1" "$unsanitized"
  elif [ -n "${AFTER_SANITIZE:-}" ]; then
    # also what asks, since it measures less or nothing with sanitizers
    has "$1" "tests/flare/ tests/libraries/ examples/ $unsanitized" || grep -q 'os.getenv "SANITIZE"' "$1"
  fi
}

select_files() { for file; do if [ -f "$file" ] && due "$file"; then printf '%s\n' "$file"; fi; done; }

# The specs of the examples, each in its folder, as its author runs them.
examples() {
  for spec in $(select_files examples/*/spec/*_spec.lua); do
    example=${spec%/spec/*}
    before=$(wc -l <"$RESULTS")
    # shellcheck disable=SC2086 # words
    env -u LUA_PATH -u LUA_CPATH $preload "$NATIVE/flaron-lua" test "$example" -o "$PWD/tests/support/output.lua" | sed "s|  spec/|  $example/spec/|"
    [ "$(wc -l <"$RESULTS")" -gt "$before" ] || echo "0 1 0" >>"$RESULTS"
  done
}

[ -z "$SANITIZE" ] || [ -n "$only" ] || echo "not with sanitizers: $unsanitized"
[ -z "${AFTER_SANITIZE:-}" ] || [ -n "$only" ] || echo "once, as no run with sanitizers does: $unsanitized, and what measures less with them"

# shellcheck disable=SC2046 # paths without spaces, all ours
{
  specs "specs that run once" $(select_files tests/tool/*_spec.lua tests/docs/*_spec.lua tests/browser/*_spec.lua)
  for ENGINE in ${ENGINES:-wasm2c v8}; do
    export ENGINE
    case $ENGINE in v8) export FLARON_ENGINE="node $PWD/tests/engines/v8.mjs" ;; *) unset FLARON_ENGINE ;; esac
    specs "specs on $ENGINE" $(select_files tests/flare/*_spec.lua tests/libraries/*_spec.lua)
    examples
  done
}

awk '{ passed += $1; failed += $2; skipped += $3 }
  END {
    printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
    exit failed || !passed
  }' "$RESULTS"
