#!/bin/sh
# deb.sh - makes a Debian package: of the files that `make install` put into FOLDER/root, for this machine's architecture; or,
# where ARCHITECTURE is given, of its archive of `make release` in TO, whose executable needs no library and no Lua. Called by
# `make deb`, which sets SOURCE_DATE_EPOCH, so that the same sources make the same package, and MAINTAINER, which may be empty.
#
#   tools/deb.sh FOLDER TO [ARCHITECTURE]
set -eu

folder=$1 root=$1/root to=$2
version=$(sed -n 's/^#define FLARON_LUA_VERSION "\(.*\)"$/\1/p' edge/flare/flare.h)
architecture=${3:-$(dpkg --print-architecture)}
maintainer=${MAINTAINER:-the flaron-lua authors}
export SOURCE_DATE_EPOCH

# Puts an archive's content, which finds its files from where it lies, into a folder that is its own: /usr/share/lua/5.4 belongs to
# Debian's packages of the modules that are in it. What other programs look for is where they do.
place_archive() {
  archive=$to/flaron-lua-$version-linux-$architecture.tar.gz
  [ -f "$archive" ] || { echo "deb.sh: there is no $archive: make release" >&2; exit 1; }
  own=$root/usr/lib/flaron-lua
  mkdir -p "$own" "$root/usr/bin" "$root/usr/share"
  tar -xzf "$archive" -C "$own" --strip-components=1 --no-same-owner
  ln -s ../lib/flaron-lua/bin/flaron-lua "$root/usr/bin/flaron-lua"
  for name in man doc bash-completion zsh fish; do
    [ -d "$own/share/$name" ] || continue
    mv "$own/share/$name" "$root/usr/share/$name"
  done
  ln -s ../../../share/doc "$own/share/doc"
  [ ! -d "$root/usr/share/zsh/site-functions" ] || mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
  depends=
}

# Strips what `make install` installed, and finds the packages of its libraries.
find_libraries() {
  module=$(cd "$root" && find usr/lib -name edge.so)
  strip --strip-unneeded --remove-section=.comment "$root/usr/bin/flaron-lua" "$root/$module"
  # dpkg-shlibdeps needs a source package's control file in this folder.
  mkdir -p "$folder/debian"
  printf 'Source: flaron-lua\n\nPackage: flaron-lua\nArchitecture: any\n' >"$folder/debian/control"
  libraries=$(cd "$folder" && dpkg-shlibdeps -O root/usr/bin/flaron-lua "root/$module" 2>shlibdeps.log) ||
    { cat "$folder/shlibdeps.log" >&2; exit 1; }
  depends="Depends: ${libraries#shlibs:Depends=}, lua5.4, lua-busted, lua-check
"
}

if [ $# -gt 2 ]; then place_archive; else find_libraries; fi

# Debian has the full texts in /usr/share/common-licenses.
doc=$root/usr/share/doc/flaron-lua
sed -i '/^==== Full texts/,$d' "$doc/copyright"
{
  printf 'flaron-lua (%s) bookworm; urgency=medium\n\n  * Release %s.\n\n' "$version" "$version"
  printf ' -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"

mkdir -p "$root/DEBIAN"
(cd "$root" && find usr -type f | LC_ALL=C sort | xargs -d '\n' md5sum) >"$root/DEBIAN/md5sums"
find "$root" -type d -exec chmod 755 {} +
chmod 644 "$root/DEBIAN/md5sums"
cat >"$root/DEBIAN/control" <<END
Package: flaron-lua
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f 1)
${depends}Recommends: ca-certificates
Section: devel
Priority: optional
Description: Lua 5.4 for the Flaron edge
 Packs a script and the modules it requires into one WebAssembly module, a
 flare, and runs it on a local edge with stores, secrets, cryptography, fetches
 and WebSockets. No compiler is needed.
 .
 With it come the Lua module flaron.edge, for tests with busted, and the
 annotations of the API for lua-language-server.
END
deb=$to/flaron-lua_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >/dev/null
echo "made $deb"
