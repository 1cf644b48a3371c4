# tests.mk - tests, linters, fuzzing and the soak. tests/README.md describes the folders.

UNIT_TESTS := $(patsubst tests/unit/%.c,$(N)/tests/%,$(wildcard tests/unit/*_test.c))

$(N)/tests/%_test: tests/unit/%_test.c $(EDGE_OBJECTS) $(LIBS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NATIVE_FLAGS) $(filter %.c %.o,$^) -o $@ $(NATIVE_LIBS)

# Our parts of libc, renamed so that they can be linked beside the libc of this machine.
$(N)/tests/numbers_test: tests/unit/numbers_test.c tests/unit/random.h runtime/libc/snprintf.c runtime/libc/strtod.c \
    runtime/libc/decimal.c runtime/libc/decimal.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 -g -fno-builtin -Wall -Wextra -Werror -Wno-format-truncation -Iruntime \
	  -include tests/unit/numbers_test.h -fsanitize=address,undefined $(filter %.c,$^) -o $@ -lm

RENAMED := $(foreach f,cosh exp fmod log log2 log10 pow sinh tanh,--redefine-sym $(f)=runtime_$(f)) --redefine-sym __rem_pio2=runtime_rem_pio2

$(N)/tests/elementary_test: tests/unit/elementary_test.c runtime/libc/math.c tests/unit/random.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O2 -fno-builtin -ffp-contract=off -Wall -Wextra -Werror -c runtime/libc/math.c -o $@.o
	$(Q)objcopy $(RENAMED) $@.o
	$(Q)$(CC) -std=gnu11 -O2 -fno-builtin -Wall -Wextra -Werror tests/unit/elementary_test.c $@.o -o $@ -lm

$(N)/tests/hash_test: tests/unit/hash_test.c runtime/lua/lstring_hash.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -fsanitize=address,undefined $^ -o $@

CURVES := runtime/parts/digest/curves.c runtime/parts/digest/digest_names.h

$(N)/tests/curves_test: tests/unit/curves_test.c tests/unit/random.h $(CURVES) $(B)/bearssl.stamp $(B)/lua.stamp
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O2 -g -Wall -Wextra -Werror -Wno-unknown-pragmas -fsanitize=address,undefined -Iruntime -isystem $(BEARSSL)/inc \
	  -isystem $(BEARSSL)/src -isystem $(LUA)/src $< $(BEARSSL)/src/ec/ec_secp256r1.c $(BEARSSL)/src/ec/ec_secp384r1.c -o $@ -lcrypto

# Keys for tests/flare/flood_spec.lua.
$(N)/tests/collide: tests/support/collide.c runtime/lua/lstring_hash.c $(EDGE_OBJECTS) $(LIBS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NATIVE_FLAGS) $(filter %.c %.o,$^) -o $@ $(NATIVE_LIBS)

$(N)/tests/arena_test: tests/unit/arena_test.c runtime/life/arena.c runtime/life/arena.h
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -O2 -g -Wall -Wextra -Werror -Iruntime -fsanitize=address,undefined $(filter %.c,$^) -o $@

# Libraries that tests/libraries runs in flares: Debian's, unpacked without being installed, and the output of
# TypeScriptToLua; jose of npm, which makes and verifies tokens. Not available everywhere: without them their specs are skipped
# and say why.
L := $(B)/libraries

$(L)/debian.stamp: $(call flags,libraries,$(LIBRARY_PACKAGES))
	@mkdir -p $(@D)
	$(Q)if tools/setup.sh unpack $(L)/debian $(LIBRARY_PACKAGES); then touch $@; fi

# Response files of NIST's CAVP, as Debian's package has them.
$(L)/vectors.stamp: $(call flags,vectors,$(VECTOR_PACKAGES))
	@mkdir -p $(@D)
	$(Q)if tools/setup.sh unpack $(L)/vectors $(VECTOR_PACKAGES); then touch $@; fi

NPM_FILES := $(addprefix tests/libraries/,package.json tsconfig.json shop.ts jose.mjs)

$(L)/npm.stamp: $(NPM_FILES)
	@mkdir -p $(L)/npm
	$(Q)cp $(NPM_FILES) $(L)/npm
	$(Q)if (cd $(L)/npm && npm install --ignore-scripts --no-package-lock --no-audit --no-fund && \
	    node node_modules/typescript-to-lua/dist/tstl.js -p . --outDir lua) >$(L)/npm.log 2>&1; then touch $@; \
	  else echo 'npm: going on without TypeScriptToLua and jose: $(L)/npm.log'; fi

# The provider of OpenID Connect that the template `auth` signs in at, by its lock file.
IDENTITY := $(addprefix tests/identity/,package.json package-lock.json)

$(L)/identity.stamp: $(IDENTITY)
	@mkdir -p $(L)/identity
	$(Q)cp $(IDENTITY) $(L)/identity
	$(Q)if (cd $(L)/identity && npm ci --ignore-scripts --no-audit --no-fund) >$(L)/identity.log 2>&1; then touch $@; \
	  else echo 'npm: going on without oidc-provider: $(L)/identity.log'; fi

# Engines of tests/engines, as far as their libraries are here. They are other people's code: no sanitizer.
ENGINES_HERE = $(addprefix $(N)/engines/,$(if $(shell pkg-config --exists javascriptcoregtk-4.0 && echo yes),jsc) \
  $(if $(shell pkg-config --exists mozjs-102 && echo yes),spidermonkey))
system_flags = $(subst -I,-isystem ,$(shell pkg-config --cflags $(1)))

$(N)/engines/jsc: tests/engines/jsc.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror $(call system_flags,javascriptcoregtk-4.0) $< -o $@ \
	  $(shell pkg-config --libs javascriptcoregtk-4.0)

# The warnings that are off are of SpiderMonkey's headers and of the way it wants a class of a global written.
$(N)/engines/spidermonkey: tests/engines/spidermonkey.cc
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=c++17 -O2 -Wall -Wextra -Werror -Wno-missing-field-initializers -Wno-dangling-pointer \
	  $(call system_flags,mozjs-102) $< -o $@ $(shell pkg-config --libs mozjs-102)

# A VS Code for tests/browser/vscode_spec.lua.
$(B)/vscode/editor.stamp: $(addprefix tests/browser/vscode/,fetch.sh package.json)
	$(Q)tools/setup.sh packages $(VSCODE_PACKAGES)
	@mkdir -p $(@D)
	$(Q)tests/browser/vscode/fetch.sh $(B)/vscode/editor >$(B)/vscode/editor.log 2>&1 || { tail $(B)/vscode/editor.log >&2; exit 1; }
	@touch $@

vscode-editor: setup-test $(B)/vscode/editor.stamp ## fetch a VS Code (200 MB, npm), with which `make test ONLY=vscode` tests the extension

# wazero, of a checkout in the folder ENGINE_WAZERO, by a Go that is new enough for it (go.mod there says). Nothing is fetched.
GO ?= go
$(N)/engines/wazero: tests/engines/wazero.go $(call flags,wazero,$(ENGINE_WAZERO) $(GO))
	@mkdir -p $(@D)/wazero.src
	$(Q)cp $< $(@D)/wazero.src/main.go
	$(Q)printf 'module engine\n\ngo %s\n\nrequire github.com/tetratelabs/wazero v0.0.0\n\nreplace github.com/tetratelabs/wazero => %s\n' \
	  "$$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' $(ENGINE_WAZERO)/go.mod)" '$(abspath $(ENGINE_WAZERO))' >$(@D)/wazero.src/go.mod
	$(Q)cd $(@D)/wazero.src && GOFLAGS=-mod=mod GOPROXY=off $(GO) build -o ../wazero .

# wasm3 and WAMR, of checkouts in the folders ENGINE_WASM3 and ENGINE_WAMR. Nothing is fetched.
$(N)/engines/wasm3: tests/engines/wasm3.c tests/engines/wire.c tests/engines/wire.h $(call flags,wasm3,$(ENGINE_WASM3))
	@mkdir -p $(@D)/wasm3.src
	$(Q)cd $(@D)/wasm3.src && rm -f *.o && $(CC) -O2 -w -c \
	  $(filter-out %wasi.c %tracer.c %libc.c,$(wildcard $(abspath $(ENGINE_WASM3))/source/m3_*.c))
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -isystem $(ENGINE_WASM3)/source $(filter %.c,$^) \
	  $(@D)/wasm3.src/*.o -lm -o $@

# WAMR as its own CMakeLists.txt builds it, but for what a flare does not import. What cmake configured for another checkout, or in
# another folder, it would not take.
$(N)/engines/wamr: tests/engines/wamr.c tests/engines/wire.c tests/engines/wire.h $(call flags,wamr,$(ENGINE_WAMR))
	@mkdir -p $(@D)
	$(Q)rm -rf $(@D)/wamr.src
	$(Q){ cmake -S $(ENGINE_WAMR) -B $(@D)/wamr.src -DWAMR_BUILD_AOT=0 -DWAMR_BUILD_LIBC_BUILTIN=0 -DWAMR_BUILD_LIBC_WASI=0 \
	  -DWAMR_BUILD_SIMD=0 -DWAMR_BUILD_BULK_MEMORY=1 && cmake --build $(@D)/wamr.src; } >$(@D)/wamr.log 2>&1 || { cat $(@D)/wamr.log >&2; exit 1; }
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -isystem $(ENGINE_WAMR)/core/iwasm/include $(filter %.c,$^) \
	  $(@D)/wamr.src/libiwasm.a -lm -lpthread -o $@

# Engines whose checkouts a person names.
ENGINES_NAMED = $(if $(ENGINE_WAZERO),$(N)/engines/wazero) $(if $(ENGINE_WASM3),$(N)/engines/wasm3) $(if $(ENGINE_WAMR),$(N)/engines/wamr)

.PHONY: vscode-editor test-engines test-release test run-tests suite run-suite lint run-lint fuzz soak run-soak-programs

test: setup-test ## run all tests; the last line counts them (ONLY='WORD...', ENGINES='wasm2c v8')
	$(Q)$(MAKE) $(JOBS) run-tests

run-tests: $(EXE) $(MODULE) $(B)/unwind $(UNIT_TESTS) $(SOAK) $(N)/tests/collide $(L)/debian.stamp $(L)/npm.stamp $(L)/vectors.stamp \
    $(L)/identity.stamp $(ENGINES_HERE) $(ENGINES_NAMED)
	$(Q)SANITIZE=$(SANITIZE) NATIVE=$(N) ENGINES="$(ENGINES)" CC='$(CC)' WASM2C_FLAGS='$(WASM2C_FLAGS)' tests/run.sh $(ONLY)

test-engines: setup-test ## compare the answers of flares on all engines that are here, also of ENGINE_WAZERO=DIR (GO=PATH), ENGINE_WASM3=DIR, ENGINE_WAMR=DIR
	$(Q)$(MAKE) $(JOBS) run-tests ONLY='engines_spec stack_spec'

test-release: setup-test ## try what `make release` and `make deb` made in roots of other systems, as root (ONLY='ROOT...', INTO=FILE)
	$(Q)tools/setup.sh optional $(ROOT_PACKAGES) || :
	$(Q)INTO='$(INTO)' tests/release/run.sh $(B) $(ONLY)

suite: setup-test ## run Lua's own test suite, which LUA_SUITE=FOLDER has, on both engines (ONLY=WORD, ENGINES='wasm2c v8')
	$(Q)$(MAKE) $(JOBS) run-suite

run-suite: $(EXE) $(MODULE)
	$(Q)NATIVE=$(N) ENGINES="$(ENGINES)" LUA_SUITE='$(LUA_SUITE)' tests/suite/run $(ONLY)

lint: setup-test ## check format, style, the order of the rooms and common mistakes of C, Lua and shell
	$(Q)$(MAKE) $(JOBS) run-lint

run-lint: $(EXE)
	$(Q)tests/lint.sh

fuzz: setup-fuzz ## fuzz the parsers of untrusted bytes for a minute each (SECONDS_EACH=...)
	$(Q)$(MAKE) $(JOBS) all $(B)/lua-stock.stamp
	$(Q)tests/fuzz/run.sh

soak: setup-fuzz ## run dev under load and attack for SECONDS_EACH=600, then harm the runtime; ATTACKS=1 or ATTACK=NAME: the table of attacks
	$(Q)$(MAKE) $(JOBS) all run-soak-programs
	$(Q)$(if $(ATTACK)$(ATTACKS),NATIVE=$(N) SANITIZE=$(SANITIZE) node tests/soak/attacks.mjs $(ATTACK) $(if $(INTO),--into $(INTO)), \
	  lua5.4 tests/soak/soak.lua $(SECONDS_EACH) && NATIVE=$(N) tests/soak/run.sh)

run-soak-programs: $(SOAK) $(N)/tests/images_test
