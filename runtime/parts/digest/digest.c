/*
 * digest.c - the module flaron.digest: digests, HMAC, HKDF and PBKDF2 of bytes, by BearSSL's functions.
 * Signatures are in sign.c and verify.c. It calls no import, so it works during start-up too.
 *
 * All state is in Lua's values: nothing here outlives an invocation. No message of an error has bytes of a
 * key, a password or an input.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bearssl_hmac.h"
#include "bearssl_kdf.h"
#include "lauxlib.h"
#include "lua/libraries.h"
#include "parts/digest/digest_names.h"

/* The name of the metatable of what new() gives, in the registry and in messages. */
#define OBJECT "flaron.digest.object"

enum {
  PBKDF2_LONGEST = 1 << 16, /* bytes */
  /* iterations of all blocks: 8 times what OWASP advises at most, seconds of CPU; no engine in another
     process can stop C */
  PBKDF2_MOST = 10000000,
  HKDF_BLOCKS = 255
};

/* ---- names and forms ---- */

static const char *const names[] = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512", NULL};
static const br_hash_class *const hashes[] = {&br_md5_vtable,    &br_sha1_vtable,   &br_sha224_vtable,
                                              &br_sha256_vtable, &br_sha384_vtable, &br_sha512_vtable};

/* The hash function that argument `arg` names; raises otherwise. */
static const br_hash_class *check_hash(lua_State *L, int arg) {
  return hashes[luaL_checkoption(L, arg, NULL, names)];
}

static size_t size_of(const br_hash_class *hash) {
  return hash->desc >> BR_HASHDESC_OUT_OFF & BR_HASHDESC_OUT_MASK;
}

typedef enum form { RAW, HEX, BASE64URL, BASE64 } form;

/* The form that argument `arg` names, raw if it is nil or absent; raises otherwise. */
static form check_form(lua_State *L, int arg) {
  static const char *const forms[] = {"raw", "hex", "base64url", "base64", NULL};
  return (form)luaL_checkoption(L, arg, forms[RAW], forms);
}

static void push_hex(lua_State *L, const unsigned char *bytes, size_t size) {
  static const char digits[] = "0123456789abcdef";
  luaL_Buffer b;
  char *to = luaL_buffinitsize(L, &b, 2 * size);
  for (size_t i = 0; i < size; i++) {
    *to++ = digits[bytes[i] >> 4];
    *to++ = digits[bytes[i] & 15];
  }
  luaL_pushresultsize(&b, 2 * size);
}

/* RFC 4648: section 5 without padding, or section 4 with it. */
static void push_base64(lua_State *L, const unsigned char *bytes, size_t size, bool url) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
  luaL_Buffer b;
  char *start = luaL_buffinitsize(L, &b, (size + 2) / 3 * 4), *to = start;
  for (size_t i = 0; i < size; i += 3) {
    size_t left = size - i;
    uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                     (left > 2 ? bytes[i + 2] : 0);
    for (size_t digit = 0; digit < 4; digit++) {
      uint32_t value = group >> (18 - 6 * digit) & 63;
      if (digit <= left) {
        *to++ = digits[value >= 62 && url ? value + 2 : value];
      } else if (!url) {
        *to++ = '=';
      }
    }
  }
  luaL_pushresultsize(&b, (size_t)(to - start));
}

/* Pushes bytes in a form. Returns 1. */
static int push_form(lua_State *L, form form, const unsigned char *bytes, size_t size) {
  switch (form) {
    case RAW: lua_pushlstring(L, (const char *)bytes, size); break;
    case HEX: push_hex(L, bytes, size); break;
    case BASE64URL:
    case BASE64: push_base64(L, bytes, size, form == BASE64URL); break;
  }
  return 1;
}

/* ---- digests of strings ---- */

size_t digest_compute(const br_hash_class *hash, const void *bytes, size_t size, unsigned char *digest) {
  br_hash_compat_context context;
  hash->init(&context.vtable);
  hash->update(&context.vtable, bytes, size);
  hash->out(&context.vtable, digest);
  return size_of(hash);
}

/* NAME(bytes [, form]) -> digest */
static int digest_of(lua_State *L, const br_hash_class *hash) {
  unsigned char digest[DIGEST_LARGEST];
  size_t size;
  const char *bytes = luaL_checklstring(L, 1, &size);
  form form = check_form(L, 2);
  return push_form(L, form, digest, digest_compute(hash, bytes, size, digest));
}

static int md5(lua_State *L) { return digest_of(L, &br_md5_vtable); }
static int sha1(lua_State *L) { return digest_of(L, &br_sha1_vtable); }
static int sha224(lua_State *L) { return digest_of(L, &br_sha224_vtable); }
static int sha256(lua_State *L) { return digest_of(L, &br_sha256_vtable); }
static int sha384(lua_State *L) { return digest_of(L, &br_sha384_vtable); }
static int sha512(lua_State *L) { return digest_of(L, &br_sha512_vtable); }

/* ---- HMAC ---- */

static void begin_hmac(br_hmac_context *context, const br_hash_class *hash, const void *key, size_t size) {
  br_hmac_key_context prepared;
  br_hmac_key_init(&prepared, hash, key, size);
  br_hmac_init(context, &prepared, 0);
}

/* hmac(name, key, bytes [, form]) -> code (RFC 2104) */
static int hmac(lua_State *L) {
  br_hmac_context context;
  unsigned char code[DIGEST_LARGEST];
  size_t key_size, size;
  const br_hash_class *hash = check_hash(L, 1);
  const char *key = luaL_checklstring(L, 2, &key_size), *bytes = luaL_checklstring(L, 3, &size);
  form form = check_form(L, 4);
  begin_hmac(&context, hash, key, key_size);
  br_hmac_update(&context, bytes, size);
  return push_form(L, form, code, br_hmac_out(&context, code));
}

/* ---- piece by piece ---- */

typedef struct object {
  br_hmac_context hmac; /* without a key only hmac.dig is used */
  bool keyed, finished;
} object;

/* The object at argument 1, which must not be finished; raises otherwise. */
static object *check_object(lua_State *L) {
  luaL_checkudata(L, 1, OBJECT);
  object *o = library_userdata(L, 1, sizeof *o);
  if (o->finished) luaL_error(L, "the digest is finished: make another one");
  return o;
}

/* new(name [, key]) -> object: of a digest, or with a key of an HMAC */
static int new_object(lua_State *L) {
  size_t key_size = 0;
  const br_hash_class *hash = check_hash(L, 1);
  const char *key = luaL_optlstring(L, 2, NULL, &key_size);
  object *o = lua_newuserdatauv(L, sizeof *o, 0);
  memset(o, 0, sizeof *o);
  o->keyed = key != NULL;
  if (o->keyed) {
    begin_hmac(&o->hmac, hash, key, key_size);
  } else {
    hash->init(&o->hmac.dig.vtable);
  }
  luaL_setmetatable(L, OBJECT);
  return 1;
}

/* object:update(bytes) -> object */
static int update(lua_State *L) {
  size_t size;
  object *o = check_object(L);
  const char *bytes = luaL_checklstring(L, 2, &size);
  o->hmac.dig.vtable->update(&o->hmac.dig.vtable, bytes, size);
  lua_settop(L, 1);
  return 1;
}

/* object:finish([form]) -> digest; the object can do nothing more */
static int finish(lua_State *L) {
  unsigned char digest[DIGEST_LARGEST];
  object *o = check_object(L);
  form form = check_form(L, 2);
  size_t size = size_of(o->hmac.dig.vtable);
  if (o->keyed) {
    br_hmac_out(&o->hmac, digest);
  } else {
    o->hmac.dig.vtable->out(&o->hmac.dig.vtable, digest);
  }
  memset(o, 0, sizeof *o);
  o->finished = true;
  return push_form(L, form, digest, size);
}

/* ---- keys from keys and passwords ---- */

/* The number of bytes wanted at `arg`, from 1 to `most`; raises otherwise. */
static size_t check_length(lua_State *L, int arg, lua_Integer most) {
  lua_Integer length = luaL_checkinteger(L, arg);
  luaL_argcheck(L, length >= 1 && length <= most, arg, "length out of range");
  return (size_t)length;
}

/* hkdf(name, key, salt, info, length [, form]) -> bytes (RFC 5869); salt and info may be nil */
static int hkdf(lua_State *L) {
  br_hkdf_context context;
  luaL_Buffer b;
  size_t key_size, salt_size, info_size;
  const br_hash_class *hash = check_hash(L, 1);
  const char *key = luaL_checklstring(L, 2, &key_size), *salt = luaL_optlstring(L, 3, "", &salt_size),
             *info = luaL_optlstring(L, 4, "", &info_size);
  size_t length = check_length(L, 5, (lua_Integer)(HKDF_BLOCKS * size_of(hash)));
  form form = check_form(L, 6);
  unsigned char *to = (unsigned char *)luaL_buffinitsize(L, &b, length);
  br_hkdf_init(&context, hash, salt, salt_size);
  br_hkdf_inject(&context, key, key_size);
  br_hkdf_flip(&context);
  br_hkdf_produce(&context, info, info_size, to, length);
  return push_form(L, form, to, length);
}

/* One block of PBKDF2: the function F of RFC 8018, 5.2. */
static void pbkdf2_block(const br_hmac_key_context *key, const char *salt, size_t salt_size, uint32_t number,
                         lua_Integer iterations, unsigned char *block) {
  br_hmac_context context;
  unsigned char u[DIGEST_LARGEST], big_endian[4];
  for (int i = 0; i < 4; i++) big_endian[i] = (unsigned char)(number >> (24 - 8 * i));
  br_hmac_init(&context, key, 0);
  br_hmac_update(&context, salt, salt_size);
  br_hmac_update(&context, big_endian, sizeof big_endian);
  size_t size = br_hmac_out(&context, u);
  memcpy(block, u, size);
  for (lua_Integer i = 1; i < iterations; i++) {
    br_hmac_init(&context, key, 0);
    br_hmac_update(&context, u, size);
    br_hmac_out(&context, u);
    for (size_t k = 0; k < size; k++) block[k] ^= u[k];
  }
}

/* pbkdf2(name, password, salt, iterations, length [, form]) -> bytes (RFC 8018) */
static int pbkdf2(lua_State *L) {
  br_hmac_key_context key;
  luaL_Buffer b;
  unsigned char block[DIGEST_LARGEST];
  size_t password_size, salt_size;
  const br_hash_class *hash = check_hash(L, 1);
  const char *password = luaL_checklstring(L, 2, &password_size), *salt = luaL_checklstring(L, 3, &salt_size);
  lua_Integer iterations = luaL_checkinteger(L, 4);
  size_t length = check_length(L, 5, PBKDF2_LONGEST), block_size = size_of(hash);
  luaL_argcheck(L, iterations >= 1, 4, "less than one iteration");
  luaL_argcheck(L, iterations <= PBKDF2_MOST / (lua_Integer)((length + block_size - 1) / block_size), 4,
                "too many iterations");
  form form = check_form(L, 6);
  unsigned char *to = (unsigned char *)luaL_buffinitsize(L, &b, length);
  br_hmac_key_init(&key, hash, password, password_size);
  for (size_t done = 0; done < length; done += block_size) {
    size_t part = length - done < block_size ? length - done : block_size;
    pbkdf2_block(&key, salt, salt_size, (uint32_t)(done / block_size) + 1, iterations, block);
    memcpy(to + done, block, part);
  }
  return push_form(L, form, to, length);
}

/* equal(a, b) -> boolean, in a time that depends on the lengths only */
static int equal(lua_State *L) {
  size_t size, other_size;
  const char *a = luaL_checklstring(L, 1, &size), *b = luaL_checklstring(L, 2, &other_size);
  unsigned char differ = 0;
  for (size_t i = 0; size == other_size && i < size; i++) differ |= (unsigned char)(a[i] ^ b[i]);
  lua_pushboolean(L, size == other_size && differ == 0);
  return 1;
}

static const luaL_Reg methods[] = {{"update", update}, {"finish", finish}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"md5", md5},          {"sha1", sha1},     {"sha224", sha224}, {"sha256", sha256},
    {"sha384", sha384},    {"sha512", sha512}, {"hmac", hmac},     {"new", new_object},
    {"hkdf", hkdf},        {"pbkdf2", pbkdf2}, {"equal", equal},   {"verify", digest_verify},
    {"sign", digest_sign}, {NULL, NULL},
};

int luaopen_digest(lua_State *L);

int luaopen_digest(lua_State *L) {
  luaL_newmetatable(L, OBJECT);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "locked");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  return 1;
}
