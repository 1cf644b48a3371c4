#!/bin/sh
# vsix.sh - makes the extension for VS Code, flaron-lua-VERSION.vsix, of editors/vscode. Called by `make vscode`. The same sources
# and SOURCE_DATE_EPOCH make the same file.
#
#   tools/vsix.sh WORK OUT    WORK: a folder with npm/node_modules/@vscode/vsce; OUT: the folder of the result
set -eu

: "$SOURCE_DATE_EPOCH"
work=$1
version=$(sed -n 's/^#define FLARON_LUA_VERSION "\(.*\)"$/\1/p' edge/flare/flare.h)
out=$(cd "$2" && pwd)/flaron-lua-$version.vsix
vsce=$(cd "$work" && pwd)/npm/node_modules/@vscode/vsce/vsce

# Only what users get: with the lock file there, vsce would look for packages.
umask 022
rm -rf "$work/extension"
mkdir -p "$work/extension"
for file in package.json README.md extension.js lib ../../LICENSE; do cp -R "editors/vscode/$file" "$work/extension/"; done
chmod -R u=rwX,go=rX "$work/extension"
# Nothing of this machine may be in the package.
log=$work/vsce.log
(cd "$work/extension" && TZ=UTC node "$vsce" package "$version" --no-update-package-json --no-git-tag-version --no-dependencies \
  --allow-missing-repository --no-rewrite-relative-links --out "$out") >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
echo "made ${out##*/}, $(wc -c <"$out") bytes"
