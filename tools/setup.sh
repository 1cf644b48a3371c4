#!/bin/sh
# setup.sh - checks for and installs what the build needs: Debian packages and the two source tarballs.
#
#   setup.sh check NAME...               exits with 1, and says what to do, if some are missing
#   setup.sh packages NAME...            installs those that are missing, in one apt call
#   setup.sh optional NAME...            the same; exits with 1 and one line if it cannot
#   setup.sh unpack DIR NAME...          fetches Debian packages and unpacks them into DIR, installed or not; exits
#                                        with 1 and one line if it cannot
#   setup.sh source FILE SHA256 POOL DIR [PATCHES]
#                                        fetches POOL (a path in the Debian pool) to FILE, if that is in build/
#                                        and missing, checks it, unpacks it into DIR, and applies the patches that
#                                        the file `series` in the folder PATCHES lists, in order, as quilt would
#   setup.sh debian-source FOLDER SHA256 POOL DIR
#                                        the same for a source package of Debian, with Debian's patches: POOL is its
#                                        .dsc, which has the checksums of all else, and FOLDER gets the files
#   setup.sh pool FILE SHA256 POOL       fetches POOL to FILE, if that is missing, and checks it
#
# It uses the mirror of this machine's apt. It prints only what it does. Without dpkg, a package counts as installed if its
# program is on PATH, or if pkg-config or the compilers find its library.
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

# Whether a package of Debian is installed, or what it is needed for.
installed() {
  case $1 in
    nodejs) command -v node >/dev/null && return 0 ;; # from any source
    npm) command -v npm >/dev/null && return 0 ;;
  esac
  if command -v dpkg-query >/dev/null; then
    [ "$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]
  else
    found_without_dpkg "$1"
  fi
}

library() { pkg-config --exists "$1" 2>/dev/null; }
header() { echo "#include <$1>" | gcc -E -o /dev/null - 2>/dev/null; }
any_program() { for program; do command -v "$program" >/dev/null && return 0; done; return 1; }

found_without_dpkg() {
  clang=/usr/lib/llvm-19/bin/clang
  [ -x $clang ] || clang=clang
  case $1 in
    libc6-dev) header stdio.h ;;
    clang-19) any_program $clang ;;
    lld-19) any_program /usr/lib/llvm-19/bin/wasm-ld wasm-ld ;;
    wasi-libc) [ -n "${WASI_SDK_PATH-}" ] || [ -e /usr/lib/wasm32-wasi/libc.a ] ;;
    libclang-rt-19-dev-wasm32)
      [ -n "${WASI_SDK_PATH-}" ] || [ -n "$(find "$($clang -print-resource-dir 2>/dev/null)/lib" -name 'libclang_rt.builtins*wasm32*' -o \
        -path '*wasm32*' -name 'libclang_rt.builtins.a' 2>/dev/null)" ] ;;
    libclang-rt-19-dev) [ -n "$(find "$($clang -print-resource-dir 2>/dev/null)/lib" -name 'libclang_rt.fuzzer*' 2>/dev/null)" ] ;;
    binaryen) any_program wasm-opt ;;
    wabt) any_program wasm2c ;;
    xz-utils) any_program xz ;;
    libcurl4-openssl-dev) library libcurl || header curl/curl.h ;;
    libssl-dev) library openssl || header openssl/ssl.h ;;
    libsqlite3-dev) library sqlite3 || header sqlite3.h ;;
    libjansson-dev) library jansson || header jansson.h ;;
    libnghttp2-dev) library libnghttp2 || header nghttp2/nghttp2.h ;;
    libwslay-dev) header wslay/wslay.h ;;
    libedit-dev) header histedit.h ;;
    liblua5.4-dev) header lua5.4/lua.h || header lua-5.4/lua.h || header lua.h ;;
    g++ | make | python3) any_program "$1" ;;
    ripgrep) any_program rg ;;
    lua-busted) any_program busted ;;
    lua-check) any_program luacheck ;;
    lua-inspect) lua5.4 -e 'require "inspect"' 2>/dev/null ;;
    lua-penlight) lua5.4 -e 'require "pl.List"' 2>/dev/null ;;
    lua-filesystem) lua5.4 -e 'require "lfs"' 2>/dev/null ;;
    lua-cjson) lua5.4 -e 'require "cjson"' 2>/dev/null ;;
    lua-rex-pcre2) lua5.4 -e 'require "rex_pcre2"' 2>/dev/null ;;
    lua-lpeg) lua5.4 -e 'require "lpeg"' 2>/dev/null ;;
    lua-zlib) lua5.4 -e 'require "zlib"' 2>/dev/null ;;
    lua-luaossl) lua5.4 -e 'require "openssl"' 2>/dev/null ;;
    mandoc | zsh | fish | bzip2 | curl | gcc | patch | cppcheck | shellcheck | clang-format | wrk | brotli | sqlite3 | chromium | lua5.4 | openssl) any_program "$1" ;;
    time) [ -x /usr/bin/time ] ;;
    chromium-driver) any_program chromedriver ;;
    dpkg-dev) any_program dpkg-shlibdeps ;;
    nginx-light) any_program nginx ;;
    fonts-dejavu-core) fc-list 2>/dev/null | grep -q DejaVu ;;
    *) return 1 ;;
  esac
}

missing() {
  missing=
  for name; do installed "$name" || missing="$missing $name"; done
}

check_packages() {
  missing "$@"
  [ -n "$missing" ] || return 0
  echo "setup.sh: missing (by the names of Debian's packages):$missing" >&2
  if command -v apt-get >/dev/null; then
    echo "setup.sh: 'make setup' installs them" >&2
  else
    echo 'setup.sh: please install the likes of them, so that their programs are on PATH and pkg-config finds their libraries' >&2
  fi
  return 1
}

packages() {
  missing "$@"
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || fail "this is not Debian; please install the likes of:$missing"
  unwanted= # a service that would be installed with it and started
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

unpack() { # DIR NAME...
  folder=$1
  shift
  rm -rf "$folder" "$folder.part"
  mkdir -p "$folder.part/debs"
  log=$folder.log
  download() { (cd "$folder.part/debs" && apt-get download -q "$@") >"$log" 2>&1; }
  if ! command -v apt-get >/dev/null || ! { download "$@" || { root apt-get update -q >/dev/null 2>&1 && download "$@"; }; }; then
    echo "setup.sh: going on without: $* ($log)" >&2
    rm -rf "$folder.part"
    return 1
  fi
  for deb in "$folder.part/debs"/*.deb; do dpkg-deb -x "$deb" "$folder.part"; done
  rm -rf "$folder.part/debs"
  mv "$folder.part" "$folder"
}

check_sum() { # FILE SHA256
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
  # Some mirrors lack sources here and there. Ubuntu, which many have beside Debian, has most in the same archives.
  for place in $(for site in $(sites); do echo "$site/$3"; done) \
    $(for site in $(sites); do echo "${site%/debian*}/ubuntu/pool/universe/${3#pool/main/}"; done); do
    rm -f "$1.part"
    if /usr/lib/apt/apt-helper download-file "$place" "$1.part" >/dev/null 2>&1; then
      check_sum "$1.part" "$2" || { rm -f "$1.part"; exit 1; }
      mv "$1.part" "$1"
      return 0
    fi
  done
  fail "no mirror that apt knows has $3"
}

# Every patch must apply exactly: a fuzzy match may be in the wrong place and must be reviewed.
apply() { # DIR PATCHES
  grep -v '^ *\(#\|$\)' "$2/series" | while read -r name; do
    [ -f "$2/$name" ] || fail "$2/series lists $name, which is not there"
    said=$(patch -s -p1 -F0 --no-backup-if-mismatch -d "$1" <"$2/$name" 2>&1) ||
      fail "$2/$name does not fit the sources (docs/internals/upgrade-lua.md says what to do): $said"
  done
}

pool_file() { # FILE SHA256 POOL
  [ -f "$1" ] || fetch "$1" "$2" "$3"
  check_sum "$1" "$2" || exit 1
}

source_of() { # FILE SHA256 POOL DIR [PATCHES]
  case $1 in
    build/*) [ -f "$1" ] || fetch "$1" "$2" "$3" ;;
    *) [ -f "$1" ] || fail "$1: there is no such file" ;; # named by LUA_TARBALL or CJSON_TARBALL
  esac
  check_sum "$1" "$2" || exit 1
  rm -rf "$4" "$4.part"
  mkdir -p "$4.part"
  tar -xf "$1" -C "$4.part" --strip-components=1
  [ $# -lt 5 ] || apply "$4.part" "$5"
  mv "$4.part" "$4"
}

debian_source() { # FOLDER SHA256 POOL DIR
  dsc=$1/$(basename "$3")
  pool_file "$dsc" "$2" "$3"
  rm -rf "$4" "$4.part"
  mkdir -p "$4.part"
  # The upstream archive first: the folder debian/ may have been in it. Signatures, and further archives, are not needed.
  sed -n '/^Checksums-Sha256:/,/^[^ ]*:$/s/^ \([0-9a-f]*\) [0-9]* \(.*\)$/\2 \1/p' "$dsc" | grep -E '^[^ ]*\.(orig|debian)\.tar\.[a-z0-9]* ' |
    sort -r | while read -r name sum; do
    pool_file "$1/$name" "$sum" "$(dirname "$3")/$name"
    case $name in
      *.orig.tar.*) tar -xf "$1/$name" -C "$4.part" --strip-components=1 ;;
      *) tar -xf "$1/$name" -C "$4.part" ;;
    esac
  done
  [ ! -f "$4.part/debian/patches/series" ] || apply "$4.part" "$4.part/debian/patches"
  mv "$4.part" "$4"
}

case ${1-} in
  check) shift && check_packages "$@" ;;
  packages) shift && packages "$@" ;;
  optional) shift && optional "$@" ;;
  unpack) shift && unpack "$@" ;;
  source)
    [ $# = 5 ] || [ $# = 6 ] || fail "source takes FILE SHA256 POOL DIR [PATCHES]"
    shift && source_of "$@"
    ;;
  debian-source) shift && debian_source "$@" ;;
  pool) shift && pool_file "$@" ;;
  *)
    sed -n '2,21s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
