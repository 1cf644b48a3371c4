# runtime.mk - from the sources of Lua, lua-cjson, runtime/ and bindings/ to runtime.wasm and flare.wasm.
# docs/internals/runtime.md explains each step.

ifdef WASI_SDK_PATH
WASM_BIN := $(WASI_SDK_PATH)/bin/
WASI_INCLUDE := $(WASI_SDK_PATH)/share/wasi-sysroot/include/wasm32-wasi
WASI_LIB := $(WASI_SDK_PATH)/share/wasi-sysroot/lib/wasm32-wasi
else
# Debian's folder, else what is on PATH.
WASM_BIN := $(if $(wildcard /usr/lib/llvm-19/bin/clang),/usr/lib/llvm-19/bin/)
WASI_INCLUDE := /usr/include/wasm32-wasi
WASI_LIB := /usr/lib/wasm32-wasi
endif
WASM_CC := $(WASM_BIN)clang
WASM_LD := $(WASM_BIN)wasm-ld

WASM_TARGET := --target=wasm32-wasi -mcpu=mvp -mbulk-memory -msign-ext -mnontrapping-fptoint -mmutable-globals
WASM_FLAGS := $(WASM_TARGET) -std=gnu11 -ffunction-sections -fdata-sections -MMD -MP \
  -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -DLUA_USER_H='"lua_user.h"' \
  -nostdlibinc -Iruntime/lua/include -isystem $(WASI_INCLUDE) -isystem $(LUA)/src
# CHECKED=1: Lua's assertions are on, and allocations fail when the program that runs the flare says so (mk/soak.mk).
ifdef CHECKED
WASM_FLAGS += '-Dlua_assert(c)=((c) ? (void)0 : __builtin_trap())'
endif
OUR_WASM_FLAGS := $(WASM_FLAGS) -Oz -Wall -Wextra -Werror -Iruntime -Ibindings
WASM_FEATURES := --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals

# -Oz inlines small functions because a call seems larger, but inlined calls bring their checks with them.
NO_INLINING := -mllvm -inline-threshold=-50

# No unrolling, and jump tables only where they pay, not for comparisons with two values. Little inlining, which costs no
# speed and matters most for size; except for calls and switches of coroutines (pcall.c).
SPEED := -O2 -fno-unroll-loops -mllvm -jump-table-density=40 -mllvm -inline-threshold=30
LUA_HOT := lgc lstring lvm ltable ltm lobject lfunc lauxlib
LUA_COLD := lstrlib lapi lmem lctype lopcodes lmathlib lutf8lib
LUA_COMPILER := lcode llex lparser lzio
LUA_RARE := ldebug ldump lstate
LUA_OBJECTS := $(patsubst %,$(W)/lua/%.o,$(LUA_HOT) $(LUA_COLD) $(LUA_COMPILER) $(LUA_RARE))
CJSON_OBJECTS := $(patsubst %,$(W)/cjson/%.o,lua_cjson strbuf)
RUNTIME_SOURCES := $(wildcard runtime/*/*.c runtime/lua/fast/*.c bindings/*.c)
# Optional parts, in the order of their rows. What a part.mk adds to PART_OBJECTS and the part's own sources are its objects.
PART_NAMES := $(shell sed -n 's/^FLARON_PART(\([a-z0-9_]*\),.*)$$/\1/p' runtime/parts/parts.def | uniq)
PART_SOURCES := $(foreach p,$(PART_NAMES),$(wildcard runtime/parts/$(p)/*.c))
RUNTIME_OBJECTS := $(RUNTIME_SOURCES:%.c=$(W)/%.o)
ifdef CHECKED
RUNTIME_OBJECTS += $(W)/tests/soak/refuse.o
endif

# Flags of single files: $(call flags_of,FOLDER,NAMES,FLAGS). They are part of the stamp of flags.
flags_of = $(foreach f,$(2),$(eval FLAGS_$(1)/$(f) += $(3)))

LUA_FLAGS := $(WASM_FLAGS) -w -fno-builtin-memcpy -include runtime/lua/lua_config.h -Iruntime
# The compiler is optimised for speed, since flares that cannot reach it do not have it: load takes 10% less time.
$(call flags_of,lua,$(LUA_HOT) $(LUA_COMPILER),$(SPEED))
$(call flags_of,lua,$(LUA_COLD) $(LUA_RARE),-Oz)
$(call flags_of,lua,$(LUA_RARE),$(NO_INLINING))

CJSON_FLAGS := $(WASM_FLAGS) $(SPEED) -fshort-enums -DNDEBUG -w -include runtime/json/cjson_config.h

SEES_LUA := $(addprefix lua/fast/,api build call get string_pattern pcall string_slice set) $(addprefix lua/,lobject_message lstring_intern lundump_late nested_calls)
LIBRARIES := $(addprefix lua/library_,base coroutine debug io os table)
$(call flags_of,runtime,$(SEES_LUA) $(LIBRARIES),-include runtime/lua/lua_config.h)
$(call flags_of,runtime,$(addprefix lua/fast/,api build call get string_pattern pcall string_slice set) \
  $(addprefix lua/,library_table library_coroutine),$(SPEED))
$(call flags_of,runtime,lua/fast/pcall lua/library_coroutine,-mllvm -inline-threshold=60)
$(call flags_of,runtime,lua/library_debug,$(NO_INLINING))
$(call flags_of,runtime,libc/memcpy,-fno-builtin-memcpy -O2)

ifdef CHECKED
$(call flags_of,runtime,life/arena,-Darena_alloc=arena_alloc_of_arena -Darena_resize=arena_resize_of_arena)
endif

define include_part
PART_OBJECTS := $(patsubst %.c,$(W)/%.o,$(wildcard runtime/parts/$(1)/*.c))
include runtime/parts/$(1)/part.mk
OBJECTS_OF_$(1) := $$(PART_OBJECTS)
endef
$(foreach p,$(PART_NAMES),$(eval $(call include_part,$(p))))

WASM_STAMP := $(call flags,wasm,$(WASM_CC) $(OUR_WASM_FLAGS) $(LUA_FLAGS) $(CJSON_FLAGS) \
  $(foreach v,$(sort $(filter FLAGS_%,$(.VARIABLES))),$(v)=$($(v))))

$(W)/lua/%.o: $(B)/lua.stamp $(WASM_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(LUA_FLAGS) $(FLAGS_lua/$*) -c $(LUA)/src/$*.c -o $@

$(W)/cjson/%.o: $(B)/cjson.stamp $(B)/lua.stamp $(WASM_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(CJSON_FLAGS) -c $(CJSON)/$*.c -o $@

$(W)/%.o: %.c $(B)/lua.stamp $(WASM_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(OUR_WASM_FLAGS) $(FLAGS_$*) -c $< -o $@

$(W)/unwind.o: runtime/life/unwind.S $(WASM_STAMP) | $(TOOLS)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(WASM_TARGET) -c $< -o $@

$(B)/unwind: tools/unwind.c tools/unwind_rewrite.c tools/trim.c edge/flare/wasm.c edge/base/utf8.c \
  tools/unwind_rewrite.h tools/trim.h edge/flare/wasm.h edge/base/utf8.h | $(TOOLS)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -Iedge $(filter %.c,$^) -o $@

# Functions that only start-up and the exports for the local edge reach, besides those exports themselves; no flare has code
# of them, except of luaU_undump if it takes bytecode (flare_bytecode.wasm).
START_ONLY := f_luaopen luaopen_coroutine luaopen_math luaopen_string luaopen_utf8 library_open_base \
  library_open_debug library_open_io library_open_os library_open_table bundle_ask bundle_find_bytes start_run luaU_undump \
  interrupt_tell interrupt_watch_hook intern_apart
FLARE_EXPORTS := memory,alloc,$(shell sed -n 's/^FLARON_HANDLER([A-Z_]*, \(.*\))$$/\1/p' bindings/abi/handlers.def | paste -sd,)

# The order of the files in the code section. gzip looks back 32 KiB, so similar code should be close together: this order was
# found by trial and saves a kilobyte. Lua's API is first, since it is called most and the first 80 functions have indices of
# one byte. Files that are not named come last.
LINK_ORDER := runtime/lua/fast/api lua/lapi lua/ldump lua/lvm lua/ltable lua/ltm lua/lfunc lua/lgc runtime/lua/lstring_intern lua/lstring \
  runtime/lua/fast/pcall runtime/life/life runtime/libc/wasi_stubs lua/ldebug lua/lmem lua/lcode lua/lparser lua/lstate \
  runtime/lua/library_coroutine runtime/life/arena runtime/life/pages lua/lobject runtime/lua/lobject_message lua/llex cjson/lua_cjson cjson/strbuf \
  runtime/libc/snprintf runtime/libc/strtod runtime/libc/decimal runtime/life/interrupt runtime/start/start lua/lauxlib runtime/libc/calendar \
  runtime/lua/lundump_late bindings/json runtime/start/bundle runtime/libc/strftime bindings/binding bindings/beam \
  bindings/response bindings/time lua/lzio bindings/stdlib bindings/crypto runtime/start/entry lua/lutf8lib \
  runtime/lua/library_table bindings/request bindings/id bindings/secrets bindings/logging bindings/ws \
  runtime/lua/library_base bindings/encoding runtime/lua/library_os runtime/lua/library_io bindings/output runtime/start/manifest bindings/flaron lua/lstrlib \
  runtime/lua/fast/string_pattern runtime/lua/fast/string_slice bindings/plasma runtime/libc/memcpy bindings/spark runtime/lua/library_debug lua/lmathlib \
  runtime/libc/math lua/lctype lua/lopcodes runtime/lua/fast/call runtime/lua/nested_calls runtime/lua/fast/get runtime/lua/lstring_hash \
  runtime/lua/lmem_arena runtime/lua/fast/set runtime/lua/fast/build

# --low-memory-unused: the C stack is at address 0 and never used up, so no address below 1024 comes from an overflow. -aimfs
# 5: functions of up to 5 nodes are hardly longer than a call of them, and an invocation of hello makes hundreds of calls.
# -ocimfs 100: large functions with one caller stay functions, since V8 has few registers for luaV_execute as it is.
WASM_OPT := --low-memory-unused --merge-blocks --remove-unused-brs -aimfs 5 -ocimfs 100 -Oz --converge

# Enough for 200 nested C calls, the most that Lua allows, with the largest frames (tests/tool/errors_spec.lua).
STACK_SIZE := 524288

# unwind.o is first, since its data marks the start of all data that can change (runtime/life/life.c). The linker is called
# directly, since clang would run wasm-opt before the rewriter.
LINK_STAMP := $(call flags,wasm-link,$(LINK_ORDER) $(START_ONLY) $(FLARE_EXPORTS) $(STACK_SIZE) $(WASM_OPT) $(WASM_FEATURES))
LINKED := $(LUA_OBJECTS) $(CJSON_OBJECTS) $(RUNTIME_OBJECTS)
IN_ORDER := $(W)/unwind.o $(filter $(LINKED),$(patsubst %,$(W)/%.o,$(LINK_ORDER)))
LINKED := $(IN_ORDER) $(filter-out $(IN_ORDER),$(LINKED))
# Parts come after all else, libc included, so that a flare can be cut off behind the last one that it has.
P := $(W)/parts
LINKED_PARTS := $(PART_NAMES:%=$(P)/%.o)
# $(call link_runtime,OBJECTS,TO,PARTS) and $(call optimise,FROM,TO) are also used by mk/size.mk. $(call optimise_flare,FROM,TO) is
# for a module that is optimised already.
link_runtime = $(WASM_LD) $(1) -L$(WASI_LIB) -lc -lm \
  $(firstword $(wildcard $(WASM_BIN)../lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a \
    $(WASM_BIN)../lib/clang/*/lib/wasm32-unknown-wasi/libclang_rt.builtins.a)) \
  $(3) --no-entry --gc-sections --stack-first -z stack-size=$(STACK_SIZE) \
  --export=unwind_throw --export=unwind_try --export=unwinding --export=__stack_pointer $(foreach f,$(START_ONLY),--export=$(f)) -o $(2) -Map=$(2:.wasm=.map)
optimise = wasm-opt $(WASM_FEATURES) $(WASM_OPT) --strip-debug --strip-producers $(1) -o $(2)
# The same code with the names of its functions, which the translation has (edge/engine/inside.c).
optimise_named = wasm-opt $(WASM_FEATURES) $(WASM_OPT) --debuginfo --strip-producers $(1) -o $(2)
optimise_flare = wasm-opt $(WASM_FEATURES) --remove-unused-module-elements --strip-producers $(1) -o $(2)

$(W)/linked.wasm: $(LINKED) $(LINKED_PARTS) $(LINK_STAMP)
	@echo 'linking the runtime'
	$(Q)$(call link_runtime,$(LINKED),$@,$(LINKED_PARTS))

$(W)/named.wasm: $(W)/linked.wasm $(B)/unwind
	$(Q)$(B)/unwind $< -o $(W)/lowered.wasm --report
	$(Q)$(call optimise_named,$(W)/lowered.wasm,$@)

$(W)/runtime.wasm: $(W)/named.wasm
	$(Q)wasm-opt $(WASM_FEATURES) --strip-debug $< -o $@

# The module that is packed: the runtime without the code that only start-up needs.
$(W)/optimised.wasm: $(W)/runtime.wasm
	$(Q)$(B)/unwind $< -o $(W)/trimmed.wasm --keep $(FLARE_EXPORTS)
	$(Q)$(call optimise_flare,$(W)/trimmed.wasm,$@)

# The same without optional parts and what most flares cannot reach. It is made from the module before wasm-opt, so that nothing
# of these parts tells wasm-opt what to inline, and what to share, in the rest: most flares have none.
$(W)/optimised_core.wasm: $(W)/runtime.wasm tools/parts.lua bindings/abi/libraries.def $(P)/core.wasm $(PART_NAMES:%=$(P)/%.wasm)
	$(Q)$(B)/unwind $(W)/lowered.wasm -o $(W)/trimmed_core.wasm --keep $(FLARE_EXPORTS)
	$(Q)lua5.4 tools/parts.lua core $(P) $(W)/linked.wasm $(W)/trimmed_core.wasm $(W)/core.wasm -- $(PART_NAMES)
	$(Q)$(call optimise,$(W)/core.wasm,$@)

# The same for a flare that takes bytecode. All have equal function tables, so an image fits each of them.
$(W)/optimised_bytecode.wasm: $(W)/runtime.wasm
	$(Q)$(B)/unwind $< -o $(W)/trimmed_bytecode.wasm --keep $(FLARE_EXPORTS),luaU_undump
	$(Q)$(call optimise_flare,$(W)/trimmed_bytecode.wasm,$@)

# The layout of Lua's structures, for reading them from outside (edge/profile/callstack.c).
$(W)/lua_layout.h: tools/layout.c $(B)/lua.stamp $(WASM_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(OUR_WASM_FLAGS) -include runtime/lua/lua_config.h -S $< -o $(W)/layout.s
	$(Q)(echo 'enum {'; sed -n 's/.*#layout \([A-Z_]*\) \([0-9]*\)$$/  LAYOUT_\1 = \2,/p' $(W)/layout.s; echo '};'; \
	  sed -n 's/.*#release \([0-9.]*\)$$/#define LAYOUT_LUA_RELEASE "\1"/p' $(W)/layout.s) >$@

# ---- optional parts ----

# A part is one object. Its strings are its own, so that they can be left out with it.
define link_part
$(P)/$(1).o: $(OBJECTS_OF_$(1)) tools/own_strings.lua tools/wasm.lua
	@mkdir -p $$(@D)
	$(Q)$(WASM_LD) -r $(OBJECTS_OF_$(1)) -o $$@
	$(Q)lua5.4 tools/own_strings.lua $$@

$(P)/$(1).wasm: $(W)/linked.wasm
	$$(Q)$$(call link_runtime,$$(LINKED),$$@,$(P)/$(1).o)
endef
$(foreach p,$(PART_NAMES),$(eval $(call link_part,$(p))))

$(P)/core.wasm: $(W)/linked.wasm
	@mkdir -p $(@D)
	$(Q)$(call link_runtime,$(LINKED),$@)

# Who owns what, by comparing the runtime with all parts, without any and with one each; and the modules that are packed.
$(W)/parts_table.h: tools/parts.lua tools/wasm.lua bindings/abi/libraries.def $(addprefix $(W)/optimised,.wasm _core.wasm _bytecode.wasm) $(P)/core.wasm $(PART_NAMES:%=$(P)/%.wasm)
	$(Q)lua5.4 tools/parts.lua table $(P) $(W)/linked.wasm core=$(W)/optimised_core.wasm=$(W)/flare_core.wasm \
	  full=$(W)/optimised.wasm=$(W)/flare.wasm bytecode=$(W)/optimised_bytecode.wasm=$(W)/flare_bytecode.wasm \
	  -- $(PART_NAMES) >$@

$(addprefix $(W)/flare,.wasm _core.wasm _bytecode.wasm): $(W)/parts_table.h ;
