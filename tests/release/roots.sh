#!/bin/sh
# roots.sh - makes root folders of other Linux systems, to try a release in: by debootstrap, and a minimal one of Debian's musl
# and busybox. Needs root, debootstrap, and for a foreign architecture the kernel's binfmt_misc with qemu-aarch64-static (run.sh
# sees to that). It asks the mirror of this machine's apt alone. A root is kept until what it is made of
# changes.
#
#   roots.sh names             prints a line for each: NAME ARCHITECTURE SYSTEM
#   roots.sh make FOLDER NAME  makes FOLDER/NAME unless it is there; exits with 3 and one line if it cannot be had
set -eu

names() {
  cat <<END
debian12-amd64 amd64 Debian 12
debian11-amd64 amd64 Debian 11
debian13-amd64 amd64 Debian 13
ubuntu2404-amd64 amd64 Ubuntu 24.04
musl-amd64 amd64 musl and busybox
debian12-arm64 arm64 Debian 12
musl-arm64 arm64 musl and busybox
END
}

without() {
  echo "roots.sh: $*" >&2
  exit 3
}

site() { apt-get indextargets --format "\$(SITE)" 'Created-By: Packages' 2>/dev/null | sort -u | grep '/debian$' | sed -n 1p; }

# Ubuntu's keys, which no package of Debian 12 has: of the package in Ubuntu's own pool, by checksum.
ubuntu_keys() { # FOLDER UBUNTU
  keys=$1/ubuntu-keyring
  [ -d "$keys" ] && return 0
  deb=$1/ubuntu-keyring.deb
  rm -f "$deb"
  /usr/lib/apt/apt-helper download-file "$2/pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb" "$deb" \
    SHA256:36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8 >/dev/null 2>&1 || without "no mirror that apt knows has Ubuntu's keys"
  dpkg-deb -x "$deb" "$keys"
}

bootstrap() { # ROOT ARCHITECTURE SUITE MIRROR [KEYRING]
  root=$1 architecture=$2 suite=$3 mirror=$4 log=$1.log keyring=${5-}
  # A debootstrap that is older than an Ubuntu does as it does for Ubuntus of before.
  script=/usr/share/debootstrap/scripts/$suite
  [ -e "$script" ] || script=${script%/*}/jammy
  command -v debootstrap >/dev/null || without 'debootstrap is not installed'
  mkdir -p "$root"
  nice debootstrap --variant=minbase --include=ca-certificates --arch="$architecture" ${keyring:+"--keyring=$keyring"} \
    "$suite" "$root" "$mirror" "$script" >"$log" 2>&1 ||
    without "debootstrap cannot make $suite: $(tail -n 1 "$log") ($log)"
  rm -rf "$root"/var/cache/apt/archives/*.deb
}

# For another architecture than this machine's: apt with lists and a list of installed packages of its own.
apt_of() { # FOLDER ARCHITECTURE
  lists=$1/apt-$2
  mkdir -p "$lists/lists/partial"
  printf 'APT::Architecture "%s";\nAPT::Architectures { "%s"; };\nDir::State::Lists "%s/lists";\nDir::State::status "/dev/null";\n' \
    "$2" "$2" "$lists" >"$lists/apt.conf"
  printf 'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n' >>"$lists/apt.conf"
  APT_CONFIG=$lists/apt.conf
  export APT_CONFIG
}

minimal() { # FOLDER ROOT ARCHITECTURE
  apt_of "$(realpath "$1")" "$3"
  tools/setup.sh unpack "$2.packages" musl busybox-static 2>/dev/null || without "no mirror that apt knows has musl for $3 ($2.packages.log)"
  mkdir -p "$2/bin" "$2/etc" "$2/tmp" "$2/proc" "$2/dev" "$2/opt" "$2/usr/bin" "$2/home"
  chmod 1777 "$2/tmp"
  cp -a "$2.packages/lib" "$2/lib"
  cp "$2.packages/bin/busybox" "$2/bin/busybox"
  for name in $(busybox_names); do [ -e "$2/bin/$name" ] || ln -s busybox "$2/bin/$name"; done
  printf 'root:x:0:0::/:/bin/sh\nsomebody:x:1000:1000::/tmp:/bin/sh\n' >"$2/etc/passwd"
  rm -rf "$2.packages"
}

# What inside.sh and ci/flaron-lua.sh call, and little more.
busybox_names() {
  echo 'sh ash cat cp cut date env expr grep head ln ls kill mkdir mkfifo mktemp mv nc od printf ps pwd readlink rm rmdir sed' \
    'sha256sum sleep sort tail tar tee test tr true false uname wc xargs awk gzip chmod id [ echo basename dirname find'
}

make_root() { # FOLDER NAME
  [ "$(id -u)" = 0 ] || without 'roots are made by root'
  folder=$1 name=$2 root=$1/$2 architecture=${2##*-}
  case $name in
    debian11-*) suite=bullseye ;;
    debian12-*) suite=bookworm ;;
    debian13-*) suite=trixie ;;
    ubuntu2404-*) suite=noble ;;
    musl-*) suite=musl ;;
    *) without "there is no root $name" ;;
  esac
  recipe="$suite $architecture"
  [ "$suite" != musl ] || recipe="$recipe $(busybox_names)"
  [ "$(cat "$root.stamp" 2>/dev/null)" != "$recipe" ] || return 0
  rm -rf "$root" "$root.stamp"
  mkdir -p "$folder"
  site=$(site)
  [ -n "$site" ] || without 'apt knows no mirror of Debian (apt-get update)'
  echo "making $root"
  case $suite in
    musl) minimal "$folder" "$root" "$architecture" ;;
    noble)
      ubuntu_keys "$folder" "${site%/debian}/ubuntu"
      bootstrap "$root" "$architecture" "$suite" "${site%/debian}/ubuntu" \
        "$folder/ubuntu-keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg"
      ;;
    *) bootstrap "$root" "$architecture" "$suite" "$site" ;;
  esac
  echo "$recipe" >"$root.stamp"
}

case ${1-} in
  names) names ;;
  make) make_root "$2" "$3" ;;
  *)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
