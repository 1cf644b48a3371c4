/*
 * snprintf.c - snprintf and vsnprintf without files, wide characters and long double, in place of libc's.
 *
 * Doubles are printed exactly (decimal.c), as glibc prints them. There are no errors: an unknown conversion
 * prints nothing.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "libc/decimal.h"

typedef struct output {
  char *at, *end; /* `end` itself has room for the terminating NUL */
  int count;      /* characters of the whole output, whether or not they fit */
} output;

/* A conversion: the part between '%' and its letter, and the letter. */
typedef struct conversion {
  bool left, plus, space, alternative, zero;
  int width, precision; /* precision -1: not given */
  char letter;
  bool upper;
} conversion;

static void snprintf_put(output *o, char c) {
  if (o->at < o->end) *o->at++ = c;
  o->count++;
}

static void snprintf_put_text(output *o, const char *text, int size) {
  int room = (int)(o->end - o->at), fit = size < room ? size : room;
  memcpy(o->at, text, (size_t)fit);
  o->at += fit;
  o->count += size;
}

static void snprintf_put_many(output *o, char c, int count) {
  while (count-- > 0) snprintf_put(o, c);
}

/* Writes the part before a body of `size` characters: padding, `prefix` (sign or 0x), zeros. Returns the
 * padding to write after the body. */
static int snprintf_begin(output *o, const conversion *c, const char *prefix, int size) {
  int padding = c->width - (int)strlen(prefix) - size;
  if (!c->left && !c->zero) snprintf_put_many(o, ' ', padding);
  snprintf_put_text(o, prefix, (int)strlen(prefix));
  if (!c->left && c->zero) snprintf_put_many(o, '0', padding);
  return c->left ? padding : 0;
}

static const char *snprintf_sign(const conversion *c, bool negative) {
  return negative ? "-" : c->plus ? "+" : c->space ? " " : "";
}

static void snprintf_put_string(output *o, conversion *c, const char *text, int size) {
  c->zero = false;
  int padding = snprintf_begin(o, c, "", size);
  snprintf_put_text(o, text, size);
  snprintf_put_many(o, ' ', padding);
}

/* Writes the digits of an integer so that they end before `end`; returns their start. */
static char *snprintf_digits_of(char *end, uint64_t n, unsigned base, bool upper) {
  for (; n != 0; n /= base) {
    unsigned digit = (unsigned)(n % base);
    *--end = (char)(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
  }
  return end;
}

/* declared in lua_user.h for Lua */
int format_integer(char *text, long long n);

int format_integer(char *text, long long n) {
  char digits[20], *end = digits + sizeof digits, *at = end;
  uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  for (; rest > UINT32_MAX; rest /= 10) *--at = (char)('0' + rest % 10);
  uint32_t small = (uint32_t)rest;
  do *--at = (char)('0' + small % 10);
  while ((small /= 10) != 0);
  if (n < 0) *--at = '-';
  memcpy(text, at, (size_t)(end - at));
  return (int)(end - at);
}

static void snprintf_put_integer(output *o, conversion *c, uint64_t n, const char *prefix, unsigned base) {
  char text[24], *end = text + sizeof text, *at = snprintf_digits_of(end, n, base, c->upper);
  int size = (int)(end - at), least = c->precision >= 0 ? c->precision : 1;
  if (c->precision >= 0) c->zero = false;
  if (base == 8 && c->alternative && least <= size) least = size + 1;
  int zeros = least > size ? least - size : 0;
  int padding = snprintf_begin(o, c, prefix, size + zeros);
  snprintf_put_many(o, '0', zeros);
  snprintf_put_text(o, at, size);
  snprintf_put_many(o, ' ', padding);
}

/* ---- doubles ---- */

/* The digits of a number: 0.DDD * 10^point; a `count` of 0 means zero. */
typedef struct digits {
  int count, point;
  char text[(DECIMAL_POINT + 122) * DECIMAL_DIGITS + 1];
} digits;

static uint64_t snprintf_bits_of(double number) {
  uint64_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

/* Splits a finite number into *mantissa * 2^(the result). */
static int snprintf_take_apart(double number, uint64_t *mantissa) {
  uint64_t bits = snprintf_bits_of(number);
  int exponent = (int)(bits >> 52 & 0x7FF);
  *mantissa = bits & (((uint64_t)1 << 52) - 1);
  if (exponent == 0) return -1074;
  *mantissa |= (uint64_t)1 << 52;
  return exponent - 1075;
}

/* All digits of a finite number. */
static void snprintf_expand(double number, digits *r) {
  decimal d;
  uint64_t mantissa;
  int exponent = snprintf_take_apart(number, &mantissa);
  decimal_set(&d, mantissa);
  decimal_scale(&d, exponent);
  /* cppcheck-suppress ctuuninitvar ; it is written here */
  char *end = r->text + 1; /* space before it, for rounding up */
  for (int i = d.first; i < d.last; i++) {
    uint32_t limb = d.limb[i];
    for (int k = DECIMAL_DIGITS - 1; k >= 0; k--, limb /= 10) end[k] = (char)('0' + limb % 10);
    end += DECIMAL_DIGITS;
  }
  char *begin = r->text + 1;
  r->point = (DECIMAL_POINT - d.first) * DECIMAL_DIGITS;
  for (; begin < end && *begin == '0'; begin++) r->point--;
  while (end > begin && end[-1] == '0') end--;
  r->count = (int)(end - begin);
  if (r->count == 0) r->point = 1;
  memmove(r->text + 1, begin, (size_t)r->count);
}

/* Rounds to `keep` digits, ties to even. The digits are at text + 1. */
static void snprintf_round_digits(digits *r, int keep) {
  char *text = r->text + 1;
  if (keep >= r->count) return;
  if (keep < 0) keep = -1;
  bool up = keep >= 0 && (text[keep] > '5' ||
                          (text[keep] == '5' && (keep + 1 < r->count || (keep > 0 && (text[keep - 1] & 1)))));
  if (keep < 0) keep = 0;
  r->count = keep;
  if (up) {
    text[-1] = '0';
    while (text[--keep] == '9') text[keep] = '0';
    text[keep]++;
    if (keep < 0) {
      memmove(text, text - 1, (size_t)r->count + 1);
      r->count++;
      r->point++;
    }
  }
  while (r->count > 0 && text[r->count - 1] == '0') r->count--;
}

/*
 * The digits of a number that is short in decimal, such as 12.5 or 0.07, if at most `keep` digits, `behind`
 * of them behind the point, show it: what rounding all of its digits would leave. Else false, and so for some
 * that are short. If m / 10^k is the number, m below 2^53, its exact value is nearer to that decimal than to
 * any other of 15 digits.
 */
enum { FEW_DIGITS = 15, FEW_DECIMALS = 6 };

static bool snprintf_few_digits(double number, int keep, int behind, digits *r) {
  double size = number < 0 ? -number : number;
  if (keep > FEW_DIGITS || behind > FEW_DECIMALS || !(size >= 1e-4 && size * decimal_powers[behind] < 1e15))
    return false;
  for (int k = 0; k <= behind; k++) {
    uint64_t m = (uint64_t)(size * decimal_powers[k] + 0.5);
    if ((double)m / decimal_powers[k] != size) continue;
    /* cppcheck-suppress ctuuninitvar ; it is written here */
    r->count = format_integer(r->text + 1, (long long)m);
    r->point = r->count - k;
    while (r->text[r->count] == '0') r->count--;
    return r->count <= keep;
  }
  return false;
}

/* Writes the digits with indices from `from` to before `to`; zeros where there are no digits. */
static void snprintf_put_digits(output *o, const digits *r, int from, int to) {
  for (; from < to; from++) snprintf_put(o, from >= 0 && from < r->count ? r->text[1 + from] : '0');
}

/* Writes an exponent so that it ends before `end`, at most 8 characters; returns its start. */
static char *snprintf_exponent_of(char *end, int exponent, char letter, int least) {
  char *at = snprintf_digits_of(end, (uint64_t)(exponent < 0 ? -exponent : exponent), 10, false);
  while (end - at < least) *--at = '0';
  *--at = exponent < 0 ? '-' : '+';
  *--at = letter;
  return at;
}

static void snprintf_put_scientific(output *o, const conversion *c, const char *prefix, const digits *r,
                                    int behind) {
  char text[8], *end = text + sizeof text;
  char *exponent = snprintf_exponent_of(end, r->count == 0 ? 0 : r->point - 1, c->upper ? 'E' : 'e', 2);
  bool point = behind > 0 || c->alternative;
  int padding = snprintf_begin(o, c, prefix, 1 + point + behind + (int)(end - exponent));
  snprintf_put_digits(o, r, 0, 1);
  if (point) snprintf_put(o, '.');
  snprintf_put_digits(o, r, 1, 1 + behind);
  snprintf_put_text(o, exponent, (int)(end - exponent));
  snprintf_put_many(o, ' ', padding);
}

static void snprintf_put_fixed(output *o, const conversion *c, const char *prefix, const digits *r,
                               int behind) {
  bool point = behind > 0 || c->alternative;
  int before = r->point > 0 ? r->point : 1;
  int padding = snprintf_begin(o, c, prefix, before + point + behind);
  snprintf_put_digits(o, r, r->point - before, r->point);
  if (point) snprintf_put(o, '.');
  snprintf_put_digits(o, r, r->point, r->point + behind);
  snprintf_put_many(o, ' ', padding);
}

static void snprintf_put_hexadecimal(output *o, const conversion *c, bool negative, double number) {
  enum { DIGITS = 13 };
  char prefix[4], text[8], *end = text + sizeof text;
  uint64_t mantissa;
  int exponent = snprintf_take_apart(number, &mantissa) + 52, behind = DIGITS;
  if (mantissa == 0) exponent = 0;
  if (c->precision >= 0 && c->precision < DIGITS) {
    int cut = 4 * (DIGITS - c->precision);
    uint64_t rest = mantissa & (((uint64_t)1 << cut) - 1), half = (uint64_t)1 << (cut - 1);
    mantissa >>= cut;
    if (rest > half || (rest == half && (mantissa & 1))) mantissa++;
    mantissa <<= cut;
  }
  while (c->precision < 0 && behind > 0 && (mantissa >> 4 * (DIGITS - behind) & 15) == 0) behind--;
  if (c->precision >= 0) behind = c->precision;
  char *at = snprintf_exponent_of(end, exponent, c->upper ? 'P' : 'p', 1);
  bool point = behind > 0 || c->alternative;
  strcpy(prefix, snprintf_sign(c, negative));
  strcat(prefix, c->upper ? "0X" : "0x");
  int padding = snprintf_begin(o, c, prefix, 1 + point + behind + (int)(end - at));
  snprintf_put(o, (char)('0' + (mantissa >> 52)));
  if (point) snprintf_put(o, '.');
  for (int i = 1; i <= behind; i++) {
    unsigned digit = i > DIGITS ? 0 : (unsigned)(mantissa >> 4 * (DIGITS - i)) & 15;
    snprintf_put(o, (char)(digit < 10 ? '0' + digit : (c->upper ? 'A' : 'a') + digit - 10));
  }
  snprintf_put_text(o, at, (int)(end - at));
  snprintf_put_many(o, ' ', padding);
}

static void snprintf_put_double(output *o, conversion *c, double number) {
  bool negative =
      number == number && snprintf_bits_of(number) >> 63; /* the sign of a NaN depends on the engine */
  const char *prefix = snprintf_sign(c, negative);
  if (number - number != 0) { /* not finite */
    c->zero = false;
    int padding = snprintf_begin(o, c, prefix, 3);
    snprintf_put_text(o, number != number ? (c->upper ? "NAN" : "nan") : (c->upper ? "INF" : "inf"), 3);
    snprintf_put_many(o, ' ', padding);
    return;
  }
  if (c->letter == 'a') {
    snprintf_put_hexadecimal(o, c, negative, number);
    return;
  }
  digits r;
  int precision = c->precision >= 0 ? c->precision : 6;
  bool few = c->letter == 'f'   ? snprintf_few_digits(number, FEW_DIGITS, precision, &r)
             : c->letter == 'g' ? snprintf_few_digits(number, precision, FEW_DECIMALS, &r)
                                : false;
  if (!few) snprintf_expand(number, &r);
  if (c->letter == 'f') {
    snprintf_round_digits(&r, r.point + precision);
    snprintf_put_fixed(o, c, prefix, &r, precision);
    return;
  }
  if (c->letter == 'g' && precision == 0) precision = 1;
  if (c->letter == 'e') precision++;
  snprintf_round_digits(&r, precision);
  if (c->letter == 'e') {
    snprintf_put_scientific(o, c, prefix, &r, precision - 1);
    return;
  }
  int shown = c->alternative ? precision : r.count > 0 ? r.count : 1; /* significant digits */
  if (r.point - 1 < -4 || r.point > precision) {
    snprintf_put_scientific(o, c, prefix, &r, shown - 1);
  } else {
    snprintf_put_fixed(o, c, prefix, &r, shown > r.point ? shown - r.point : 0);
  }
}

/* ---- formats ---- */

/* Reads a number or '*'. */
static int snprintf_read_number(const char **format, va_list *arguments) {
  int n = 0;
  if (**format == '*') {
    ++*format;
    return va_arg(*arguments, int);
  }
  for (; **format >= '0' && **format <= '9'; ++*format) n = n * 10 + (**format - '0');
  return n;
}

/* Reads a conversion after '%', up to its letter; returns the number of 'l' in it. */
static int snprintf_read_conversion(const char **format, conversion *c, va_list *arguments) {
  int longs = 0;
  *c = (conversion){.precision = -1};
  for (;; ++*format) {
    switch (**format) {
      case '-': c->left = true; continue;
      case '+': c->plus = true; continue;
      case ' ': c->space = true; continue;
      case '#': c->alternative = true; continue;
      case '0': c->zero = true; continue;
      default: break;
    }
    break;
  }
  c->width = snprintf_read_number(format, arguments);
  if (c->width < 0) {
    c->left = true;
    c->width = -c->width;
  }
  if (**format == '.') {
    ++*format;
    c->precision = snprintf_read_number(format, arguments);
  }
  for (; **format == 'l'; ++*format) longs++;
  c->letter = **format;
  if (c->letter != '\0') ++*format;
  c->upper = c->letter >= 'A' && c->letter <= 'Z';
  c->letter |= 32;
  return longs;
}

static void snprintf_put_conversion(output *o, const char **format, va_list *arguments) {
  conversion c;
  int longs = snprintf_read_conversion(format, &c, arguments);
  switch (c.letter) {
    case 'd':
    case 'i': {
      int64_t n = longs > 1 ? va_arg(*arguments, long long) : va_arg(*arguments, int);
      snprintf_put_integer(o, &c, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, snprintf_sign(&c, n < 0), 10);
      break;
    }
    case 'u':
    case 'o':
    case 'x': {
      uint64_t n = longs > 1 ? va_arg(*arguments, unsigned long long) : va_arg(*arguments, unsigned);
      bool prefixed = c.letter == 'x' && c.alternative && n != 0;
      snprintf_put_integer(o, &c, n,
                           !prefixed ? ""
                           : c.upper ? "0X"
                                     : "0x",
                           c.letter == 'u'   ? 10
                           : c.letter == 'o' ? 8
                                             : 16);
      break;
    }
    case 'p': {
      uintptr_t n = (uintptr_t)va_arg(*arguments, void *);
      c.precision = 2 * sizeof n;
      snprintf_put_integer(o, &c, n, n != 0 ? "0x" : "", 16);
      break;
    }
    case 'c': {
      char text = (char)va_arg(*arguments, int);
      snprintf_put_string(o, &c, &text, 1);
      break;
    }
    case 's': {
      const char *text = va_arg(*arguments, const char *);
      snprintf_put_string(o, &c, text, (int)strnlen(text, c.precision >= 0 ? (size_t)c.precision : INT_MAX));
      break;
    }
    case 'a':
    case 'e':
    case 'f':
    case 'g': snprintf_put_double(o, &c, va_arg(*arguments, double)); break;
    case '%': snprintf_put(o, '%'); break;
    default: break;
  }
}

int vsnprintf(char *restrict text, size_t size, const char *restrict format, va_list arguments) {
  char none;
  output o = {size > 0 ? text : &none, size > 0 ? text + size - 1 : &none, 0};
  va_list all;
  va_copy(all, arguments);
  for (const char *at = format; *at != '\0';) {
    if (*at++ == '%') {
      snprintf_put_conversion(&o, &at, &all);
    } else {
      snprintf_put(&o, at[-1]);
    }
  }
  va_end(all);
  *o.at = '\0';
  return o.count;
}

int snprintf(char *restrict text, size_t size, const char *restrict format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int count = vsnprintf(text, size, format, arguments);
  va_end(arguments);
  return count;
}
