/*
 * lstring_intern.h - keys that somebody chose to collide: how they are noticed, and what is done. For
 * ltable.c (patches/keys-that-collide.patch) and lstring_intern.c.
 */
#ifndef FLARON_INTERN_H
#define FLARON_INTERN_H

#include "lobject.h"
#include "lstring.h"

enum {
  INTERN_LONGEST =
      12, /* more strings in one place than chance puts there: once in a million tables of 100,000 */
  INTERN_SECRET = 1 << 6 /* in Table.flags, where Lua has no use for it: long keys lie by their secret hash */
};

/* How many long keys the last look-up of a long key was compared with. */
extern unsigned intern_compared;

/* luaS_hashlongstr for a key of `t`, and luaS_eqlngstr for keys: in ltable.c they stand in their place. */
unsigned intern_hash(const Table *t, TString *key);
int intern_equal(TString *a, TString *b);

#ifdef INTERN_KEYS
#define luaS_hashlongstr(key) intern_hash(t, key)
#define luaS_eqlngstr intern_equal
#endif

/* Before a key is inserted into `t`, after it was looked up. May move all nodes; raises nothing. */
#define intern_guard(L, t) (l_unlikely(intern_compared > INTERN_LONGEST) ? intern_rescue(L, t) : (void)0)
void intern_rescue(lua_State *L, Table *t);

#endif
