# part.mk - zlib: zlib 1.2.13 as Debian's pool has it, without what reads and writes files (README.md).

ZLIB := $(B)/src/zlib
ZLIB_PATCHES := runtime/parts/zlib/patches
ZLIB_POOL := pool/main/z/zlib/zlib_1.2.13.dfsg.orig.tar.bz2
ZLIB_TARBALL ?= $(B)/src/$(notdir $(ZLIB_POOL))
ZLIB_SHA256 := 71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1

$(B)/zlib.stamp: $(call flags,zlib,$(ZLIB_TARBALL) $(ZLIB_SHA256)) $(call patches,$(ZLIB_PATCHES)) | $(TOOLS)
	$(Q)tools/setup.sh source $(ZLIB_TARBALL) $(ZLIB_SHA256) $(ZLIB_POOL) $(ZLIB) $(ZLIB_PATCHES)
	@touch $@

# Z_SOLO: no malloc and no files. Z_U4 is what zlib then does not find out: without it crc32 goes byte by byte.
ZLIB_FLAGS := $(WASM_FLAGS) -O2 -w -DZ_SOLO -DZ_U4=unsigned -DHAVE_MEMCPY -include string.h
ZLIB_STAMP := $(call flags,wasm-zlib,$(WASM_CC) $(ZLIB_FLAGS))

$(W)/zlib/%.o: $(B)/zlib.stamp $(ZLIB_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(ZLIB_FLAGS) -c $(ZLIB)/$*.c -o $@

PART_OBJECTS += $(patsubst %,$(W)/zlib/%.o,adler32 crc32 deflate inffast inflate inftrees trees zutil)
$(W)/runtime/parts/zlib/compress.o: $(B)/zlib.stamp
$(call flags_of,runtime,parts/zlib/compress,-DZ_SOLO -DZ_U4=unsigned -DZLIB_CONST -isystem $(ZLIB))

PART_STAMPS += $(B)/zlib.stamp
PART_NOTICES += zlib:1.2.13:Zlib:$(ZLIB)/LICENSE
