/*
 * arena_test.c - runtime/life/arena.c over a static buffer, natively and under sanitizers: random work
 * against a list of what must be there, exhaustion and recovery, refused sizes, freezing. Ends with "N
 * passed, N failed".
 */
#include "life/arena.h"
#include "life/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER = 4 << 20, SLACK = 64 };

static _Alignas(16) char buffer[BUFFER + SLACK];
static char *memory_end; /* what exists; grows in pages as Wasm's does */
static int passed, failed;

bool pages_grow(char *end, char **new_end) {
  enum { STEP = 65536 };
  while (memory_end < end) {
    if (memory_end + STEP > buffer + BUFFER) return false;
    memory_end += STEP;
  }
  *new_end = memory_end;
  return true;
}

/* Counts one statement about the arena. */
static void check(bool holds, const char *what, int line) {
  if (holds) {
    passed++;
  } else if (failed++ < 20) {
    printf("arena_test.c:%d: not so: %s\n", line, what);
  }
}
#define CHECK(condition) check((condition), #condition, __LINE__)

/* The same every time, so that a failure can be run again. */
static uint64_t random_state;
static uint32_t random_below(uint32_t n) {
  random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)((random_state >> 33) % n);
}

static void begin(size_t exists, size_t limit) {
  memset(buffer, 0xA5, sizeof buffer);
  memory_end = buffer + exists;
  arena_init(buffer, memory_end, buffer + limit);
}

/* ---- a shadow of what is allocated ---- */

enum { BLOCKS = 3000 };

typedef struct shadow {
  char *at;
  size_t size;
  uint8_t seed; /* byte i is seed + i */
} shadow;

static shadow blocks[BLOCKS];
static int count;
static bool sound; /* no fault so far; checked once a run, not a million times */

static void must(bool holds, const char *what) {
  if (!holds && sound) printf("arena_test.c: %s\n", what);
  sound = sound && holds;
}

static void fill(const shadow *s, size_t from) {
  for (size_t i = from; i < s->size; i++) s->at[i] = (char)(s->seed + i);
}

static bool intact(const shadow *s, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (s->at[i] != (char)(s->seed + i)) return false;
  }
  return true;
}

static int by_address(const void *a, const void *b) {
  const shadow *x = a, *y = b;
  return x->at < y->at ? -1 : x->at > y->at;
}

/* All blocks: contents, alignment, inside the arena, apart from each other. */
static void audit(void) {
  qsort(blocks, (size_t)count, sizeof *blocks, by_address);
  for (int i = 0; i < count; i++) {
    must(intact(&blocks[i], blocks[i].size), "a block's contents changed");
    must((uintptr_t)blocks[i].at % ARENA_ALIGN == 0, "a block is not aligned");
    must(blocks[i].at >= buffer && blocks[i].at + blocks[i].size <= memory_end,
         "a block is outside of memory");
    must(blocks[i].at + blocks[i].size <= arena_top(), "a block is above the top");
    must(i == 0 || blocks[i - 1].at + blocks[i - 1].size <= blocks[i].at, "two blocks overlap");
  }
  must(arena_top() <= arena_peak() && arena_peak() <= memory_end, "the peak is below the top");
}

static size_t random_size(void) {
  switch (random_below(16)) {
    case 0: return 1 + random_below(60000);
    case 1:
    case 2: return 1 + random_below(5000);
    case 3:
    case 4:
    case 5: return 480 + random_below(80); /* about where small ends */
    default: return 1 + random_below(200);
  }
}

static void add(void) {
  shadow s = {.size = random_size(), .seed = (uint8_t)random_below(256)};
  if (count == BLOCKS || (s.at = arena_alloc(s.size)) == NULL) return;
  fill(&s, 0);
  blocks[count++] = s;
}

static void drop(int i) {
  must(intact(&blocks[i], blocks[i].size), "a block's contents changed before it was freed");
  arena_free(blocks[i].at, blocks[i].size);
  blocks[i] = blocks[--count];
}

static void resize(int i) {
  shadow *s = &blocks[i];
  size_t size = random_size();
  char *moved = arena_resize(s->at, s->size, size);
  if (moved == NULL) {
    must(size > s->size, "a block could not be made smaller");
    must(intact(s, s->size), "a failed resize changed the block");
    return;
  }
  s->at = moved;
  must(intact(s, size < s->size ? size : s->size), "a resize lost contents");
  size_t from = s->size < size ? s->size : size;
  s->size = size;
  fill(s, from);
}

/* `steps` random steps that keep about `level` blocks. */
static void churn(int steps, int level) {
  for (int i = 0; i < steps; i++) {
    uint32_t what = random_below(10);
    if (count == 0 || (what < 5 && (int)random_below((uint32_t)level * 2) > count - level / 2)) {
      add();
    } else if (what < 7) {
      resize((int)random_below((uint32_t)count));
    } else {
      drop((int)random_below((uint32_t)count));
    }
    if (i % 1000 == 0) audit();
  }
  audit();
}

static void drop_all(void) {
  while (count > 0) drop((int)random_below((uint32_t)count));
}

static void test_random_work(void) {
  static const struct {
    int steps, level;
    size_t limit;
  } runs[] = {{200000, 800, BUFFER}, {200000, 2500, 1 << 20}, {100000, 300, 100000}, {50000, 2900, 300000}};
  for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
    random_state = r + 1;
    sound = true;
    begin(65536, runs[r].limit);
    churn(runs[r].steps, runs[r].level);
    must(arena_peak() <= buffer + runs[r].limit, "it grew past its limit");
    drop_all();
    CHECK(sound);
    void *whole = arena_alloc(runs[r].limit - 8192); /* all chunks but the last are given back */
    CHECK(whole != NULL);
    if (whole != NULL) memset(whole, 1, runs[r].limit - 8192);
  }
}

/* ---- exhaustion ---- */

/* Allocates blocks of `size` until there are no more; returns how many, chained through their first bytes. */
static size_t take_all(size_t size, void **chain) {
  size_t n = 0;
  *chain = NULL;
  for (void *block; (block = arena_alloc(size)) != NULL; n++) {
    memset(block, 0x5A, size);
    memcpy(block, chain, sizeof *chain);
    *chain = block;
  }
  return n;
}

static void free_all(void *chain, size_t size) {
  while (chain != NULL) {
    void *next;
    memcpy(&next, chain, sizeof next);
    arena_free(chain, size);
    chain = next;
  }
}

static void test_exhaustion(void) {
  static const size_t sizes[] = {16, 24, 32, 40, 100, 512, 513, 1000, 4000, 10000, 100000};
  enum { SIZES = sizeof sizes / sizeof *sizes, LIMIT = 1 << 20 };
  void *chain;
  for (int i = 0; i < SIZES; i++) {
    begin(65536, LIMIT);
    size_t n = take_all(sizes[i], &chain);
    CHECK(n * sizes[i] > LIMIT * 85 / 100); /* little is lost */
    CHECK(n * sizes[i] <= LIMIT);
    CHECK(memory_end <= buffer + LIMIT);
    free_all(chain, sizes[i]);
    /* Then every other size has its turn, each after the other, in the same memory. */
    for (int j = 0; j < SIZES; j++) {
      size_t again = take_all(sizes[j], &chain);
      CHECK(again * sizes[j] > LIMIT * 80 / 100);
      free_all(chain, sizes[j]);
    }
    char *large = arena_alloc(LIMIT - 8192);
    CHECK(large != NULL);
    arena_free(large, LIMIT - 8192);
  }
}

/* A chunk with one block in use stays; what is in it is kept. */
static void test_chunks_in_use_stay(void) {
  enum { KEPT = 200, SIZE = 24, LIMIT = 1 << 20 };
  void *chain, *rest = NULL;
  char *kept[KEPT];
  begin(65536, LIMIT);
  size_t n = take_all(SIZE, &chain);
  int k = 0;
  for (size_t i = 0; i < n; i++) {
    void *next;
    memcpy(&next, chain, sizeof next);
    if (i % (n / KEPT) == 0 && k < KEPT) {
      memset(chain, k, SIZE);
      kept[k++] = chain;
    } else {
      memcpy(chain, &rest, sizeof rest);
      rest = chain;
    }
    chain = next;
  }
  free_all(rest, SIZE);
  size_t large = take_all(3000, &chain);
  CHECK(large > 0);
  CHECK(large * 3000 <= LIMIT - KEPT * 4096u + 65536);
  bool whole = true;
  for (int i = 0; i < k; i++) {
    for (int b = 0; b < SIZE; b++) whole = whole && kept[i][b] == (char)i;
  }
  CHECK(whole);
  for (int i = 0; i < k; i++) arena_free(kept[i], SIZE);
  free_all(chain, 3000);
  CHECK(arena_alloc(LIMIT - 8192) != NULL);
}

static void test_shrinking_never_fails(void) {
  void *chain;
  begin(65536, 1 << 20);
  char *block = arena_alloc(100000);
  memset(block, 7, 100000);
  take_all(2000, &chain);
  void *small_chain;
  take_all(8, &small_chain);
  bool good = true;
  for (size_t size = 100000; size > 1;) { /* through all sizes, large to small, with no memory left */
    size_t smaller = size > 1200 ? size - 997 : size - 1;
    block = arena_resize(block, size, smaller);
    good = good && block != NULL && block[0] == 7 && block[smaller - 1] == 7;
    if (!good) break;
    size = smaller;
    take_all(8, &small_chain);
  }
  CHECK(good);
}

static void test_refused_sizes(void) {
  static const size_t sizes[] = {0x7fffffff,   0x80000000u,      0xfffffff0u, SIZE_MAX,
                                 SIZE_MAX - 7, SIZE_MAX / 2 + 1, BUFFER};
  begin(65536, BUFFER);
  char *small_block = arena_alloc(40), *large_block = arena_alloc(4000);
  memset(small_block, 1, 40);
  memset(large_block, 2, 4000);
  char *top = arena_top();
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    CHECK(arena_alloc(sizes[i]) == NULL);
    CHECK(arena_resize(small_block, 40, sizes[i]) == NULL);
    CHECK(arena_resize(large_block, 4000, sizes[i]) == NULL);
  }
  CHECK(arena_top() == top);
  CHECK(small_block[39] == 1 && large_block[3999] == 2);
  arena_free(NULL, 0);
  arena_free(NULL, 4000);
}

static void test_blocks_grow_where_they_stand(void) {
  begin(65536, BUFFER);
  char *block = arena_alloc(1000);
  CHECK(arena_resize(block, 1000, 100000) == block); /* the top is above it */
  char *other = arena_alloc(1000);
  char *third = arena_alloc(1000);
  CHECK(arena_resize(block, 100000, 2000) == block);
  CHECK(arena_resize(block, 2000, 90000) == block); /* what it gave up is free again */
  CHECK(arena_resize(block, 90000, 110000) != block);
  CHECK(other < third);
}

static void test_a_block_freed_is_joined(void) {
  enum { N = 30, SIZE = 5000 };
  char *all[N];
  begin(65536, BUFFER);
  for (int i = 0; i < N; i++) all[i] = arena_alloc(SIZE);
  char *fence = arena_alloc(SIZE), *top = arena_top();
  for (int i = 0; i < N; i += 2) arena_free(all[i], SIZE);
  for (int i = 1; i < N; i += 2) arena_free(all[i], SIZE);
  char *whole = arena_alloc((size_t)N * SIZE);
  CHECK(whole == all[0]);
  CHECK(arena_top() == top);
  arena_free(whole, (size_t)N * SIZE);
  arena_free(fence, SIZE);
  CHECK(arena_top() == buffer);
  CHECK(arena_peak() == top);
}

/* What a script does that makes long strings: a buffer, the string in a block a little larger, and the buffer
 * goes. */
static void test_what_goes_each_time_leaves_one_hole(void) {
  enum { LARGE = 200000, STRINGS = LARGE / 4032 - 2 };
  begin(65536, BUFFER);
  char *whole = arena_alloc(LARGE), *fence = arena_alloc(600);
  arena_free(whole, LARGE); /* a free block below the fence, from which all that follows is cut */
  for (int i = 0; i < STRINGS; i++) {
    char *gone = arena_alloc(4000), *stays = arena_alloc(4024);
    CHECK(gone < fence && stays < fence);
    arena_free(gone, 4000);
  }
}

static void test_the_limit_can_be_moved(void) {
  begin(65536, 200000);
  CHECK(arena_alloc(300000) == NULL);
  arena_set_limit(buffer + 400000);
  char *block = arena_alloc(300000);
  CHECK(block != NULL);
  memset(block, 0, 300000);
  CHECK(arena_alloc(300000) == NULL);
}

static void test_an_unaligned_start(void) {
  begin(65536, BUFFER);
  memory_end = buffer + 65536;
  arena_init(buffer + 3, memory_end, buffer + BUFFER);
  char *a = arena_alloc(1), *b = arena_alloc(1000);
  CHECK((uintptr_t)a % ARENA_ALIGN == 0 && (uintptr_t)b % ARENA_ALIGN == 0);
  CHECK(a > buffer && b > buffer);
}

/* ---- freezing ---- */

/* Start-up as a packer sees it: blocks made and dropped in an order that `seed` decides. */
static char *start_up(uint64_t seed, char *kept[10]) {
  begin(65536, 1 << 20);
  for (int i = 0; i < 10; i++) {
    kept[i] = arena_alloc(50 + 100 * (size_t)i);
    memset(kept[i], i + 1, 50 + 100 * (size_t)i);
  }
  random_state = seed;
  count = 0;
  sound = true;
  churn(3000, 100);
  drop_all();
  return arena_freeze();
}

static void test_freezing(void) {
  enum { GAP = 50000 };
  char *kept[10];
  char *end = start_up(7, kept);
  CHECK(end != NULL && end <= arena_peak() + 16);
  /* Nothing but what is in use is left: random work's bytes are gone. Links between free blocks remain. */
  size_t left = 0;
  for (char *c = kept[9] + 950; c < end; c++) left += *c != 0;
  CHECK(left < (size_t)(end - kept[9]) / 2);
  CHECK(sound);

  arena_go_on(end + GAP);
  memset(end, 0x77, GAP); /* the room between belongs to somebody else */
  random_state = 8;
  churn(100000, 500);
  CHECK(sound);
  bool apart = true, whole = true;
  for (int i = 0; i < GAP; i++) apart = apart && end[i] == 0x77;
  for (int i = 0; i < 10; i++) {
    for (int b = 0; b < 50 + 100 * i; b++) whole = whole && kept[i][b] == (char)(i + 1);
  }
  CHECK(apart);
  CHECK(whole);
  drop_all();
  for (int i = 0; i < 10; i++)
    arena_free(kept[i], 50 + 100 * (size_t)i); /* blocks of start-up may be freed after it */
  void *chain;
  size_t n = take_all(24, &chain);
  CHECK(n * 24 > 500000);
  free_all(chain, 24);
  size_t rest = (size_t)(buffer + (1 << 20) - (end + GAP)) - 8192;
  CHECK(arena_alloc(rest) != NULL);
  for (int i = 0; i < GAP; i++) apart = apart && end[i] == 0x77;
  CHECK(apart);
}

static void test_equal_start_ups_freeze_equal(void) {
  static char first[BUFFER];
  char *kept[10];
  char *end = start_up(3, kept);
  size_t size = (size_t)(end - buffer);
  memcpy(first, buffer, size);
  char *again = start_up(3, kept);
  CHECK(again == end);
  CHECK(memcmp(first, buffer, size) == 0);
}

int main(void) {
  test_random_work();
  test_exhaustion();
  test_chunks_in_use_stay();
  test_shrinking_never_fails();
  test_refused_sizes();
  test_blocks_grow_where_they_stand();
  test_a_block_freed_is_joined();
  test_what_goes_each_time_leaves_one_hole();
  test_the_limit_can_be_moved();
  test_an_unaligned_start();
  test_freezing();
  test_equal_start_ups_freeze_equal();
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
