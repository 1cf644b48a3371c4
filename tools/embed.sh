#!/bin/sh
# embed.sh - writes the table of edge/base/embedded.h, with the content of the given files, as assembler source.
#
#   tools/embed.sh [--wasm] FILE... >embedded.S
#
# The licences, which are generated, get the path "licenses.txt"; the others keep their paths, but for build/. With --wasm it is for
# wasm32, whose assembler wants the size of each symbol.
set -eu

word=.quad align=8 code='.section .rodata' table='.section .data.rel.ro, "aw"' hidden=.hidden end='.section .note.GNU-stack, "", %progbits'
size() { :; }
if [ "$1" = --wasm ]; then
  shift
  word=.int32 align=4 code='.section .rodata.embedded, "", @' table='.section .data.embedded, "", @' hidden='#' end=
  size() { printf '  .size %s, %s - %s\n' "$1" "$2" "$1"; }
fi

count=0
rows=
echo '/* Written by tools/embed.sh. */'
echo "  $code"
for file; do
  path=${file#build/}
  case $path in */licenses.txt) path=licenses.txt ;; esac
  printf 'path_%d: .asciz "%s"\ncontent_%d: .incbin "%s"\n.Lend_%d: .byte 0\n' \
    $count "$path" $count "$file" $count
  size path_$count content_$count
  size content_$count .Lend_$count
  rows="$rows  $word path_$count
  $word content_$count
  $word .Lend_$count - content_$count
"
  count=$((count + 1))
done
cat <<END
  $table
  .balign $align
  .global embedded_files
  $hidden embedded_files
embedded_files:
$rows  $word 0
  $word 0
  $word 0
.Lembedded_end:
$(size embedded_files .Lembedded_end)
  $end
END
