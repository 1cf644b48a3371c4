/*
 * lmem_arena.c - Lua's memory functions, directly on the arena.
 *
 * Lua's own (lmem.c) call the state's allocator through a pointer. These call the arena, so small blocks cost
 * a few instructions, and tools/unwind sees that freeing cannot throw. The four of lmem.c are left out
 * (patches/memory-on-the-arena.patch); the rest of it is used.
 */
#define LUA_CORE
#include "life/arena.h"
#include "ldo.h"
#include "life/life.h"
#include "lmem.h"
#include "lstate.h"

void luaM_free_(lua_State *L, void *block, size_t old_size) {
  arena_free(block, old_size);
  G(L)->GCdebt -= (l_mem)old_size;
}

void *luaM_realloc_(lua_State *L, void *block, size_t old_size, size_t size) {
  void *moved = life_resize(block, old_size, size);
  if (moved != NULL || size == 0) G(L)->GCdebt += (l_mem)size - (l_mem)old_size;
  return moved;
}

void *luaM_saferealloc_(lua_State *L, void *block, size_t old_size, size_t size) {
  void *moved = luaM_realloc_(L, block, old_size, size);
  if (l_unlikely(moved == NULL && size > 0)) luaM_error(L);
  return moved;
}

void *luaM_malloc_(lua_State *L, size_t size, int tag) {
  (void)tag;
  if (size == 0) return NULL;
  void *block = arena_alloc(size);
  if (l_unlikely(block == NULL)) {
    block = life_resize(NULL, 0, size);
    if (block == NULL) luaM_error(L);
  }
  G(L)->GCdebt += (l_mem)size;
  return block;
}
