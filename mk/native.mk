# native.mk - from the translated runtime, edge/ and cli/ to the executable and the Lua module flaron.edge.

# Where Lua raises an error, the edge is told (engine_thrown): errors of scripts, and 4, LUA_ERRMEM.
tell_of_errors = sed -i -e '1i void engine_thrown(void *instance, unsigned state, int status);' \
  -e '/^static void w2c_luaG_errormsg(.* instance,/,/FUNC_PROLOGUE;/s/FUNC_PROLOGUE;/& engine_thrown(instance, w2c_p0, 2);/' \
  -e '/^static void w2c_luaD_throw(.* instance,/,/FUNC_PROLOGUE;/s/FUNC_PROLOGUE;/& if (w2c_p1 == 4) engine_thrown(instance, w2c_p0, 4);/' $(1)
# Machines of amd64 need not have an instruction that counts bits, and GCC's function for it is slow (edge/engine/inside.c).
count_bits = sed -i 's/(__builtin_popcount(x))/inside_count_bits(x)/' $(1)
# $(call translate,FROM,TO): a module with names to C.
translate = wasm2c -n runtime $(1) -o $(2) && $(call tell_of_errors,$(2)) && test `grep -c ' engine_thrown(instance,' $(2)` = 2 && \
  $(call count_bits,$(2)) && test `grep -c 'inside_count_bits(x)' $(2)` = 1

$(W)/runtime_wasm2c.c: $(W)/named.wasm $(W)/runtime.wasm $(call flags,translate,$(tell_of_errors) $(count_bits))
	@echo 'translating the runtime to C'
	$(Q)$(call translate,$<,$@)

NATIVE_SANITIZE := $(if $(SANITIZE),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
LUA_INCLUDE := $(if $(STATIC),$(LUA)-stock/src,$(firstword $(wildcard /usr/include/lua5.4 /usr/include/lua-5.4) /usr/include))
# char has a sign on amd64 and none on arm64, unless told.
NATIVE_FLAGS := -std=c11 -D_GNU_SOURCE -O2 -g -fPIC -fsigned-char -fvisibility=hidden -Wall -Wextra -Werror -MMD -MP \
  -Iedge -Icli -Ibindings -I$(W) -isystem $(LUA_INCLUDE) $(NATIVE_SANITIZE)
ifneq ($(STATIC),)
NATIVE_FLAGS := $(filter-out -g,$(NATIVE_FLAGS)) -ffunction-sections -fdata-sections -isystem $(STATIC_AT)/include
endif
NATIVE_LIBS := $(if $(STATIC),$(STATIC_LIBS),-lcurl -lcrypto -lsqlite3 -ljansson -lnghttp2 -lwslay -lssl) -lpthread -lm

# libedit, for the lines that are typed into `flaron-lua repl` (cli/repl/lines.c). Only the executable is linked with it.
HAVE_LIBEDIT := $(if $(STATIC),,$(shell echo '\#include <histedit.h>' | $(CC) -E -o /dev/null - 2>/dev/null && echo yes))
ifneq ($(HAVE_LIBEDIT),)
FLAGS_native/cli/repl/lines = -DHAVE_LIBEDIT
EXE_LIBS := -ledit
endif

# The flags that wabt's README of wasm2c requires for bit-exact floating point: without -ffp-contract=off GCC fuses
# multiplications and additions if the machine can (all of arm64, amd64 with FMA). No sanitizer, since this is generated code
# with its own memory, which the machine guards.
WASM2C_FLAGS := -O2 -g1 -fPIC -fvisibility=hidden -w -ffp-contract=off -frounding-math -fsignaling-nans -fno-optimize-sibling-calls

VARIANT := $(if $(STATIC),-$(STATIC),$(if $(SANITIZE),-sanitize))
NATIVE_STAMP := $(call flags,native$(VARIANT),$(CC) $(NATIVE_FLAGS))
# A compiler that is made, not installed.
MADE_CC := $(if $(STATIC),$(CC))
WASM2C_STAMP := $(call flags,wasm2c$(if $(STATIC),$(VARIANT)),$(CC) $(WASM2C_FLAGS))
LIBS_STAMP := $(call flags,libs$(VARIANT),$(NATIVE_LIBS) $(EXE_LIBS))

# engine/inside.c is compiled with the translated runtime, which it includes.
EDGE_SOURCES := $(filter-out edge/lua/%.c edge/engine/inside.c,$(wildcard edge/*/*.c))
CLI_SOURCES := $(wildcard cli/*.c cli/*/*.c)
MODULE_SOURCES := $(wildcard edge/lua/*.c)
EDGE_OBJECTS := $(patsubst %.c,$(N)/%.o,$(EDGE_SOURCES)) \
  $(N)/edge/flare/runtime_blob.o $(N)/runtime_wasm2c.o $(N)/embedded.o
CLI_OBJECTS := $(patsubst %.c,$(N)/%.o,$(CLI_SOURCES))
MODULE_OBJECTS := $(patsubst %.c,$(N)/%.o,$(MODULE_SOURCES))
# A static executable cannot load the module: it has it, and Lua (cli/own_lua.c).
EXE_OBJECTS := $(if $(STATIC),$(MODULE_OBJECTS) $(STATIC_LUA_OBJECTS) $(STATIC_AT)/lua/modules.a)

$(N)/runtime_wasm2c.o: edge/engine/inside.c $(W)/runtime_wasm2c.c $(WASM2C_STAMP) | $(MADE_CC)
	@mkdir -p $(@D)
	@echo 'compiling the runtime for this machine (10 to 30 seconds)'
	$(Q)$(CC) $(WASM2C_FLAGS) -Iedge -I$(W) -c $< -o $@

$(N)/%.o: %.c $(NATIVE_STAMP) | $(TOOLS) $(W)/runtime_wasm2c.c $(W)/lua_layout.h $(W)/parts_table.h $(STATIC_STAMPS)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NATIVE_FLAGS) $(FLAGS_native/$*) -c $< -o $@

# Else the compiler makes a call of memcpy of it.
FLAGS_native/edge/base/system_copy = -fno-builtin -fno-tree-loop-distribute-patterns

# The list of parts is the runtime's.
FLAGS_native/edge/flare/parts = -Iruntime

# Where a package for Debian has flaron.edge, below lib.
FLAGS_native/cli/test = -DMULTIARCH='"$(or $(STATIC_GNU),$(shell $(CC) -print-multiarch))"'

# The three modules that are packed, in a folder.
compile_blob = $(CC) -DRUNTIME_WASM='"$(1)/flare.wasm"' -DRUNTIME_CORE_WASM='"$(1)/flare_core.wasm"' \
  -DRUNTIME_BYTECODE_WASM='"$(1)/flare_bytecode.wasm"' -c edge/flare/runtime_blob.S -o

$(N)/edge/flare/runtime_blob.o: edge/flare/runtime_blob.S $(W)/parts_table.h | $(MADE_CC)
	@mkdir -p $(@D)
	$(Q)$(call compile_blob,$(W)) $@

# What lies in the executable (edge/base/embedded.h), and what is made for it.
LICENSES := $(if $(STATIC),$(STATIC_AT),$(B))/licenses.txt
EMBEDDED_FOLDERS := scripts/start scripts/testing scripts/debug scripts/modules scripts/types scripts/check scripts/conform scripts/console scripts/templates docs/guide edge/dev/page
EMBEDDED := $(filter-out $(EMBEDDED_FOLDERS:%=%/README.md),$(shell find $(EMBEDDED_FOLDERS) -type f 2>/dev/null | LC_ALL=C sort)) \
  $(LICENSES) $(PART_MODULES)
LINKED_PACKAGES := $(filter-out liblua%,$(filter %-dev,$(BUILD_PACKAGES)))

ifeq ($(STATIC),)
$(B)/licenses.txt: tools/licenses.sh LICENSE $(B)/lua.stamp $(B)/cjson.stamp $(PART_STAMPS) $(call flags,licenses,$(PART_NOTICES) $(LINKED_PACKAGES))
	$(Q)tools/licenses.sh text $(LUA) $(CJSON) $(PART_NOTICES) $(LINKED_PACKAGES) >$@
endif

# The list of files is in a stamp, since files are added and removed.
$(N)/embedded.o: tools/embed.sh $(EMBEDDED) $(call flags,embedded$(if $(STATIC),$(VARIANT)),$(EMBEDDED)) | $(MADE_CC)
	@mkdir -p $(@D)
	$(Q)tools/embed.sh $(EMBEDDED) >$(N)/embedded.S
	$(Q)$(CC) -c $(N)/embedded.S -o $@

$(EXE): $(EDGE_OBJECTS) $(CLI_OBJECTS) $(EXE_OBJECTS) $(LIBS_STAMP)
	@echo 'linking $@'
	$(Q)$(CC) $(NATIVE_SANITIZE) $(filter %.o %.a,$^) -o $@ $(NATIVE_LIBS) $(EXE_LIBS)
	$(Q)$(if $(VARIANT),,ln -sf native/flaron-lua $(B)/flaron-lua)

# It must stay loaded when Lua unloads it: signal handlers and destructors of threads refer to it.
$(MODULE): $(EDGE_OBJECTS) $(MODULE_OBJECTS) $(LIBS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-z,nodelete $(NATIVE_SANITIZE) $(filter %.o,$^) -o $@ $(NATIVE_LIBS)

# For clangd, which finds it in build/ by itself.
comma := ,
json = $(subst ",\",$(subst \,\\,$(1)))
entry = {"directory":"$(CURDIR)"$(comma)"file":"$(1)"$(comma)"command":"$(call json,$(2) -c $(1))"}$(comma)

$(B)/compile_commands.json: $(NATIVE_STAMP) $(WASM_STAMP) $(call flags,sources,$(EDGE_SOURCES) $(CLI_SOURCES) $(MODULE_SOURCES) $(RUNTIME_SOURCES) $(PART_SOURCES))
	$(file >$@.part,[)
	$(foreach f,$(EDGE_SOURCES) $(CLI_SOURCES) $(MODULE_SOURCES),$(file >>$@.part,$(call entry,$(f),$(CC) $(NATIVE_FLAGS) $(FLAGS_native/$(f:.c=)))))
	$(foreach f,$(RUNTIME_SOURCES) $(PART_SOURCES),$(file >>$@.part,$(call entry,$(f),$(WASM_CC) $(OUR_WASM_FLAGS) $(FLAGS_$(f:.c=)))))
	@sed '$$s/,$$/]/' $@.part >$@
	@rm -f $@.part
