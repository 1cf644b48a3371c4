#!/bin/sh
# archive.sh - makes the archive of a release for one architecture: a static executable, all files of `make install` (by
# install.sh) and the Lua modules that `test` and `check` run. The same sources and SOURCE_DATE_EPOCH make the same bytes.
#
#   tools/archive.sh ARCH STATIC-FOLDER LUA-PACKAGES PRINTER TO
#
# PRINTER is the executable of this machine, which prints man page and completion.
set -eu

arch=$1 static=$2 packages=$3 printer=$4 to=$5
version=$(sed -n 's/^#define FLARON_LUA_VERSION "\(.*\)"$/\1/p' edge/flare/flare.h)
name=flaron-lua-$version-linux-$arch
tree=$static/tree/$name
case $arch in
  amd64) strip=x86_64-linux-gnu-strip ;;
  arm64) strip=aarch64-linux-gnu-strip ;;
  *) echo "archive.sh: $arch: amd64 or arm64 is expected" >&2 && exit 1 ;;
esac

rm -rf "$static/tree"
mkdir -p "$tree"
$strip --strip-all --remove-section=.comment -o "$static/tree/flaron-lua" "$static/native/flaron-lua"
PREFIX='' LIBDIR=/lib DESTDIR=$tree PRINTER=$printer LICENSES=$static/licenses.txt tools/install.sh install "$static/tree/flaron-lua"

# busted and what it requires, and luacheck, which a flare runs: any version of Lua will do for that.
lua=$tree/share/flaron-lua/lua/5.4 doc=$tree/share/doc/flaron-lua/lua
mkdir -p "$lua" "$doc"
cp -rL "$packages"/usr/share/lua/5.4/. "$lua"
cp -rL "$packages/usr/share/lua/5.1/luacheck" "$lua"
for copyright in "$packages"/usr/share/doc/*/copyright; do
  package=$(basename "$(dirname "$copyright")")
  mkdir -p "$doc/$package"
  cp -L "$copyright" "$doc/$package/copyright"
done

tar -C "$static/tree" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX --format=ustar \
  -cf - "$name" | gzip -9n >"$to/$name.tar.gz"
echo "made $to/$name.tar.gz: $(du -sb --apparent-size "$tree" | cut -f 1) bytes unpacked"
