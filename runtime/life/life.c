/*
 * life.c - the Lua state on the arena, the image and its restoring, and the export `alloc`.
 *
 * Memory, low to high: the C stack; constants; data and the heap of start-up (together the image); room
 * for a copy of the image; what invocations allocate. The first invocation of an instance keeps the
 * copy, each later one copies it back. Nothing of an invocation survives, because every byte it can
 * know of lies in the image or above the arena's mark, and the arena's own state lies in the image. A trap
 * may end any of this at any point: the next invocation begins where this one began.
 */
#include "life/life.h"

#include <string.h>

#include "abi/abi.h"
#include "life/arena.h"
#include "life/interrupt.h"
#include "life/pages.h"
#include "ldo.h"
#include "lgc.h"
#include "lstate.h"
#include "lstring.h"

enum { KEEP_ALIGN = 16, CACHE_LINE = 64, RESERVE = 16384 };

extern char __heap_base;     /* wasm-ld: after static data */
extern char life_data_start; /* unwind.S: where constants end */

int life_is_kept(void); /* unwind.S */
void life_set_kept(void);

static lua_State *state;
static start_layout layout;
static char *memory_limit;
static bool refused;
static void *reserve; /* RESERVE bytes that nobody gets before memory has ended; NULL = given up */

/* Collects garbage, but runs no finalizer, where Lua can: the condition is luaM_malloc_'s. */
static bool collect(void) {
  if (state == NULL || !completestate(G(state)) || G(state)->gcstopem) return false;
  luaC_fullgc(interrupt_running(), 1);
  if (reserve == NULL && !life_starting()) reserve = arena_alloc(RESERVE);
  return true;
}

/*
 * Lua raises "not enough memory" (lua_config.h). Who catches it gets a little memory to go on with: Lua
 * collects garbage before it gives up, but not to grow a stack, and that may be the next thing to do.
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

/* lua_Alloc. Lua gives a type for the old size of a block that does not exist yet. */
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

/* Does `visit` with every short string there is. */
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
 * Hashes, and the table of strings by them, are the part of the image that gzip cannot make smaller. So they
 * are not packed, and the first invocation finds them anew.
 */
static void unhash_strings(void) {
  each_short_string(unhash);
  empty_string_table();
}

/* The table is emptied although it is packed so: a trap may have ended this before. */
static void hash_strings(void) {
  empty_string_table();
  each_short_string(hash);
}

bool life_freeze(size_t assets) {
  /* The collector rests until the heap is ten times what start-up left: most invocations end before. */
  lua_gc(state, LUA_GCINC, 1000, 0, 0);
  lua_gc(state, LUA_GCCOLLECT);
  lua_gc(state, LUA_GCCOLLECT); /* what finalizers of the first left */
  lua_gc(state, LUA_GCINC, LUAI_GCPAUSE, 0, 0);
  char *end = arena_freeze();
  if (end == NULL) return false;
  size_t image = (size_t)(end - &life_data_start);
  image += -image & (CACHE_LINE - 1); /* else each load of the copy would touch two */
  end = &life_data_start + image;
  if (end > memory_limit || (size_t)(uintptr_t)memory_limit - (size_t)(uintptr_t)end < image + assets)
    return false;
  layout.image_start = (uint32_t)(uintptr_t)&life_data_start;
  layout.image_end = (uint32_t)(uintptr_t)end;
  layout.assets_start = layout.image_end + (uint32_t)image;
  layout.arena_start = layout.assets_start + (uint32_t)assets + (-(uint32_t)assets & (KEEP_ALIGN - 1));
  unhash_strings();
  arena_set_limit((char *)UINTPTR_MAX);
  arena_go_on((char *)(uintptr_t)layout.arena_start);
  return true;
}

void life_begin(void) {
  char *image = (char *)(uintptr_t)layout.image_start;
  char *kept = (char *)(uintptr_t)layout.image_end;
  size_t size = layout.image_end - layout.image_start;
  if (!life_is_kept()) {
    hash_strings();
    memcpy(kept, image, size);
    life_set_kept();
  } else {
    memcpy(image, kept, size);
  }
  reserve = arena_alloc(RESERVE);
}

/* For the edge, not in a flare: the address that the invocation's memory reached. */
ABI_EXPORT(peak)
uint32_t life_peak(void) { return (uint32_t)(uintptr_t)arena_peak(); }

bool life_take_refusal(void) {
  bool was = refused;
  refused = false;
  return was;
}

/* Takes a block, with a collection that runs no finalizer where memory is full; NULL when it stays full. */
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
 * The export: memory for the host to hand something over, 8-byte aligned; 0 for no or a negative length
 * and when memory is full. The binding that made the call frees it (binding_push_packed).
 */
ABI_EXPORT(alloc)
void *life_alloc(int32_t length) {
  if (length <= 0) return NULL;
  void *block = take((size_t)length);
  if (block == NULL) refused = true;
  return block;
}
