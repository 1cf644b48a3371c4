#!/bin/sh
# run.sh - the long runs of what `make test` runs for some seconds: programs that do the runtime harm at random, one after
# the other, for SECONDS_EACH=300 each. NATIVE is the folder of what was built. What fails is printed with a seed.
set -eu

for program in "$NATIVE"/tests/*_soak_test "$NATIVE"/tests/images_test; do
  echo "$(basename "$program") for ${SECONDS_EACH:-300} seconds"
  "$program" "${SECONDS_EACH:-300}"
done
