/*
 * runtime.c - see runtime.h.
 */
#include "flare/runtime.h"

#include <pthread.h>
#include <string.h>

#include "base/digest.h"

extern const uint8_t runtime_blob_core[], runtime_blob_full[], runtime_blob_bytecode[],
    runtime_blob_end[]; /* runtime_blob.S */

bytes flare_runtime(flare_runtime_kind kind) {
  const uint8_t *const begins[] = {runtime_blob_core, runtime_blob_full, runtime_blob_bytecode,
                                   runtime_blob_end};
  return (bytes){begins[kind], (size_t)(begins[kind + 1] - begins[kind])};
}

static char runtime_hash[DIGEST_HEX_SIZE + 1];

static void hash_runtime(void) {
  text hex = {0};
  digest_add_hex(&hex, flare_runtime(FLARE_RUNTIME_BYTECODE)); /* this runtime has all parts of the others */
  memcpy(runtime_hash, hex.data, DIGEST_HEX_SIZE);
  text_free(&hex);
}

const char *flare_runtime_hash(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, hash_runtime);
  return runtime_hash;
}
