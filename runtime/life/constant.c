/*
 * constant.c - see constant.h. It relies on what Lua keeps in strings and prototypes (lobject.h, lgc.c).
 */
#include "life/constant.h"

#include "life/arena.h"
#include "lgc.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"

enum { WORD = 8, LEAST_GAP = 256 }; /* skipping fewer bytes costs more than copying them */

static char *image;
static size_t image_size;
static uint8_t *lines; /* bit n of byte m: word n of line m is constant */

/* Records that a block is constant; a word that is partly of it is, since nothing else is in the rest. */
static void mark(void *block, size_t size) {
  if ((char *)block < image || (size_t)((char *)block - image) >= image_size) return;
  size_t begin = (size_t)((char *)block - image), end = (begin + size + WORD - 1) / WORD;
  for (size_t word = (begin + WORD - 1) / WORD; word < end; word++)
    lines[word / 8] |= (uint8_t)(1 << word % 8);
}

static void mark_prototype(Proto *p) {
  mark(p, sizeof *p);
  mark(p->code, (size_t)p->sizecode * sizeof *p->code);
  mark(p->k, (size_t)p->sizek * sizeof *p->k);
  mark(p->p, (size_t)p->sizep * sizeof(Proto *));
  mark(p->upvalues, (size_t)p->sizeupvalues * sizeof *p->upvalues);
  mark(p->lineinfo, (size_t)p->sizelineinfo * sizeof *p->lineinfo);
  mark(p->abslineinfo, (size_t)p->sizeabslineinfo * sizeof *p->abslineinfo);
  mark(p->locvars, (size_t)p->sizelocvars * sizeof *p->locvars);
}

/* Marks an object if it is a string or a prototype; false if not. */
static bool mark_object(GCObject *object) {
  switch (object->tt) {
    case LUA_VSHRSTR: mark(object, sizelstring(gco2ts(object)->shrlen)); return true;
    case LUA_VLNGSTR: { /* its hash is made when it is first used, so only its bytes are constant */
      TString *s = gco2ts(object);
      mark(getlngstr(s), s->u.lnglen + 1);
      return true;
    }
    case LUA_VPROTO: mark_prototype(gco2p(object)); return true;
    default: return false;
  }
}

/* Marks strings and prototypes, and moves them to the list of objects that are not collected, as luaC_fix
 * does. */
static void fix(global_State *g) {
  for (GCObject *object = g->fixedgc; object != NULL; object = object->next) mark_object(object);
  for (GCObject **link = &g->allgc; *link != NULL;) {
    GCObject *object = *link;
    if (!mark_object(object)) {
      link = &object->next;
      continue;
    }
    *link = object->next;
    object->marked &= (lu_byte) ~(WHITEBITS | bitmask(BLACKBIT)); /* gray, for ever */
    object->next = g->fixedgc;
    g->fixedgc = object;
  }
}

/* Writes the pieces between constant lines, of which fewer than `gap` do not count. Returns their number,
 * even if that is more than `most`. */
static size_t find(size_t gap, constant_piece *pieces, size_t most) {
  size_t count = 0, end = 0; /* where the last piece ends */
  for (size_t line = 0; line < image_size / CONSTANT_LINE; line++) {
    if (lines[line] == UINT8_MAX) continue;
    if (count == 0 || line - end >= gap) {
      if (++count > most) return count;
      pieces[count - 1].start = (uint32_t)(uintptr_t)image + (uint32_t)line * CONSTANT_LINE;
    }
    end = line + 1;
    pieces[count - 1].size =
        (uint32_t)(uintptr_t)image + (uint32_t)end * CONSTANT_LINE - pieces[count - 1].start;
  }
  return count;
}

size_t constant_find(lua_State *L, char *start, size_t size, uint8_t *scratch, constant_piece *pieces,
                     size_t most) {
  image = start;
  image_size = size;
  lines = scratch;
  fix(G(L));
  arena_each_free(mark);
  mark(L->top.p, (size_t)((char *)(L->stack_last.p + EXTRA_STACK) - (char *)L->top.p));
  size_t gap = LEAST_GAP / CONSTANT_LINE, count;
  while ((count = find(gap, pieces, most)) > most) gap *= 2;
  return count;
}
