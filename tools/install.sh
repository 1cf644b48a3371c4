#!/bin/sh
# install.sh - installs flaron-lua and all its files under a prefix, or uninstalls them. It has the only list of installed
# files, for `make install`, `make uninstall` and `make deb`, which set its variables: PREFIX, LIBDIR (below which Lua finds
# its modules), DESTDIR (put before both) and SOURCE_DATE_EPOCH (for the man page). `make release` has a static executable, which
# needs no module, is perhaps one for another machine, and has licences of its own: PRINTER is one that runs here then.
#
#   tools/install.sh install EXECUTABLE MODULE
#   PRINTER=EXECUTABLE LICENSES=FILE tools/install.sh install EXECUTABLE
#   tools/install.sh uninstall
set -eu

: "$PREFIX" "$LIBDIR" "$DESTDIR" "$SOURCE_DATE_EPOCH"
export SOURCE_DATE_EPOCH
verb=$1 exe=${2-} module=${3-}
printer=${PRINTER:-$exe}
share=$PREFIX/share
case $PREFIX in
  /usr) zsh=vendor-completions ;; # Debian's folder for completions of packages
  *) zsh=site-functions ;;
esac

made=
if [ "$verb" = install ]; then
  made=$(mktemp)
  trap 'rm -f "$made"' EXIT
fi

# Installs a file unchanged.
put() { # MODE FILE PLACE
  if [ "$verb" = install ]; then
    install -D -m "$1" "$2" "$DESTDIR$3"
  else
    rm -f "$DESTDIR$3"
  fi
}

# Installs the output of the executable.
print() { # PLACE WORD...
  place=$1
  shift
  [ "$verb" != install ] || "$printer" "$@" >"$made"
  put 644 "$made" "$place"
}

# Installs a folder that only we use, without its README.md, which is for developers.
folder() { # FOLDER PLACE
  if [ "$verb" != install ]; then
    rm -rf "$DESTDIR$2"
    return
  fi
  (cd "$1" && find . -type f ! -path '*/.flaron/*' ! -name '*.wasm' ! -path ./README.md | LC_ALL=C sort) | while IFS= read -r file; do
    put 644 "$1/$file" "$2/${file#./}"
  done
}

put 755 "$exe" "$PREFIX/bin/flaron-lua"
if [ -z "${PRINTER-}" ]; then put 644 "$module" "$LIBDIR/lua/5.4/flaron/edge.so"; fi
folder scripts/types "$share/flaron-lua/library"
folder scripts/modules/flaron "$share/flaron-lua/library/flaron" # they have annotations, too
put 755 ci/flaron-lua.sh "$share/flaron-lua/ci/flaron-lua.sh"
put 644 ci/budget.lua "$share/flaron-lua/ci/budget.lua"
put 644 ci/output.lua "$share/flaron-lua/ci/output.lua"

if [ "$verb" = install ]; then
  "$printer" --man >"$made"
  gzip -9nf "$made"
  mv "$made.gz" "$made"
fi
put 644 "$made" "$share/man/man1/flaron-lua.1.gz"
print "$share/bash-completion/completions/flaron-lua" --completion bash
print "$share/zsh/$zsh/_flaron-lua" --completion zsh
print "$share/fish/vendor_completions.d/flaron-lua.fish" --completion fish

folder examples "$share/doc/flaron-lua/examples"
folder docs "$share/doc/flaron-lua/docs"
put 644 README.md "$share/doc/flaron-lua/README.md"
if [ -n "${LICENSES-}" ]; then
  put 644 "$LICENSES" "$share/doc/flaron-lua/copyright"
else
  print "$share/doc/flaron-lua/copyright" --licenses
fi

if [ "$verb" = uninstall ]; then
  for place in "$LIBDIR/lua/5.4/flaron" "$share/flaron-lua/ci" "$share/flaron-lua" "$share/doc/flaron-lua"; do
    rmdir "$DESTDIR$place" 2>/dev/null || :
  done
fi
