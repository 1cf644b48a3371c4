/*
 * wamr.c - the WebAssembly Micro Runtime's fast interpreter as an engine: for who has a checkout of it
 * (ENGINE_WAMR=DIR, mk/tests.mk). The rest is wire.c.
 */
#include <stdlib.h>
#include <string.h>

#include "wasm_export.h"
#include "wire.h"

enum { STACK = 4 << 20 /* bytes for frames of Wasm: docs/internals/engines.md */, PARAMETERS = 16 };

static wasm_module_inst_t instance;
static wasm_exec_env_t execution;

static void serve(wasm_exec_env_t caller, uint64_t *slots) {
  uint64_t result;
  const char *fault = wire_serve(wasm_runtime_get_function_attachment(caller), slots, &result);
  if (fault != NULL)
    wasm_runtime_set_exception(instance, fault);
  else
    *slots = result;
}

const char *engine_open(const wire_import *imports, size_t count, const uint8_t *wasm, uint32_t size) {
  static char fault[128];
  RuntimeInitArgs options = {.mem_alloc_type = Alloc_With_System_Allocator};
  if (!wasm_runtime_full_init(&options)) return "the runtime cannot start";
  NativeSymbol *symbols = calloc(count + 1, sizeof *symbols);
  for (size_t i = 0; i < count; i++) {
    char *signature = calloc(PARAMETERS + 4, 1);
    signature[0] = '(';
    wire_parameters(&imports[i], "iI", signature + 1);
    strcat(signature, imports[i].result[0] == 'V' ? ")" : imports[i].result[0] == 'P' ? ")I" : ")i");
    symbols[i] = (NativeSymbol){imports[i].name, (void *)serve, signature, (void *)&imports[i]};
  }
  if (!wasm_runtime_register_natives_raw("flaron/v1", symbols, (uint32_t)count))
    return "imports cannot be registered";
  wasm_module_t module = wasm_runtime_load((uint8_t *)wasm, size, fault, sizeof fault);
  if (module == NULL) return fault;
  instance = wasm_runtime_instantiate(module, STACK, 0, fault, sizeof fault);
  if (instance == NULL) return fault;
  execution = wasm_runtime_create_exec_env(instance, STACK);
  return execution == NULL ? "not enough memory for a stack" : NULL;
}

/* What trapped, without WAMR's "Exception: ". */
static const char *exception(void) {
  const char *said = wasm_runtime_get_exception(instance), *text = strchr(said != NULL ? said : "", ' ');
  return text != NULL ? text + 1 : "trap";
}

const char *engine_call(const char *name, int64_t *result) {
  wasm_function_inst_t function = wasm_runtime_lookup_function(instance, name);
  uint32_t values[2] = {0};
  if (function == NULL) return "no such export";
  wasm_runtime_clear_exception(instance);
  if (!wasm_runtime_call_wasm(execution, function, 0, values)) return exception();
  wasm_valkind_t kind = WASM_I32;
  if (wasm_func_get_result_count(function, instance) == 1)
    wasm_func_get_result_types(function, instance, &kind);
  *result = kind == WASM_I64 ? (int64_t)((uint64_t)values[1] << 32 | values[0]) : (int32_t)values[0];
  return NULL;
}

uint8_t *engine_memory(uint32_t *size) {
  wasm_memory_inst_t memory = wasm_runtime_get_default_memory(instance);
  *size = (uint32_t)(wasm_memory_get_cur_page_count(memory) << 16);
  return wasm_memory_get_base_address(memory);
}

bool engine_alloc(uint32_t size, uint32_t *at) {
  wasm_function_inst_t alloc = wasm_runtime_lookup_function(instance, "alloc");
  *at = size;
  return alloc != NULL && wasm_runtime_call_wasm(execution, alloc, 1, at);
}
