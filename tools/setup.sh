#!/bin/sh
# setup.sh - what flaron-lua is built with: Debian packages and the two source tarballs.
#
#   setup.sh packages NAME...            installs those that are missing, in one apt call
#   setup.sh optional NAME...            the same; 1 with one line when it cannot be done
#   setup.sh source FILE SHA256 POOL DIR fetches POOL (a path in the Debian pool) to FILE, where that is
#                                        in build/ and not there, checks it, unpacks it into DIR
#
# The mirror is the one this machine's apt uses. Says what it does only when it has something to do.
set -eu

fail() {
  echo "setup.sh: $*" >&2
  exit 1
}

root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    fail "needs root or sudo to run: $*"
  fi
}

installed() {
  case $1 in
    nodejs) command -v node >/dev/null && return 0 ;; # from wherever it came
    npm) command -v npm >/dev/null && return 0 ;;
  esac
  [ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]
}

packages() {
  missing=
  for name; do installed "$name" || missing="$missing $name"; done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || fail "this is not Debian; please install the likes of:$missing"
  unwanted= # a service that comes along and would be started
  case $missing in *nginx*) [ -e /usr/sbin/nginx ] || unwanted=nginx ;; esac
  echo "installing Debian packages:$missing"
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # one word a package
  if ! { root apt-get update -q && root apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "apt could not install:$missing"
  fi
  if [ -n "$unwanted" ]; then
    root service "$unwanted" stop >>"$log" 2>&1 || :
    root update-rc.d "$unwanted" disable >>"$log" 2>&1 || :
  fi
  rm -f "$log"
}

optional() {
  (packages "$@") 2>/dev/null && return 0
  echo "setup.sh: going on without: $*" >&2
  return 1
}

check() { # FILE SHA256
  found=$(sha256sum "$1" | cut -d ' ' -f 1)
  [ "$found" = "$2" ] || {
    printf 'setup.sh: %s has a wrong checksum\n  expected %s\n  found    %s\n' "$1" "$2" "$found" >&2
    return 1
  }
}

# shellcheck disable=SC2016 # apt expands it
sites() { apt-get indextargets --format '$(SITE)' 2>/dev/null | sort -u; }

fetch() { # FILE SHA256 POOL
  command -v apt-get >/dev/null || fail "this is not Debian; please fetch $(basename "$3") and name it by LUA_TARBALL or CJSON_TARBALL"
  [ -n "$(sites)" ] || root apt-get update -q >/dev/null
  echo "fetching $(basename "$3")"
  mkdir -p "$(dirname "$1")"
  for site in $(sites); do
    rm -f "$1.part"
    if /usr/lib/apt/apt-helper download-file "$site/$3" "$1.part" >/dev/null 2>&1; then
      check "$1.part" "$2" || { rm -f "$1.part"; exit 1; }
      mv "$1.part" "$1"
      return 0
    fi
  done
  fail "no mirror that apt knows has $3"
}

source_of() { # FILE SHA256 POOL DIR
  case $1 in
    build/*) [ -f "$1" ] || fetch "$1" "$2" "$3" ;;
    *) [ -f "$1" ] || fail "$1: there is no such file" ;; # named by LUA_TARBALL or CJSON_TARBALL
  esac
  check "$1" "$2" || exit 1
  rm -rf "$4" "$4.part"
  mkdir -p "$4.part"
  tar -xf "$1" -C "$4.part" --strip-components=1
  mv "$4.part" "$4"
}

case ${1-} in
  packages) shift && packages "$@" ;;
  optional) shift && optional "$@" ;;
  source) [ $# = 5 ] || fail "source takes FILE SHA256 POOL DIR" && shift && source_of "$@" ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
