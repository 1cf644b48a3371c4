#!/bin/sh
# static_cc.sh - makes a compiler of static executables: the machine's gcc for an architecture, with the musl of a Debian package,
# which is unpacked and not installed. What it links are position-independent executables that load nothing.
#
#   tools/static_cc.sh MUSL-DEV.deb GNU-TRIPLET MUSL-TRIPLET FOLDER       makes FOLDER/bin/static-cc
#
# Names of the folders of this build do not get into what is compiled. Threads get stacks of 8 MiB, as with glibc: musl's own
# default is 128 KiB. There are no tables for unwinding, which only C++ and debuggers would read: half a megabyte.
set -eu

deb=$1 gnu=$2 musl=$3 folder=$4
root=$(pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
stack_size=8388608

rm -rf "$folder/musl" "$folder/kernel"
mkdir -p "$folder/musl" "$folder/kernel" "$folder/bin"
dpkg-deb -x "$deb" "$folder/musl"
lib=$folder/musl/usr/lib/$musl include=$folder/musl/usr/include/$musl

# The kernel's headers and that of wasm2c's output, without those of glibc beside them.
own=/usr/include/$gnu common=/usr/include
[ -d "$own/asm" ] || own=/usr/$gnu/include common=/usr/$gnu/include # of a cross compiler
ln -s "$own/asm" "$common/asm-generic" "$common/linux" "$folder/kernel/"

ln -s /usr/include/wasm-rt.h "$folder/kernel/"

case $gnu in
  aarch64-*) machine=' -mno-outline-atomics' ;; # what they call asks glibc for the machine's features
  *) machine= ;;
esac

cat >"$folder/musl.specs" <<END
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem $include -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem $include -isystem include%s

*link_libgcc:
-L$lib -L .%s

*libgcc:
libgcc.a%s libgcc_eh.a%s

*startfile:
$lib/rcrt1.o $lib/crti.o crtbeginS.o%s

*endfile:
crtendS.o%s $lib/crtn.o

*link:
-static -pie --gc-sections --no-dynamic-linker -z text -z relro -z now -z noexecstack -z stack-size=$stack_size --build-id=none -nostdlib

*esp_link:


*esp_options:


*esp_cpp_options:


END

cat >"$folder/cc.part" <<END
#!/bin/sh
exec $gnu-gcc "\$@" -specs='$folder/musl.specs' -fno-asynchronous-unwind-tables$machine -idirafter '$folder/kernel' \\
  -ffile-prefix-map='$folder/src=src' -ffile-prefix-map='$root=.'
END
chmod 755 "$folder/cc.part"
mv "$folder/cc.part" "$folder/bin/static-cc"
