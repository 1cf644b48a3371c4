/*
 * images_test.c - flares whose image is not what the packer made: some of its bytes are others. Whatever they
 * do, they do it inside of their memory: this process goes on, and the flare as it was packed answers as
 * ever.
 *
 *   images_test [SECONDS [SEED]]
 *
 * Only data is changed: code that is not the runtime's is refused (edge/flare/flare.c,
 * tests/fuzz/fuzz_flare.c). Ends with "N passed, N failed".
 */
#include <time.h>

#include "kept.h"
#include "random.h"

enum { SECONDS = 6, CPU_MS = 20, MOST = 16, CHECK_EACH = 100 };

static const char script[] =
    "local flaron = require 'flaron'\n"
    "local kept = { names = {}, text = ('long'):rep(100) }\n"
    "for i = 1, 100 do kept.names['name' .. i] = { i } end\n"
    "return function()\n"
    "  local sum = 0\n"
    "  for name, t in pairs(kept.names) do sum = sum + t[1] + #name:upper() end\n"
    "  local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)\n"
    "  local text = flaron.json.encode { sum, co(), pcall(error, {}) and 1 or 2, kept.text:sub(1, 8) }\n"
    "  collectgarbage()\n"
    "  return { body = text .. load('return 1 + 1')() }\n"
    "end\n";

static const char answer[] = "[5642,1,2,\"longlong\"]2";

int main(int argc, char **argv) {
  kept k;
  int passed = 0, failed = 0;
  double seconds = argc > 1 ? strtod(argv[1], NULL) : SECONDS;
  unsigned long skip = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
  time_t begin = time(NULL);
  while (skip-- > 0) random_bits();
  kept_open(&k, script, 4 << 20);
  text *broken = &k.flare.image, image = {0};
  text_add(&image, broken->data, broken->size);
  for (long n = 0; difftime(time(NULL), begin) < seconds; n++) {
    memcpy(broken->data, image.data, image.size);
    for (uint64_t i = 0, most = random_bits() % MOST; i <= most; i++) {
      char *at = &broken->data[random_bits() % image.size];
      *at = (char)(random_bits() % 2 ? *at ^ 1 << random_bits() % 8 : (int)random_bits());
    }
    for (int i = 0; i < 2; i++) {
      uint64_t action;
      kept_renew(&k);
      kept_prepare(&k, "GET");
      engine_call(k.engine, FLARE_HANDLE_REQUEST, CPU_MS, &action, &k.error);
    }
    passed++;
    if (n % CHECK_EACH != 0) continue;
    memcpy(broken->data, image.data, image.size);
    kept_renew(&k);
    if (kept_answers(&k, "GET", answer)) continue;
    failed++;
    printf("failed: the flare as it was packed: %s %s\n", text_string(&k.error),
           text_string(&k.host.response.body));
  }
  text_free(&image);
  kept_close(&k);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
