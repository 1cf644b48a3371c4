#!/bin/sh
# run.sh - all tests: native programs, specs that run once, specs that run on both engines. Called by
# `make test`, which sets NATIVE (the folder of what it built) and SANITIZE. The last line counts them. It chooses what
# runs and when; how one file of specs is run is in run_one.sh.
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

# Specs that measure, or that make things in build/: one after the other, when all others are done.
alone='/budget_spec /waits_spec /install_spec /npm_spec /sbom_spec /pages_spec'

# Specs of pages, packages and tools that are built without sanitizers: with them they would show nothing more.
unsanitized='tests/docs/ /install_spec /lua_version_spec /npm_spec /release_test_spec /sbom_spec /setup_spec /translated_spec /unwind_spec'

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

[ -z "$SANITIZE" ] || [ -n "$only" ] || echo "not with sanitizers: $unsanitized"
[ -z "${AFTER_SANITIZE:-}" ] || [ -n "$only" ] || echo "once, as no run with sanitizers does: $unsanitized, and what measures less with them"

# What is to run, a line each: the engine ("once" for what needs none) and the file.
list() {
  for file in $(select_files tests/tool/*_spec.lua tests/docs/*_spec.lua tests/browser/*_spec.lua); do echo "once $file"; done
  for engine in ${ENGINES:-wasm2c v8}; do
    for file in $(select_files tests/flare/*_spec.lua tests/libraries/*_spec.lua examples/*/spec/*_spec.lua); do
      echo "$engine $file"
    done
  done
}

# split alone|together: of the lines of list, those that run so.
split() {
  while read -r engine file; do
    if has "$file" "$alone"; then way=alone; else way=together; fi
    [ $way != "$1" ] || echo "$engine $file"
  done
}

# Two at a time: most wait for an edge, a browser or Node half of the time.
list | split together | xargs -r -P 2 -L 1 tests/run_one.sh
list | split alone | xargs -r -L 1 tests/run_one.sh

awk '{ passed += $1; failed += $2; skipped += $3 }
  END {
    printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
    exit failed || !passed
  }' "$RESULTS"
