/*
 * life.c - the Lua state on the arena, the image and its restoration, and the export `alloc`.
 *
 * Memory, low to high: the C stack; constants; data and the heap of start-up (together the image); a copy of
 * what can change of the image; the memory of invocations. The first invocation of an instance makes the
 * copy, each later one restores the image from it. Nothing of an invocation survives, because every byte that
 * it can change is in the image or above the arena's mark, and the arena's own state is in the image; and
 * what is not restored of the image (constant.h) is constant or in no block. A trap may end any of this at
 * any point: the next invocation starts from the same state as this one.
 */
#include "life/life.h"

#include <string.h>

#include "abi/abi.h"
#include "life/arena.h"
#include "life/constant.h"
#include "life/interrupt.h"
#include "life/pages.h"
#include "ldo.h"
#include "lgc.h"
#include "lstate.h"
#include "lstring.h"

enum { KEEP_ALIGN = 16, RESERVE = 16384, PIECES_MAX = 16 };

extern char __heap_base;     /* wasm-ld: after static data */
extern char life_data_start; /* unwind.S: where constants end */

int life_is_kept(void); /* unwind.S */
void life_set_kept(void);
enum { STRINGS_MOVED = 2 }; /* life_is_kept: the lists of strings are not those of the image */

static lua_State *state;
static start_layout layout;
static constant_piece pieces[PIECES_MAX]; /* of the image, which are restored */
static size_t piece_count;
static char *memory_limit;
static bool refused;
static void *reserve; /* RESERVE bytes that are kept free until memory has run out; NULL = freed */

/* Collects garbage without running finalizers, if Lua can: the condition is that of luaM_malloc_. */
static bool collect(void) {
  if (state == NULL || !completestate(G(state)) || G(state)->gcstopem) return false;
  luaC_fullgc(interrupt_running(), 1);
  if (reserve == NULL && !life_starting()) reserve = arena_alloc(RESERVE);
  return true;
}

/*
 * Lua raises "not enough memory" (lua_config.h). Frees the reserve, so that a script that catches the error
 * can continue: Lua collects garbage before it gives up, but not to grow a stack, which may be the next step.
 */
void life_memory_ended(void) {
  arena_free(reserve, RESERVE);
  reserve = NULL;
}

void *life_resize(void *block, size_t old_size, size_t size) {
  if (size == 0) {
    arena_free(block, old_size);
    return NULL;
  }
  for (bool again = true;; again = false) {
    void *moved = block == NULL ? arena_alloc(size) : arena_resize(block, old_size, size);
    if (moved != NULL || size > INT32_MAX || !again || !collect()) return moved;
  }
}

/* lua_Alloc. For a new block, Lua passes a type as the old size. */
static void *allocate(void *ud, void *block, size_t old_size, size_t size) {
  (void)ud;
  return life_resize(block, block == NULL ? 0 : old_size, size);
}

lua_State *life_create(char *limit) {
  memory_limit = limit;
  arena_init(&__heap_base, pages_end(), limit);
  state = lua_newstate(allocate, NULL);
  interrupt_set_running(state);
  return state;
}

lua_State *life_main(void) { return state; }

bool life_starting(void) { return layout.image_end == 0; }

const start_layout *life_get_layout(void) { return &layout; }

/* Calls `visit` for every short string. */
static void each_short_string(void (*visit)(TString *)) {
  GCObject *const lists[] = {G(state)->allgc, G(state)->fixedgc};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    for (GCObject *o = lists[i]; o != NULL; o = o->next) {
      if (o->tt == LUA_VSHRSTR) visit(gco2ts(o));
    }
  }
}

static void unhash(TString *s) {
  s->hash = 0;
  s->u.hnext = NULL;
}

static void hash(TString *s) {
  stringtable *table = &G(state)->strt;
  s->hash = luaS_hash(getshrstr(s), s->shrlen, G(state)->seed);
  TString **list = &table->hash[lmod(s->hash, table->size)];
  s->u.hnext = *list;
  *list = s;
}

static void empty_string_table(void) {
  memset(G(state)->strt.hash, 0, (size_t)G(state)->strt.size * sizeof(TString *));
}

/*
 * gzip cannot compress hashes and the string table. So they are not packed, and the first invocation computes
 * them.
 */
static void unhash_strings(void) {
  each_short_string(unhash);
  empty_string_table();
}

/* Empties the table although it is packed empty, since a trap may have ended an earlier call of this. */
static void hash_strings(void) {
  empty_string_table();
  each_short_string(hash);
}

bool life_freeze(size_t assets, bool whole) {
  /* The collector pauses until the heap is ten times its size after start-up: most invocations end before. */
  lua_gc(state, LUA_GCINC, 1000, 0, 0);
  lua_gc(state, LUA_GCCOLLECT);
  lua_gc(state, LUA_GCCOLLECT); /* garbage of finalizers that the first collection ran */
  lua_gc(state, LUA_GCINC, LUAI_GCPAUSE, 0, 0);
  char *end = arena_freeze(), *memory_end;
  if (end == NULL) return false;
  size_t image = (size_t)(end - &life_data_start), lines;
  image += -image & (CONSTANT_LINE - 1);
  lines = image / CONSTANT_LINE;
  end = &life_data_start + image;
  if (end > memory_limit || (size_t)(memory_limit - end) < image + assets ||
      !pages_grow(end + lines, &memory_end))
    return false;
  memset(end, 0, lines);
  piece_count = constant_find(state, &life_data_start, image, (uint8_t *)end, pieces, PIECES_MAX);
  memset(end, 0, lines);
  if (whole) {
    piece_count = 1;
    pieces[0] = (constant_piece){(uint32_t)(uintptr_t)&life_data_start, (uint32_t)image};
  }
  size_t kept = 0;
  for (size_t i = 0; i < piece_count; i++) kept += pieces[i].size;
  layout.image_start = (uint32_t)(uintptr_t)&life_data_start;
  layout.image_end = (uint32_t)(uintptr_t)end;
  layout.assets_start = layout.image_end + (uint32_t)kept;
  layout.arena_start = layout.assets_start + (uint32_t)assets + (-(uint32_t)assets & (KEEP_ALIGN - 1));
  unhash_strings();
  arena_set_limit((char *)UINTPTR_MAX);
  arena_go_on((char *)(uintptr_t)layout.arena_start);
  return true;
}

/* Copies what can change of the image to the kept image. */
static void keep(void) {
  char *kept = (char *)(uintptr_t)layout.image_end;
  for (size_t i = 0; i < piece_count; kept += pieces[i++].size)
    memcpy(kept, (char *)(uintptr_t)pieces[i].start, pieces[i].size);
}

/* Copies the kept image back. */
static void restore(void) {
  const char *kept = (char *)(uintptr_t)layout.image_end;
  for (size_t i = 0; i < piece_count; kept += pieces[i++].size)
    memcpy((char *)(uintptr_t)pieces[i].start, kept, pieces[i].size);
}

void life_begin(void) {
  int was = life_is_kept();
  if (was != 0) restore();
  if (was == 0 || was == STRINGS_MOVED) hash_strings();
  if (was == 0) keep();
  if (was != 1) life_set_kept();
  reserve = arena_alloc(RESERVE);
}

/* For the edge, not in a flare: the highest address that the invocation used. */
ABI_EXPORT(peak)
uint32_t life_peak(void) { return (uint32_t)(uintptr_t)arena_peak(); }

/*
 * For the edge, not in a flare: the next invocation begins with all that the last one left, as if it were the
 * same, and not interrupted. The last one must have returned.
 */
ABI_EXPORT(keep)
void life_keep(void) {
  lua_settop(state, 0);
  interrupt_forget(state);
  life_memory_ended(); /* life_begin takes another reserve */
  keep();
}

bool life_take_refusal(void) {
  bool was = refused;
  refused = false;
  return was;
}

/* Allocates a block; if memory is full, collects garbage without finalizers first. NULL if it stays full. */
static void *take(size_t size) {
  void *block = arena_alloc(size);
  if (block == NULL && size < INT32_MAX && collect()) block = arena_alloc(size);
  return block;
}

_Noreturn void life_raise_memory(void) { luaD_throw(interrupt_running(), LUA_ERRMEM); }

bool life_make_room(size_t size) {
  void *block = take(size);
  arena_free(block, size);
  return block != NULL;
}

/*
 * The export: allocates memory for an answer of the host, 8-byte aligned; 0 for a length of 0 or less and if
 * memory is full. The binding that made the call frees it (binding_push_packed).
 */
ABI_EXPORT(alloc)
void *life_alloc(int32_t length) {
  if (length <= 0) return NULL;
  void *block = take((size_t)length);
  if (block == NULL) refused = true;
  return block;
}
