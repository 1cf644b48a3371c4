#!/bin/sh
# static_library.sh - builds one of the libraries that a static executable is linked with, in the folder of its sources, with only what
# edge/ uses of it. What the build prints is in FOLDER/NAME.log, and is shown when it fails.
#
#   tools/static_library.sh NAME FOLDER TARGET TRIPLET      FOLDER/src/NAME becomes FOLDER/lib/*.a and FOLDER/include
#
# FOLDER/bin/static-cc is the compiler (static_cc.sh). TARGET is the architecture as OpenSSL calls it, TRIPLET as configure
# does. No name of a folder of this machine gets into what is built.
set -eu

name=$1 target=$3 triplet=$4
at=$(cd "$2" && pwd)
log=$at/$name.log
mkdir -p "$at/lib" "$at/include"
export SOURCE_DATE_EPOCH=1 PATH="$at/bin:$PATH" CC=static-cc CFLAGS='-O2 -fPIC -fstack-protector-strong -ffunction-sections -fdata-sections'
unset MAKEFLAGS MAKELEVEL
jobs=-j$(nproc)

configure() { ./configure --build="$(gcc -dumpmachine)" --host="$triplet" --prefix=/ --disable-shared --enable-static "$@"; }

# Patches have changed what autotools would make other files of. The files that are there serve.
keep_made() {
  find . -name aclocal.m4 -exec touch {} +
  find . \( -name Makefile.in -o -name configure -o -name '*config.h.in' \) -exec touch {} +
}

# Compiles all C files of a folder, for libraries without a configure among their sources. What it would find out of musl are these names.
has=
for header in ARPA_INET_H NETINET_IN_H STDINT_H UNISTD_H SCHED_H SCHED_YIELD FCNTL_H SYS_STAT_H SYS_TIME_H SYS_TYPES_H TIME_H \
  CLOCK_GETTIME GETTIMEOFDAY CLOSE GETPID OPEN READ ATOMIC_BUILTINS SYNC_BUILTINS; do
  has="$has -DHAVE_$header=1"
done
compile() { # ARCHIVE FOLDER FLAG...
  archive=$at/lib/$1 folder=$2
  shift 2
  for c in "$folder"/*.c; do
    # shellcheck disable=SC2086 # flags
    $CC $CFLAGS $has "$@" -c "$c" -o "${c%.c}.o"
  done
  rm -f "$archive"
  ar crD "$archive" "$folder"/*.o
}

version() { sed -n 's/^AC_INIT(.*, *\[\([0-9.]*\)\].*/\1/p' configure.ac; }

build() {
  set -ex
  cd "$at/src/$name"
  case $name in
    openssl)
      # No openssl.cnf of a system is read: it was written for another OpenSSL. Where authorities are: edge/host/authorities.c.
      no=
      for what in shared engine dso module legacy autoload-config async comp ct gost ocsp srp srtp ts cms cmp rfc3779 tests ui-console \
        nextprotoneg dtls sctp aria bf camellia cast idea md4 mdc2 rc2 rc4 rmd160 scrypt seed siphash siv sm2 sm3 sm4 whirlpool \
        ssl3 tls1 tls1_1 weak-ssl-ciphers; do
        no="$no no-$what"
      done
      # shellcheck disable=SC2086 # one word an option
      ./Configure "$target" --prefix=/ --libdir=lib --openssldir=/etc/ssl $no
      make "$jobs" build_generated
      make "$jobs" ARFLAGS=crD RANLIB='ranlib -D' libcrypto.a libssl.a
      make install_dev DESTDIR="$at"
      ;;
    curl)
      without=
      for what in ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp gopher mqtt manual proxy ntlm ntlm-wb tls-srp alt-svc hsts \
        doh mime netrc progress-meter libcurl-option get-easy-options dateparse unix-sockets aws; do
        without="$without --disable-$what"
      done
      for what in zlib brotli zstd libpsl libidn2 librtmp libssh2 ca-bundle ca-path; do without="$without --without-$what"; done
      keep_made
      # Names are looked up in a thread, as by Debian's curl.
      # shellcheck disable=SC2086 # one word an option
      CPPFLAGS="-I$at/include -DNGHTTP2_STATICLIB" LDFLAGS="-L$at/lib" LIBS='-lssl -lcrypto -lpthread' PKG_CONFIG=false \
        configure --with-openssl="$at" --with-nghttp2="$at" --enable-threaded-resolver --enable-ipv6 $without
      make "$jobs" -C lib AR='ar' ARFLAGS=crD RANLIB='ranlib -D' libcurl.la
      cp lib/.libs/libcurl.a "$at/lib"
      make -C include install DESTDIR="$at"
      ;;
    sqlite3)
      keep_made
      CC=gcc configure --disable-tcl --disable-readline
      make sqlite3.c sqlite3.h BCC=gcc
      # shellcheck disable=SC2086 # flags
      $CC $CFLAGS -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_SECURE_DELETE -DSQLITE_DQS=0 \
        -DSQLITE_MAX_VARIABLE_NUMBER=250000 -DHAVE_USLEEP=1 -DHAVE_FDATASYNC=1 -DHAVE_PREAD=1 -DHAVE_PWRITE=1 -DHAVE_GMTIME_R=1 \
        -DHAVE_LOCALTIME_R=1 -c sqlite3.c -o sqlite3.o
      rm -f "$at/lib/libsqlite3.a"
      ar crD "$at/lib/libsqlite3.a" sqlite3.o
      cp sqlite3.h "$at/include"
      ;;
    nghttp2)
      # shellcheck disable=SC2046,SC2183 # three numbers
      sed "s/@PACKAGE_VERSION@/$(version)/;s/@PACKAGE_VERSION_NUM@/$(printf '0x%02x%02x%02x' $(version | tr . ' '))/" \
        lib/includes/nghttp2/nghttp2ver.h.in >lib/includes/nghttp2/nghttp2ver.h
      compile libnghttp2.a lib -DNGHTTP2_STATICLIB -Ilib/includes
      cp -R lib/includes/nghttp2 "$at/include"
      ;;
    wslay)
      sed "s/@PACKAGE_VERSION@/$(version)/" lib/includes/wslay/wslayver.h.in >lib/includes/wslay/wslayver.h
      compile libwslay.a lib -Ilib/includes
      cp -R lib/includes/wslay "$at/include"
      ;;
    jansson)
      : >src/jansson_private_config.h
      sed 's/@json_inline@/inline/;s/@json_have_[a-z_]*@/1/' src/jansson_config.h.in >src/jansson_config.h
      compile libjansson.a src -Isrc -DUSE_URANDOM=1 -DINITIAL_HASHTABLE_ORDER=3
      cp src/jansson.h src/jansson_config.h "$at/include"
      ;;
    *)
      echo "static_library.sh: there is no library $name"
      return 1
      ;;
  esac
}

echo "building $name for $triplet"
# In a shell of its own, since `set -e` does not hold in what `||` looks at.
(build) >"$log" 2>&1 &
wait $! || {
  tail -30 "$log" >&2
  exit 1
}
