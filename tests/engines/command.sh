#!/bin/sh
# command.sh - the words that start an engine of this folder, on one line: for FLARON_ENGINE. The one list of engines that
# speak the protocol of edge/engine/engine_process.h.
#
#   NATIVE=build/native tests/engines/command.sh NAME     exit code 1, and a sentence, if it is not there
#   tests/engines/command.sh                              the names
set -eu

here=$(cd "$(dirname "$0")" && pwd)
case ${1:-} in
  '') echo v8 jsc spidermonkey wazero wazero-interpreter wasm3 wamr ;;
  v8) echo "node $here/v8.mjs" ;;
  jsc | spidermonkey)
    program=$(realpath "${NATIVE:-build/native}")/engines/$1
    [ -x "$program" ] || { echo "$1: not built, its library is not on this machine (make setup-test)" >&2; exit 1; }
    echo "$program $here/serve.cjs"
    ;;
  wazero | wazero-interpreter)
    program=$(realpath "${NATIVE:-build/native}")/engines/wazero
    [ -x "$program" ] || { echo "$1: not built (make test-engines ENGINE_WAZERO=DIR, with a checkout of wazero and Go)" >&2; exit 1; }
    case $1 in *-interpreter) echo "$program interpret" ;; *) echo "$program" ;; esac
    ;;
  wasm3 | wamr)
    program=$(realpath "${NATIVE:-build/native}")/engines/$1
    variable=ENGINE_$(echo "$1" | tr '[:lower:]' '[:upper:]')
    [ -x "$program" ] || { echo "$1: not built (make test-engines $variable=DIR, with a checkout of it)" >&2; exit 1; }
    echo "$program"
    ;;
  *) echo "$1: no such engine: $("$0")" >&2; exit 1 ;;
esac
