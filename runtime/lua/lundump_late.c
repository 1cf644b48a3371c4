/*
 * lundump_late.c - reads bytecode, the output of string.dump, in place of lundump.c.
 *
 * Lua's own reader raises an error wherever the input may end, and each call that may throw gets a check
 * after it (tools/unwind). This one records the first fault, reads zeros from then on, and raises the error
 * at the end. Like Lua's own it checks the format, not the code: manipulated bytecode may do anything to the
 * flare that loads it. bundle.c decides whether a flare accepts bytecode.
 */
#define LUA_CORE
#include "lundump.h"

#include <string.h>

#include "ldo.h"
#include "lfunc.h"
#include "lgc.h"
#include "lmem.h"
#include "lobject.h"
#include "lstate.h"
#include "lstring.h"

typedef struct input {
  lua_State *L;
  ZIO *stream;
  const char *fault; /* NULL: none yet */
} input;

/* The header of every chunk, after the first byte; 0x54 is LUAC_VERSION. */
static const char header[] = "Lua\x54\0" LUAC_DATA
                             "\4\x8\x8"                /* sizes of an instruction and of numbers */
                             "\x78\x56\0\0\0\0\0\0"    /* LUAC_INT */
                             "\0\0\0\0\0\x28\x77\x40"; /* LUAC_NUM */
enum { HEADER = sizeof header - 1, VERSION_AT = 3, LAST = 0x80 };
_Static_assert(LUAC_VERSION == 0x54 && LUAC_INT == 0x5678, "the header is Lua's");

static void note(input *in, const char *fault) {
  if (in->fault == NULL) in->fault = fault;
}

/* Reads `size` bytes; if they are missing, `to` stays unchanged. */
static void read_block(input *in, void *to, size_t size) {
  if (in->fault == NULL && luaZ_read(in->stream, to, size) != 0) in->fault = "truncated chunk";
}

/* After a fault it returns a byte that ends every number. */
static lu_byte read_byte(input *in) {
  lu_byte byte = LAST;
  read_block(in, &byte, 1);
  return byte;
}

static size_t read_size(input *in) {
  size_t n = 0;
  lu_byte byte;
  do {
    byte = read_byte(in);
    if (n >> 25 != 0) note(in, "integer overflow");
    n = n << 7 | (byte & 0x7f);
  } while ((byte & LAST) == 0);
  return in->fault == NULL ? n : 0;
}

/* Makes a zeroed vector of elements, stores its address in the pointer at `to`, and returns their number. */
static int read_vector(input *in, void *to, size_t element) {
  size_t n = read_size(in);
  if (n > MAX_SIZET / element) luaM_toobig(in->L);
  void *vector = luaM_malloc_(in->L, n * element, 0);
  if (n > 0) memset(vector, 0, n * element);
  memcpy(to, &vector, sizeof vector);
  return (int)n;
}

#define VECTOR(in, pointer) read_vector((in), &(pointer), sizeof *(pointer))

/* NULL if there is no string. */
static TString *read_string(input *in, Proto *p) {
  lua_State *L = in->L;
  size_t size = read_size(in);
  TString *string;
  if (size-- == 0) return NULL;
  if (size <= LUAI_MAXSHORTLEN) {
    char text[LUAI_MAXSHORTLEN] = {0};
    read_block(in, text, size);
    string = luaS_newlstr(L, text, size);
  } else {
    string = luaS_createlngstrobj(L, size);
    setsvalue2s(L, L->top.p, string); /* anchored, since reading may collect garbage */
    luaD_inctop(L);
    read_block(in, getlngstr(string), size);
    L->top.p--;
  }
  luaC_objbarrier(L, p, string);
  return string;
}

static void read_constant(input *in, Proto *p, TValue *to) {
  lu_byte tag = read_byte(in);
  TString *string;
  switch (tag) {
    case LUA_VNIL:
    case LUA_VFALSE:
    case LUA_VTRUE: break;
    case LUA_VNUMFLT:
    case LUA_VNUMINT: read_block(in, &to->value_, sizeof(lua_Integer)); break;
    case LUA_VSHRSTR:
    case LUA_VLNGSTR:
      string = read_string(in, p);
      if (string == NULL) {
        note(in, "bad format for constant string");
        return;
      }
      setsvalue2n(in->L, to, string);
      return;
    default: note(in, "corrupted chunk"); return;
  }
  settt_(to, tag);
}

/* A size is set only after its vector is complete, since any call may collect garbage. */
static void read_function(input *in, Proto *p, TString *source) {
  lua_State *L = in->L;
  luaE_incCstack(L);
  p->source = read_string(in, p);
  if (p->source == NULL) p->source = source;
  p->linedefined = (int)read_size(in);
  p->lastlinedefined = (int)read_size(in);
  p->numparams = read_byte(in);
  p->is_vararg = read_byte(in);
  p->maxstacksize = read_byte(in);
  p->sizecode = VECTOR(in, p->code);
  read_block(in, p->code, (size_t)p->sizecode * sizeof *p->code);
  p->sizek = VECTOR(in, p->k);
  for (int i = 0; i < p->sizek; i++) read_constant(in, p, &p->k[i]);
  p->sizeupvalues = VECTOR(in, p->upvalues);
  for (int i = 0; i < p->sizeupvalues; i++) {
    p->upvalues[i].instack = read_byte(in);
    p->upvalues[i].idx = read_byte(in);
    p->upvalues[i].kind = read_byte(in);
  }
  p->sizep = VECTOR(in, p->p);
  for (int i = 0; i < p->sizep && in->fault == NULL; i++) {
    p->p[i] = luaF_newproto(L);
    luaC_objbarrier(L, p, p->p[i]);
    read_function(in, p->p[i], p->source);
  }
  p->sizelineinfo = VECTOR(in, p->lineinfo);
  read_block(in, p->lineinfo, (size_t)p->sizelineinfo);
  p->sizeabslineinfo = VECTOR(in, p->abslineinfo);
  for (int i = 0; i < p->sizeabslineinfo; i++) {
    p->abslineinfo[i].pc = (int)read_size(in);
    p->abslineinfo[i].line = (int)read_size(in);
  }
  p->sizelocvars = VECTOR(in, p->locvars);
  for (int i = 0; i < p->sizelocvars; i++) {
    p->locvars[i].varname = read_string(in, p);
    p->locvars[i].startpc = (int)read_size(in);
    p->locvars[i].endpc = (int)read_size(in);
  }
  int names = read_size(in) != 0 ? p->sizeupvalues : 0;
  for (int i = 0; i < names; i++) p->upvalues[i].name = read_string(in, p);
  L->nCcalls--;
}

LClosure *luaU_undump(lua_State *L, ZIO *stream, const char *name) {
  input in = {L, stream, NULL};
  char found[HEADER];
  read_block(&in, found, HEADER);
  if (in.fault == NULL && memcmp(found, header, HEADER) != 0)
    in.fault = found[VERSION_AT] != header[VERSION_AT] ? "version mismatch" : "corrupted chunk";
  LClosure *closure = luaF_newLclosure(L, read_byte(&in));
  setclLvalue2s(L, L->top.p, closure);
  luaD_inctop(L);
  closure->p = luaF_newproto(L);
  luaC_objbarrier(L, closure, closure->p);
  read_function(&in, closure->p, NULL);
  if (closure->nupvalues != closure->p->sizeupvalues) note(&in, "corrupted chunk");
  if (in.fault == NULL) return closure;
  name = *name == '@' || *name == '=' ? name + 1 : *name == LUA_SIGNATURE[0] ? "binary string" : name;
  luaO_pushfstring(L, "%s: bad binary format (%s)", name, in.fault);
  luaD_throw(L, LUA_ERRSYNTAX);
}
