# static.mk - the executable that is linked with nothing but itself, with musl, for one architecture: STATIC=amd64 or arm64. `make
# release` (mk/release.mk) starts a make for each. Here are the compiler, the libraries and their sources by checksum; mk/native.mk
# compiles what is ours, as for this machine. docs/internals/release.md tells more.
#
# build/static/ARCH/bin   the compiler: the machine's gcc for ARCH, with musl       build/src/debian   sources, as fetched
# build/static/ARCH/src   sources, in which they are built                         build/static/ARCH/lib, include   the libraries

STATIC_amd64 := x86_64-linux-gnu x86_64 linux-x86_64
STATIC_arm64 := aarch64-linux-gnu aarch64 linux-aarch64

ifneq ($(STATIC),)
ifeq ($(STATIC_$(STATIC)),)
$(error STATIC=$(STATIC): it is amd64 or arm64)
endif
STATIC_AT := $(B)/static/$(STATIC)
STATIC_GNU := $(word 1,$(STATIC_$(STATIC)))
STATIC_MUSL := $(word 2,$(STATIC_$(STATIC)))-linux-musl
CC := $(abspath $(STATIC_AT)/bin/static-cc)
STATIC_FLAGS := -O2 -fPIC -fstack-protector-strong -ffunction-sections -fdata-sections

# Paths in Debian's pool. What a security update replaces is gone from the pool then: the new version is to be written here.
MUSL_POOL := pool/main/m/musl/musl-dev_1.2.3-1_$(STATIC).deb
MUSL_SHA256_amd64 := 7c34f29a0c1aa12f6da1d25ed6de6fe6bbd9e048ee76b3dcb88c5e51fb65507f
MUSL_SHA256_arm64 := 55c2ca4bc3041c8ed8ac7dc3ef6080d9551a21650568b2fd7610b59eaf98a4f4
MUSL_SOURCE := pool/main/m/musl/musl_1.2.3-1.dsc 243a7462e9c751da662c4c61d4c96b6318c796ba302b72f6cdf74ea5427a9b4f
SOURCE_openssl := pool/updates/main/o/openssl/openssl_3.0.22-1~deb12u1.dsc 9eb196075ff65fed9512c743d5ccf918b77c3c637f6d518e4be550cf9065c655
SOURCE_nghttp2 := pool/main/n/nghttp2/nghttp2_1.52.0-1+deb12u3.dsc d4fcb364e461616ef63cb0653a71f08a9ae23703d497745e90160ed7d1eda393
SOURCE_curl := pool/main/c/curl/curl_7.88.1-10+deb12u15.dsc 2744f12e3aef161c0361743fa1b318296b122e566e47f381e4a63320fbcc23f4
SOURCE_sqlite3 := pool/main/s/sqlite3/sqlite3_3.40.1-2+deb12u2.dsc ee3459ae9d00939741c7708fc1b8ce1bde12d8c3fb1dfa005bbbc8651d884e23
SOURCE_jansson := pool/main/j/jansson/jansson_2.14-2.dsc 6296ddd9c0a022bd1b70074aefb171cfcdf5694a04ffd32b35fd66097621af87
# Debian's patches of these are of tests and of how they are built.
TARBALL_wslay := pool/main/w/wslay/wslay_1.1.1.orig.tar.gz 7b9f4b9df09adaa6e07ec309b68ab376c0db2cfd916613023b52a47adfda224a
TARBALL_lua-filesystem := pool/main/l/lua-filesystem/lua-filesystem_1.8.0.orig.tar.gz a1b7cf748ef2cdb6d75ebaa82a9c91b383fabc541b96febb1f9de98f06b8c188
TARBALL_lua-system := pool/main/l/lua-system/lua-system_0.2.1.orig.tar.gz 0b83f68e9edbba92bef11ec0ccf1e5bb779a7337653f7bb77e0240c8e85c0b94
TARBALL_lua-term := pool/main/l/lua-term/lua-term_0.07.orig.tar.gz c1a1d0c57107147ea02878a50b768d1c3c13aca2769b026c5bb7a84119607f30
STATIC_LIBRARIES := openssl nghttp2 curl sqlite3 jansson wslay
STATIC_LUA_MODULES := lua-filesystem lua-system lua-term

$(CC): tools/static_cc.sh | $(TOOLS)
	@mkdir -p $(B)/src/debian
	$(Q)tools/setup.sh pool $(B)/src/debian/$(notdir $(MUSL_POOL)) $(MUSL_SHA256_$(STATIC)) $(MUSL_POOL)
	$(Q)tools/static_cc.sh $(B)/src/debian/$(notdir $(MUSL_POOL)) $(STATIC_GNU) $(STATIC_MUSL) $(STATIC_AT)

define static_source
$(STATIC_AT)/$(1).source: $(CC) $(call flags,static-$(STATIC)-$(1),$(SOURCE_$(1)) $(TARBALL_$(1)))
	$(Q)$(if $(SOURCE_$(1)),tools/setup.sh debian-source $(B)/src/debian $(word 2,$(SOURCE_$(1))) $(word 1,$(SOURCE_$(1))),tools/setup.sh \
	  source $(B)/src/debian/$(notdir $(word 1,$(TARBALL_$(1)))) $(word 2,$(TARBALL_$(1))) $(word 1,$(TARBALL_$(1)))) $(STATIC_AT)/src/$(1)
	@touch $$@

endef
$(eval $(foreach n,$(STATIC_LIBRARIES) $(STATIC_LUA_MODULES),$(call static_source,$(n))))

define static_library
$(STATIC_AT)/$(1).stamp: $(STATIC_AT)/$(1).source $(if $(filter curl,$(1)),$(STATIC_AT)/openssl.stamp $(STATIC_AT)/nghttp2.stamp) tools/static_library.sh
	$(Q)tools/static_library.sh $(1) $(STATIC_AT) $(word 3,$(STATIC_$(STATIC))) $(STATIC_MUSL)
	@touch $$@

endef
$(eval $(foreach n,$(STATIC_LIBRARIES),$(call static_library,$(n))))

# Lua itself, as it comes, and what Lua modules have in C. cli/own_lua.c starts its main function, and says what it opens.
OWN_LUA_MARK := <flaron-lua>
STATIC_LUA_FLAGS := $(STATIC_FLAGS) -std=gnu99 -DLUA_USE_POSIX -DLUA_COMPAT_5_3 -Dmain=own_lua_stock_main -DluaL_openlibs=own_lua_open \
  '-DLUA_PATH_DEFAULT="./?.lua;./?/init.lua;$(OWN_LUA_MARK);/usr/local/share/lua/5.4/?.lua;/usr/local/share/lua/5.4/?/init.lua;/usr/share/lua/5.4/?.lua;/usr/share/lua/5.4/?/init.lua"' \
  '-DLUA_CPATH_DEFAULT="./?.so;./lua_modules/lib/lua/5.4/?.so;/usr/local/lib/lua/5.4/?.so;/usr/lib/lua/5.4/?.so"'
STATIC_LUA_OBJECTS := $(patsubst %,$(STATIC_AT)/lua/%.o,lapi lauxlib lbaselib lcode lcorolib lctype ldblib ldebug ldo ldump lfunc lgc liolib \
  llex lmathlib lmem loadlib lobject lopcodes loslib lparser lstate lstring lstrlib ltable ltablib ltm lua lundump lutf8lib lvm lzio)
FLAGS_native/cli/own_lua = -DFLARON_STATIC '-DOWN_LUA_MARK="$(OWN_LUA_MARK)"'

$(STATIC_LUA_OBJECTS): $(STATIC_AT)/lua/%.o: $(B)/lua-stock.stamp $(CC) $(call flags,static-$(STATIC)-lua-flags,$(STATIC_LUA_FLAGS))
	@mkdir -p $(@D)
	$(Q)$(CC) $(STATIC_LUA_FLAGS) -c $(LUA)-stock/src/$*.c -o $@

$(STATIC_AT)/lua/modules.a: $(STATIC_LUA_MODULES:%=$(STATIC_AT)/%.source) $(B)/lua-stock.stamp
	@mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)for c in lua-filesystem/src/lfs lua-system/src/core lua-system/src/compat lua-system/src/time lua-term/core; do \
	  $(CC) $(STATIC_FLAGS) -I$(LUA)-stock/src -c $(STATIC_AT)/src/$$c.c -o $(@D)/module.o || exit 1; \
	  mv $(@D)/module.o $(@D)/$$(echo $$c | tr / -).o; done
	$(Q)ar crD $@ $(@D)/lua-*.o

STATIC_LIBS := $(patsubst %,$(STATIC_AT)/lib/lib%.a,curl nghttp2 ssl crypto sqlite3 jansson wslay)
STATIC_STAMPS := $(STATIC_LIBRARIES:%=$(STATIC_AT)/%.stamp)

# NAME:VERSION:LICENCE:NOTICE of all that is linked, for tools/licenses.sh.
version_of = $(patsubst $(1)_%,%,$(patsubst %.dsc,%,$(patsubst %.orig.tar.gz,%,$(notdir $(word 1,$(SOURCE_$(1)) $(TARBALL_$(1)))))))
static_notice = $(1):$(call version_of,$(1)):$(2):$(STATIC_AT)/src/$(1)/$(3)
STATIC_NOTICES := musl:$(word 2,$(subst _, ,$(notdir $(MUSL_POOL)))):MIT:$(STATIC_AT)/musl/usr/share/doc/musl-dev/copyright \
  $(call static_notice,openssl,Apache-2.0,debian/copyright) $(call static_notice,nghttp2,MIT,debian/copyright) \
  $(call static_notice,curl,curl,debian/copyright) $(call static_notice,sqlite3,blessing,debian/copyright) \
  $(call static_notice,jansson,MIT,debian/copyright) $(call static_notice,wslay,MIT,COPYING) \
  $(call static_notice,lua-filesystem,MIT,LICENSE) $(call static_notice,lua-system,MIT,LICENSE) $(call static_notice,lua-term,MIT,COPYING)

$(STATIC_AT)/licenses.txt: tools/licenses.sh LICENSE $(B)/lua.stamp $(B)/cjson.stamp $(PART_STAMPS) $(STATIC_STAMPS) $(STATIC_AT)/lua/modules.a
	$(Q)tools/licenses.sh text $(LUA) $(CJSON) $(PART_NOTICES) $(STATIC_NOTICES) >$@

.PHONY: static
static: $(EXE)
endif
