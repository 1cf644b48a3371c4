# npm.mk - the npm package (packages/npm): the packer for wasm32-wasi, and the tarballs of `make npm`.
#
# The packer is edge/, as far as packing and running go, and cli/, compiled for WASI. packages/npm/wasi stands in for what
# WASI has not: an engine, OpenSSL, SQLite, transfers, openat2.

M := $(B)/npm
JANSSON := $(B)/src/jansson
JANSSON_POOL := pool/main/j/jansson/jansson_2.14.orig.tar.gz
JANSSON_TARBALL ?= $(B)/src/$(notdir $(JANSSON_POOL))
JANSSON_SHA256 := c739578bf6b764aa0752db9a2fdadcfe921c78f1228c7ec0bb47fa804c55d17b
CURL := $(B)/src/curl
CURL_POOL := pool/main/c/curl/curl_7.88.1.orig.tar.gz
CURL_TARBALL ?= $(B)/src/$(notdir $(CURL_POOL))
CURL_SHA256 := cdb38b72e36bc5d33d5b8810f8018ece1baa29a8f215b4495e495ded82bbf3c7

# In place of the first is a file of packages/npm/wasi; the others are for servers and Linux.
PACKER_WITHOUT := edge/base/digest_sha.c edge/base/file_below.c edge/base/system.c edge/base/wait.c edge/host/crypto_openssl.c edge/project/kv.c \
  edge/project/kv_bulk.c cli/conform.c cli/debug.c cli/explain.c cli/kv.c cli/new.c cli/profiler.c cli/replay.c cli/replay_spec.c \
  cli/secret.c cli/test.c cli/types.c
PACKER_SOURCES := $(filter-out $(PACKER_WITHOUT),$(wildcard $(addprefix edge/,base/*.c flare/*.c pack/*.c host/*.c project/*.c \
  record/record.c record/redact.c) cli/*.c cli/check/*.c cli/help/*.c)) \
  edge/engine/raised.c edge/engine/runner.c edge/store/store_key.c $(filter-out %/curl_parts.c,$(wildcard packages/npm/wasi/*.c))
PACKER_OBJECTS := $(PACKER_SOURCES:%.c=$(M)/%.o) $(M)/blobs.o $(M)/embedded.o \
  $(patsubst %,$(M)/jansson/%.o,dump error hashtable hashtable_seed load memory pack_unpack strbuffer strconv utf value) \
  $(patsubst %,$(M)/curl/%.o,urlapi escape strcase dynbuf inet_pton inet_ntop mprintf strdup slist warnless strerror idn) \
  $(M)/curl_parts.o $(patsubst %,$(M)/bearssl/%.o,codec/dec32be codec/enc32be codec/dec64be codec/enc64be hash/sha2small hash/sha2big)

PACKER_TARGET := --target=wasm32-wasi -O2 -ffunction-sections -fdata-sections -nostdlibinc -isystem $(WASI_INCLUDE) -MMD -MP
PACKER_FLAGS := $(PACKER_TARGET) -std=c11 -D_GNU_SOURCE -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_GETPID \
  -Wall -Wextra -Werror -Wno-missing-field-initializers -include packages/npm/wasi/include/platform.h -isystem packages/npm/wasi/include -isystem $(JANSSON)/src \
  -isystem $(CURL)/include -isystem $(BEARSSL)/inc -Iedge -Icli -Ibindings -I$(W) -Iruntime
JANSSON_FLAGS := $(PACKER_TARGET) -std=gnu11 -w -DHAVE_CONFIG_H -Ipackages/npm/wasi/include -I$(JANSSON)/src
CURL_FLAGS := $(PACKER_TARGET) -std=gnu11 -w -D_GNU_SOURCE -D_WASI_EMULATED_SIGNAL -DHAVE_CONFIG_H -DBUILDING_LIBCURL -Ipackages/npm/wasi/include \
  -I$(CURL)/include -I$(CURL)/lib
# Like the runtime, it needs no more than Node 20 has; names are left out.
PACKER_LINK := -L$(WASI_LIB) -lwasi-emulated-signal -lwasi-emulated-process-clocks -lwasi-emulated-getpid -lc -lm \
  --gc-sections --strip-all -z stack-size=1048576 --stack-first
PACKER_STAMP := $(call flags,npm,$(PACKER_FLAGS) $(JANSSON_FLAGS) $(CURL_FLAGS))

$(B)/jansson.stamp: $(call flags,jansson,$(JANSSON_TARBALL) $(JANSSON_SHA256)) | $(TOOLS)
	$(Q)tools/setup.sh source $(JANSSON_TARBALL) $(JANSSON_SHA256) $(JANSSON_POOL) $(JANSSON)
	@touch $@

$(B)/curl.stamp: $(call flags,curl,$(CURL_TARBALL) $(CURL_SHA256)) | $(TOOLS)
	$(Q)tools/setup.sh source $(CURL_TARBALL) $(CURL_SHA256) $(CURL_POOL) $(CURL)
	@touch $@

$(M)/jansson/%.o: $(B)/jansson.stamp $(PACKER_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(JANSSON_FLAGS) -c $(JANSSON)/src/$*.c -o $@

$(M)/curl_parts.o: packages/npm/wasi/curl_parts.c $(B)/curl.stamp $(PACKER_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(CURL_FLAGS) -c $< -o $@

$(M)/curl/%.o: $(B)/curl.stamp $(PACKER_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(CURL_FLAGS) -c $(CURL)/lib/$*.c -o $@

$(M)/bearssl/%.o: $(B)/bearssl.stamp $(PACKER_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(PACKER_TARGET) -w $(BEARSSL_DEFINES) -I$(BEARSSL)/inc -I$(BEARSSL)/src -c $(BEARSSL)/src/$*.c -o $@

$(M)/%.o: %.c $(B)/jansson.stamp $(B)/curl.stamp $(B)/bearssl.stamp $(PACKER_STAMP) | $(W)/lua_layout.h $(W)/parts_table.h
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(PACKER_FLAGS) -c $< -o $@

$(M)/blobs.o: packages/npm/wasi/blobs.S $(W)/parts_table.h
	@mkdir -p $(@D)
	$(Q)$(subst $(CC),$(WASM_CC) --target=wasm32-wasi,$(subst edge/flare/runtime_blob.S,$<,$(call compile_blob,$(W)))) $@

$(M)/embedded.o: tools/embed.sh $(EMBEDDED) $(call flags,embedded,$(EMBEDDED))
	@mkdir -p $(@D)
	$(Q)tools/embed.sh --wasm $(EMBEDDED) >$(M)/embedded.S
	$(Q)$(WASM_CC) --target=wasm32-wasi -c $(M)/embedded.S -o $@

$(M)/packer.wasm: $(PACKER_OBJECTS) $(call flags,npm-link,$(PACKER_LINK))
	@echo 'linking $@'
	$(Q)$(WASM_LD) $(WASI_LIB)/crt1-command.o $(PACKER_OBJECTS) $(firstword $(wildcard $(WASM_BIN)../lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a \
	  $(WASM_BIN)../lib/clang/*/lib/wasm32-unknown-wasi/libclang_rt.builtins.a)) $(PACKER_LINK) -o $@

# The runtime with its table for everybody, so that start-up can be told of modules (packages/npm/lib/engine.js).
$(M)/runtime.wasm: $(W)/runtime.wasm tools/export_table.lua tools/wasm.lua
	@mkdir -p $(@D)
	$(Q)lua5.4 tools/export_table.lua $< $@

.PHONY: npm

npm: $(M)/packer.wasm $(M)/runtime.wasm $(EXE) ## build the packages for npm, build/flaron-lua-VERSION.tgz and one a platform
	$(Q)tools/setup.sh packages nodejs npm
	$(Q)tools/npm.sh $(M) $(B) $(EXE)
