#!/bin/sh
# flaron-lua.sh - what a project's CI does with flaron-lua: the action (action.yml) and the snippet for GitLab (gitlab.yml) call it.
# It knows flaron-lua by its command line alone. What figures of the budget are is budget.lua's. docs/ci.md is its manual.
set -u

usage() {
  cat <<'END'
usage: flaron-lua.sh [OPTIONS] STEP...

check, test and pack a project, and hold it to a budget against the base branch. All steps run, also after one that fails.

  install             install --package
  check               flaron-lua check
  test                flaron-lua test; REPORTS/test.xml is JUnit's
  pack                flaron-lua pack, to REPORTS/flare.wasm
  budget              compare size, CPU time and memory with the base; REPORTS/budget.md is a table

  -C, --project DIR   the project's folder, or its main script (default .)          FLARON_PROJECT
  --reports DIR       the folder for files (default flaron-reports)                 FLARON_REPORTS
  --format F          of check: text, github, sarif (REPORTS/check.sarif) or junit (REPORTS/check.xml)
                      (default github in GitHub's Actions, else text)               FLARON_FORMAT
  --strict            warnings of check fail, too                                   FLARON_STRICT=true
  --strip             pack without debug information, also for the budget           FLARON_STRIP=true
  --base REF          the branch or commit to compare with (default the target of the pull or merge request)
                                                                                    FLARON_BASE
  --request WORDS     "URL" or "METHOD URL" to measure; may be repeated             FLARON_REQUESTS, one a line
  --requests FILE     a file of Lua with the requests to measure                    FLARON_REQUESTS_FILE
  --max-size N        percent that the size may grow by (default 5)                 FLARON_MAX_SIZE
  --max-cpu N         percent that the CPU time of a request may (default 25)       FLARON_MAX_CPU
  --max-memory N      percent that the memory of a request may (default 10)         FLARON_MAX_MEMORY
  --runs N            how often each request is measured (default 25)               FLARON_RUNS
  --package FILE|URL  a .deb or .tar.gz of flaron-lua                               FLARON_PACKAGE
  --sha256 SUM        what the package's SHA-256 must be                            FLARON_SHA256
  --prefix DIR        where a .tar.gz is unpacked (default ~/.local/flaron-lua)     FLARON_PREFIX
  --flaron-lua FILE   the executable (default flaron-lua, of PATH)                  FLARON_LUA
  -h, --help          this text

What stands behind an option is the variable that does the same; steps may stand in FLARON_STEPS. The exit code is 0 when
all is well, 1 when a step failed, 2 when the words are wrong or the base cannot be found.
END
}

say() { printf 'flaron-lua.sh: %s\n' "$*" >&2; }

misuse() {
  say "$*; see flaron-lua.sh --help"
  exit 2
}

# Prints a path that holds wherever one is.
absolute() {
  case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$(pwd)" "$1" ;;
  esac
}

in_github() { [ "${GITHUB_ACTIONS-}" = true ]; }

# Reads lines, and prints each as an error: as an annotation where GitHub reads along.
errors() { # TITLE
  if in_github; then
    sed -e 's/%/%25/g' -e "s/^/::error title=flaron-lua $1::/"
  else
    sed -e "s/^/$1: /"
  fi
}

# Adds a line to one of the files that GitHub gives a step. Nothing where there is none.
tell_github() { # FILE LINE
  if [ -n "$1" ]; then printf '%s\n' "$2" >>"$1"; fi
}

# ---- steps: each returns 0 or 1 ----

install_step() {
  [ -n "$package" ] || misuse 'install needs --package'
  mkdir -p "$scratch/package" || return 1
  case $package in
    *://*)
      file=$scratch/package/${package##*/}
      curl --fail --silent --show-error --location --output "$file" "$package" || return 1
      ;;
    *) file=$(absolute "$package") ;;
  esac
  if [ -n "$sha256" ] && ! printf '%s  %s\n' "$sha256" "$file" | sha256sum --check --quiet -; then return 1; fi
  case $file in
    *.deb)
      root=
      [ "$(id -u)" = 0 ] || root=sudo
      $root apt-get update --quiet --quiet && $root apt-get install --yes --no-install-recommends "$file"
      ;;
    *.tar.gz)
      rm -rf "$prefix" && mkdir -p "$prefix" && tar -xzf "$file" -C "$prefix" --strip-components=1 || return 1
      if [ ! -x "$prefix/bin/flaron-lua" ]; then
        say "$package: there is no bin/flaron-lua in its folder"
        return 1
      fi
      PATH=$prefix/bin:$PATH
      export PATH
      tell_github "${GITHUB_PATH-}" "$prefix/bin"
      ;;
    *) misuse "--package takes a .deb or .tar.gz, not '$package'" ;;
  esac
}

check_step() {
  set -- check "$project"
  if [ "$strict" = true ]; then set -- "$@" --strict; fi
  case $format in
    sarif) file=$reports/check.sarif ;;
    junit) file=$reports/check.xml ;;
    *) file= ;;
  esac
  if [ -z "$file" ]; then
    "$flaron_lua" "$@" --format "$format"
  elif ! "$flaron_lua" "$@" --format "$format" >"$file" 2>"$scratch/check.log"; then
    "$flaron_lua" "$@" # for those who read the log
    return 1
  fi
}

test_step() {
  rm -f "$reports/test.xml"
  "$flaron_lua" test -C "$folder" -o "$here/output.lua" -Xoutput "$reports/test.xml"
}

# Packs a project, quietly: what it says is shown when it fails.
pack_to() { # PROJECT OUT
  set -- pack "$1" --output "$2"
  if [ "$strip" = true ]; then set -- "$@" --strip; fi
  "$flaron_lua" "$@" >"$scratch/pack.log" 2>&1 || { cat "$scratch/pack.log" >&2; return 1; }
}

pack_step() {
  pack_to "$project" "$reports/flare.wasm" || return 1
  cat "$scratch/pack.log"
  tell_github "${GITHUB_OUTPUT-}" "flare=$reports/flare.wasm"
  tell_github "${GITHUB_OUTPUT-}" "size=$(wc -c <"$reports/flare.wasm" | tr -d ' ')"
}

# Packs the base to $scratch/base.wasm, in a work tree of its own, which cleanup removes. Not made: there is nothing to compare
# with, and the reason is told.
pack_base() {
  if [ -z "$base" ]; then
    say 'no base: this is no pull or merge request, and there is no --base'
    return
  fi
  if ! commit=$(git -C "$folder" merge-base HEAD "$base" 2>&1); then
    say "the commit that HEAD and '$base' have in common cannot be found${commit:+: $commit}"
    say 'a shallow clone has not enough of the history: fetch-depth: 0 of actions/checkout, GIT_DEPTH: 0 of GitLab'
    exit 2
  fi
  inside=$(git -C "$folder" rev-parse --show-prefix)
  work_tree=$scratch/base
  # No hooks of the repository: this is not a checkout that anybody works in.
  if ! git -C "$folder" -c core.hooksPath=/dev/null worktree add --quiet --detach "$work_tree" "$commit"; then exit 2; fi
  there=$work_tree/$inside
  if [ -d "$folder/lua_modules" ] && [ -d "$there" ] && [ ! -e "$there/lua_modules" ]; then
    cp -R "$folder/lua_modules" "$there/lua_modules" # rocks that git does not keep
  fi
  [ "$project" = "$folder" ] || there=$there${project##*/}
  if [ ! -e "$there" ]; then
    say "the base has no '$project'"
  elif ! pack_to "$there" "$scratch/base.wasm"; then
    rm -f "$scratch/base.wasm"
    say 'the base cannot be packed'
  fi
}

budget_step() {
  pack_to "$project" "$scratch/head.wasm" || return 1
  pack_base
  mkdir -p "$scratch/empty"
  rm -f "$reports/budget.md"
  BUDGET_FOLDER=$scratch BUDGET_TABLE=$reports/budget.md BUDGET_REQUESTS=$requests BUDGET_FILE=$requests_file BUDGET_RUNS=$runs \
    BUDGET_SIZE=$max_size BUDGET_CPU=$max_cpu BUDGET_MEMORY=$max_memory \
    "$flaron_lua" test -C "$scratch/empty" -o plainTerminal "$here/budget.lua" >"$scratch/budget.log" 2>&1 ||
    { cat "$scratch/budget.log" >&2; return 1; }
  cat "$reports/budget.md"
  if [ -n "${GITHUB_STEP_SUMMARY-}" ]; then cat "$reports/budget.md" >>"$GITHUB_STEP_SUMMARY"; fi
  [ ! -s "$scratch/over" ] || { errors budget <"$scratch/over"; return 1; }
}

# ---- words ----

project=${FLARON_PROJECT:-.} reports=${FLARON_REPORTS:-flaron-reports} strict=${FLARON_STRICT-} strip=${FLARON_STRIP-}
format=${FLARON_FORMAT-} base=${FLARON_BASE-} requests=${FLARON_REQUESTS-} requests_file=${FLARON_REQUESTS_FILE-}
max_size=${FLARON_MAX_SIZE:-5} max_cpu=${FLARON_MAX_CPU:-25} max_memory=${FLARON_MAX_MEMORY:-10} runs=${FLARON_RUNS:-25}
package=${FLARON_PACKAGE-} sha256=${FLARON_SHA256-} prefix=${FLARON_PREFIX:-${HOME-}/.local/flaron-lua}
flaron_lua=${FLARON_LUA:-flaron-lua}
steps='' newline='
'

while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --strict) strict=true ;;
    --strip) strip=true ;;
    -C | --project | --reports | --format | --base | --request | --requests | --max-size | --max-cpu | --max-memory | --runs | \
      --package | --sha256 | --prefix | --flaron-lua)
      [ $# -gt 1 ] || misuse "option '$1' lacks its value"
      case $1 in
        -C | --project) project=$2 ;;
        --reports) reports=$2 ;;
        --format) format=$2 ;;
        --base) base=$2 ;;
        --request) requests=$requests$newline$2 ;;
        --requests) requests_file=$2 ;;
        --max-size) max_size=$2 ;;
        --max-cpu) max_cpu=$2 ;;
        --max-memory) max_memory=$2 ;;
        --runs) runs=$2 ;;
        --package) package=$2 ;;
        --sha256) sha256=$2 ;;
        --prefix) prefix=$2 ;;
        --flaron-lua) flaron_lua=$2 ;;
      esac
      shift
      ;;
    -*) misuse "unknown option '$1'" ;;
    *) steps="$steps $1" ;;
  esac
  shift
done

steps=${steps:-${FLARON_STEPS-}}
any=
for step in $steps; do
  case $step in
    install | check | test | pack | budget) any=yes ;;
    *) misuse "'$step' is no step: install, check, test, pack and budget are" ;;
  esac
done
[ -n "$any" ] || misuse 'one step or more is expected'
if [ -z "$format" ]; then if in_github; then format=github; else format=text; fi; fi
case $format in
  text | github | sarif | junit) ;;
  *) misuse "--format takes text, github, sarif or junit, not '$format'" ;;
esac
for pair in "max-size=$max_size" "max-cpu=$max_cpu" "max-memory=$max_memory" "runs=$runs"; do
  number=${pair#*=}
  case $number in
    '' | *[!0-9]* | ???????*) misuse "--${pair%%=*} takes a whole number, not '$number'" ;;
  esac
done
[ "$runs" -gt 0 ] || misuse '--runs takes 1 or more'
[ -e "$project" ] || misuse "there is no project '$project'"
if [ -n "$requests_file" ]; then
  [ -f "$requests_file" ] || misuse "there is no file '$requests_file'"
  requests_file=$(absolute "$requests_file")
fi
project=${project%/} folder=$project
[ -d "$project" ] || folder=$(dirname "$project")
case $flaron_lua in */*) flaron_lua=$(absolute "$flaron_lua") ;; esac
if [ -z "$base" ]; then
  if [ -n "${GITHUB_BASE_REF-}" ]; then base=origin/$GITHUB_BASE_REF; else base=${CI_MERGE_REQUEST_DIFF_BASE_SHA-}; fi
fi

# ---- the work ----

work_tree=
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
  if [ -n "$work_tree" ]; then git -C "$folder" worktree remove --force "$work_tree" 2>/dev/null; fi
  rm -rf "$scratch"
}

here=$(cd "$(dirname "$0")" && pwd) || exit 1
reports=$(absolute "$reports") prefix=$(absolute "$prefix")
mkdir -p "$reports" || exit 1
scratch=$(mktemp -d) || exit 1
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

status=0
for step in $steps; do
  if in_github; then printf '::group::flaron-lua %s\n' "$step"; fi
  good=yes
  case $step in
    install) install_step ;;
    check) check_step ;;
    test) test_step ;;
    pack) pack_step ;;
    budget) budget_step ;;
  esac || good=
  if in_github; then printf '::endgroup::\n'; fi
  if [ -z "$good" ]; then
    say "$step failed"
    status=1
  fi
done
exit "$status"
