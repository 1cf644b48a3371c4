/*
 * json_fast.c - see json_fast.h.
 */
#include "base/json_fast.h"

#include <jansson.h>
#include <string.h>

#include "base/encoding.h"
#include "base/utf8.h"

enum { SHORT = 4096 }; /* up to this many bytes Jansson reads all of it */

/* The rest of the input. */
typedef struct reader {
  const uint8_t *at, *end;
} reader;

static size_t left(const reader *r) { return (size_t)(r->end - r->at); }

static void skip_blanks(reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

/* Skips `c` and the blanks around it; false if `c` is not next. */
static bool take(reader *r, char c) {
  skip_blanks(r);
  if (r->at == r->end || *r->at != (uint8_t)c) return false;
  r->at++;
  skip_blanks(r);
  return true;
}

/* Whether `c` is ASCII and needs no escape in a string. */
static inline bool is_plain(uint8_t c) { return c >= ' ' && c < 0x80 && c != '"' && c != '\\'; }

/* Reads four hex digits; false if they are not. */
static bool read_hex(reader *r, uint32_t *code) {
  enum { DIGITS = 4 };
  *code = 0;
  if (left(r) < DIGITS) return false;
  for (int i = 0; i < DIGITS; i++, r->at++) {
    int digit = hex_value(*r->at);
    if (digit < 0) return false;
    *code = *code << 4 | (uint32_t)digit;
  }
  return true;
}

static void add_code(text *to, uint32_t code) {
  char bytes[4];
  size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  if (size == 1) {
    bytes[0] = (char)code;
  } else {
    for (size_t i = size; i-- > 1; code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)((0xf00 >> size & 0xff) | code);
  }
  text_add(to, bytes, size);
}

/* Reads what follows "\u". Surrogates come in pairs. */
static bool read_code(reader *r, text *to) {
  uint32_t code, low;
  if (!read_hex(r, &code)) return false;
  if (code >= 0xdc00 && code <= 0xdfff) return false;
  if (code >= 0xd800 && code <= 0xdbff) {
    if (left(r) < 2 || r->at[0] != '\\' || r->at[1] != 'u') return false;
    r->at += 2;
    if (!read_hex(r, &low) || low < 0xdc00 || low > 0xdfff) return false;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  add_code(to, code);
  return true;
}

/* Reads what follows a backslash. */
static bool read_escape(reader *r, text *to) {
  static const char names[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
  if (r->at == r->end) return false;
  char c = (char)*r->at++;
  if (c == 'u') return read_code(r, to);
  const char *at = c != '\0' ? strchr(names, c) : NULL;
  if (at != NULL) text_add(to, &characters[at - names], 1);
  return at != NULL;
}

/* Adds a string; false if no valid string is here. */
static bool read_string(reader *r, text *to) {
  if (r->at == r->end || *r->at != '"') return false;
  r->at++;
  while (r->at < r->end && *r->at != '"') {
    const uint8_t *from = r->at;
    while (r->at < r->end && is_plain(*r->at)) r->at++;
    while (r->at < r->end && *r->at >= 0x80) {
      size_t size = utf8_size(r->at, left(r));
      if (size == 0) return false;
      r->at += size;
    }
    text_add(to, from, (size_t)(r->at - from));
    if (r->at == r->end || *r->at == '"' || is_plain(*r->at)) continue;
    if (*r->at++ != '\\' || !read_escape(r, to)) return false;
  }
  if (r->at == r->end) return false;
  r->at++;
  return true;
}

/* Skips a value that is not a string, whatever is in it, up to the ',' or '}' after it. */
static bytes take_other(reader *r) {
  const uint8_t *from = r->at;
  size_t depth = 0;
  for (bool quoted = false; r->at < r->end; r->at++) {
    uint8_t c = *r->at;
    if (quoted) {
      if (c == '\\' && left(r) > 1) r->at++;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if (depth == 0 && (c == ',' || c == '}')) {
      break;
    } else if (c == '}' || c == ']') {
      depth--;
    }
  }
  return (bytes){from, (size_t)(r->at - from)};
}

/* Reads a value; NULL if it is not valid. `room` is a buffer for a string. */
static json_t *read_value(reader *r, text *room, json_error_t *error) {
  if (r->at < r->end && *r->at == '"') {
    text_clear(room);
    return read_string(r, room) ? json_stringn_nocheck(text_string(room), room->size) : NULL;
  }
  bytes other = take_other(r);
  return json_loadb((const char *)other.data, other.size, JSON_ALLOW_NUL | JSON_DECODE_ANY, error);
}

/* Reads the members of an object, up to its end. */
static bool read_members(reader *r, json_t *object, json_error_t *error) {
  text name = {0}, room = {0};
  bool good = take(r, '{');
  bool more = good && (r->at == r->end || *r->at != '}');
  while (good && more) {
    text_clear(&name);
    good = read_string(r, &name) && memchr(text_string(&name), '\0', name.size) == NULL && take(r, ':');
    json_t *value = good ? read_value(r, &room, error) : NULL;
    good = value != NULL && json_object_setn_new_nocheck(object, text_string(&name), name.size, value) == 0;
    more = good && take(r, ',');
  }
  text_free(&name);
  text_free(&room);
  return good && take(r, '}') && r->at == r->end;
}

json_t *json_load_object(bytes json, text *why) {
  json_error_t error = {.text = "not a string, or one that is cut off"};
  json_t *object;
  if (json.size <= SHORT) {
    object = json_loadb((const char *)json.data, json.size, JSON_ALLOW_NUL, &error);
    if (json_is_object(object)) return object;
  } else {
    reader r = {json.data, json.data + json.size};
    object = json_object();
    if (read_members(&r, object, &error)) return object;
  }
  bool is_json = json.size <= SHORT && object != NULL;
  json_decref(object);
  if (why != NULL)
    text_printf(why, "%s%s", is_json ? "not an object" : "not JSON: ", is_json ? "" : error.text);
  return NULL;
}

size_t json_add_string(text *to, bytes b) {
  static const char characters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt", digits[] = "0123456789ABCDEF";
  enum { LONGEST = 6, CHUNK = 65536 }; /* most bytes that one byte becomes; bytes escaped at a time */
  size_t lost = 0;
  text_add_string(to, "\"");
  for (size_t i = 0; i < b.size;) {
    size_t end = b.size - i > CHUNK ? i + CHUNK : b.size, begin = to->size;
    char *first = text_room(to, (end - i) * LONGEST), *out = first;
    while (i < end) {
      uint8_t c = b.data[i];
      size_t size = c < 0x80 ? 1 : utf8_size(b.data + i, b.size - i);
      const char *at = c < 0x80 && !is_plain(c) && c != '\0' ? strchr(characters, (char)c) : NULL;
      if (at != NULL) {
        *out++ = '\\';
        *out++ = names[at - characters];
      } else if (c < ' ') {
        memcpy(out, "\\u00", 4);
        out[4] = digits[c >> 4];
        out[5] = digits[c & 15];
        out += LONGEST;
      } else if (size == 0) {
        memcpy(out, "\xef\xbf\xbd", 3);
        out += 3;
        size = 1;
        lost++;
      } else {
        memcpy(out, b.data + i, size);
        out += size;
      }
      i += size;
    }
    to->size = begin + (size_t)(out - first);
    to->data[to->size] = '\0';
  }
  text_add_string(to, "\"");
  return lost;
}
