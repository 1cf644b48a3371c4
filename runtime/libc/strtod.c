/*
 * strtod.c - exact strtod: always gives the double nearest to the numeral, ties to even.
 *
 * In place of libc's, which needs at least 2 KB, since it also reads from files and knows long double.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libc/decimal.h"

enum { DIGITS_MAX = 800 /* a tie between two doubles has at most 767 digits */, EXPONENT_MAX = 100000 };

static double from_bits(uint64_t bits) {
  double number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

/* The double nearest to n * 2^exponent; n has 56 bits or more, and its lowest bit is set if bits were cut
 * off. */
static double nearest(uint64_t n, int exponent) {
  enum { MANTISSA = 53, LEAST = -1074 };
  static const uint64_t infinity = (uint64_t)0x7FF << 52;
  int cut = 64 - __builtin_clzll(n) - MANTISSA;
  if (exponent + cut < LEAST) cut = LEAST - exponent;
  if (cut > 63) return 0;
  uint64_t rest = n & (((uint64_t)1 << cut) - 1), half = (uint64_t)1 << (cut - 1);
  n >>= cut;
  exponent += cut - LEAST;
  if (rest > half || (rest == half && (n & 1))) n++;
  if (exponent > 2045) return from_bits(infinity); /* the sum below would overflow */
  return from_bits(((uint64_t)exponent << 52) + n);
}

/* The double nearest to `d`, which is not zero; destroys `d`. */
static double round_decimal(decimal *d) {
  enum { BITS = 56 };
  int exponent = 0;
  for (;;) {
    uint64_t whole = 0;
    int by = -DECIMAL_SHIFT;
    if (d->first >= DECIMAL_POINT - 2) {
      for (int i = d->first; i < DECIMAL_POINT; i++) {
        whole = whole * DECIMAL_BASE + (i < d->last ? d->limb[i] : 0);
      }
      if (whole >> (BITS - 1) != 0) return nearest(whole | (d->last > DECIMAL_POINT), exponent);
      by = BITS - (whole != 0 ? 64 - __builtin_clzll(whole) : 0);
      if (by > DECIMAL_SHIFT) by = DECIMAL_SHIFT;
    }
    decimal_scale(d, by);
    exponent -= by;
  }
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* The digits of a numeral with a point, without leading zeros. */
typedef struct digits {
  const char *end; /* after the last digit, NULL = there is no digit */
  int count;       /* number of digits kept */
  int point;       /* position of the point, counted from the first digit kept */
  bool cut;        /* a digit that was not kept is not zero */
  uint64_t value;  /* that of the digits kept, if there are at most 15 */
  uint8_t kept[DIGITS_MAX];
} digits;

static void read_digits(digits *r, const char *at, int base) {
  int most = base == 16 ? 15 : DIGITS_MAX;
  bool behind = false, any = false;
  r->end = NULL;
  r->count = r->point = 0;
  r->cut = false;
  r->value = 0;
  for (;; at++) {
    int digit = digit_of(*at);
    if (*at == '.' && !behind) {
      behind = true;
      if (any) r->end = at + 1;
      continue;
    }
    if (digit >= base) return;
    any = true;
    r->end = at + 1;
    if (r->count == 0 && digit == 0) {
      r->point -= behind;
      continue;
    }
    r->point += !behind;
    if (r->count == most) {
      r->cut = r->cut || digit != 0;
      continue;
    }
    r->value = r->value * (unsigned)base + (unsigned)digit;
    r->kept[r->count++] = (uint8_t)digit;
  }
}

/* Reads an exponent that begins with `letter`, if there is one, and moves *at after it; else 0. */
static int read_exponent(const char **at, char letter) {
  const char *p = *at;
  if ((*p | 32) != letter) return 0;
  p++;
  bool negative = *p == '-';
  if (*p == '-' || *p == '+') p++;
  if (digit_of(*p) > 9) return 0;
  int exponent = 0;
  for (; digit_of(*p) <= 9; p++) {
    if (exponent < EXPONENT_MAX) exponent = exponent * 10 + digit_of(*p);
  }
  *at = p;
  return negative ? -exponent : exponent;
}

static double read_hexadecimal(const char **at) {
  digits r;
  read_digits(&r, *at, 16);
  if (r.end == NULL) { /* "0x" without digits is a zero that ends before the 'x' */
    --*at;
    return 0;
  }
  *at = r.end;
  int exponent = read_exponent(at, 'p') + (r.point - r.count) * 4;
  if (r.count == 0) return 0;
  int up = __builtin_clzll(r.value) - 1;
  if (exponent > 2 * EXPONENT_MAX) exponent = 2 * EXPONENT_MAX;
  return nearest(r.value << up | r.cut, exponent - up);
}

/* Sets `d` to the digits times 10^exponent. */
static void to_decimal(const digits *r, int exponent, decimal *d) {
  int place = r->point + exponent; /* number of digits before the point */
  int limb = DECIMAL_POINT, in_limb = place;
  while (in_limb > DECIMAL_DIGITS) limb--, in_limb -= DECIMAL_DIGITS;
  while (in_limb <= 0) limb++, in_limb += DECIMAL_DIGITS;
  d->first = d->last = --limb;
  int left = in_limb;
  for (int i = 0; i < r->count;) {
    uint32_t value = 0;
    for (; left > 0; left--) value = value * 10 + (i < r->count ? r->kept[i++] : 0);
    d->limb[d->last++] = value;
    left = DECIMAL_DIGITS;
  }
  if (r->cut) d->limb[d->last++] = 1;
  while (d->limb[d->last - 1] == 0) d->last--;
}

static double read_decimal(const char **at) {
  digits r;
  decimal d;
  read_digits(&r, *at, 10);
  if (r.end == NULL) {
    *at = NULL;
    return 0;
  }
  *at = r.end;
  int exponent = read_exponent(at, 'e');
  if (r.count == 0) return 0;
  /* Both are exact as doubles, so one operation on them gives the nearest double (W. Clinger, 1990). */
  int power = r.point + exponent - r.count;
  if (r.count <= 15 && power >= -DECIMAL_EXACT && power <= DECIMAL_EXACT)
    return power < 0 ? (double)r.value / decimal_powers[-power] : (double)r.value * decimal_powers[power];
  if (r.point + exponent > 310) return from_bits((uint64_t)0x7FF << 52);
  if (r.point + exponent < -340) return 0;
  to_decimal(&r, exponent, &d);
  return round_decimal(&d);
}

static double read_name(const char **at) {
  if (strncasecmp(*at, "nan", 3) == 0) {
    *at += 3;
    return from_bits((uint64_t)0x7FF8 << 48);
  }
  if (strncasecmp(*at, "inf", 3) == 0) {
    *at += strncasecmp(*at, "infinity", 8) == 0 ? 8 : 3;
    return from_bits((uint64_t)0x7FF << 52);
  }
  return read_decimal(at);
}

double strtod(const char *restrict text, char **restrict end) {
  const char *at = text;
  while (*at == ' ' || (*at >= '\t' && *at <= '\r')) at++;
  bool negative = *at == '-';
  if (*at == '-' || *at == '+') at++;
  double number;
  if (*at == '0' && (at[1] | 32) == 'x') {
    at += 2;
    number = read_hexadecimal(&at);
  } else {
    number = read_name(&at);
  }
  if (end != NULL) *end = (char *)(at != NULL ? at : text);
  return negative && at != NULL ? -number : number;
}
