/*
 * lstring_intern.h - detects keys that were chosen to collide, and rehashes them. For ltable.c
 * (patches/keys-that-collide.patch) and lstring_intern.c.
 */
#ifndef FLARON_INTERN_H
#define FLARON_INTERN_H

#include "lobject.h"
#include "lstring.h"

enum {
  INTERN_LONGEST = 12,   /* longer lists are not chance: once in a million tables of 100,000 */
  INTERN_SECRET = 1 << 6 /* in Table.flags, unused by Lua: long keys are placed by secret hash */
};

/* unwind.S: luaS_resize calls it, which changes the lists that the image's strings are in. */
void life_set_moved(void);

/* The number of comparisons in the last look-up of a long key. */
extern unsigned intern_compared;

/* Replace luaS_hashlongstr (for a key of `t`) and luaS_eqlngstr in ltable.c. */
unsigned intern_hash(const Table *t, TString *key);
int intern_equal(TString *a, TString *b);

#ifdef INTERN_KEYS
#define luaS_hashlongstr(key) intern_hash(t, key)
#define luaS_eqlngstr intern_equal
#endif

/* Call it before a key is inserted into `t`, after its look-up. May move all nodes; raises nothing. */
#define intern_guard(L, t) (l_unlikely(intern_compared > INTERN_LONGEST) ? intern_rescue(L, t) : (void)0)
void intern_rescue(lua_State *L, Table *t);

#endif
