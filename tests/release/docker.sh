#!/bin/sh
# docker.sh - a Dockerfile where there is no Docker: looks for mistakes in it, and carries out its steps in a root folder, so that
# the file that is tested is the file that ships. It knows the instructions that our files have, and fails on others; it has no
# layers, no cache and no images but a root that is there.
#
#   docker.sh check FILE...                           looks for mistakes; part of `make lint`
#   docker.sh build FILE CONTEXT ROOT ARCHITECTURE    carries out the steps in ROOT, a root of the system that FROM names
#   docker.sh run ROOT [WORD...]                      ENTRYPOINT with these words, else CMD's, as USER in WORKDIR
#
# An ARG has the value of this script's variable BUILD_ARG_NAME, if that is set. What build knows of the image is in ROOT.image.
set -eu

here=$(dirname "$0")

fail() {
  echo "docker.sh: $*" >&2
  exit 1
}

# A line for each instruction: its line number, its name, its words. Comments go, continued lines are joined.
instructions() { # FILE
  awk '/^[ \t]*#/ { next } joined == "" && /^[ \t]*$/ { next }
    { if (joined == "") at = NR }
    /\\$/ { joined = joined substr($0, 1, length($0) - 1); next }
    { $0 = joined $0; joined = ""; name = $1; sub(/^[^ \t]+[ \t]+/, ""); print at, toupper(name), $0 }' "$1"
}

check() { # FILE
  instructions "$1" | awk -v file="$1" '
    function fault(what) { print file ":" $1 ": " what; bad = 1 }
    function rest() { return substr($0, length($1) + length($2) + 3) }
    NR == 1 && $2 != "FROM" { fault("the first instruction is FROM") }
    $2 == "FROM" { if ($3 !~ /^[a-z\/]+:[0-9a-z.-]+$/ || $3 ~ /:latest$/) fault("an image with a version: " $3) }
    $2 == "ADD" && $3 ~ /^https?:/ { fault("ADD of an URL: nothing checks it") }
    $2 == "ADD" && $3 !~ /\.tar\.gz$/ { fault("COPY serves for what is not unpacked") }
    ($2 == "COPY" || $2 == "ADD") && NF < 4 { fault("from where, and where to?") }
    $2 == "RUN" && rest() !~ /^set -eu;/ { fault("steps after one that fails are carried out: set -eu") }
    $2 == "RUN" && /apt-get install/ && !/--no-install-recommends/ { fault("apt-get install without --no-install-recommends") }
    $2 == "RUN" && /apt-get install/ && !/apt-get update/ { fault("apt-get install of lists that an older layer has") }
    $2 == "RUN" && /apt-get update/ && !/rm -rf [^;]*\/var\/lib\/apt\/lists/ { fault("the lists of apt stay in the layer") }
    $2 == "RUN" && /sudo|chmod 777|curl [^;]*\| *(ba)?sh/ { fault("sudo, chmod 777, or a script of the network") }
    $2 == "WORKDIR" && $3 !~ /^\// { fault("WORKDIR is absolute") }
    $2 == "EXPOSE" && $3 !~ /^[0-9]+$/ { fault("EXPOSE takes a port") }
    $2 ~ /^(ENTRYPOINT|CMD)$/ && rest() !~ /^\["[^"]+"(, "[^"]+")*\]$/ { fault($2 " is a list, so that signals reach it") }
    $2 == "USER" { user = $3 }
    $2 !~ /^(FROM|ARG|ENV|COPY|ADD|RUN|USER|WORKDIR|EXPOSE|ENTRYPOINT|CMD)$/ { fault("an instruction that docker.sh does not know: " $2) }
    END { if (user ~ /^(|0|root)$/) { $1 = NR; fault("it would run as root: USER") } exit bad }'
}

# Words of a list as ENTRYPOINT has it.
words_of() { echo "$1" | sed 's/^\["//; s/"\]$//; s/", "/ /g'; }

copy() { # ADD|COPY FOLDER ROOT SOURCE... PLACE
  verb=$1 folder=$2 root=$3
  shift 3
  for place; do :; done
  mkdir -p "$root$(dirname "$place/x")"
  while [ $# -gt 1 ]; do
    found=
    for file in "$folder"/$1; do # a pattern
      [ -f "$file" ] || continue
      found=1
      case $verb in
        ADD) tar -xzf "$file" -C "$root$place" --no-same-owner ;;
        *) cp "$file" "$root$place" ;;
      esac
    done
    [ -n "$found" ] || fail "$verb $1: there is no such file in $folder"
    shift
  done
}

# Carries out a file's instructions. `values` has assignments for RUN, each in quotes for eval.
build() { # FILE CONTEXT ROOT ARCHITECTURE
  file=$1 context=$2 root=$3
  TARGETARCH=$4 # what BuildKit knows by itself
  values="export TARGETARCH='$TARGETARCH' HOME=/ PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" user=0 place=/ entry='' command=''
  for name in resolv.conf hosts; do cp "/etc/$name" "$root/etc/$name"; done # as Docker does
  mkdir -p "$root.steps"
  instructions "$file" >"$root.steps/all"
  while read -r line verb rest <&3; do
    echo "$file:$line: $verb"
    case $verb in
      FROM | EXPOSE) ;;
      ARG | ENV)
        name=${rest%%=*} value=
        case $rest in *=*) value=$(echo "${rest#*=}" | sed 's/^"\(.*\)"$/\1/') ;; esac
        [ "$verb" = ENV ] || eval "value=\${BUILD_ARG_$name-\$value}"
        [ "$name" = TARGETARCH ] || values="$values $name='$value'"
        ;;
      ADD | COPY)
        rest=$(echo "$rest" | sed "s/[$]{TARGETARCH}/$TARGETARCH/g")
        # shellcheck disable=SC2086 # words; patterns are of the context's folder and not of this one
        (set -f && set -- $rest && set +f && copy "$verb" "$context" "$root" "$@")
        ;;
      RUN) "$here/enter.sh" "$root" "$user" /bin/sh -c "$values; cd '$place' && $rest" </dev/null ;;
      USER) user=$rest ;;
      WORKDIR) place=$rest && mkdir -p "$root$place" ;;
      ENTRYPOINT) entry=$(words_of "$rest") ;;
      CMD) command=$(words_of "$rest") ;;
      *) fail "$file:$line: $verb is not known" ;;
    esac
  done 3<"$root.steps/all"
  rm -rf "$root.steps"
  printf '%s\n' "$values" "$user" "$place" "$entry" "$command" >"$root.image"
}

run() { # ROOT [WORD...]
  root=$1
  shift
  { read -r values && read -r user && read -r place && read -r entry && read -r command; } <"$root.image"
  # shellcheck disable=SC2086 # CMD's words
  [ $# -gt 0 ] || set -- $command
  "$here/enter.sh" "$root" "$user" /bin/sh -c "$values; export HOME=/home/$user; cd '$place' && exec $entry \"\$@\"" sh "$@"
}

case ${1-} in
  check)
    shift
    good=0
    for file; do check "$file" || good=1; done
    exit $good
    ;;
  build) build "$2" "$3" "$4" "$5" ;;
  run) shift && run "$@" ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
