#!/bin/sh
# lint.sh - format, style and common mistakes of all our C, Lua and shell. Called by `make lint`.
set -eu

c_files=$(git ls-files '*.c' '*.h' '*.cc')

echo 'clang-format'
# shellcheck disable=SC2086 # paths without spaces
clang-format --dry-run -Werror $c_files

echo 'cppcheck'
# Left out: what cppcheck 2.10 cannot know (X-macros, Lua's functions that do not return) or what is taste.
# shellcheck disable=SC2046
cppcheck --quiet --std=c11 --language=c --inline-suppr --error-exitcode=1 --enable=warning,performance,portability \
  --suppress=missingIncludeSystem --suppress=syntaxError --suppress=unknownMacro --suppress=preprocessorErrorDirective \
  -Iedge -Ibindings -Iruntime -Itools $(git ls-files 'edge/*.c' 'cli/*.c' 'tools/*.c' 'runtime/*.c' 'bindings/*.c' 'packages/*.c')

echo 'rooms'
lua5.4 tests/rooms.lua

echo 'luacheck'
luacheck --quiet scripts examples tests tools bench ci

echo 'shellcheck'
# shellcheck disable=SC2046
shellcheck $(git ls-files '*.sh') .ci/run tests/suite/run

echo 'Dockerfiles'
# shellcheck disable=SC2046
tests/release/docker.sh check $(git ls-files '*Dockerfile')

echo 'host names and paths'
# No file may name a package registry or a path of somebody's machine.
if git grep -nE '(deb|security)\.debian\.[o]rg|registry\.[n]pmjs|[.]npmjs\.com|/[w]ork/main|/[r]oot/' -- . ; then
  echo 'lint: the lines above name a registry or a path of one machine' >&2
  exit 1
fi
