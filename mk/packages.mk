# packages.mk - what building, testing and measuring need: Debian packages, and the two source tarballs, by checksum. It says
# what is missing; only `make setup` and the other setup targets install. tools/setup.sh does both.

BUILD_PACKAGES := gcc libc6-dev patch xz-utils bzip2 clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32 binaryen wabt \
  libcurl4-openssl-dev libssl-dev libsqlite3-dev libjansson-dev libnghttp2-dev libwslay-dev libedit-dev lua5.4 liblua5.4-dev
TEST_PACKAGES := lua-busted nodejs curl mandoc zsh fish dpkg-dev lua-inspect lua-penlight lua-filesystem sqlite3 time lua-rex-pcre2 openssl
LIBRARY_PACKAGES := lua-penlight lua-luassert lua-say lua-busted lua-mediator lua-cliargs lua-check lua-argparse lua-dkjson lua-unit \
  lua-logging
ENGINE_PACKAGES := g++ pkg-config libjavascriptcoregtk-4.0-dev libmozjs-102-dev
VECTOR_PACKAGES := python3-cryptography-vectors
BROWSER_PACKAGES := chromium chromium-driver fonts-dejavu-core
LINT_PACKAGES := lua-check clang-format cppcheck shellcheck
FUZZ_PACKAGES := libclang-rt-19-dev sqlite3
# tcl: SQLite's sources are put into one file by it.
RELEASE_PACKAGES := tcl perl make
RELEASE_ARM64_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross
DEB_PACKAGES := dpkg-dev
ROOT_PACKAGES := debootstrap qemu-user-static
VSCODE_PACKAGES := g++ make npm python3 ripgrep
SOAK_PACKAGES := wrk
BENCH_PACKAGES := nginx-light libnginx-mod-http-lua lua-cjson wrk brotli npm lua-lpeg lua-zlib lua-luaossl

.PHONY: setup setup-test setup-bench setup-fuzz

setup: ## install what building takes (Debian packages, by apt, as root or with sudo)
	$(Q)tools/setup.sh packages $(BUILD_PACKAGES)

setup-test: ## the same, and what the tests and linters take
	$(Q)tools/setup.sh packages $(BUILD_PACKAGES) $(TEST_PACKAGES) $(LINT_PACKAGES)
	$(Q)tools/setup.sh optional $(BROWSER_PACKAGES) || :
	$(Q)tools/setup.sh optional $(ENGINE_PACKAGES) || :

setup-bench: setup-test
	$(Q)tools/setup.sh optional $(BENCH_PACKAGES) || :

setup-fuzz: setup-test
	$(Q)tools/setup.sh packages $(FUZZ_PACKAGES) $(SOAK_PACKAGES)

# An order-only prerequisite of everything that is built: it does not cause a rebuild.
TOOLS := $(B)/tools.stamp

$(TOOLS): $(call flags,packages,$(BUILD_PACKAGES))
	@tools/setup.sh check $(BUILD_PACKAGES)
	@touch $@

# The changes to the original sources: patch series, applied in order (docs/internals/upgrade-lua.md).
patches = $(1)/series $(wildcard $(1)/*.patch)

LUA := $(B)/src/lua
LUA_PATCHES := runtime/lua/patches
LUA_POOL := pool/main/l/lua5.4/lua5.4_5.4.8.orig.tar.gz
LUA_TARBALL ?= $(B)/src/$(notdir $(LUA_POOL))
LUA_SHA256 := 4f18ddae154e793e46eeab727c59ef1c0c0c2b744e7b94219710d76f530629ae
CJSON := $(B)/src/lua-cjson
CJSON_PATCHES := runtime/json/patches
CJSON_POOL := pool/main/l/lua-cjson/lua-cjson_2.1.0+dfsg.orig.tar.gz
CJSON_TARBALL ?= $(B)/src/$(notdir $(CJSON_POOL))
CJSON_SHA256 := 94f1fce36742cf00e99c5071b309b9f71e6e7daf60a7151f7bf4ac0a97259ac4

$(B)/lua.stamp: $(call flags,lua,$(LUA_TARBALL) $(LUA_SHA256)) $(call patches,$(LUA_PATCHES)) | $(TOOLS)
	$(Q)tools/setup.sh source $(LUA_TARBALL) $(LUA_SHA256) $(LUA_POOL) $(LUA) $(LUA_PATCHES)
	@touch $@

# Unpatched Lua, for comparisons with it (tests/fuzz/fuzz_pattern.c).
$(B)/lua-stock.stamp: $(B)/lua.stamp
	$(Q)tools/setup.sh source $(LUA_TARBALL) $(LUA_SHA256) $(LUA_POOL) $(LUA)-stock
	@touch $@

$(B)/cjson.stamp: $(call flags,cjson,$(CJSON_TARBALL) $(CJSON_SHA256)) $(call patches,$(CJSON_PATCHES)) | $(TOOLS)
	$(Q)tools/setup.sh source $(CJSON_TARBALL) $(CJSON_SHA256) $(CJSON_POOL) $(CJSON) $(CJSON_PATCHES)
	@touch $@
