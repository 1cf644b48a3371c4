/*
 * lstring_intern.c - creates Lua's strings, in place of lstring.c, and defends against keys that were chosen
 * to collide.
 *
 * The hash seed is public, since it comes from the bundle (start.c), so an attacker can find strings that
 * share one list of the string table, or one chain of a table. But such collisions are noticed: then the host
 * supplies a secret seed, and later strings are hashed with it, for the rest of the invocation. Neither
 * tables nor the order of `pairs` change unless a key is inserted:
 *
 * - A short string keeps the hash that it was made with. A look-up tries both hashes.
 * - Equal long strings may be several objects, so a table uses one hash for all of them: if an insertion
 *   finds too
 * many in one place, the table is rehashed by the secret one.
 *
 * Numbers as keys are hashed as in stock Lua: chosen integers can collide (docs/limits.md).
 */
#define LUA_CORE
#include "lua/lstring_intern.h"

#include <string.h>

#include "abi/abi.h"
#include "life/arena.h"
#include "lgc.h"
#include "life/life.h"
#include "lmem.h"
#include "lstate.h"
#include "ltable.h"

unsigned intern_compared;

static unsigned secret; /* 0 = not requested in this invocation */

/* Marks functions that run only if keys collide, so they are optimised for size. */
#define RARE __attribute__((noinline, minsize))

/* The secret seed; the public one if the host gives none. */
RARE static unsigned secret_seed(lua_State *L) {
  enum { BYTES = 16 };
  if (secret == 0 && !life_starting()) {
    abi_packed answer = crypto_random_bytes(BYTES);
    size_t size = (size_t)(answer & UINT32_MAX);
    char *hex = (char *)(uintptr_t)(answer >> 32);
    secret = G(L)->seed;
    if (size != 0) secret = luaS_hash(hex, size, secret);
    arena_free(hex, size);
    life_take_refusal();
  }
  return secret != 0 ? secret : G(L)->seed;
}

/* luaC_newobj for a short string during start-up. */
GCObject *intern_apart(lua_State *L, size_t size);

/* Strings lie apart from what changes, so that an invocation restores no memory between them
 * (life/constant.h). */
GCObject *intern_apart(lua_State *L, size_t size) {
  global_State *g = G(L);
  GCObject *object = arena_alloc_apart(size);
  if (object == NULL) return luaC_newobj(L, LUA_VSHRSTR, size);
  g->GCdebt += (l_mem)size;
  object->marked = luaC_white(g);
  object->tt = LUA_VSHRSTR;
  object->next = g->allgc;
  g->allgc = object;
  return object;
}

static TString *intern(lua_State *L, const char *string, size_t size) {
  global_State *g = G(L);
  stringtable *table = &g->strt;
  unsigned seed = g->seed, hash, other = seed;
  do {
    int compared = 0;
    seed = other;
    hash = luaS_hash(string, size, seed);
    for (TString *s = table->hash[lmod(hash, table->size)]; s != NULL; s = s->u.hnext, compared++) {
      if (s->shrlen == size && memcmp(getshrstr(s), string, size) == 0) {
        if (isdead(g, s)) changewhite(s);
        return s;
      }
    }
    if (compared > INTERN_LONGEST || secret != 0) other = secret_seed(L);
  } while (other != seed);
  if (table->nuse >= table->size)
    luaS_resize(L, table->size * 2); /* if memory is full, the table stays as it is */
  GCObject *object =
      life_starting() ? intern_apart(L, sizelstring(size)) : luaC_newobj(L, LUA_VSHRSTR, sizelstring(size));
  TString *s = gco2ts(object);
  s->hash = hash;
  s->extra = 0;
  s->shrlen = cast_byte(size);
  memcpy(getshrstr(s), string, size);
  getshrstr(s)[size] = '\0';
  TString **list = &table->hash[lmod(hash, table->size)];
  s->u.hnext = *list;
  *list = s;
  table->nuse++;
  return s;
}

TString *luaS_newlstr(lua_State *L, const char *string, size_t size) {
  if (size <= LUAI_MAXSHORTLEN) return intern(L, string, size);
  TString *s =
      luaS_createlngstrobj(L, size); /* the bytes are in memory, so the sum of sizes does not overflow */
  memcpy(getlngstr(s), string, size);
  return s;
}

unsigned intern_hash(const Table *t, TString *key) {
  enum { PUBLIC = 1, SECRET }; /* TString.extra: which hash it has */
  lu_byte kind = t->flags & INTERN_SECRET ? SECRET : PUBLIC;
  intern_compared = 0;
  if (key->extra != kind) {
    key->hash = luaS_hash(getlngstr(key), key->u.lnglen, kind == PUBLIC ? G(life_main())->seed : secret);
    key->extra = kind;
  }
  return key->hash;
}

int intern_equal(TString *a, TString *b) {
  intern_compared++;
  return luaS_eqlngstr(a, b);
}

RARE void intern_rescue(lua_State *L, Table *t) {
  Node *old = t->node, *end = old + sizenode(t);
  size_t size = (size_t)sizenode(t) * sizeof(Node);
  intern_compared = 0;
  if (t->flags & INTERN_SECRET || t->lastfree == NULL || secret_seed(L) == G(L)->seed) return;
  Node *node = luaM_realloc_(L, NULL, 0, size);
  if (node == NULL) return;
  t->node = node;
  t->lastfree = node + sizenode(t);
  t->flags |= INTERN_SECRET;
  for (; node < t->lastfree; node++) {
    gnext(node) = 0;
    setnilkey(node);
    setempty(gval(node));
  }
  for (node = old; node < end; node++) {
    TValue key;
    if (isempty(gval(node))) continue;
    getnodekey(L, &key, node);
    luaH_set(L, t, &key, gval(node));
  }
  luaM_free_(L, old, size);
}
