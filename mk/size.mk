# size.mk - `make size`: the size that each of our parts of libc saves. For each part the runtime is linked again with libc's
# part in place of ours, and packs examples/hello, which must give the same answer. runtime/libc/README.md has the table.

SIZE_PARTS := snprintf strtod numbers strftime calendar math memcpy strings all
# The files that are left out, below runtime/libc; and, in files with other functions that stay, functions that are renamed so
# that they are not linked. malloc is not measured: libc's would use the arena's memory.
SIZE_WITHOUT_strtod := strtod
SIZE_WITHOUT_numbers := strtod decimal
SIZE_WITHOUT_strftime := strftime
SIZE_WITHOUT_calendar := calendar
SIZE_WITHOUT_math := math
SIZE_WITHOUT_memcpy := memcpy
SIZE_WITHOUT_all := strtod decimal strftime calendar math memcpy
SIZE_RENAMED_snprintf := snprintf vsnprintf
SIZE_RENAMED_numbers := $(SIZE_RENAMED_snprintf)
SIZE_RENAMED_strings := strcpy strchr strspn strcspn strpbrk
SIZE_RENAMED_all := $(SIZE_RENAMED_snprintf) $(SIZE_RENAMED_strings)
SIZE_FILES := snprintf wasi_stubs

S := $(B)/size

$(S)/%/linked.wasm: $(W)/linked.wasm mk/size.mk
	@mkdir -p $(@D)
	$(Q)$(foreach f,$(SIZE_FILES),$(WASM_CC) $(OUR_WASM_FLAGS) $(FLAGS_runtime/libc/$(f)) $(foreach n,$(SIZE_RENAMED_$*),-D$(n)=unused_$(n)) \
	  -c runtime/libc/$(f).c -o $(@D)/$(f).o &&) :
	$(Q)$(call link_runtime,$(patsubst $(W)/runtime/libc/%.o,$(@D)/%.o,$(filter $(SIZE_FILES:%=$(W)/runtime/libc/%.o),$(LINKED))) \
	  $(filter-out $(patsubst %,$(W)/runtime/libc/%.o,$(SIZE_FILES) $(SIZE_WITHOUT_$*)),$(LINKED)),$@)

$(S)/%/flare.wasm: $(S)/%/linked.wasm $(B)/unwind
	$(Q)$(B)/unwind $< -o $(@D)/lowered.wasm
	$(Q)$(call optimise_named,$(@D)/lowered.wasm,$(@D)/named.wasm)
	$(Q)$(B)/unwind $(@D)/lowered.wasm -o $(@D)/trimmed.wasm --keep $(FLARE_EXPORTS)
	$(Q)cp $(@D)/linked.map $(@D)/core.map
	$(Q)lua5.4 tools/parts.lua core $(@D) $< $(@D)/trimmed.wasm $(@D)/core.wasm --
	$(Q)$(call optimise,$(@D)/core.wasm,$(@D)/optimised.wasm)
	$(Q)lua5.4 tools/parts.lua table $(@D) $< $(foreach k,core full bytecode,$(k)=$(@D)/optimised.wasm=$(@D)/flare$(patsubst %,_%,$(filter-out full,$(k))).wasm) -- >$(@D)/parts_table.h

# An executable with this runtime; only the objects that contain the runtime are rebuilt, the translated one with -O0, since
# it runs only once.
SIZE_OWN := $(N)/runtime_wasm2c.o $(N)/edge/flare/runtime_blob.o $(N)/edge/engine/engine_wasm2c.o $(N)/edge/flare/parts.o
$(S)/%/flaron-lua: $(S)/%/flare.wasm $(EDGE_OBJECTS) $(CLI_OBJECTS)
	$(Q)$(call translate,$(@D)/named.wasm,$(@D)/runtime_wasm2c.c)
	$(Q)$(CC) -O0 -fPIC -w -Iedge -I$(@D) -c edge/engine/inside.c -o $(@D)/runtime.o
	$(Q)$(CC) -I$(@D) $(NATIVE_FLAGS) -MF $(@D)/engine.d -c edge/engine/engine_wasm2c.c -o $(@D)/engine.o
	$(Q)$(call compile_blob,$(@D)) $(@D)/blob.o
	$(Q)$(CC) -I$(@D) $(NATIVE_FLAGS) -Iruntime -MF $(@D)/parts.d -c edge/flare/parts.c -o $(@D)/parts.o
	$(Q)$(CC) $(filter-out $(SIZE_OWN),$(EDGE_OBJECTS) $(CLI_OBJECTS)) $(@D)/runtime.o $(@D)/engine.o $(@D)/blob.o $(@D)/parts.o -o $@ $(NATIVE_LIBS) $(EXE_LIBS)

$(S)/%/hello.wasm: $(S)/%/flaron-lua
	@echo "hello with libc's $*"
	$(Q)$< pack examples/hello -o $@ >/dev/null

.PHONY: size run-size
.SECONDARY: $(foreach p,$(SIZE_PARTS),$(addprefix $(S)/$(p)/,linked.wasm flare.wasm flaron-lua))

size: ## say what each part of libc that is ours saves, in bytes of examples/hello (some minutes)
	$(Q)$(MAKE) $(JOBS) run-size

run-size: $(EXE) $(SIZE_PARTS:%=$(S)/%/hello.wasm)
	$(Q)tools/size.sh $(EXE) $(S) $(SIZE_PARTS)
