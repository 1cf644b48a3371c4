/*
 * arena.c - the allocator of arena.h.
 *
 * Small blocks (up to SMALL_MAX bytes) come from one free list per size, filled from chunks. A chunk whose
 * blocks are all free is freed only when memory is full, since most invocations end before that. Large blocks
 * have a header with their own and their lower neighbour's size, so that free neighbours are merged at once.
 * Free blocks are in lists by size, in two levels as in Masmano's TLSF: allocating and freeing take constant
 * time. Above the last block is the top, which grows.
 *
 * Invariants: two neighbouring large blocks are never both free; the block below the top is never free, nor
 * is a frozen arena's mark; a list holds only free blocks of its range of sizes, and its bit is set exactly
 * if it is not empty.
 */
#include "life/arena.h"

#include <string.h>

#include "life/pages.h"

enum {
  SMALL_MAX = 512,
  SMALL_CLASSES = SMALL_MAX / ARENA_ALIGN + 1,
  CHUNK = 4096, /* size of a block that small blocks are cut from, header included */
  FIRST_SHIFT = 9,
  SECOND_BITS = 3,
  SECOND = 1 << SECOND_BITS,
  FIRST = 32 - FIRST_SHIFT,
  FREE = 1, /* low bits of `size`: the block is free; */
  CUT = 2   /* it is a chunk, from which small blocks are cut */
};

typedef struct small {
  struct small *next;
} small;

typedef struct large {
  uint32_t below; /* size of the block just below this one, 0 = none */
  uint32_t size;  /* size of this block with its header, a multiple of ARENA_ALIGN; low bits: FREE, CUT */
  struct large *next, *previous; /* neighbours in its list, if it is free */
} large;

enum { HEADER = 8, LARGE_MIN = SMALL_MAX + ARENA_ALIGN + HEADER };

static struct {
  small *small[SMALL_CLASSES];
  char *cut, *cut_end; /* the rest of the chunk that small blocks are cut from */
  large *lists[FIRST][SECOND];
  uint32_t first_bits;
  uint8_t second_bits[FIRST];
  char *start, *top, *end, *limit, *peak;
  uint32_t below_top; /* size of the block below the top */
} arena;

static char *arena_apart, *arena_apart_end; /* the rest of the chunk of arena_alloc_apart */

static uintptr_t arena_round_up(uintptr_t n) { return (n + ARENA_ALIGN - 1) & ~(uintptr_t)(ARENA_ALIGN - 1); }

static uint32_t arena_size_of(const large *block) { return block->size & ~(uint32_t)(FREE | CUT); }

static large *arena_above(large *block) { return (large *)((char *)block + arena_size_of(block)); }

void arena_init(char *start, char *end, char *limit) {
  memset(&arena, 0, sizeof arena);
  start += arena_round_up((uintptr_t)start) - (uintptr_t)start;
  arena.start = arena.top = arena.peak = start;
  arena.limit = limit;
  arena.end = end < limit ? end : limit;
}

void arena_set_limit(char *limit) { arena.limit = limit; }

char *arena_top(void) { return arena.top; }

char *arena_peak(void) { return arena.peak > arena.top ? arena.peak : arena.top; }

/* Finds the list for blocks of `size`, at least LARGE_MIN. */
static void arena_list_of(uint32_t size, int *first, int *second) {
  int log = 31 - __builtin_clz(size);
  *first = log - FIRST_SHIFT;
  *second = (int)(size >> (log - SECOND_BITS)) & (SECOND - 1);
}

static void arena_list_insert(large *block) {
  int f, s;
  arena_list_of(block->size, &f, &s);
  block->previous = NULL;
  block->next = arena.lists[f][s];
  if (block->next != NULL) block->next->previous = block;
  arena.lists[f][s] = block;
  arena.first_bits |= 1u << f;
  arena.second_bits[f] |= (uint8_t)(1u << s);
  block->size |= FREE;
}

static void arena_list_remove(large *block) {
  int f, s;
  block->size &= ~(uint32_t)FREE;
  arena_list_of(block->size, &f, &s);
  if (block->next != NULL) block->next->previous = block->previous;
  if (block->previous != NULL) {
    block->previous->next = block->next;
    return;
  }
  arena.lists[f][s] = block->next;
  if (block->next != NULL) return;
  arena.second_bits[f] &= (uint8_t) ~(1u << s);
  if (arena.second_bits[f] == 0) arena.first_bits &= ~(1u << f);
}

/*
 * Finds a free block of at least `size` and removes it from its list; NULL if there is none. What was freed
 * last of this size comes first: if larger blocks were cut while it lies there, whoever allocates by turns
 * something that stays and something that goes would leave a hole each time.
 */
static large *arena_list_find(uint32_t size) {
  int f, s;
  arena_list_of(size, &f, &s);
  large *block = arena.lists[f][s];
  if (block != NULL && arena_size_of(block) >= size) {
    arena_list_remove(block);
    return block;
  }
  uint32_t step = 1u << (31 - __builtin_clz(size) - SECOND_BITS);
  if (size <= UINT32_MAX - step) { /* any block of the next list up is large enough */
    arena_list_of(size + step - 1, &f, &s);
    uint32_t second = arena.second_bits[f] & (~0u << s);
    if (second == 0) {
      uint32_t first = f + 1 < FIRST ? arena.first_bits & (~0u << (f + 1)) : 0;
      if (first != 0) {
        f = __builtin_ctz(first);
        second = arena.second_bits[f];
      }
    }
    if (second != 0) {
      block = arena.lists[f][__builtin_ctz(second)];
      arena_list_remove(block);
      return block;
    }
  }
  arena_list_of(size, &f, &s); /* a block of its own list may be large enough */
  for (block = arena.lists[f][s]; block != NULL; block = block->next) {
    if (arena_size_of(block) >= size) {
      arena_list_remove(block);
      return block;
    }
  }
  return NULL;
}

/* Stores the size of `block` in the block above it, or for the top. */
static void arena_tell_above(large *block) {
  large *next = arena_above(block);
  if ((char *)next == arena.top) {
    arena.below_top = block->size;
  } else {
    next->below = block->size;
  }
}

/* Frees a block: merges it with free neighbours and puts it into a list or into the top. */
static void arena_large_release(large *block) {
  large *next = arena_above(block);
  if ((char *)next != arena.top && (next->size & FREE)) {
    arena_list_remove(next);
    block->size += next->size;
  }
  if (block->below != 0) {
    large *below = (large *)((char *)block - block->below);
    if (below->size & FREE) {
      arena_list_remove(below);
      below->size += block->size;
      block = below;
    }
  }
  if ((char *)arena_above(block) == arena.top) {
    if (arena.top > arena.peak) arena.peak = arena.top;
    arena.top = (char *)block;
    arena.below_top = block->below;
    return;
  }
  arena_tell_above(block);
  arena_list_insert(block);
}

/* Cuts off and frees the part of a used block beyond `size`, if it is large enough for a block. */
static void arena_large_trim(large *block, uint32_t size) {
  uint32_t rest = block->size - size;
  if (rest < LARGE_MIN) return;
  large *tail = (large *)((char *)block + size);
  block->size = size;
  tail->below = size;
  tail->size = rest;
  arena_tell_above(tail);
  arena_large_release(tail);
}

/* Grows the memory so that `size` bytes exist above the top; false if that fails. */
static bool arena_top_reach(size_t size) {
  if ((size_t)(arena.end - arena.top) >= size) return true;
  if (arena.limit < arena.top || (size_t)(arena.limit - arena.top) < size) return false;
  if (!pages_grow(arena.top + size, &arena.end)) return false;
  if (arena.end > arena.limit) arena.end = arena.limit;
  return true;
}

/* The size of a block for `size` bytes of payload; 0 if that is too large. */
static uint32_t arena_large_size(size_t size) {
  if (size > INT32_MAX) return 0;
  uint32_t whole = (uint32_t)arena_round_up(size) + HEADER;
  return whole < LARGE_MIN ? LARGE_MIN : whole;
}

/* Allocates a block of `size` bytes with its header; NULL if there is none. */
static large *arena_large_get(uint32_t size) {
  large *block = arena_list_find(size);
  if (block != NULL) {
    arena_large_trim(block, size);
    return block;
  }
  if (!arena_top_reach(size)) return NULL;
  block = (large *)arena.top;
  block->below = arena.below_top;
  block->size = size;
  arena.top += size;
  arena.below_top = size;
  return block;
}

/* Merges two lists that are sorted by address. */
static small *arena_merge(small *a, small *b) {
  small *first, **last = &first;
  while (a != NULL && b != NULL) {
    small **from = a < b ? &a : &b;
    *last = *from;
    last = &(*from)->next;
    *from = *last;
  }
  *last = a != NULL ? a : b;
  return first;
}

/* Sorts a list by address; runs[n] is a sorted list of 2^n blocks, or empty. */
static small *arena_sort(small *list) {
  small *runs[32] = {NULL};
  while (list != NULL) {
    small *run = list;
    list = list->next;
    run->next = NULL;
    int n = 0;
    for (; runs[n] != NULL; n++) {
      run = arena_merge(runs[n], run);
      runs[n] = NULL;
    }
    runs[n] = run;
  }
  for (int n = 0; n < 32; n++) list = arena_merge(runs[n], list);
  return list;
}

/*
 * Frees the chunks whose small blocks are all free; false if there are none. It walks over all chunks above
 * arena.start and, in step, over the free lists, sorted by address.
 */
static bool arena_reclaim(void) {
  small *rest[SMALL_CLASSES], **kept[SMALL_CLASSES];
  large *empty = NULL;
  for (int c = 0; c < SMALL_CLASSES; c++) {
    rest[c] = arena_sort(arena.small[c]);
    kept[c] = &arena.small[c];
  }
  for (large *chunk = (large *)arena.start; (char *)chunk != arena.top; chunk = arena_above(chunk)) {
    if (!(chunk->size & CUT)) continue;
    small *begin = (small *)chunk, *end = (small *)arena_above(chunk);
    size_t unused = (char *)end == arena.cut_end ? (size_t)(arena.cut_end - arena.cut) : 0;
    for (int c = 1; c < SMALL_CLASSES; c++) {
      for (; rest[c] != NULL && rest[c] < begin; rest[c] = rest[c]->next) {
        *kept[c] = rest[c];
        kept[c] = &rest[c]->next;
      }
      for (small *b = rest[c]; b != NULL && b < end; b = b->next) unused += (size_t)c * ARENA_ALIGN;
    }
    if (unused != arena_size_of(chunk) - HEADER) continue;
    for (int c = 1; c < SMALL_CLASSES; c++) {
      while (rest[c] != NULL && rest[c] < end) rest[c] = rest[c]->next;
    }
    if ((char *)end == arena.cut_end) arena.cut = arena.cut_end = NULL;
    chunk->next = empty;
    empty = chunk;
  }
  for (int c = 0; c < SMALL_CLASSES; c++) *kept[c] = rest[c];
  if (empty == NULL) return false;
  while (empty != NULL) {
    large *chunk = empty;
    empty = chunk->next;
    chunk->size = arena_size_of(chunk);
    arena_large_release(chunk);
  }
  return true;
}

static void *arena_large_alloc(size_t payload) {
  uint32_t size = arena_large_size(payload);
  if (size == 0) return NULL;
  large *block = arena_large_get(size);
  if (block == NULL && arena_reclaim()) block = arena_large_get(size);
  return block != NULL ? (char *)block + HEADER : NULL;
}

/* Resizes a large block in place; false if that is impossible. */
static bool arena_large_resize(large *block, size_t payload) {
  uint32_t size = arena_large_size(payload);
  if (size == 0) return false;
  if (size > block->size) {
    large *next = arena_above(block);
    if ((char *)next == arena.top) {
      uint32_t more = size - block->size;
      if (!arena_top_reach(more)) return false;
      arena.top += more;
      block->size = size;
      arena.below_top = size;
      return true;
    }
    if (!(next->size & FREE) || block->size + arena_size_of(next) < size) return false;
    arena_list_remove(next);
    block->size += next->size;
    arena_tell_above(block);
  }
  arena_large_trim(block, size);
  return true;
}

/* Takes a new chunk to cut small blocks from; the rest of the old chunk becomes a free small block. */
static bool arena_chunk_next(void) {
  char *chunk = arena_large_alloc(CHUNK - HEADER);
  if (chunk == NULL)
    chunk = arena_large_alloc(SMALL_MAX + ARENA_ALIGN); /* memory is nearly full: take the smallest chunk */
  if (chunk == NULL) return false;
  size_t rest = (size_t)(arena.cut_end - arena.cut);
  if (rest != 0) arena_free(arena.cut, rest);
  large *block = (large *)(chunk - HEADER);
  arena.cut = chunk;
  arena.cut_end = (char *)arena_above(block);
  block->size |= CUT;
  return true;
}

void *arena_alloc_apart(size_t size) {
  size = arena_round_up(size);
  if (arena.small[size / ARENA_ALIGN] != NULL) return arena_alloc(size); /* else garbage would fill memory */
  if ((size_t)(arena_apart_end - arena_apart) < size) {
    char *chunk = arena_large_alloc(CHUNK - HEADER);
    if (chunk == NULL) return NULL;
    size_t rest = (size_t)(arena_apart_end - arena_apart);
    if (rest != 0) arena_free(arena_apart, rest);
    large *block = (large *)(chunk - HEADER);
    arena_apart = chunk;
    arena_apart_end = (char *)arena_above(block);
    block->size |= CUT;
  }
  arena_apart += size;
  return arena_apart - size;
}

void *arena_alloc(size_t size) {
  if (size > SMALL_MAX) return arena_large_alloc(size);
  size_t class = (size + ARENA_ALIGN - 1) / ARENA_ALIGN;
  small *block = arena.small[class];
  if (block != NULL) {
    arena.small[class] = block->next;
    return block;
  }
  size = class * ARENA_ALIGN;
  if ((size_t)(arena.cut_end - arena.cut) < size && !arena_chunk_next()) return NULL;
  block = (small *)arena.cut;
  arena.cut += size;
  return block;
}

void arena_free(void *block, size_t size) {
  if (block == NULL || size == 0) return;
  if (size > SMALL_MAX) {
    arena_large_release((large *)((char *)block - HEADER));
    return;
  }
  size_t class = (size + ARENA_ALIGN - 1) / ARENA_ALIGN;
  ((small *)block)->next = arena.small[class];
  arena.small[class] = block;
}

/* Shrinks a block in place to a small one: the rest becomes free small blocks, and a large block becomes a
 * chunk. */
static void arena_shrink(char *block, size_t old_size, size_t size) {
  size_t used = arena_round_up(size), whole = arena_round_up(old_size);
  if (old_size > SMALL_MAX) {
    large *chunk = (large *)(block - HEADER);
    arena_large_trim(chunk, LARGE_MIN);
    whole = arena_size_of(chunk) - HEADER;
    chunk->size |= CUT;
  }
  while (used < whole) {
    size_t part = whole - used < SMALL_MAX ? whole - used : SMALL_MAX;
    arena_free(block + used, part);
    used += part;
  }
}

void *arena_resize(void *block, size_t old_size, size_t size) {
  bool was_small = old_size <= SMALL_MAX, is_small = size <= SMALL_MAX;
  if (was_small && is_small && arena_round_up(old_size) == arena_round_up(size)) return block;
  if (!was_small && !is_small && arena_large_resize((large *)((char *)block - HEADER), size)) return block;
  void *moved = arena_alloc(size);
  if (moved == NULL) {
    if (size > old_size) return NULL;
    arena_shrink(block, old_size, size);
    return block;
  }
  memcpy(moved, block, old_size < size ? old_size : size);
  arena_free(block, old_size);
  return moved;
}

void arena_each_free(void (*visit)(void *start, size_t size)) {
  for (int c = 1; c < SMALL_CLASSES; c++) {
    for (small *b = arena.small[c]; b != NULL; b = b->next) visit(b + 1, (size_t)c * ARENA_ALIGN - sizeof *b);
  }
  if (arena.cut != NULL) visit(arena.cut, (size_t)(arena.cut_end - arena.cut));
  if (arena_apart != NULL) visit(arena_apart, (size_t)(arena_apart_end - arena_apart));
  for (int f = 0; f < FIRST; f++) {
    for (int s = 0; s < SECOND; s++) {
      for (large *b = arena.lists[f][s]; b != NULL; b = b->next) visit(b + 1, arena_size_of(b) - sizeof *b);
    }
  }
}

static void arena_clear(void *start, size_t size) { memset(start, 0, size); }

char *arena_freeze(void) {
  arena_each_free(arena_clear);
  if (!arena_top_reach(HEADER)) return NULL;
  large *mark = (large *)arena.top; /* a block that stays in use: no block above it is its neighbour */
  mark->below = arena.below_top;
  mark->size = HEADER;
  return arena.top + HEADER;
}

void arena_go_on(char *top) {
  arena.start = arena.top = arena.peak = top + (arena_round_up((uintptr_t)top) - (uintptr_t)top);
  arena.end = arena.top;
  arena.below_top = 0;
}
