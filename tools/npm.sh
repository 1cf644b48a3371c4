#!/bin/sh
# npm.sh - makes the packages for npm: flaron-lua-VERSION.tgz and one a platform, flaron-lua-linux-x64-VERSION.tgz. Called by `make
# npm`. The same sources make the same files.
#
#   tools/npm.sh WORK OUT EXE    WORK: a folder with packer.wasm and runtime.wasm; OUT: the folder of the results; EXE: the executable
#                                of this machine, for its platform when OUT has no archive of `make release`
set -eu

work=$(cd "$1" && pwd)
out=$(cd "$2" && pwd)
exe=$3
version=$(sed -n 's/^#define FLARON_LUA_VERSION "\(.*\)"$/\1/p' edge/flare/flare.h)
umask 022

# pack FOLDER: makes the package in a folder, which holds what users get and nothing else.
pack() {
  chmod -R u=rwX,go=rX "$1"
  name=$(cd "$1" && npm pack --silent --ignore-scripts --offline --pack-destination "$out")
  echo "made $name, $(wc -c <"$out/$name") bytes"
}

# platform NODE_ARCH ARCH: the native executable for linux-NODE_ARCH, with what the archive for ARCH has around it.
platform() {
  folder=$work/linux-$1
  archive=$out/flaron-lua-$version-linux-$2.tar.gz
  rm -rf "$folder"
  mkdir -p "$folder/bin"
  if [ -f "$archive" ]; then
    tar -xzf "$archive" -C "$folder" --strip-components=1
  elif [ "$(node -p process.arch)" = "$1" ]; then
    cp "$exe" "$folder/bin/flaron-lua"
  else
    echo "npm.sh: going on without linux-$1: there is no $(basename "$archive")" >&2
    return 0
  fi
  cp LICENSE "$folder/"
  cat >"$folder/package.json" <<END
{
  "name": "@flaron-lua/linux-$1",
  "version": "$version",
  "description": "flaron-lua for Linux on $1",
  "license": "MIT",
  "os": ["linux"],
  "cpu": ["$1"],
  "preferUnplugged": true
}
END
  pack "$folder"
}

rm -rf "$work/package"
mkdir -p "$work/package/wasm"
cp -R packages/npm/bin packages/npm/lib packages/npm/README.md LICENSE "$work/package/"
sed "s/\"0\.0\.0\"/\"$version\"/" packages/npm/package.json >"$work/package/package.json"
cp "$work/packer.wasm" "$work/runtime.wasm" "$work/package/wasm/"
pack "$work/package"
platform x64 amd64
platform arm64 arm64
