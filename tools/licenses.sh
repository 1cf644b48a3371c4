#!/bin/sh
# licenses.sh - writes the licences of flaron-lua, of what is built into it and of what it is linked with.
#
#   tools/licenses.sh LUA CJSON PACKAGE... >licenses.txt
#
# LUA and CJSON are the folders of their sources; the copyright files of the packages are Debian's. Licences
# that those only refer to come last, behind the line "==== Full texts". Nothing of it lies in the repository.
set -eu

fail() {
  echo "licenses.sh: $*" >&2
  exit 1
}

title() { printf '\n==== %s ====\n\n' "$1"; }

# What Debian says of a package.
package() { # NAME WHAT
  file=/usr/share/doc/$1/copyright
  [ -s "$file" ] || fail "$file is missing: is $1 installed, and does dpkg keep copyright files?"
  title "$2"
  cat "$file"
}

[ $# -ge 2 ] || fail 'LUA CJSON PACKAGE... are expected'
lua=$1/src/lua.h cjson=$2/LICENSE
shift 2

echo 'flaron-lua'
echo
cat LICENSE

title 'Lua, built in'
notice=$(sed -n '/^\* Copyright (C)/,/^\*\*\*/{/^\*\*\*/d;s/^\* \{0,1\}//;p;}' "$lua")
[ -n "$notice" ] || fail "$lua has no copyright notice"
printf '%s\n' "$notice"

title 'lua-cjson, built in'
cat "$cjson"

package wasi-libc 'wasi-libc, built in'
package libclang-rt-19-dev-wasm32 "LLVM's compiler-rt, built in"
package wabt "the runtime of wabt's wasm2c, built in"
for name; do package "$name" "$name: linked"; done

title 'Full texts'
for name in Apache-2.0 CC0-1.0; do
  [ -s "/usr/share/common-licenses/$name" ] || fail "/usr/share/common-licenses/$name is missing"
  printf -- '---- %s\n\n' "$name"
  cat "/usr/share/common-licenses/$name"
done
