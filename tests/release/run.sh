#!/bin/sh
# run.sh - `make test-release`: unpacks the archives of `make release` into the roots of roots.sh and runs inside.sh in each, as a
# user who is not root; of another architecture by qemu-aarch64-static, for which it registers with the kernel's binfmt_misc while
# it runs, unless somebody has. It prints a table, and writes it to the file INTO names, if any.
#
#   run.sh ARCHIVES [NAME...]    ARCHIVES: the folder with flaron-lua-*-linux-*.tar.gz and .deb; NAME: only these rows
#
# ROOTS: where roots are made and kept (default: build/roots). Results stay in ROOTS/results. What could not be had is a row with
# its reason; the exit code is 1 when a step failed, when packs or numbers differ between rows, or when no row ran at all.
set -eu

archives=$1
shift
only=$*
roots=${ROOTS:-build/roots}
user=1000:1000 # who runs the steps
results=$roots/results
here=tests/release
failed=0
[ "$(id -u)" = 0 ] || { echo 'run.sh: roots are entered by root' >&2; exit 1; }
rm -rf "$results"
mkdir -p "$results"
machine=$(dpkg --print-architecture)
version=$(sed -n 's/^#define FLARON_LUA_VERSION "\(.*\)"$/\1/p' edge/flare/flare.h)

registry=
# shellcheck disable=SC2317 # the trap calls it
leave() {
  [ -z "$registry" ] || { echo -1 >"$registry/flaron-aarch64"; umount "$registry"; }
}
trap leave EXIT
trap 'exit 130' INT TERM

# Whether programs for arm64 run here; if need be, by qemu, whose file the kernel keeps open (F), so that no root has to have it.
runs_arm64() {
  [ "$machine" != arm64 ] && [ -z "$registry" ] || return 0
  "$roots/musl-arm64/bin/busybox" true 2>/dev/null && return 0
  qemu=$(command -v qemu-aarch64-static) || { reason='qemu-aarch64-static is not installed'; return 1; }
  mkdir -p "$roots/binfmt"
  mount -t binfmt_misc none "$roots/binfmt" 2>/dev/null || { reason='this kernel has no binfmt_misc for us'; return 1; }
  registry=$roots/binfmt
  zeros='\x00\x00\x00\x00\x00\x00\x00\x00' ones='\xff\xff\xff\xff\xff\xff\xff\xff'
  printf '%s' ":flaron-aarch64:M::\\x7fELF\\x02\\x01\\x01\\x00$zeros\\x02\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00$ones\\xfe\\xff\\xff\\xff:$qemu:PF" \
    >"$registry/register" || { reason='binfmt_misc does not take qemu-aarch64-static'; return 1; }
}

note() { printf '%s\n' "$1" >>"$results/table"; }

# Tries an executable in a root and adds a row.
try() { # ROW NAME SYSTEM ARCHITECTURE EXECUTABLE MANNER PAGES
  row=$1 name=$2 system=$3 architecture=$4 executable=$5 manner=$6 pages=$7
  root=$roots/$name
  mkdir -p "$root/opt/release"
  cp "$here/inside.sh" "$root/opt/release/"
  rm -rf "$root/opt/release/probe" "$root/tmp/release"
  cp -r "$here/probe" "$root/opt/release/probe"
  cp "$roots/musl-$machine/bin/busybox" "$root/opt/release/busybox" # its nc; it need not be of the root's architecture
  record=
  if [ -f "$results/record.json" ]; then
    cp "$results/record.json" "$root/opt/release/record.json"
    chmod 644 "$root/opt/release/record.json"
    record=/opt/release/record.json
  fi
  code=0
  began=$(date +%s)
  $here/enter.sh "$root" "$user" /bin/sh -c "cd /tmp && PATH=/usr/local/bin:/usr/bin:/bin NC='/opt/release/busybox nc' ${pages:+QEMU_PAGESIZE=$pages} \
    sh /opt/release/inside.sh $executable /opt/release/probe /tmp/release $record" >"$results/$row" 2>"$results/$row.err" </dev/null || code=$?
  seconds=$(($(date +%s) - began))
  [ -f "$results/record.json" ] || cp "$root/tmp/release/own.json" "$results/record.json" 2>/dev/null || :
  good=$(grep -c '^ok ' "$results/$row") || :
  all=$(grep -c '^ok \|^no ' "$results/$row") || :
  bad=$(sed -n 's/^no //p' "$results/$row" | tr '\n' ' ')
  echo "$row: $good of $all steps in $seconds s${bad:+; failed: $bad}"
  if [ "$code" != 0 ] || [ "$good" = 0 ]; then
    failed=1
    grep -v '^ok \|^= ' "$results/$row" || :
    cat "$results/$row.err"
  fi
  note "| $system | $architecture | $manner | $good of $all | ${bad:-none} | $seconds |"
}

absent() { # SYSTEM ARCHITECTURE HOW REASON
  echo "$1, $2, $3: not tried: $4"
  note "| $1 | $2 | $3 | 0 | not tried: $4 | |"
}

# A size in bytes as MiB.
mib() { awk -v n="$1" 'BEGIN { printf "%.1f MiB", n / 1048576 }'; }

# Unpacks the archive into a root, as a user would.
unpack() { # ARCHIVE ROOT
  rm -rf "$2/opt/flaron-lua"
  mkdir -p "$2/opt/flaron-lua"
  tar -xzf "$1" -C "$2/opt/flaron-lua" --strip-components=1 --no-same-owner
}

# The rows of a root: the archive; of arm64 also with larger pages; the package, where it can be installed as it is.
rows() { # NAME ARCHITECTURE SYSTEM
  name=$1 architecture=$2 system=$3 reason=
  archive=$archives/flaron-lua-$version-linux-$architecture.tar.gz
  how=native
  [ "$architecture" = "$machine" ] || how='qemu'
  [ -f "$archive" ] || { absent "$system" "$architecture" archive "there is no $archive"; return 0; }
  said=$($here/roots.sh make "$roots" "musl-$machine" 2>&1) || { absent "$system" "$architecture" archive "$said"; return 0; }
  if [ "$architecture" != "$machine" ]; then
    case $architecture in
      arm64)
        if ! { $here/roots.sh make "$roots" musl-arm64 >/dev/null 2>&1 && runs_arm64; }; then
          absent "$system" "$architecture" archive "${reason:-no root}"
          return 0
        fi
        ;;
      *) absent "$system" "$architecture" archive "no emulator for $architecture"; return 0 ;;
    esac
  fi
  $here/roots.sh make "$roots" "$name" >"$results/$name.made" 2>&1 || { absent "$system" "$architecture" archive "$(tail -n 1 "$results/$name.made")"; return 0; }
  unpack "$archive" "$roots/$name"
  try "$name" "$name" "$system" "$architecture" /opt/flaron-lua/bin/flaron-lua "archive, $how" ''
  if [ "$name" = musl-arm64 ] && [ "$how" = qemu ]; then
    for kib in 16 64; do
      try "$name-$kib" "$name" "$system" "$architecture" /opt/flaron-lua/bin/flaron-lua "archive, qemu, pages of $kib KiB" $((kib * 1024))
    done
  fi
  package=$archives/flaron-lua_${version}_$architecture.deb
  if [ -f "$package" ] && [ -x "$roots/$name/usr/bin/dpkg" ] && [ "$(dpkg-deb -f "$package" Depends)" = '' ]; then
    cp "$package" "$roots/$name/opt/release/flaron-lua.deb"
    if $here/enter.sh "$roots/$name" 0:0 dpkg -i /opt/release/flaron-lua.deb >"$results/$name-deb.dpkg" 2>&1; then
      try "$name-deb" "$name" "$system" "$architecture" /usr/bin/flaron-lua ".deb, $how" ''
      $here/enter.sh "$roots/$name" 0:0 dpkg -P flaron-lua >>"$results/$name-deb.dpkg" 2>&1 || :
      if [ -e "$roots/$name/usr/lib/flaron-lua" ]; then
        echo "$name: the package was not removed whole"
        failed=1
      fi
    else
      cat "$results/$name-deb.dpkg"
      failed=1
      absent "$system" "$architecture" ".deb, $how" 'dpkg did not install it'
    fi
  fi
}

# A container: a Dockerfile's steps on a copy of the root of its system, and all as the user that it names.
container() { # ROW NAME SYSTEM ARCHITECTURE DOCKERFILE CONTEXT USER [MANNER]
  root=$roots/$1
  rm -rf "$root"
  cp -a "$roots/$2" "$root"
  rm -rf "$root/opt/flaron-lua" "$root/opt/release" "$root/tmp/release"
  if $here/docker.sh build "$5" "$6" "$root" "$4" >"$results/$1.steps" 2>&1; then
    user=$7 # of the Dockerfile; chroot knows it by name
    try "$1" "$1" "$3" "$4" flaron-lua "${8:-$5}" ''
    user=1000:1000
  else
    tail -n 20 "$results/$1.steps"
    failed=1
    absent "$3" "$4" "$5" "a step failed ($results/$1.steps)"
  fi
}

# The image runs by what it says itself: the entry point, the folder, the user.
starts_by_itself() { # ROW
  if ! $here/docker.sh run "$roots/$1" new site >"$results/$1.run" 2>&1 || ! $here/docker.sh run "$roots/$1" pack site >>"$results/$1.run" 2>&1 ||
    ! $here/docker.sh run "$roots/$1" --version | grep -qF "$version"; then
    cat "$results/$1.run"
    echo "$1: the entry point does not do new and pack in WORKDIR"
    failed=1
  fi
}

# The container rows: the image that we ship, and the one that projects have to be worked on in.
containers() { # ARCHITECTURE
  architecture=$1
  [ -d "$roots/debian12-$architecture/opt/flaron-lua" ] || return 0
  emulated=
  [ "$architecture" = "$machine" ] || emulated=', qemu'
  container "docker-$architecture" "debian12-$architecture" "Container$emulated" "$architecture" packages/docker/Dockerfile "$archives" flaron
  [ ! -f "$roots/docker-$architecture.image" ] || starts_by_itself "docker-$architecture"
  [ -z "$emulated" ] || return 0
  rm -rf "$roots/context"
  mkdir "$roots/context"
  cp scripts/templates/devcontainer/.devcontainer/Dockerfile "$archives/flaron-lua-$version-linux-$architecture.tar.gz" "$roots/context"
  container "devcontainer-$architecture" "debian12-$architecture" "Dev container" "$architecture" "$roots/context/Dockerfile" "$roots/context" dev \
    "Dockerfile of \`new --devcontainer\`"
}

# Packs, and what the probe computes, must be the same bytes in all rows.
compare() {
  sed -s -n 's/^= //p' "$results"/*-a[mr][dm]64* 2>/dev/null | sort | uniq -c >"$results/sums"
  names=$(awk '{ print $2 }' "$results/sums" | uniq | wc -l)
  if [ "$(wc -l <"$results/sums")" = "$names" ]; then
    note ''
    note "Packed flares and numbers: $names files, the same bytes in all rows."
  else
    failed=1
    note ''
    note 'Packed flares and numbers are NOT the same bytes in all rows:'
    awk '{ print "- " $2 " " $3 ", " $1 " rows" }' "$results/sums" >>"$results/table"
  fi
}

sizes() {
  note ''
  note '| archive | packed | unpacked | executable |'
  note '| --- | --- | --- | --- |'
  for archive in "$archives"/flaron-lua-"$version"-linux-*.tar.gz; do
    [ -f "$archive" ] || continue
    rm -rf "$results/unpacked"
    mkdir "$results/unpacked"
    unpack "$archive" "$results/unpacked"
    folder=$results/unpacked/opt/flaron-lua
    note "| $(basename "$archive") | $(mib "$(stat -c %s "$archive")") | $(mib "$(du -sb --apparent-size "$folder" | cut -f 1)") | $(mib "$(stat -c %s "$folder/bin/flaron-lua")") |"
    rm -rf "$results/unpacked"
  done
}

note '| system | architecture | how | steps | failed | seconds |'
note '| --- | --- | --- | --- | --- | --- |'
$here/roots.sh names >"$results/names"
while read -r name architecture system; do
  case " $only " in '  ' | *" $name "*) rows "$name" "$architecture" "$system" ;; esac
done <"$results/names"
for architecture in amd64 arm64; do
  case " $only " in '  ' | *" docker-$architecture "*) containers $architecture ;; esac
done
grep -q '| [1-9][0-9]* of ' "$results/table" || failed=1
compare
sizes
cat "$results/table"
[ -z "${INTO-}" ] || cp "$results/table" "$INTO"
exit $failed
