# Makefile - the only way in: `make help` lists what it does. The rules are in mk/, a file for each part of the work.
#
# build/src      sources fetched and checked        build/wasm    the runtime for wasm32
# build/native   the executable and flaron.edge     build/sanitize  the same under ASan and UBSan
#
# Nothing is installed but by the targets that say so (setup, and what calls it: demo, test, lint, bench, fuzz, soak).

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/sh

V ?=
SANITIZE ?=
STATIC ?=
Q := $(if $(V),,@)
B := build
N := $(B)/$(if $(STATIC),static/$(STATIC)/native,$(if $(SANITIZE),sanitize,native))
W := $(B)/wasm
PREFIX ?= /usr/local
CC := gcc
EXE := $(N)/flaron-lua
MODULE := $(N)/lua/flaron/edge.so
# For makes that this one starts, unless the user said how many jobs.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

FLAGS := $(B)/flags$(if $(CHECKED),-checked)

# $(call flags,NAME,TEXT): the name of a file that is written when TEXT is another than it holds. What depends on it is
# made again when flags change, and not when a comment does. `make -n` writes nothing.
flags = $(if $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),$(FLAGS)/$(1),$(call write_flags,$(1),$(2)))
write_flags = $(shell mkdir -p $(FLAGS); f=$(FLAGS)/$(1); t='$(subst ','\'',$(2))'; \
  [ -f $$f ] && [ "$$(cat $$f)" = "$$t" ] || printf '%s\n' "$$t" >$$f; echo $$f)

.PHONY: all demo run-demo docs clean help
all: $(EXE) $(MODULE) $(B)/compile_commands.json ## build the executable and the Lua module flaron.edge

include mk/packages.mk
include mk/runtime.mk
include mk/static.mk
include mk/native.mk
include mk/soak.mk
include mk/tests.mk
include mk/bench.mk
include mk/release.mk
include mk/npm.mk
include mk/size.mk

demo: setup ## install what is needed, build everything, pack examples/hello, run it and show the answer
	$(Q)$(MAKE) $(JOBS) all
	$(Q)$(EXE) pack examples/hello -o $(B)/hello.wasm
	@echo '$$ flaron-lua run $(B)/hello.wasm --url https://example.com/greeting'
	$(Q)$(EXE) run $(B)/hello.wasm --url https://example.com/greeting

docs: ## make docs/stdlib.md, the table of the standard library, of tests/support/stdlib.lua
	$(Q)lua5.4 tools/stdlib.lua >docs/stdlib.md

clean: ## remove everything that was built or fetched
	rm -rf $(B)

help: ## say what each target does
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
	  while IFS='|' read -r name what; do printf '  make %-11s %s\n' "$$name" "$$what"; done
	@echo
	@echo '  ONLY='WORD...' test: only files whose path has one of the words'
	@echo "  ENGINES=LIST   test: engines, of 'wasm2c v8' (both)"
	@echo '  SANITIZE=1     native code under ASan and UBSan, in build/sanitize'
	@echo '  V=1            show commands'
	@echo '  LUA_TARBALL=F, CJSON_TARBALL=F   the sources of Lua and lua-cjson, where apt cannot fetch them'
	@echo '  WASI_SDK_PATH=DIR                an installed wasi-sdk in place of the packages it is made of'

-include $(shell find $(W) $(N) $(M) -type f -name '*.d' 2>/dev/null)
