#!/bin/sh
# licenses.sh - lists the components of flaron-lua: itself, what is built into it and what it is linked with.
#
#   tools/licenses.sh text LUA CJSON PACKAGE... >licenses.txt      the licences of all of it
#   tools/licenses.sh list LUA CJSON PACKAGE... >components.txt    a line each, for tools/sbom.lua
#
# LUA and CJSON are the folders of their sources, PACKAGEs the Debian packages that are linked; NAME:VERSION:SPDX:FILE among
# them is an optional part, whose notice FILE has (in HTML: from its copyright on). The copyright files of
# packages come from Debian; licences that they only refer to are at the end of the text, after the line "==== Full texts".
# None of this text is in the repository. Without dpkg, notices that are not in Debian's places are named in the text and on
# standard error; with dpkg, a missing notice is an error.
#
# Fields of the list, separated by tabs: flaron (the project), built-in or linked; name; version; an SPDX expression,
# NOASSERTION for a package that `spdx` does not know; debian if the version is a package's, else empty.
set -eu

fail() {
  echo "licenses.sh: $*" >&2
  exit 1
}

title() { printf '\n==== %s ====\n\n' "$1"; }

has_dpkg() { command -v dpkg-query >/dev/null; }

missing=

# Prints FILE, or a line that says that it was not found on the machine of the build.
notice() { # FILE NAME
  if [ -s "$1" ]; then
    cat "$1"
    return
  fi
  if has_dpkg; then fail "$1 is missing: is $2 installed, and does dpkg keep copyright files?"; fi
  missing="$missing $2"
  echo "The notice of $2 was not found where this was built: $1 is missing."
}

# A field of a package from dpkg.
package() { # NAME WHAT
  title "$2"
  notice "/usr/share/doc/$1/copyright" "$1"
}

# The licence of the part of a package that is linked or built in, by the package's name.
spdx() {
  case $1 in
    wasi-libc) echo 'MIT AND BSD-2-Clause AND CC0-1.0 AND (Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT)' ;;
    libclang-rt-*-dev-wasm32) echo 'Apache-2.0 WITH LLVM-exception' ;;
    wabt | libssl-dev) echo 'Apache-2.0' ;;
    libc6-dev) echo 'LGPL-2.1-or-later' ;;
    libcurl4-*-dev) echo 'curl' ;;
    libsqlite3-dev) echo 'blessing' ;;
    libedit-dev) echo 'BSD-3-Clause' ;;
    libjansson-dev | libh2o-evloop-dev | libwslay-dev | libnghttp2-dev) echo 'MIT' ;;
    *) echo 'NOASSERTION' ;;
  esac
}

part_field() { printf '%s' "$2" | cut -d : -f "$1"; } # N NAME:VERSION:SPDX:FILE

component() { # RELATION NAME
  case $2 in *:*:*:*)
    printf 'built-in\t%s\t%s\t%s\t\n' "$(part_field 1 "$2")" "$(part_field 2 "$2")" "$(part_field 3 "$2")"
    return
    ;;
  esac
  version=
  if has_dpkg; then version=$(dpkg-query -W -f '${Version}' "$2" 2>/dev/null) || version=; fi
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "${version:-NOASSERTION}" "$(spdx "$2")" "${version:+debian}"
}

[ $# -ge 3 ] || fail 'text or list, LUA CJSON PACKAGE... are expected'
verb=$1 lua=$2/src/lua.h cjson=$3
shift 3
builtin='wasi-libc libclang-rt-19-dev-wasm32 wabt'

if [ "$verb" = list ]; then
  release() { sed -n "s/^#define $1[[:space:]]*\"\(.*\)\"\$/\1/p" "$2"; }
  number() { sed -n "s/^#define $1[[:space:]]*\"\([0-9]*\)\"\$/\1/p" "$lua"; }
  printf 'flaron\tflaron-lua\t%s\tMIT\t\n' "$(release FLARON_LUA_VERSION edge/flare/flare.h)"
  printf 'built-in\tLua\t%s.%s.%s\tMIT\t\n' "$(number LUA_VERSION_MAJOR)" "$(number LUA_VERSION_MINOR)" "$(number LUA_VERSION_RELEASE)"
  printf 'built-in\tlua-cjson\t%s\tMIT\t\n' "$(sed -n 's/^#define CJSON_VERSION *"\(.*\)"$/\1/p' "$cjson/lua_cjson.c")"
  for name in $builtin; do component built-in "$name"; done
  for name; do component linked "$name"; done
  exit
fi
[ "$verb" = text ] || fail "text or list is expected, not '$verb'"

echo 'flaron-lua'
echo
cat LICENSE

title 'Lua, built in'
notice=$(sed -n '/^\* Copyright (C)/,/^\*\*\*/{/^\*\*\*/d;s/^\* \{0,1\}//;p;}' "$lua")
[ -n "$notice" ] || fail "$lua has no copyright notice"
printf '%s\n' "$notice"

title 'lua-cjson, built in'
cat "$cjson/LICENSE"

package wasi-libc 'wasi-libc, built in'
package libclang-rt-19-dev-wasm32 "LLVM's compiler-rt, built in"
package wabt "the runtime of wabt's wasm2c, built in"
for name; do
  case $name in
    *:*:*:*.html)
      title "$(part_field 1 "$name"), built in"
      sed -n '/Copyright &copy;/,/<\/div>/{s/<[^>]*>//g;s/&copy;/(C)/;s/&quot;/"/g;p;}' "$(part_field 4 "$name")"
      ;;
    *:*:*:*) title "$(part_field 1 "$name"), built in" && cat "$(part_field 4 "$name")" ;;
    *) package "$name" "$name: linked" ;;
  esac
done

title 'Full texts'
for name in Apache-2.0 CC0-1.0; do
  printf -- '---- %s\n\n' "$name"
  notice "/usr/share/common-licenses/$name" "$name"
done
[ -z "$missing" ] || echo "licenses.sh: going on without the notices of:$missing" >&2
