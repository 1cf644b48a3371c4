# bench.mk - the programs that benchmarks compare with, and targets to run them. What they measure: bench/README.md.

# Not available everywhere: without packages of npm, columns stay empty and say why.
$(B)/bench/npm.stamp: bench/package.json
	@mkdir -p $(@D)
	$(Q)cp bench/package.json $(@D)
	$(Q)if (cd $(@D) && npm install --ignore-scripts --no-package-lock --no-audit --no-fund) >$(@D)/npm.log 2>&1; then touch $@; \
	  else echo 'npm: going on without what the benchmarks compare with: $(@D)/npm.log'; fi

$(B)/bench/floor.wasm: bench/floor.c | $(TOOLS)
	@mkdir -p $(@D)
	$(Q)$(WASM_CC) $(WASM_TARGET) -nostdlibinc -isystem $(WASI_INCLUDE) -O2 -c $< -o $(B)/bench/floor.o
	$(Q)$(WASM_LD) $(B)/bench/floor.o --no-entry -o $@

$(B)/bench/floor_wasm2c.c: $(B)/bench/floor.wasm
	$(Q)wasm2c -n floor $< -o $@

# Its imports have the same names as the runtime's, so they are renamed here.
$(N)/bench/floor_wasm2c.o: $(B)/bench/floor_wasm2c.c
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -w $(foreach f,req_method req_url resp_set_status resp_header_set resp_body_set,-DZ_flaronZ2Fv1Z_$(f)=floor_$(f)) \
	  -c $< -o $@

$(B)/bench/invocation: bench/invocation.c $(N)/bench/floor_wasm2c.o $(EDGE_OBJECTS) $(LIBS_STAMP)
	$(Q)$(CC) $(NATIVE_FLAGS) -I$(B)/bench $(filter %.c %.o,$^) -o $@ $(NATIVE_LIBS)

$(B)/bench/echo: bench/echo.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(NATIVE_FLAGS) $< -o $@

.PHONY: bench run-bench profile

bench: setup-bench ## measure, into docs/benchmarks/; GROUPS="1 3": only print some; ENGINE_WAZERO=DIR, ENGINE_WASM3=DIR, ENGINE_WAMR=DIR: these, too
	$(Q)$(MAKE) $(JOBS) run-bench

run-bench: $(EXE) $(MODULE) $(addprefix $(B)/bench/,npm.stamp floor.wasm invocation echo) $(ENGINES_HERE) \
    $(ENGINES_NAMED)
	$(Q)trap 'kill $$(cat $(B)/bench/server.pid 2>/dev/null) 2>/dev/null; rm -f $(B)/bench/server.pid' EXIT INT TERM; \
	  OPENSSL_ia32cap=:~0x20000000 NATIVE=$(N) ENGINE_WAZERO='$(ENGINE_WAZERO)' LUA_PATH='?.lua;tests/support/?.lua;;' LUA_CPATH='$(N)/lua/?.so;;' lua5.4 bench/run.lua $(GROUPS)

URL ?= http://localhost/

profile: $(if $(SCRIPT),$(EXE)) ## where the time of SCRIPT= goes, as build/profile.svg (URL=..., TIMES=...)
	$(Q)$(if $(SCRIPT),,echo "make profile: SCRIPT= is missing, a script or its folder: make profile SCRIPT=examples/hello" >&2; exit 2)
	$(Q)$(EXE) run '$(SCRIPT)' --url '$(URL)' --profile $(B)/profile.svg $(if $(TIMES),--times '$(TIMES)') >/dev/null
