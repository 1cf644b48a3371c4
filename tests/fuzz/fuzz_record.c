/*
 * fuzz_record.c - reading records that somebody made up: edge/record/record.c must refuse or read, never
 * more, and take no more memory than it says (run.sh sets a limit, too). What it read it must write so that
 * it reads the same again.
 */
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a record holds is bounded, however often it names the same bytes. */
static void check_size(const recording *r) {
  size_t size = 0;
  for (size_t i = 0; i < r->call_count; i++) {
    size += RECORD_CALL + r->calls[i].a.size + r->calls[i].b.size + r->calls[i].answer.size;
  }
  if (size > RECORD_READ_CALLS || r->call_count > RECORD_READ_COUNT) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  recording first, second;
  text once = {0}, twice = {0}, replaced = {0}, error = {0};
  if (record_read(&first, (bytes){data, size}, &error)) {
    check_size(&first);
    record_write(&first, true, &once, NULL);
    record_write(&first, false, &replaced, NULL);
    if (!record_read(&second, text_bytes(&once), &error)) abort();
    record_write(&second, true, &twice, NULL);
    if (once.size != twice.size || memcmp(once.data, twice.data, once.size) != 0) abort();
    record_free(&second);
    if (!record_read(&second, text_bytes(&replaced), &error)) abort();
    record_free(&second);
    record_free(&first);
  } else if (error.size == 0) {
    abort(); /* a refusal says why */
  }
  text_free(&once);
  text_free(&twice);
  text_free(&replaced);
  text_free(&error);
  return 0;
}
