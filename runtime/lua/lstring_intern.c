/*
 * lstring_intern.c - strings as Lua makes them, in place of lstring.c's, and what is done against keys that
 * were chosen to collide.
 *
 * The seed of hashes is public, since it comes from the bundle (start.c), so anybody can find strings that
 * all belong in one place of the table of strings, or of a table. Nobody can avoid that they are noticed
 * there: then the host gives a secret seed, and what comes later is hashed by that, for the rest of the
 * invocation. Neither tables nor the order of `pairs` change where no key is inserted:
 *
 * - A short string keeps the hash that it was made with. Whoever looks for one looks by both hashes.
 * - Equal long strings are many objects, so a table has one hash for all of them: when an insertion finds too
 * many in one place, the table is rehashed by the secret one.
 *
 * Numbers as keys are as in stock Lua: who chooses integers can have them collide (docs/limits.md).
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

static unsigned secret; /* 0 = not asked for in this invocation */

/* What happens only when keys collide, so its size is what counts. */
#define RARE __attribute__((noinline, minsize))

/* The secret seed; the public one when there is none to be had. */
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
  if (table->nuse >= table->size) luaS_resize(L, table->size * 2); /* goes without where memory is full */
  GCObject *object = luaC_newobj(L, LUA_VSHRSTR, sizelstring(size));
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
      luaS_createlngstrobj(L, size); /* of bytes that are in memory, so the sum of sizes does not overflow */
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
