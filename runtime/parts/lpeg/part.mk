# part.mk - lpeg: LPeg 1.1.0 as Debian's pool has it, and its module re, which is Lua (README.md).

LPEG := $(B)/src/lpeg
LPEG_PATCHES := runtime/parts/lpeg/patches
LPEG_POOL := pool/main/l/lua-lpeg/lua-lpeg_1.1.0.orig.tar.gz
LPEG_TARBALL ?= $(B)/src/$(notdir $(LPEG_POOL))
LPEG_SHA256 := 4b155d67d2246c1ffa7ad7bc466c1ea899bbc40fef0257cc9c03cecbaed4352a

$(B)/lpeg.stamp: $(call flags,lpeg,$(LPEG_TARBALL) $(LPEG_SHA256)) $(call patches,$(LPEG_PATCHES)) | $(TOOLS)
	$(Q)tools/setup.sh source $(LPEG_TARBALL) $(LPEG_SHA256) $(LPEG_POOL) $(LPEG) $(LPEG_PATCHES)
	@touch $@

# INITBACK: entries of the backtrack stack that are on C's stack. A match may be called 200 deep, from captures; beyond these
# entries the stack is in Lua's memory, as it is natively beyond 400.
LPEG_FLAGS := $(WASM_FLAGS) -w -DNDEBUG -DINITBACK=32 -Iruntime
$(call flags_of,lpeg,lpvm lpcap,$(SPEED))
$(call flags_of,lpeg,lptree lpcode lpcset,-Oz $(NO_INLINING))
LPEG_STAMP := $(call flags,wasm-lpeg,$(WASM_CC) $(LPEG_FLAGS) $(foreach v,$(filter FLAGS_lpeg/%,$(.VARIABLES)),$(v)=$($(v))))

$(W)/lpeg/%.o: $(B)/lpeg.stamp $(B)/lua.stamp $(LPEG_STAMP)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(LPEG_FLAGS) $(FLAGS_lpeg/$*) -c $(LPEG)/$*.c -o $@

PART_OBJECTS += $(patsubst %,$(W)/lpeg/%.o,lptree lpcode lpvm lpcap lpcset)

# The Lua of the tarball lies in the executable as ready-made modules do.
PART_MODULES += $(B)/scripts/modules/re.lua
$(B)/scripts/modules/re.lua: $(B)/lpeg.stamp
	@mkdir -p $(@D)
	$(Q)cp $(LPEG)/re.lua $@

# NAME:VERSION:SPDX:NOTICE, for tools/licenses.sh.
PART_STAMPS += $(B)/lpeg.stamp
PART_NOTICES += LPeg:1.1.0:MIT:$(LPEG)/lpeg.html
