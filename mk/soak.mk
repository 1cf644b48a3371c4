# soak.mk - programs that try to break the runtime (tests/soak), on a separate runtime: the same sources with Lua's
# assertions, and an import that says which allocation fails. `make test` runs each for some seconds, `make soak` for longer.

C := $(B)/checked
ifndef CHECKED
$(C)/runtime_wasm2c.c $(C)/parts_table.h &: $(W)/runtime.wasm tests/soak/refuse.c
	@echo 'building the runtime with assertions'
	$(Q)$(MAKE) CHECKED=1 W=$(C) $(C)/runtime_wasm2c.c $(C)/parts_table.h
	@touch $(C)/runtime_wasm2c.c $(C)/parts_table.h
endif

$(C)/runtime_wasm2c.o: edge/engine/inside.c $(C)/runtime_wasm2c.c
	$(Q)$(CC) -O1 -w -ffp-contract=off -Iedge -I$(C) -c $< -o $@

$(C)/runtime_blob.o: edge/flare/runtime_blob.S $(C)/parts_table.h
	$(Q)$(call compile_blob,$(C)) $@

$(N)/checked/parts.o: edge/flare/parts.c $(C)/parts_table.h $(NATIVE_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) -I$(C) $(NATIVE_FLAGS) -Iruntime -c $< -o $@

# Native Lua of the same version, built with the flags of its own makefile and with assertions: the reference for programs.
NATIVE_LUA_FLAGS := -std=gnu99 -O2 -w -include tests/soak/native_nan.h -DLUA_COMPAT_5_3 -DLUA_USE_POSIX -DLUAI_ASSERT
NATIVE_LUA_STAMP := $(call flags,native-lua,$(CC) $(NATIVE_LUA_FLAGS))
$(C)/native-lua/%.o: $(B)/lua-stock.stamp tests/soak/native_nan.h $(NATIVE_LUA_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NATIVE_LUA_FLAGS) -c $(LUA)-stock/src/$*.c -o $@

LUA_CORE := lapi lcode lctype ldebug ldo ldump lfunc lgc llex lmem lobject lopcodes lparser lstate lstring ltable ltm \
  lundump lvm lzio lauxlib lbaselib lcorolib ldblib liolib lmathlib loadlib loslib lstrlib ltablib lutf8lib linit
SOAK_OBJECTS := $(filter-out %/runtime_blob.o %/runtime_wasm2c.o %/edge/flare/parts.o,$(EDGE_OBJECTS)) \
  $(C)/runtime_blob.o $(N)/checked/parts.o $(C)/runtime_wasm2c.o
SOAK := $(patsubst tests/soak/%_soak.c,$(N)/tests/%_soak_test,$(wildcard tests/soak/*_soak.c))

$(N)/tests/%_soak_test: tests/soak/%_soak.c tests/soak/soak.h tests/unit/kept.h $(SOAK_OBJECTS) $(LIBS_STAMP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(NATIVE_FLAGS) $(SOAK_FLAGS) -Itests/unit $(filter %.c %.o,$^) -o $@ $(NATIVE_LIBS)

$(N)/tests/programs_soak_test: SOAK_FLAGS := -I$(LUA)-stock/src
$(N)/tests/programs_soak_test: $(patsubst %,$(C)/native-lua/%.o,$(LUA_CORE))
