/*
 * compress.c - the module zlib: whole strings (gzip, gunzip, deflate, inflate, crc32, adler32), and the
 * functions of lua-zlib, which work piece by piece. A first argument that is a string asks for the former;
 * a number or none, as lua-zlib takes it, for the latter.
 *
 * All memory of a stream is in one userdata, which the collector frees; nothing outlives an invocation. What
 * inflating may make is limited.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lauxlib.h"
#include "lua/libraries.h"
#include "zlib.h"

enum {
  PIECE = 16384, /* bytes of output that zlib is given room for at a time */
  ZLIB = 15,
  GZIP = 31, /* windows: zlib adds 16 for gzip's format */
  ANY = 47,  /* either of them */
  /* what zlib allocates at most, by its sources: state, window, previous matches, heads and pending output,
   * or state and window; and what alignment takes */
  DEFLATE_MEMORY = 272 << 10,
  INFLATE_MEMORY = 44 << 10,
  /* what inflating makes by default at most: a quarter of the memory that a flare has by default (32 MiB),
   * since a string that grows is there up to three times */
  LIMIT = 8 << 20,
};

typedef struct stream {
  z_stream z;
  lua_Integer limit; /* bytes that it may still make */
  size_t used, size; /* of `memory` */
  bool inflates, ended;
  _Alignas(16) unsigned char memory[];
} stream;

/* zlib's allocator: the next bytes of the stream's memory. zlib frees only when it ends, so nothing does. */
static void *take(void *opaque, unsigned count, unsigned size) {
  stream *s = opaque;
  size_t bytes = ((size_t)count * size + 15) & ~(size_t)15;
  if (bytes > s->size - s->used) return Z_NULL;
  s->used += bytes;
  return s->memory + s->used - bytes;
}

static void give_back(void *opaque, void *block) {
  (void)opaque;
  (void)block;
}

static stream *push_stream(lua_State *L, bool inflates) {
  size_t memory = inflates ? INFLATE_MEMORY : DEFLATE_MEMORY;
  stream *s = lua_newuserdatauv(L, sizeof *s + memory, 0);
  memset(s, 0, sizeof *s);
  s->z.zalloc = take;
  s->z.zfree = give_back;
  s->z.opaque = s;
  s->size = memory;
  s->inflates = inflates;
  return s;
}

/* Pushes a stream that deflates. `window` is argument `arg`. */
static stream *push_deflate(lua_State *L, int level, int window, int arg) {
  stream *s = push_stream(L, false);
  if (deflateInit2(&s->z, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    luaL_argerror(L, arg, "no such window");
  return s;
}

static stream *push_inflate(lua_State *L, lua_Integer limit, int window, int arg) {
  stream *s = push_stream(L, true);
  s->limit = limit;
  if (inflateInit2(&s->z, window) != Z_OK) luaL_argerror(L, arg, "no such window");
  return s;
}

/* The level at `arg`, zlib's own if it is nil or absent; raises otherwise. */
static int opt_level(lua_State *L, int arg) {
  lua_Integer level = luaL_optinteger(L, arg, Z_DEFAULT_COMPRESSION);
  luaL_argcheck(L, level >= -1 && level <= 9, arg, "level is not from -1 to 9");
  return (int)level;
}

static int opt_window(lua_State *L, int arg, int fallback) {
  lua_Integer window = luaL_optinteger(L, arg, fallback);
  luaL_argcheck(L, window >= -15 && window <= ANY, arg, "no such window");
  return (int)window;
}

/* The limit at `arg` in bytes; LIMIT by default. */
static lua_Integer opt_limit(lua_State *L, int arg) {
  lua_Integer limit = luaL_optinteger(L, arg, LIMIT);
  luaL_argcheck(L, limit >= 0, arg, "limit is negative");
  return limit;
}

/*
 * Feeds the input that is set to the stream, and adds what comes out. Returns zlib's code: Z_STREAM_END, Z_OK
 * or Z_BUF_ERROR when it wants more input, or another error; Z_MEM_ERROR when the limit is passed. `s` must
 * be kept alive by the stack.
 */
static int run(stream *s, luaL_Buffer *b, int flush) {
  int code;
  do {
    size_t room = luaL_bufflen(b) > PIECE ? luaL_bufflen(b) : PIECE;
    if (s->inflates && (lua_Integer)room - 1 > s->limit) room = (size_t)s->limit + 1;
    s->z.next_out = (unsigned char *)luaL_prepbuffsize(b, room);
    s->z.avail_out = (unsigned)room;
    code = s->inflates ? inflate(&s->z, flush) : deflate(&s->z, flush);
    size_t made = room - s->z.avail_out;
    if (s->inflates && (lua_Integer)made > s->limit) return Z_MEM_ERROR;
    s->limit -= (lua_Integer)made;
    luaL_addsize(b, made);
  } while (code == Z_OK && s->z.avail_out == 0);
  return code;
}

/* ---- whole strings ---- */

/* NAME(bytes [, level]) -> bytes in a format */
static int deflate_all(lua_State *L, int window) {
  luaL_Buffer b;
  size_t size;
  const char *bytes = luaL_checklstring(L, 1, &size);
  stream *s = push_deflate(L, opt_level(L, 2), window, 2);
  luaL_buffinit(L, &b);
  s->z.next_in = (const unsigned char *)bytes;
  s->z.avail_in = (unsigned)size;
  run(s, &b, Z_FINISH);
  luaL_pushresult(&b);
  return 1;
}

static int fail(lua_State *L, const char *message) {
  luaL_pushfail(L);
  lua_pushstring(L, message);
  return 2;
}

/* NAME(bytes [, limit]) -> bytes; or nil and what is wrong. With `members`, one may follow the other, as RFC
 * 1952 (2.2) has it. */
static int inflate_all(lua_State *L, int window, bool members) {
  luaL_Buffer b;
  size_t size;
  const char *bytes = luaL_checklstring(L, 1, &size);
  stream *s = push_inflate(L, opt_limit(L, 2), window, 2);
  luaL_buffinit(L, &b);
  s->z.next_in = (const unsigned char *)bytes;
  s->z.avail_in = (unsigned)size;
  int code = run(s, &b, Z_NO_FLUSH);
  while (code == Z_STREAM_END && members && s->z.avail_in > 0 && *s->z.next_in == 0x1f) {
    inflateReset(&s->z);
    code = run(s, &b, Z_NO_FLUSH);
  }
  if (code == Z_MEM_ERROR) return fail(L, "too large");
  if (code == Z_OK || code == Z_BUF_ERROR) return fail(L, "cut off");
  if (code != Z_STREAM_END) return fail(L, "broken data");
  if (s->z.avail_in > 0) return fail(L, "trailing data");
  luaL_pushresult(&b);
  return 1;
}

static int gzip(lua_State *L) { return deflate_all(L, GZIP); }
static int gunzip(lua_State *L) { return inflate_all(L, GZIP, true); }

/* ---- streams, as in lua-zlib ---- */

/*
 * The function that deflate and inflate return: (bytes [, flush]) -> what comes out, whether that is the end,
 * all bytes in, all bytes out. Upvalue: the stream. That of inflate looks at no second argument, so that it
 * takes all that deflate's gives.
 */
static int feed(lua_State *L, bool inflates) {
  static const char *const flushes[] = {"none", "sync", "full", "finish", NULL};
  static const int values[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH};
  luaL_Buffer b;
  size_t size;
  const char *bytes = luaL_optlstring(L, 1, "", &size);
  int flush = inflates ? Z_SYNC_FLUSH : values[luaL_checkoption(L, 2, "none", flushes)];
  stream *s =
      library_userdata(L, lua_upvalueindex(1), sizeof *s + (inflates ? INFLATE_MEMORY : DEFLATE_MEMORY));
  if (s->ended) return luaL_error(L, "the stream has ended");
  luaL_buffinit(L, &b);
  s->z.next_in = (const unsigned char *)bytes;
  s->z.avail_in = (unsigned)size;
  s->ended = true; /* if memory ends while the result grows */
  int code = run(s, &b, flush);
  if (code == Z_MEM_ERROR) return luaL_error(L, "too large");
  if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END) return luaL_error(L, "broken data");
  s->ended = code == Z_STREAM_END;
  luaL_pushresult(&b);
  lua_pushboolean(L, s->ended);
  lua_pushinteger(L, (lua_Integer)s->z.total_in);
  lua_pushinteger(L, (lua_Integer)s->z.total_out);
  return 4;
}

static int feed_deflate(lua_State *L) { return feed(L, false); }
static int feed_inflate(lua_State *L) { return feed(L, true); }

/* deflate(bytes [, level]) -> bytes; deflate([level [, window]]) -> a stream's function */
static int deflate_any(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) return deflate_all(L, ZLIB);
  push_deflate(L, opt_level(L, 1), opt_window(L, 2, ZLIB), 2);
  lua_pushcclosure(L, feed_deflate, 1);
  return 1;
}

/* inflate(bytes [, limit]) -> bytes; inflate([window [, limit]]) -> a stream's function */
static int inflate_any(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) return inflate_all(L, ZLIB, false);
  push_inflate(L, opt_limit(L, 2), opt_window(L, 1, ANY), 1);
  lua_pushcclosure(L, feed_inflate, 1);
  return 1;
}

/* ---- checksums ---- */

typedef unsigned long checksum(unsigned long, const unsigned char *, size_t);

/* NAME(bytes [, before]) -> the checksum of what had the checksum `before`, and of these bytes. */
static int sum_all(lua_State *L, checksum *sum, lua_Integer empty) {
  size_t size;
  const char *bytes = luaL_checklstring(L, 1, &size);
  lua_Integer before = luaL_optinteger(L, 2, empty);
  lua_pushinteger(L, (lua_Integer)(uint32_t)sum((uint32_t)before, (const unsigned char *)bytes, size));
  return 1;
}

/* The function that crc32() and adler32() return: (bytes) -> the checksum of all up to here. Upvalue: it. */
static int sum_more(lua_State *L, checksum *sum) {
  size_t size;
  const char *bytes = luaL_checklstring(L, 1, &size);
  uint32_t before = (uint32_t)lua_tointeger(L, lua_upvalueindex(1));
  lua_pushinteger(L, (lua_Integer)(uint32_t)sum(before, (const unsigned char *)bytes, size));
  lua_copy(L, -1, lua_upvalueindex(1));
  return 1;
}

static int more_crc32(lua_State *L) { return sum_more(L, crc32_z); }
static int more_adler32(lua_State *L) { return sum_more(L, adler32_z); }

static int crc32_any(lua_State *L) {
  if (!lua_isnone(L, 1)) return sum_all(L, crc32_z, 0);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, more_crc32, 1);
  return 1;
}

static int adler32_any(lua_State *L) {
  if (!lua_isnone(L, 1)) return sum_all(L, adler32_z, 1);
  lua_pushinteger(L, 1);
  lua_pushcclosure(L, more_adler32, 1);
  return 1;
}

/* version() -> the three numbers of zlib's version */
static int version(lua_State *L) {
  lua_pushinteger(L, ZLIB_VER_MAJOR);
  lua_pushinteger(L, ZLIB_VER_MINOR);
  lua_pushinteger(L, ZLIB_VER_REVISION);
  return 3;
}

static const luaL_Reg functions[] = {
    {"gzip", gzip},       {"gunzip", gunzip},       {"deflate", deflate_any}, {"inflate", inflate_any},
    {"crc32", crc32_any}, {"adler32", adler32_any}, {"version", version},     {NULL, NULL},
};

int luaopen_zlib(lua_State *L);

int luaopen_zlib(lua_State *L) {
  luaL_newlib(L, functions);
  return 1;
}
