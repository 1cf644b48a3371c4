#!/bin/sh
# inside.sh - tries a flaron-lua on the machine it is on: new, test, check, pack, run, what guard pages, stacks and timers do,
# dev with a request, a WebSocket and TLS, kill -9, replay. For any sh, busybox's too; besides it, it needs sha256sum, mkfifo
# and an nc. It makes nothing outside of the folder WORK, and asks nobody but 127.0.0.1.
#
#   inside.sh FLARON_LUA PROBE WORK [RECORD]
#
# FLARON_LUA: the executable. PROBE: the folder tests/release/probe. WORK: a folder that it makes. RECORD: a record of the probe
# made elsewhere, which must do the same here. NC: the nc, if it is not `nc`. WITHOUT: words of steps that are not tried.
# It prints a line for each step, "ok STEP", "-- STEP" for one that is not tried, or "no STEP" and what was wrong, and a line
# "= FILE SHA256" for what must be the same bytes everywhere. The exit code is the number of steps that failed.
#
# shellcheck disable=SC2317 # `step` calls its functions
set -u

tool=$1 probe=$2 work=$3 record=${4-}
nc=${NC:-nc}
rm -rf "$work"
mkdir -p "$work" || exit 100
cp -r "$probe" "$work/probe"
cd "$work" || exit 100
HOME=$work
export HOME
failed=0 dev='' address='' port='' count=0

trap '[ -z "$dev" ] || kill -9 "$dev" 2>/dev/null' EXIT

# Whether the file FILE has a line with TEXT, for at most SECONDS; without SECONDS, now.
has() { # TEXT FILE [SECONDS]
  tries=$((${3:-0} * 10))
  until grep -qF -e "$1" "$2" 2>/dev/null; do
    [ "$tries" -gt 0 ] || return 1
    tries=$((tries - 1))
    sleep 0.1
  done
}

# Runs a step: a function, whose output is shown when it fails, and whose exit code it gives.
step() { # NAME FUNCTION ARGUMENT...
  step=$1
  shift
  case " ${WITHOUT-} " in *" $step "*)
    echo "-- $step"
    return 1
    ;;
  esac
  if "$@" >"$work/step.log" 2>&1; then
    echo "ok $step"
  else
    echo "no $step"
    sed 's/^/   /' "$work/step.log"
    failed=$((failed + 1))
    return 1
  fi
}

same() { echo "= $1 $(sha256sum <"$1" | cut -d ' ' -f 1)"; }

make_new() { "$tool" new hello && "$tool" new room --template websocket && "$tool" new api --template api; }

run_tests() { (cd hello && "$tool" test) && (cd room && "$tool" test) && (cd api && "$tool" test); }

run_check() { "$tool" check hello && "$tool" check api && "$tool" check probe; }

# What luacheck finds, and flaron-lua itself does not look for.
find_fault() {
  cp -r hello faulty && { echo 'local unused = 1'; cat hello/main.lua; } >faulty/main.lua
  "$tool" check faulty >faulty.log 2>&1
  cat faulty.log
  has "unused variable 'unused'" faulty.log
}

pack_all() { for name in hello room api probe; do "$tool" pack "$name" -o "$name.wasm" || return 1; done; }

# What the probe answers on a path; what it says on standard error is in probe.err.
ask() { # PATH WORD...
  path=$1
  shift
  "$tool" run probe.wasm --url "http://localhost/$path" "$@" 2>probe.err
  code=$?
  cat probe.err
  return "$code"
}

run_hello() { "$tool" run hello.wasm >hello.out && cat hello.out && has 'HTTP/1.1 200 OK' hello.out; }

run_same() { ask same >same.out && cat same.out && has 'HTTP/1.1 200 OK' same.out; }

guard_pages() {
  ask outside && return 1
  has 'access outside of memory' probe.err
}

deep() { ask deep >deep.out && cat deep.out && has 'stack overflow' deep.out && has 'C stack overflow' deep.out; }

cpu_limit() { ask loop --cpu-ms 300 && has 'main.lua:' probe.err && has 'CPU time limit reached' probe.err; }

cpu_limit_in_c() {
  ask loop_in_c --cpu-ms 300 && return 1
  has 'CPU time limit reached inside a C function' probe.err
}

memory_limit() { ask memory --cpu-ms 0 && has 'not enough memory' probe.err; }

records() { ask host --record own.json && "$tool" replay own.json probe.wasm; }

# Serves the probe by dev; `address` is where.
serve() { # WORD...
  : >dev.err
  "$tool" dev probe --port 0 --cpu-ms 200 "$@" >dev.out 2>dev.err </dev/null &
  dev=$!
  until has ' on http' dev.err 1; do kill -0 "$dev" 2>/dev/null || { cat dev.err; return 1; }; done
  address=$(sed -n 's#^.* on \(https*://[0-9.]*:[0-9]*\)/.*#\1#p' dev.err | sed -n 1p)
  port=${address##*:}
  [ -n "$port" ] || { cat dev.err; return 1; }
}

# Ends dev by a signal.
end() { # SIGNAL
  kill "-$1" "$dev"
  wait "$dev" 2>/dev/null
  dev=
}

# A GET by flaron-lua's own HTTP client, from a flare; prints status and body.
get() { # URL
  "$tool" run -e "local a, why = flaron.beam.fetch('$1') return a and a.status .. ' ' .. a.body or why" 2>&1
}

# The probe counts requests: whether it has counted all until now, and this one.
request() {
  get "$address/count" | tee get.out
  has "200 $((count + 1))" get.out && count=$((count + 1))
}

# A failure in a thread of dev: its stack is not the main thread's. Afterwards it must answer as before.
survive() {
  for path in outside deep loop loop_in_c memory; do get "$address/$path" >"$path.out"; done
  cat outside.out deep.out loop.out dev.out
  has '500' outside.out && has 'C stack overflow' deep.out && has '500' loop.out && has '500' loop_in_c.out &&
    has '500' memory.out && has 'access outside of memory' dev.out && request
}

# A handshake, a masked text (its mask is 0), and a masked close of the client.
websocket() {
  rm -f to && mkfifo to
  $nc 127.0.0.1 "$port" <to >from &
  client=$!
  exec 3>to
  printf 'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' >&3
  printf 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n' >&3
  has 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' from 10 && printf '\201\205\0\0\0\0hello' >&3 && has 'echo: hello' from 10
  good=$?
  printf '\210\202\0\0\0\0\003\350' >&3
  exec 3>&-
  wait "$client"
  cat from
  return "$good"
}

# Nothing of what was set may be gone when dev was killed.
kill_and_again() {
  end 9
  serve && request
}

tls() {
  serve --https || return 1
  export SSL_CERT_FILE="$work/probe/.flaron/https.pem"
  request
  good=$?
  unset SSL_CERT_FILE
  [ "$good" = 0 ] || return 1
  # Who does not know the certificate must not be served by this client.
  get "$address/count" | tee get.out
  has '200' get.out && return 1
  return 0
}

step new make_new
step test run_tests
step check run_check
step check-fault find_fault
step pack pack_all
step run run_hello
step numbers run_same
for file in hello.wasm room.wasm api.wasm probe.wasm same.out; do [ ! -f "$file" ] || same "$file"; done
step guard-pages guard_pages
step deep-stack deep
step cpu-limit cpu_limit
step cpu-limit-in-c cpu_limit_in_c
step memory-limit memory_limit
step replay records
[ -z "$record" ] || step replay-foreign "$tool" replay "$record" probe.wasm
if step dev serve; then
  step request request
  step survive survive
  step websocket websocket
  step kill-9 kill_and_again
  step end end INT
  step tls tls
  [ -z "$dev" ] || end INT
fi
exit $failed
