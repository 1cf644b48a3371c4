/*
 * fuzz_encoding.c - decoders of bytes that come from anywhere: what one decodes must encode to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "host/host.h"

/* What the imports beside the decoders want of host.c; they are not called here. */
void host_answer_text(host *h, host_answer *answer) {
  (void)h;
  (void)answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  bytes input = {data, size};
  text decoded = {0}, encoded = {0};
  if (base64_decode(&decoded, input)) {
    base64_encode(&encoded, text_bytes(&decoded));
    if (encoded.size != size || (size > 0 && memcmp(encoded.data, data, size) != 0)) abort();
  }
  text_clear(&decoded);
  text_clear(&encoded);
  if (hex_decode(&decoded, input)) {
    hex_encode(&encoded, text_bytes(&decoded));
    if (encoded.size != size) abort();
  }
  text_free(&decoded);
  text_free(&encoded);
  return 0;
}
