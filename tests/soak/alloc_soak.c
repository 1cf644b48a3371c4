/*
 * alloc_soak.c - allocations fail: one, some after it, each n-th, all from one on. The script answers as
 * ever, or with a 500 and "not enough memory", or what it makes of that error; it never traps. What comes
 * next, with memory, is right, in the same instance.
 */
#include "soak.h"
#include "work.h"

enum { FOR_EVER = 1 << 30 };

/* Chooses which of the allocations of an invocation that has `most` fail. */
static void choose(uint32_t most) {
  soak_allow();
  uint32_t first = 1 + (uint32_t)(soak_random() % most);
  switch (soak_random() % 5) {
    case 0: soak_count = 1; break; /* Lua collects garbage, and tries again */
    case 1: soak_count = 2 + (uint32_t)(soak_random() % 2); break;
    case 2: soak_count = 4 + (uint32_t)(soak_random() % 20); break;
    case 3: soak_count = FOR_EVER; break;
    default: soak_every = 2 + (uint32_t)(soak_random() % 50);
  }
  soak_first = first;
}

int main(int argc, char **argv) {
  kept k;
  text right = {0};
  soak_allow();
  soak_start(argc, argv);
  kept_open(&k, work_script, 0);
  if (!kept_call(&k, "WORK") || k.host.response.status != 200) kept_end(&k.error);
  soak_allow();
  kept_call(&k, "WORK");
  uint32_t most = soak_allocations;
  text_add(&right, k.host.response.body.data, k.host.response.body.size);
  while (soak_next()) {
    bool plain = soak_random() % 2;
    choose(most);
    bool came_back = kept_call(&k, plain ? "WORK" : "TRY");
    bool same = bytes_are(text_bytes(&k.host.response.body), text_string(&right));
    bool good = k.host.response.status == 500 || (k.host.response.status == 200 && (same || !plain));
    soak_allow();
    soak_check(came_back && good, &k, "with allocations that fail");
    soak_check(kept_answers(&k, "WORK", text_string(&right)), &k, "after allocations that failed");
  }
  kept_close(&k);
  text_free(&right);
  return soak_end();
}
