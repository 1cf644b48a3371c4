#!/bin/sh
# enter.sh - runs a command in a root folder, in namespaces of its own for mounts and processes, which end with it. The network is
# this machine's. Needs root.
#
#   enter.sh ROOT USER[:GROUP] COMMAND...     USER: a number, or a name that the root knows
set -eu

# shellcheck disable=SC2016 # the inner sh expands it
exec unshare --mount --pid --fork --kill-child --propagation slave sh -c '
  root=$1 user=$2
  shift 2
  mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && exec chroot --userspec="$user" "$root" "$@"' sh "$@"
