/*
 * encoding.c - see encoding.h. Owns the alphabets. Every coder is one or two passes over a buffer made in one
 * piece.
 */
#include "base/encoding.h"

static const char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char upper_digits[] = "0123456789ABCDEF";
static const char lower_digits[] = "0123456789abcdef";

/* A digit's value plus one, 0 for a byte that is not a base64 digit. */
static const uint8_t base64_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* A digit's value plus one, 0 for a byte that is not a hex digit. */
static const uint8_t hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Removes the last `size` bytes of a text. */
static void drop(text *t, size_t size) {
  t->size -= size;
  t->data[t->size] = '\0';
}

/* Adds base64 in an alphabet; `padded`: ends it with `=` where needed. */
static void encode(text *to, bytes from, const char *alphabet, bool padded) {
  size_t rest = from.size % 3, extra = rest == 0 ? 0 : padded ? 4 : rest + 1;
  char *out = text_room(to, from.size / 3 * 4 + extra);
  const uint8_t *in = from.data;
  for (size_t i = from.size / 3; i != 0; i--, in += 3) {
    uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
    *out++ = alphabet[group >> 18];
    *out++ = alphabet[group >> 12 & 63];
    *out++ = alphabet[group >> 6 & 63];
    *out++ = alphabet[group & 63];
  }
  if (rest == 0) return;
  uint32_t group = (uint32_t)in[0] << 16 | (rest == 2 ? (uint32_t)in[1] << 8 : 0);
  out[0] = alphabet[group >> 18];
  out[1] = alphabet[group >> 12 & 63];
  if (rest == 2 || padded) out[2] = rest == 2 ? alphabet[group >> 6 & 63] : '=';
  if (padded) out[3] = '=';
}

void base64_encode(text *to, bytes from) { encode(to, from, standard_alphabet, true); }

void base64url_encode(text *to, bytes from) { encode(to, from, url_alphabet, false); }

/* Decodes four digits, the last `padding` of which are `=`, to 3 - padding bytes; false: not base64. */
static inline bool decode_group(const uint8_t *in, size_t padding, uint8_t *out) {
  uint32_t group = 0;
  for (size_t i = 0; i < 4 - padding; i++) {
    uint32_t value = base64_values[in[i]];
    if (value == 0) return false;
    group = group << 6 | (value - 1);
  }
  group <<= 6 * padding;
  if ((group & ((1u << 8 * padding) - 1)) != 0) return false; /* unused bits must be 0 */
  for (size_t i = 0; i < 3 - padding; i++) out[i] = (uint8_t)(group >> (16 - 8 * i));
  return true;
}

bool base64_decode(text *to, bytes from) {
  if (from.size % 4 != 0) return false;
  if (from.size == 0) return true;
  const uint8_t *in = from.data, *last = in + from.size - 4;
  size_t padding = last[3] != '=' ? 0 : last[2] != '=' ? 1 : 2, size = from.size / 4 * 3 - padding;
  uint8_t *out = (uint8_t *)text_room(to, size);
  for (; in < last; in += 4, out += 3) {
    if (!decode_group(in, 0, out)) break;
  }
  if (in == last && decode_group(last, padding, out)) return true;
  drop(to, size);
  return false;
}

void hex_encode(text *to, bytes from) {
  char *out = text_room(to, 2 * from.size);
  for (size_t i = 0; i < from.size; i++) {
    *out++ = lower_digits[from.data[i] >> 4];
    *out++ = lower_digits[from.data[i] & 15];
  }
}

int hex_value(uint8_t digit) { return hex_values[digit] - 1; }

/* The byte that two hex digits stand for; -1 if they are not hex digits. */
static inline int hex_byte(const uint8_t *digits) {
  int high = hex_values[digits[0]], low = hex_values[digits[1]];
  return high != 0 && low != 0 ? (high - 1) << 4 | (low - 1) : -1;
}

bool hex_decode(text *to, bytes from) {
  if (from.size % 2 != 0) return false;
  size_t size = from.size / 2;
  uint8_t *out = (uint8_t *)text_room(to, size);
  for (size_t i = 0; i < size; i++) {
    int byte = hex_byte(from.data + 2 * i);
    if (byte < 0) {
      drop(to, size);
      return false;
    }
    out[i] = (uint8_t)byte;
  }
  return true;
}

/* Whether url_encode leaves a byte as it is: the unreserved characters of RFC 3986. */
static inline bool is_unreserved(uint8_t c) {
  return (base64_values[c] != 0 && c != '+' && c != '/') || c == '-' || c == '_' || c == '.' || c == '~';
}

void url_encode(text *to, bytes from) {
  size_t size = from.size;
  for (size_t i = 0; i < from.size; i++) size += is_unreserved(from.data[i]) || from.data[i] == ' ' ? 0 : 2;
  char *out = text_room(to, size);
  for (size_t i = 0; i < from.size; i++) {
    uint8_t c = from.data[i];
    if (is_unreserved(c) || c == ' ') {
      *out++ = c == ' ' ? '+' : (char)c;
    } else {
      *out++ = '%';
      *out++ = upper_digits[c >> 4];
      *out++ = upper_digits[c & 15];
    }
  }
}

bool url_decode(text *to, bytes from) {
  size_t size = 0;
  uint8_t *out = (uint8_t *)text_room(to, from.size);
  for (size_t i = 0; i < from.size; i++) {
    int c = from.data[i] == '+' ? ' ' : from.data[i];
    if (c == '%') {
      c = from.size - i > 2 ? hex_byte(from.data + i + 1) : -1;
      i += 2;
    }
    if (c < 0) {
      drop(to, from.size);
      return false;
    }
    out[size++] = (uint8_t)c;
  }
  drop(to, from.size - size);
  return true;
}
