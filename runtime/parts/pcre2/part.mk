# part.mk - pcre2: PCRE2 10.42 and lrexlib 2.9.2, as Debian's pool has them (README.md).

PCRE2 := $(B)/src/pcre2
PCRE2_PATCHES := runtime/parts/pcre2/patches/pcre2
PCRE2_POOL := pool/main/p/pcre2/pcre2_10.42.orig.tar.gz
PCRE2_TARBALL ?= $(B)/src/$(notdir $(PCRE2_POOL))
PCRE2_SHA256 := c33b418e3b936ee3153de2c61cc638e7e4fe3156022a5c77d0711bcbb9d64f1f
LREXLIB := $(B)/src/lrexlib
LREXLIB_PATCHES := runtime/parts/pcre2/patches/lrexlib
LREXLIB_POOL := pool/main/l/lua-rexlib/lua-rexlib_2.9.2.orig.tar.gz
LREXLIB_TARBALL ?= $(B)/src/$(notdir $(LREXLIB_POOL))
LREXLIB_SHA256 := e32577792b199b2daa0106df59417c29f7e22f232c594be75564e3cc201ec12e

$(B)/pcre2.stamp: $(call flags,pcre2,$(PCRE2_TARBALL) $(PCRE2_SHA256)) $(call patches,$(PCRE2_PATCHES)) | $(TOOLS)
	$(Q)tools/setup.sh source $(PCRE2_TARBALL) $(PCRE2_SHA256) $(PCRE2_POOL) $(PCRE2) $(PCRE2_PATCHES)
	$(Q)cp $(PCRE2)/src/pcre2.h.generic $(PCRE2)/src/pcre2.h
	$(Q)cp $(PCRE2)/src/pcre2_chartables.c.dist $(PCRE2)/src/pcre2_chartables.c
	@touch $@

$(B)/lrexlib.stamp: $(call flags,lrexlib,$(LREXLIB_TARBALL) $(LREXLIB_SHA256)) $(call patches,$(LREXLIB_PATCHES)) | $(TOOLS)
	$(Q)tools/setup.sh source $(LREXLIB_TARBALL) $(LREXLIB_SHA256) $(LREXLIB_POOL) $(LREXLIB) $(LREXLIB_PATCHES)
	@touch $@

# What ./configure would find, without a header of its own.
PCRE2_DEFINES := -DHAVE_CONFIG_H -DPCRE2_CODE_UNIT_WIDTH=8
PCRE2_FLAGS := $(WASM_FLAGS) -w $(PCRE2_DEFINES) -Iruntime/parts/pcre2
$(call flags_of,pcre2,pcre2_match pcre2_study,$(SPEED))
LREXLIB_FLAGS := $(WASM_FLAGS) -Oz -w $(PCRE2_DEFINES) -DVERSION='"2.9.2"' -DREX_NOEMBEDDEDTEST -Iruntime -I$(PCRE2)/src
PCRE2_STAMP := $(call flags,wasm-pcre2,$(WASM_CC) $(PCRE2_FLAGS) $(LREXLIB_FLAGS) \
  $(foreach v,$(filter FLAGS_pcre2/%,$(.VARIABLES)),$(v)=$($(v))))

$(W)/pcre2/%.o: $(B)/pcre2.stamp runtime/parts/pcre2/config.h $(PCRE2_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(PCRE2_FLAGS) $(or $(FLAGS_pcre2/$*),-Oz) -c $(PCRE2)/src/$*.c -o $@

$(W)/lrexlib/%.o: $(B)/lrexlib.stamp $(B)/pcre2.stamp $(B)/lua.stamp $(PCRE2_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(LREXLIB_FLAGS) -c $(LREXLIB)/src/$*.c -o $@

PART_OBJECTS += $(patsubst %,$(W)/lrexlib/%.o,pcre2/lpcre2 pcre2/lpcre2_f common) \
  $(patsubst %,$(W)/pcre2/pcre2_%.o,auto_possess chartables compile config context dfa_match error extuni find_bracket jit_compile \
  maketables match match_data newline ord2utf pattern_info script_run string_utils study substring tables ucd valid_utf xclass)
$(W)/runtime/parts/pcre2/regex.o: $(B)/pcre2.stamp
$(call flags_of,runtime,parts/pcre2/regex,$(PCRE2_DEFINES) -Iruntime/parts/pcre2 -isystem $(PCRE2)/src)

PART_STAMPS += $(B)/pcre2.stamp $(B)/lrexlib.stamp
PART_NOTICES += PCRE2:10.42:BSD-3-Clause:$(PCRE2)/LICENCE lrexlib:2.9.2:MIT:$(LREXLIB)/LICENSE
