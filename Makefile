# Makefile - the only way in: `make help` lists what it does.
#
# build/src      sources fetched and checked        build/wasm    the runtime for wasm32
# build/native   the executable and flaron.edge     build/sanitize  the same under ASan and UBSan
#
# WASI_SDK_PATH, LUA_TARBALL and CJSON_TARBALL name an installed wasi-sdk and tarballs that are at hand.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/sh

SANITIZE ?=
B := build
N := $(B)/$(if $(SANITIZE),sanitize,native)
W := $(B)/wasm
PREFIX ?= /usr/local
CC := gcc
EXE := $(N)/flaron-lua
MODULE := $(N)/lua/flaron/edge.so

.PHONY: FORCE all bench demo test docs lint fuzz soak profile install uninstall deb clean help packages
all: $(EXE) $(MODULE) ## build the executable and the Lua module flaron.edge

help: ## say what each target does
	@sed -n 's/^\([a-z]*\):.* ## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	  while IFS='|' read -r name what; do printf '  make %-8s  %s\n' "$$name" "$$what"; done
	@echo '  SANITIZE=1     with any of them: native code under ASan and UBSan'

# ---- what it is built with ----

BUILD_PACKAGES := gcc libc6-dev patch clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32 binaryen wabt \
  libcurl4-openssl-dev libssl-dev libsqlite3-dev libjansson-dev libnghttp2-dev libwslay-dev lua5.4 liblua5.4-dev
TEST_PACKAGES := lua-busted nodejs curl mandoc zsh fish dpkg-dev lua-inspect lua-penlight lua-filesystem sqlite3 time
BROWSER_PACKAGES := chromium chromium-driver fonts-dejavu-core
LINT_PACKAGES := lua-check clang-format cppcheck shellcheck
FUZZ_PACKAGES := libclang-rt-19-dev sqlite3
DEB_PACKAGES := dpkg-dev
BENCH_PACKAGES := nginx-light libnginx-mod-http-lua lua-cjson wrk brotli npm

$(B)/packages.stamp: tools/setup.sh Makefile
	@mkdir -p $(@D)
	@tools/setup.sh packages $(BUILD_PACKAGES)
	@touch $@

LUA := $(B)/src/lua
LUA_TARBALL ?= $(B)/src/lua5.4_5.4.7.orig.tar.gz
LUA_SHA256 := 9fbf5e28ef86c69858f6d3d34eccc32e911c1a28b4120ff3e84aaa70cfbf1e30
CJSON := $(B)/src/lua-cjson
CJSON_TARBALL ?= $(B)/src/lua-cjson_2.1.0+dfsg.orig.tar.gz
CJSON_SHA256 := 94f1fce36742cf00e99c5071b309b9f71e6e7daf60a7151f7bf4ac0a97259ac4

$(B)/lua.stamp: tools/setup.sh $(B)/packages.stamp
	@tools/setup.sh source $(LUA_TARBALL) $(LUA_SHA256) pool/main/l/lua5.4/lua5.4_5.4.7.orig.tar.gz $(LUA)
	@touch $@

$(B)/cjson.stamp: tools/setup.sh runtime/json/lua-cjson.patch $(B)/packages.stamp
	@tools/setup.sh source $(CJSON_TARBALL) $(CJSON_SHA256) pool/main/l/lua-cjson/lua-cjson_2.1.0+dfsg.orig.tar.gz $(CJSON)
	@patch -s -p1 -d $(CJSON) <runtime/json/lua-cjson.patch
	@touch $@

# ---- the runtime, for wasm32 ----

ifdef WASI_SDK_PATH
WASM_BIN := $(WASI_SDK_PATH)/bin/
WASI_INCLUDE := $(WASI_SDK_PATH)/share/wasi-sysroot/include/wasm32-wasi
WASI_LIB := $(WASI_SDK_PATH)/share/wasi-sysroot/lib/wasm32-wasi
else
WASM_BIN := /usr/lib/llvm-19/bin/
WASI_INCLUDE := /usr/include/wasm32-wasi
WASI_LIB := /usr/lib/wasm32-wasi
endif
WASM_CC := $(WASM_BIN)clang
WASM_LD := $(WASM_BIN)wasm-ld

WASM_TARGET := --target=wasm32-wasi -mcpu=mvp -mbulk-memory -msign-ext -mnontrapping-fptoint -mmutable-globals
WASM_FLAGS := $(WASM_TARGET) -std=gnu11 -ffunction-sections -fdata-sections -MMD -MP \
  -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -DLUA_USER_H='"lua_user.h"' \
  -nostdlibinc -Iruntime/lua/include -isystem $(WASI_INCLUDE) -isystem $(LUA)/src
OUR_WASM_FLAGS := $(WASM_FLAGS) -Oz -Wall -Wextra -Werror -Iruntime -Ibindings
WASM_FEATURES := --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals

# What -Oz inlines because a call seems larger: it is not once there is a check behind each.
NO_INLINING := -mllvm -inline-threshold=-50

# Nothing unrolled, and few jump tables: a comparison with two values is none of a jump table's business. Little is
# inlined, which costs no speed and decides over size, but for what makes calls and switches (protected.c).
SPEED := -O2 -fno-unroll-loops -mllvm -jump-table-density=40 -mllvm -inline-threshold=30
LUA_HOT := lstring lvm ltable ltm lobject lfunc lauxlib
LUA_COLD := lstrlib lapi lmem lctype lopcodes lmathlib lutf8lib
LUA_COMPILER := lcode ldebug ldump lparser lstate lundump lzio
LUA_OBJECTS := $(patsubst %,$(W)/lua/%.o,$(LUA_HOT) $(LUA_COLD) $(LUA_COMPILER))
CJSON_OBJECTS := $(patsubst %,$(W)/cjson/%.o,lua_cjson strbuf fpconv)
RUNTIME_OBJECTS := $(patsubst %.c,$(W)/%.o,$(wildcard runtime/*/*.c runtime/lua/fast/*.c bindings/*.c))

$(LUA_OBJECTS): WASM_LUA_FLAGS := -w -fno-builtin-memcpy -include runtime/lua/lua_config.h -Iruntime -Iruntime/lua/fast
$(patsubst %,$(W)/lua/%.o,$(LUA_HOT)): WASM_LUA_FLAGS += $(SPEED)
$(patsubst %,$(W)/lua/%.o,$(LUA_COLD) $(LUA_COMPILER)): WASM_LUA_FLAGS += -Oz
$(patsubst %,$(W)/lua/%.o,$(LUA_COMPILER)): WASM_LUA_FLAGS += $(NO_INLINING)
$(W)/lua/lstate.o: WASM_LUA_FLAGS += -Dstatic=
$(patsubst %,$(W)/lua/%.o,lmem lstring lauxlib lobject): WASM_LUA_FLAGS += -DSOME_ARE_OURS
# What api.c has the common cases of, and those functions of Lua for the rest.
API_FAST := lua_geti lua_seti lua_pushvalue lua_settop lua_type lua_tointegerx lua_tolstring luaL_tolstring \
  luaL_checkinteger luaL_checklstring
$(W)/lua/lapi.o: WASM_LUA_FLAGS += $(foreach f,$(filter lua_%,$(API_FAST)),-D$(f)=$(f)_of_lua)
$(W)/lua/lauxlib.o: WASM_LUA_FLAGS += $(foreach f,$(filter luaL_%,$(API_FAST)),-D$(f)=$(f)_of_lua)
# lua_createtable's only: room for a table that is new (table.c).
$(W)/lua/lapi.o: WASM_LUA_FLAGS += -DluaH_resize=table_room
$(W)/lua/ltable.o: WASM_LUA_FLAGS += -DLUA_CORE= -include runtime/lua/lstring_intern.h -DINTERN_KEYS
$(W)/lua/lstrlib.o: WASM_LUA_FLAGS += -DCASE_IN_PLACE -include runtime/lua/fast/string_pattern.h -include runtime/lua/fast/string_slice.h
$(patsubst %,$(W)/lua/%.o,lmathlib lstrlib lutf8lib): WASM_LUA_FLAGS += -DluaL_setfuncs=start_setfuncs

$(W)/lua/%.o: $(B)/lua.stamp Makefile
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_FLAGS) $(WASM_LUA_FLAGS) -c $(LUA)/src/$*.c -o $@

# From standard input, since ljumptab.h would be taken from the folder of the source (runtime/lua/fast/ljumptab.h).
$(W)/lua/lvm.o: $(B)/lua.stamp runtime/lua/fast/ljumptab.h Makefile
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_FLAGS) $(WASM_LUA_FLAGS) -MT $@ -x c -c - <$(LUA)/src/lvm.c -o $@

# Keys that were chosen to collide are noticed before one more is inserted (intern.h).
$(W)/lua/ltable.o: $(B)/lua.stamp runtime/lua/lstring_intern.h Makefile
	@sed -e 's/^  mp = mainpositionTV(t, key);$$/  intern_guard(L, t);&/' $(LUA)/src/ltable.c >$(W)/ltable.c
	@test $$(diff $(LUA)/src/ltable.c $(W)/ltable.c | grep -c '^>') = 1
	@$(WASM_CC) $(WASM_FLAGS) $(WASM_LUA_FLAGS) -c $(W)/ltable.c -o $@

# A position beyond what size_t holds is behind the string, not what is left of it in 32 bits: ("x"):sub(2^32 + 1) is "".
# And six functions are pattern.c's and slice.c's. Seven lines, each to be found.
$(W)/lua/lstrlib.o: $(B)/lua.stamp Makefile
	@mkdir -p $(@D)
	@sed -e '/^static size_t posrelatI/,/^}/s/^    return (size_t)pos;$$/    return pos > MAXSIZE ? MAXSIZE : (size_t)pos;/' \
	  -e 's/^  {"\([a-z]*\)", \(str_find\|str_match\|gmatch\|str_gsub\)},$$/  {"\1", pattern_\1},/' \
	  -e 's/^  {"\(byte\|sub\)", str_[a-z]*},$$/  {"\1", slice_\1},/' \
	  $(LUA)/src/lstrlib.c >$(W)/lstrlib.c
	@test $$(diff $(LUA)/src/lstrlib.c $(W)/lstrlib.c | grep -c '^>') = 7
	@$(WASM_CC) $(WASM_FLAGS) $(WASM_LUA_FLAGS) -c $(W)/lstrlib.c -o $@

$(W)/cjson/%.o: $(B)/cjson.stamp $(B)/lua.stamp Makefile
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_FLAGS) -Oz -fshort-enums -DNDEBUG -w -include runtime/json/cjson_config.h -c $(CJSON)/$*.c -o $@

$(W)/runtime/lua/library_%.o: OUR_WASM_FLAGS += -include runtime/lua/lua_config.h -DluaL_setfuncs=start_setfuncs

$(W)/%.o: %.c $(B)/lua.stamp Makefile
	@mkdir -p $(@D)
	@$(WASM_CC) $(OUR_WASM_FLAGS) -c $< -o $@

$(patsubst %,$(W)/runtime/%.o,lua/fast/api lua/fast/call lua/collector lua/fast/get lua/lstring_intern lua/lexer lua/fast/string_pattern lua/fast/pcall lua/fast/string_slice lua/fast/set lua/lobject_message): \
  OUR_WASM_FLAGS += -include runtime/lua/lua_config.h
$(W)/runtime/lua/lexer.o: OUR_WASM_FLAGS += $(NO_INLINING)
$(patsubst %,$(W)/runtime/%.o,lua/fast/api lua/fast/call lua/collector lua/fast/get lua/lstring_intern lua/library_table lua/library_coroutine lua/fast/string_pattern lua/fast/pcall lua/fast/string_slice lua/fast/set): \
  OUR_WASM_FLAGS += $(SPEED)
$(W)/runtime/lua/fast/pcall.o $(W)/runtime/lua/library_coroutine.o: OUR_WASM_FLAGS += -mllvm -inline-threshold=60

$(W)/runtime/libc/memcpy.o: OUR_WASM_FLAGS += -fno-builtin-memcpy -O2

$(W)/unwind.o: runtime/life/unwind.S $(B)/packages.stamp
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_TARGET) -c $< -o $@

$(B)/unwind: tools/unwind.c tools/unwind_rewrite.c tools/trim.c edge/flare/wasm.c tools/unwind_rewrite.h tools/trim.h edge/flare/wasm.h $(B)/packages.stamp
	@$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -Iedge $(filter %.c,$^) -o $@

# Functions that only start-up reaches, beside the exports it is called by; in no flare is there any code of them.
# Scripts may load text alone (bindings/stdlib.c), so luaU_undump is one.
START_ONLY := f_luaopen luaopen_coroutine luaopen_math luaopen_string luaopen_utf8 library_open_base \
  library_open_debug library_open_os library_open_table start_run luaU_undump
FLARE_EXPORTS := memory,alloc,handle_request,ws_open,ws_message,ws_close

# The order of the files in the code. gzip looks back 32 KiB, so what is alike has to stand together: moved about until
# the whole was shortest, which is a kilobyte. Lua's API is first, since the first 80 functions have indices of one byte,
# and it is called most. A file that is not named comes behind all others.
LINK_ORDER := runtime/lua/fast/api lua/lapi lua/ldump lua/lvm lua/ltable lua/ltm lua/lfunc runtime/lua/collector runtime/lua/lstring_intern lua/lstring \
  runtime/lua/fast/pcall runtime/life/life runtime/libc/wasi_stubs lua/ldebug lua/lmem lua/lcode lua/lparser lua/lstate \
  runtime/lua/library_coroutine runtime/life/arena lua/lobject runtime/lua/lobject_message runtime/lua/lexer cjson/lua_cjson cjson/strbuf \
  runtime/libc/snprintf runtime/libc/strtod runtime/libc/decimal runtime/life/interrupt runtime/start/start lua/lauxlib runtime/libc/calendar \
  lua/lundump bindings/json runtime/start/bundle runtime/libc/strftime cjson/fpconv bindings/binding bindings/beam \
  bindings/response bindings/time lua/lzio bindings/stdlib bindings/crypto runtime/start/entry lua/lutf8lib \
  runtime/lua/library_table bindings/request bindings/id bindings/secrets bindings/logging bindings/ws \
  runtime/lua/library_base bindings/encoding runtime/lua/library_os runtime/start/manifest bindings/flaron lua/lstrlib \
  runtime/lua/fast/string_pattern runtime/lua/fast/string_slice bindings/plasma runtime/libc/memcpy bindings/spark runtime/lua/library_debug lua/lmathlib \
  runtime/libc/math lua/lctype lua/lopcodes runtime/lua/fast/call runtime/lua/fast/get runtime/lua/lstring_hash \
  runtime/lua/lmem_arena runtime/lua/fast/set

# unwind.o is first: its data begins where all that can change begins (runtime/life/life.c). The linker is
# called directly, since clang would run wasm-opt before the rewriter has seen the module.
LINKED := $(LUA_OBJECTS) $(CJSON_OBJECTS) $(RUNTIME_OBJECTS)
$(W)/linked.wasm: $(W)/unwind.o $(filter $(LINKED),$(patsubst %,$(W)/%.o,$(LINK_ORDER))) $(LINKED)
	@echo 'linking the runtime'
	@$(WASM_LD) $^ -L$(WASI_LIB) -lc -lm \
	  $(firstword $(wildcard $(WASM_BIN)../lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a \
	    $(WASM_BIN)../lib/clang/*/lib/wasm32-unknown-wasi/libclang_rt.builtins.a)) \
	  --no-entry --gc-sections --stack-first -z stack-size=$(STACK_SIZE) \
	  --export=unwind_throw --export=unwind_try --export=unwinding --export=__stack_pointer $(foreach f,$(START_ONLY),--export=$(f)) -o $@

# 200 nested C calls, the most Lua allows, with the largest frames there are (tests/tool/errors_spec.lua).
STACK_SIZE := 524288

# The C stack begins at address 0 and is not used up, so nobody computes an address below 1024 by an overflow.
# Functions of up to 5 nodes are hardly longer than a call of them, and an invocation of hello makes hundreds of calls.
# Large ones with one caller stay functions: V8 has few registers for luaV_execute as it is.
WASM_OPT := --low-memory-unused --merge-blocks --remove-unused-brs -aimfs 5 -ocimfs 100 -Oz --converge

$(W)/runtime.wasm: $(W)/linked.wasm $(B)/unwind
	@$(B)/unwind $< -o $(W)/lowered.wasm --report
	@wasm-opt $(WASM_FEATURES) $(WASM_OPT) --strip-debug --strip-producers $(W)/lowered.wasm -o $@

# What is packed: the same code, but what only start-up needs.
$(W)/flare.wasm: $(W)/runtime.wasm
	@$(B)/unwind $< -o $(W)/trimmed.wasm --keep $(FLARE_EXPORTS)
	@wasm-opt $(WASM_FEATURES) --remove-unused-module-elements --strip-producers $(W)/trimmed.wasm -o $@

# ---- native ----

$(W)/runtime_wasm2c.c: $(W)/runtime.wasm
	@echo 'translating the runtime to C'
	@wasm2c -n runtime $< -o $@

$(W)/lua_layout.h: tools/layout.c $(B)/lua.stamp Makefile
	@mkdir -p $(@D)
	@$(WASM_CC) $(OUR_WASM_FLAGS) -include runtime/lua/lua_config.h -S $< -o $(W)/layout.s
	@(echo 'enum {'; sed -n 's/.*#layout \([A-Z_]*\) \([0-9]*\)$$/  LAYOUT_\1 = \2,/p' $(W)/layout.s; echo '};') >$@

NATIVE_SANITIZE := $(if $(SANITIZE),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
NATIVE_FLAGS := -std=c11 -D_GNU_SOURCE -O2 -g -fPIC -fvisibility=hidden -Wall -Wextra -Werror -MMD -MP \
  -Iedge -Icli -Ibindings -I$(W) -isystem /usr/include/lua5.4 $(NATIVE_SANITIZE)
NATIVE_LIBS := -lcurl -lcrypto -lsqlite3 -ljansson -lnghttp2 -lwslay -lssl -lpthread -lm

EDGE_OBJECTS := $(patsubst %.c,$(N)/%.o,$(filter-out edge/lua/%.c,$(wildcard edge/*/*.c))) \
  $(N)/edge/flare/runtime_blob.o $(N)/runtime_wasm2c.o $(N)/embedded.o
CLI_OBJECTS := $(patsubst %.c,$(N)/%.o,$(wildcard cli/*.c cli/*/*.c))

# Generated code in a memory of its own, guarded by the machine: no sanitizer.
$(N)/runtime_wasm2c.o: $(W)/runtime_wasm2c.c
	@mkdir -p $(@D)
	@echo 'compiling the runtime for this machine (10 to 30 seconds)'
	@$(CC) -O2 -g1 -fPIC -fvisibility=hidden -w -c $< -o $@

$(N)/%.o: %.c $(B)/packages.stamp Makefile | $(W)/runtime_wasm2c.c $(W)/lua_layout.h
	@mkdir -p $(@D)
	@$(CC) $(NATIVE_FLAGS) -c $< -o $@

# Where a package for Debian has flaron.edge, below lib.
$(N)/cli/test.o: NATIVE_FLAGS += -DMULTIARCH='"$(shell $(CC) -print-multiarch)"'

$(N)/edge/flare/runtime_blob.o: edge/flare/runtime_blob.S $(W)/flare.wasm
	@mkdir -p $(@D)
	@$(CC) -DRUNTIME_WASM='"$(W)/flare.wasm"' -c $< -o $@

# What lies in the executable (edge/base/embedded.h). The list is a file of its own, since files come and go.
EMBEDDED := $(shell find scripts/testing scripts/modules/flaron scripts/check scripts/templates edge/dev/page -type f 2>/dev/null | LC_ALL=C sort)

FORCE:
$(N)/embedded.list: FORCE
	@mkdir -p $(@D)
	@echo '$(EMBEDDED)' | cmp -s - $@ || echo '$(EMBEDDED)' >$@

# And what is made for it.
EMBEDDED += $(B)/licenses.txt

$(B)/licenses.txt: tools/licenses.sh LICENSE $(B)/lua.stamp $(B)/cjson.stamp Makefile
	@tools/licenses.sh $(LUA) $(CJSON) $(filter-out liblua%,$(filter lib%-dev,$(BUILD_PACKAGES))) >$@

$(N)/embedded.o: $(N)/embedded.list tools/embed.sh $(EMBEDDED)
	@tools/embed.sh $(EMBEDDED) >$(N)/embedded.S
	@$(CC) -c $(N)/embedded.S -o $@

$(EXE): $(EDGE_OBJECTS) $(CLI_OBJECTS)
	@echo 'linking $@'
	@$(CC) $(NATIVE_SANITIZE) $^ -o $@ $(NATIVE_LIBS)
	@$(if $(SANITIZE),,ln -sf native/flaron-lua $(B)/flaron-lua)

# It stays when Lua unloads it: signal handlers and threads' ends refer to it.
$(MODULE): $(EDGE_OBJECTS) $(patsubst %.c,$(N)/%.o,$(wildcard edge/lua/*.c))
	@mkdir -p $(@D)
	@$(CC) -shared -Wl,-z,nodelete $(NATIVE_SANITIZE) $^ -o $@ $(NATIVE_LIBS)

# ---- doing things ----

demo: $(EXE) ## build everything, pack examples/hello, run it and show the answer
	@$(EXE) pack examples/hello -o $(B)/hello.wasm
	@echo '$$ flaron-lua run $(B)/hello.wasm --url https://example.com/greeting'
	@$(EXE) run $(B)/hello.wasm --url https://example.com/greeting

$(B)/test-packages.stamp: tools/setup.sh Makefile
	@mkdir -p $(@D)
	@tools/setup.sh packages $(BUILD_PACKAGES) $(TEST_PACKAGES) $(LINT_PACKAGES)
	@touch $@

# Not everywhere to be had: without it, tests/browser/browser_spec.lua is skipped.
$(B)/browser-packages.stamp: tools/setup.sh Makefile
	@mkdir -p $(@D)
	@if tools/setup.sh optional $(BROWSER_PACKAGES); then touch $@; fi

NATIVE_TESTS := $(patsubst tests/unit/%.c,$(N)/tests/%,$(wildcard tests/unit/*_test.c))

$(N)/tests/%_test: tests/unit/%_test.c $(EDGE_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(NATIVE_FLAGS) $(filter %.c %.o,$^) -o $@ $(NATIVE_LIBS)

# What replaces parts of libc, under names of its own beside the libc of this machine.
$(N)/tests/numbers_test: tests/unit/numbers_test.c tests/unit/random.h runtime/libc/snprintf.c runtime/libc/strtod.c \
    runtime/libc/decimal.c runtime/libc/decimal.h
	@mkdir -p $(@D)
	@$(CC) -std=c11 -D_GNU_SOURCE -O2 -g -fno-builtin -Wall -Wextra -Werror -Wno-format-truncation -Iruntime \
	  -include tests/unit/numbers_test.h -fsanitize=address,undefined $(filter %.c,$^) -o $@ -lm

RENAMED := $(foreach f,exp fmod log log2 log10 pow,--redefine-sym $(f)=runtime_$(f)) --redefine-sym __rem_pio2=runtime_rem_pio2

$(N)/tests/elementary_test: tests/unit/elementary_test.c runtime/libc/math.c tests/unit/random.h
	@mkdir -p $(@D)
	@$(CC) -std=c11 -O2 -fno-builtin -Wall -Wextra -Werror -c runtime/libc/math.c -o $@.o
	@objcopy $(RENAMED) $@.o
	@$(CC) -std=gnu11 -O2 -fno-builtin -Wall -Wextra -Werror tests/unit/elementary_test.c $@.o -o $@ -lm

$(N)/tests/hash_test: tests/unit/hash_test.c runtime/lua/lstring_hash.c
	@mkdir -p $(@D)
	@$(CC) -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -fsanitize=address,undefined $^ -o $@

# Keys for tests/flare/flood_spec.lua.
$(N)/tests/collide: tests/flood/collide.c runtime/lua/lstring_hash.c $(EDGE_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(NATIVE_FLAGS) $(filter %.c %.o,$^) -o $@ $(NATIVE_LIBS)

$(N)/tests/arena_test: tests/unit/arena_test.c runtime/life/arena.c runtime/life/arena.h
	@mkdir -p $(@D)
	@$(CC) -std=c11 -O2 -g -Wall -Wextra -Werror -Iruntime -fsanitize=address,undefined $(filter %.c,$^) -o $@

test: $(B)/test-packages.stamp $(B)/browser-packages.stamp $(EXE) $(MODULE) $(B)/unwind $(NATIVE_TESTS) $(N)/tests/collide ## run all tests; the last line counts them
	@SANITIZE=$(SANITIZE) NATIVE=$(N) ENGINES="$(ENGINES)" tests/run.sh $(ONLY)

# Not everywhere to be had, nor are the packages of npm: without them, columns stay empty and say why.
$(B)/bench-packages.stamp: tools/setup.sh Makefile
	@mkdir -p $(@D)
	@if tools/setup.sh optional $(BENCH_PACKAGES); then touch $@; fi

$(B)/bench/npm.stamp: bench/package.json $(B)/bench-packages.stamp
	@mkdir -p $(@D)
	@cp bench/package.json $(@D)
	@if (cd $(@D) && npm install --ignore-scripts --no-package-lock --no-audit --no-fund) >$(@D)/npm.log 2>&1; then touch $@; \
	  else echo 'npm: going on without what the benchmarks compare with: $(@D)/npm.log'; fi

$(B)/bench/floor.wasm: bench/floor.c $(B)/packages.stamp
	@mkdir -p $(@D)
	@$(WASM_CC) $(WASM_TARGET) -nostdlibinc -isystem $(WASI_INCLUDE) -O2 -c $< -o $(B)/bench/floor.o
	@$(WASM_LD) $(B)/bench/floor.o --no-entry -o $@

$(B)/bench/floor_wasm2c.c: $(B)/bench/floor.wasm
	@wasm2c -n floor $< -o $@

# Its imports have the names of the runtime's; here they get others.
$(N)/bench/floor_wasm2c.o: $(B)/bench/floor_wasm2c.c
	@mkdir -p $(@D)
	@$(CC) -O2 -w $(foreach f,req_method req_url resp_set_status resp_header_set resp_body_set,-DZ_flaronZ2Fv1Z_$(f)=floor_$(f)) \
	  -c $< -o $@

$(B)/bench/invocation: bench/invocation.c $(N)/bench/floor_wasm2c.o $(EDGE_OBJECTS)
	@$(CC) $(NATIVE_FLAGS) -I$(B)/bench $(filter %.c %.o,$^) -o $@ $(NATIVE_LIBS)

$(B)/bench/echo: bench/echo.c
	@mkdir -p $(@D)
	@$(CC) $(NATIVE_FLAGS) $< -o $@

BENCH := $(addprefix $(B)/bench/,npm.stamp floor.wasm invocation echo)

bench: $(B)/test-packages.stamp $(EXE) $(MODULE) $(BENCH) ## measure, into docs/benchmarks.md; GROUPS="1 3": only print some
	@trap 'kill $$(cat $(B)/bench/server.pid 2>/dev/null) 2>/dev/null; rm -f $(B)/bench/server.pid' EXIT INT TERM; \
	  NATIVE=$(N) LUA_PATH='?.lua;tests/support/?.lua;;' LUA_CPATH='$(N)/lua/?.so;;' lua5.4 bench/run.lua $(GROUPS)

docs: $(B)/packages.stamp ## make docs/stdlib.md, the table of the standard library, of tests/support/stdlib.lua
	@lua5.4 tools/stdlib.lua >docs/stdlib.md

lint: $(B)/test-packages.stamp $(EXE) ## check format, style and common mistakes of C, Lua and shell
	@tests/lint.sh

fuzz: $(EXE) ## fuzz the parsers of untrusted bytes for a minute each (SECONDS_EACH=...)
	@tools/setup.sh packages $(BUILD_PACKAGES) $(FUZZ_PACKAGES)
	@tests/fuzz/run.sh

soak: $(EXE) ## run dev under load and attack for SECONDS_EACH=600; ATTACKS=1 or ATTACK=NAME: the table of attacks
	@tools/setup.sh packages $(BUILD_PACKAGES) $(TEST_PACKAGES) wrk
	@$(if $(ATTACK)$(ATTACKS),NATIVE=$(N) SANITIZE=$(SANITIZE) node tests/soak/attacks.mjs $(ATTACK) $(if $(INTO),--into $(INTO)),lua5.4 tests/soak/soak.lua $(SECONDS_EACH))

URL ?= http://localhost/

profile: $(if $(SCRIPT),$(EXE)) ## where the time of SCRIPT= goes, as build/profile.svg (URL=..., TIMES=...)
	@$(if $(SCRIPT),,echo "make profile: SCRIPT= is missing, a script or its folder: make profile SCRIPT=examples/hello" >&2; exit 2)
	@$(EXE) run '$(SCRIPT)' --url '$(URL)' --profile $(B)/profile.svg $(if $(TIMES),--times '$(TIMES)') >/dev/null

# A Lua of Debian, under /usr, finds modules in the folder of this machine's kind; others in lib.
LIBDIR ?= $(PREFIX)/lib$(if $(filter /usr,$(PREFIX)),/$(shell $(CC) -print-multiarch))
# The date of man page and package: the same sources make the same files.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)
INSTALL = PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' DESTDIR='$(DESTDIR)' SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) tools/install.sh

install: $(EXE) $(MODULE) ## install under PREFIX (default /usr/local; DESTDIR is honoured)
	@$(INSTALL) install $(EXE) $(MODULE)

uninstall: ## remove what install puts under PREFIX
	@$(INSTALL) uninstall

deb: $(EXE) $(MODULE) ## build a Debian package, build/flaron-lua_VERSION_ARCH.deb (MAINTAINER='Name <mail>')
	@tools/setup.sh packages $(DEB_PACKAGES)
	@rm -rf $(B)/deb
	@$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR=$(B)/deb/root
	@SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) MAINTAINER='$(MAINTAINER)' tools/deb.sh $(B)/deb $(if $(SANITIZE),$(N),$(B))

clean: ## remove everything that was built or fetched
	rm -rf $(B)

-include $(shell find $(W) $(N) -type f -name '*.d' 2>/dev/null)
