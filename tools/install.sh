#!/bin/sh
# install.sh - puts flaron-lua, and all that belongs to it, under a prefix; or takes it away again. The one list
# of what is installed, for `make install`, `make uninstall` and `make deb`, which set what it needs: PREFIX,
# LIBDIR (below which Lua finds its modules), DESTDIR (in front of both) and SOURCE_DATE_EPOCH (of the man page).
#
#   tools/install.sh install EXECUTABLE MODULE
#   tools/install.sh uninstall
set -eu

: "$PREFIX" "$LIBDIR" "$DESTDIR" "$SOURCE_DATE_EPOCH"
export SOURCE_DATE_EPOCH
verb=$1 exe=${2-} module=${3-}
share=$PREFIX/share
case $PREFIX in
  /usr) zsh=vendor-completions ;; # Debian's place for what is not an administrator's
  *) zsh=site-functions ;;
esac

made=
if [ "$verb" = install ]; then
  made=$(mktemp)
  trap 'rm -f "$made"' EXIT
fi

# A file as it is.
put() { # MODE FILE PLACE
  if [ "$verb" = install ]; then
    install -D -m "$1" "$2" "$DESTDIR$3"
  else
    rm -f "$DESTDIR$3"
  fi
}

# What the executable prints.
print() { # PLACE WORD...
  place=$1
  shift
  [ "$verb" != install ] || "$exe" "$@" >"$made"
  put 644 "$made" "$place"
}

# A folder that is ours alone, with those of its files that belong to it: no README.md about how it is kept.
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
put 644 "$module" "$LIBDIR/lua/5.4/flaron/edge.so"
folder scripts/types "$share/flaron-lua/library"
folder scripts/modules/flaron "$share/flaron-lua/library/flaron" # annotated, too

if [ "$verb" = install ]; then
  "$exe" --man >"$made"
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
print "$share/doc/flaron-lua/copyright" --licenses

if [ "$verb" = uninstall ]; then
  for place in "$LIBDIR/lua/5.4/flaron" "$share/flaron-lua" "$share/doc/flaron-lua"; do
    rmdir "$DESTDIR$place" 2>/dev/null || :
  done
fi
