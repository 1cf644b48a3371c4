#!/bin/sh
# embed.sh - writes the table of edge/base/embedded.h, with the content of the given files, as assembler source.
#
#   tools/embed.sh FILE... >embedded.S
#
# The generated file build/licenses.txt gets the path "licenses.txt"; the others keep their paths.
set -eu

count=0
table=
echo '/* Written by tools/embed.sh. */'
echo '  .section .rodata'
for file; do
  printf 'path_%d: .asciz "%s"\ncontent_%d: .incbin "%s"\nend_%d: .byte 0\n' \
    $count "${file#build/}" $count "$file" $count
  table="$table  .quad path_$count, content_$count, end_$count - content_$count
"
  count=$((count + 1))
done
cat <<END
  .section .data.rel.ro, "aw"
  .balign 8
  .global embedded_files
  .hidden embedded_files
embedded_files:
$table  .quad 0, 0, 0
  .section .note.GNU-stack, "", %progbits
END
