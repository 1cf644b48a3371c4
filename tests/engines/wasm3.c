/*
 * wasm3.c - wasm3, an interpreter, as an engine: for who has a checkout of it (ENGINE_WASM3=DIR,
 * mk/tests.mk). The rest is wire.c.
 */
#include <string.h>

#include "wasm3.h"
#include "wire.h"

enum { STACK = 1 << 20 /* bytes for values of Wasm: docs/internals/engines.md */, PARAMETERS = 16 };

static IM3Runtime runtime;

/* An export, NULL if there is none. */
static IM3Function find(const char *name) {
  IM3Function function;
  return m3_FindFunction(&function, runtime, name) == NULL ? function : NULL;
}

/* wasm3 lets an import call an export: that one's values begin where the import's are, which are read by
 * then. */
static const void *serve(IM3Runtime of, IM3ImportContext context, uint64_t *slots, void *memory) {
  (void)of, (void)memory;
  const wire_import *import = context->userdata;
  uint64_t result, *arguments = slots + (strcmp(import->result, "VOID") != 0);
  const char *fault = wire_serve(import, arguments, &result);
  if (fault == NULL && arguments != slots) *slots = result;
  return fault;
}

const char *engine_open(const wire_import *imports, size_t count, const uint8_t *wasm, uint32_t size) {
  IM3Environment environment = m3_NewEnvironment();
  IM3Module module;
  runtime = m3_NewRuntime(environment, STACK, NULL);
  M3Result fault = m3_ParseModule(environment, &module, wasm, size);
  if (fault == NULL) fault = m3_LoadModule(runtime, module);
  for (size_t i = 0; fault == NULL && i < count; i++) {
    char parameters[PARAMETERS + 1], signature[PARAMETERS + 4];
    wire_parameters(&imports[i], "iI", parameters);
    char result = imports[i].result[0] == 'V' ? 'v' : imports[i].result[0] == 'P' ? 'I' : 'i';
    signature[0] = result;
    strcat(strcat(strcpy(signature + 1, "("), parameters), ")");
    fault = m3_LinkRawFunctionEx(module, "flaron/v1", imports[i].name, signature, serve, &imports[i]);
    if (fault == m3Err_functionLookupFailed) fault = NULL; /* the flare does not import it */
  }
  return fault != NULL ? fault : m3_CompileModule(module);
}

const char *engine_call(const char *name, int64_t *result) {
  IM3Function function = find(name);
  if (function == NULL) return "no such export";
  M3Result fault = m3_Call(function, 0, NULL);
  if (fault != NULL || m3_GetRetCount(function) == 0) return fault;
  int32_t small = 0;
  bool is_small = m3_GetRetType(function, 0) == c_m3Type_i32;
  const void *to[] = {is_small ? (void *)&small : (void *)result};
  fault = m3_GetResults(function, 1, to);
  if (is_small) *result = small;
  return fault;
}

uint8_t *engine_memory(uint32_t *size) { return m3_GetMemory(runtime, size, 0); }

bool engine_alloc(uint32_t size, uint32_t *at) {
  IM3Function alloc = find("alloc");
  const void *argument[] = {&size}, *to[] = {at};
  return alloc != NULL && m3_Call(alloc, 1, argument) == NULL && m3_GetResults(alloc, 1, to) == NULL;
}
