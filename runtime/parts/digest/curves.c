/*
 * curves.c - the sum of two products of points that verifying an ECDSA signature takes, on P-256 and P-384.
 *
 * For public values alone: what it does, and how long it takes, depends on them. Never give it a secret.
 *
 * An element of a field is a row of digits of 30 bits, from -2^29 to 2^29, in Montgomery's form. The highest
 * digit has room for small multiples of the prime, so sums are not reduced: a product brings them back to
 * half of the prime (curve_multiply_by). Both primes are -1 modulo 2^32, and a few powers of 2 besides, so a
 * multiple of one is made by shifts.
 */
#include <stdbool.h>
#include <string.h>

#include "inner.h"
#include "parts/digest/digest_names.h"

enum {
  DIGIT = 30,       /* bits */
  DIGITS_MOST = 13, /* of an element */
  BYTES_MOST = 48,  /* of a coordinate, and of a factor */
  TERMS = 4,        /* of a prime, besides -1 */
  WINDOW = 5,       /* bits that a digit of a factor spans at most */
  MULTIPLES = 8,    /* of a point: once, 3 times ... 15 times */
  STEPS_MOST = 8 * BYTES_MOST + 1,
};

typedef struct element {
  int32_t digits[DIGITS_MOST];
} element;

/* sign * 2^(DIGIT * digit + shift) */
typedef struct term {
  int digit, shift, sign;
} term;

typedef struct field {
  int digits;
  size_t size;       /* bytes of a coordinate */
  term terms[TERMS]; /* the prime is their sum, and -1 */
  element square;    /* 2^(2 * DIGIT * digits): what brings an element to Montgomery's form */
  const char *b;     /* of the curve's equation, y^2 = x^3 - 3x + b */
} field;

/* FIPS 186-4, D.1.2. */
static const field p256 = {
    9,
    32,
    {{3, 6, 1}, {6, 12, 1}, {7, 14, -1}, {8, 16, 1}},
    {{-268435456, 1, 0, -4, -64, -64, 0, -2048, 20480}},
    "\x5a\xc6\x35\xd8\xaa\x3a\x93\xe7\xb3\xeb\xbd\x55\x76\x98\x86\xbc\x65\x1d\x06\xb0\xcc\x53\xb0\xf6\x3b\xce"
    "\x3c\x3e\x27\xd2\x60\x4b",
};
static const field p384 = {
    13,
    48,
    {{1, 2, 1}, {3, 6, -1}, {4, 8, -1}, {12, 24, 1}},
    {{4096, -32768, 65536, 524288, 0, -8388608, 16777216, 134217728, 268435456}},
    "\xb3\x31\x2f\xa7\xe2\x3e\xe7\xe4\x98\x8e\x05\x6b\xe3\xf8\x2d\x19\x18\x1d\x9c\x6e\xfe\x81\x41\x12\x03\x14"
    "\x08\x8f\x50\x13\x87\x5a\xc6\x56\x39\x8d\x8a\x2e\xd1\x9d\x2a\x85\xc8\xed\xd3\xec\x2a\xef",
};

/* ---- the field ---- */

/* The lowest digit of a number, from -2^29 to 2^29 - 1. */
static inline int32_t curve_digit(int64_t n) {
  return (int32_t)((uint32_t)n << (32 - DIGIT)) >> (32 - DIGIT);
}

/* What is above it. */
static inline int64_t curve_carry(int64_t n) { return (n + (1 << (DIGIT - 1))) >> DIGIT; }

/*
 * a * b / 2^(DIGIT * digits), column by column. `multiples` are the multiples of the prime that make the
 * lower columns 0; since the prime ends in -1, each is the column's own digit. Called with constants, so that
 * all loops are unrolled.
 */
static inline __attribute__((always_inline)) void curve_multiply_by(int digits, const term *terms,
                                                                    element *result, const int32_t *a,
                                                                    const int32_t *b, bool squares) {
  int32_t multiples[DIGITS_MOST], product[DIGITS_MOST];
  int64_t sum = 0;
#pragma clang loop unroll(full)
  for (int column = 0; column < 2 * digits - 1; column++) {
    int first = column < digits ? 0 : column - digits + 1;
    if (squares) {
      int64_t half = 0;
#pragma clang loop unroll(full)
      for (int i = first; 2 * i < column; i++) half += (int64_t)a[i] * a[column - i];
      sum += 2 * half;
      if (column % 2 == 0) sum += (int64_t)a[column / 2] * a[column / 2];
    } else {
#pragma clang loop unroll(full)
      for (int i = first; i <= column - first; i++) sum += (int64_t)a[i] * b[column - i];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < TERMS; i++) {
      int from = column - terms[i].digit;
      if (from >= 0 && from < digits)
        sum += (int64_t)multiples[from] * (terms[i].sign * (1 << terms[i].shift));
    }
    if (column < digits) {
      multiples[column] = curve_digit(sum);
    } else {
      product[column - digits] = curve_digit(sum);
    }
    sum = curve_carry(sum);
  }
  product[digits - 1] = (int32_t)sum;
#pragma clang loop unroll(full)
  for (int i = 0; i < digits; i++) result->digits[i] = product[i];
}

static void curve_multiply_256(element *result, const element *a, const element *b) {
  curve_multiply_by(9, p256.terms, result, a->digits, b->digits, false);
}

static void curve_square_256(element *result, const element *a) {
  curve_multiply_by(9, p256.terms, result, a->digits, NULL, true);
}

static void curve_multiply_384(element *result, const element *a, const element *b) {
  curve_multiply_by(13, p384.terms, result, a->digits, b->digits, false);
}

static void curve_square_384(element *result, const element *a) {
  curve_multiply_by(13, p384.terms, result, a->digits, NULL, true);
}

static void curve_multiply(const field *f, element *result, const element *a, const element *b) {
  if (f == &p256) {
    curve_multiply_256(result, a, b);
  } else {
    curve_multiply_384(result, a, b);
  }
}

static void curve_square(const field *f, element *result, const element *a) {
  if (f == &p256) {
    curve_square_256(result, a);
  } else {
    curve_square_384(result, a);
  }
}

/* m * a + n * b, for small m and n. */
static inline void curve_combine(const field *f, element *result, int m, const element *a, int n,
                                 const element *b) {
  int64_t sum = 0;
  for (int i = 0; i < f->digits; i++) {
    sum += (int64_t)a->digits[i] * m + (int64_t)b->digits[i] * n;
    if (i == f->digits - 1) break;
    result->digits[i] = curve_digit(sum);
    sum = curve_carry(sum);
  }
  result->digits[f->digits - 1] = (int32_t)sum;
}

/* The number of an element, from 0 to the prime - 1, of f->size bytes. */
static void curve_encode(const field *f, unsigned char *bytes, const element *a) {
  element plain, one = {{1}};
  curve_multiply(f, &plain, a, &one); /* from -prime to prime */
  int32_t negative = plain.digits[0], digit = 0;
  for (int i = 1; i < f->digits; i++) negative = plain.digits[i] != 0 ? plain.digits[i] : negative;
  if (negative < 0) {
    plain.digits[0]--;
    for (int i = 0; i < TERMS; i++)
      plain.digits[f->terms[i].digit] += f->terms[i].sign * (1 << f->terms[i].shift);
  }
  int64_t rest = 0;
  int bits = 0;
  for (size_t at = f->size; at-- > 0;) {
    if (bits < 8 && digit < f->digits) {
      rest += (int64_t)plain.digits[digit++] * (1 << bits);
      bits += DIGIT;
    }
    bytes[at] = (unsigned char)rest;
    rest >>= 8;
    bits -= 8;
  }
}

/* Takes a number of f->size bytes; false if it is not below the prime. */
static bool curve_decode(const field *f, element *result, const unsigned char *bytes) {
  unsigned char again[BYTES_MOST];
  element plain = {{0}};
  int64_t rest = 0;
  int bits = 0, digit = 0;
  for (size_t at = f->size; at-- > 0;) {
    rest += (int64_t)bytes[at] << bits;
    bits += 8;
    if (bits < DIGIT && at > 0) continue;
    plain.digits[digit++] = at > 0 ? curve_digit(rest) : (int32_t)rest;
    rest = curve_carry(rest);
    bits -= DIGIT;
  }
  curve_multiply(f, result, &plain, &f->square);
  curve_encode(f, again, result);
  return memcmp(bytes, again, f->size) == 0;
}

static bool curve_is_zero(const field *f, const element *a) {
  element plain, one = {{1}};
  /* Of a multiple of the prime, which ends in -1, the lowest digit says which; most elements are seen to be
   * none so. */
  if (a->digits[0] > 64 || a->digits[0] < -64) return false;
  curve_multiply(f, &plain, a, &one);
  int32_t any = 0;
  for (int i = 0; i < f->digits; i++) any |= plain.digits[i];
  return any == 0;
}

/* The inverse: the power of the prime - 2, four bits at a time. */
static void curve_invert(const field *f, element *a) {
  element powers[16], minus_one = {{-1}};
  unsigned char exponent[BYTES_MOST];
  curve_multiply(f, &powers[0], &minus_one, &f->square);
  curve_encode(f, exponent, &powers[0]);
  exponent[f->size - 1]--;
  powers[1] = *a;
  for (int i = 2; i < 16; i++) curve_multiply(f, &powers[i], &powers[i - 1], a);
  *a = powers[exponent[0] >> 4];
  for (size_t step = 1; step < 2 * f->size; step++) {
    int digit = step % 2 == 0 ? exponent[step / 2] >> 4 : exponent[step / 2] & 15;
    for (int i = 0; i < 4; i++) curve_square(f, a, a);
    if (digit != 0) curve_multiply(f, a, a, &powers[digit]);
  }
}

/* ---- points ---- */

/* x / z^2 and y / z^3, or the point at infinity. */
typedef struct point {
  element x, y, z;
  bool infinite;
} point;

/* Takes a point of two coordinates; false if it is not on the curve. */
static bool curve_decode_point(const field *f, point *p, const unsigned char *bytes) {
  element left, right, b, one = {{1}};
  if (!curve_decode(f, &p->x, bytes) || !curve_decode(f, &p->y, bytes + f->size)) return false;
  curve_decode(f, &b, (const unsigned char *)f->b);
  curve_square(f, &right, &p->x);
  curve_multiply(f, &right, &right, &p->x);
  curve_combine(f, &right, 1, &right, -3, &p->x);
  curve_combine(f, &right, 1, &right, 1, &b);
  curve_square(f, &left, &p->y);
  curve_combine(f, &left, 1, &left, -1, &right);
  curve_multiply(f, &p->z, &one, &f->square);
  p->infinite = false;
  return curve_is_zero(f, &left);
}

/* Twice a point: none but that at infinity has a double there, since the order is odd. */
static void curve_double(const field *f, point *p) {
  element delta, gamma, beta, alpha, t;
  if (p->infinite) return;
  curve_square(f, &delta, &p->z);
  curve_square(f, &gamma, &p->y);
  curve_multiply(f, &beta, &p->x, &gamma);
  curve_combine(f, &t, 1, &p->x, -1, &delta);
  curve_combine(f, &alpha, 3, &p->x, 3, &delta);
  curve_multiply(f, &alpha, &alpha, &t);
  curve_multiply(f, &p->z, &p->y, &p->z);
  curve_combine(f, &p->z, 2, &p->z, 0, &p->z);
  curve_square(f, &t, &alpha);
  curve_combine(f, &p->x, 1, &t, -8, &beta);
  curve_combine(f, &t, 4, &beta, -1, &p->x);
  curve_multiply(f, &t, &alpha, &t);
  curve_square(f, &gamma, &gamma);
  curve_combine(f, &p->y, 1, &t, -8, &gamma);
}

/* Adds `sign` (1 or -1) times `other`, which is not at infinity. */
static void curve_add(const field *f, point *p, const point *other, int sign) {
  element u1, u2, s1, s2, h, h2, r, t;
  if (p->infinite) {
    *p = *other;
    curve_combine(f, &p->y, sign, &p->y, 0, &p->y);
    return;
  }
  curve_square(f, &t, &other->z);
  curve_multiply(f, &u1, &p->x, &t);
  curve_multiply(f, &t, &t, &other->z);
  curve_multiply(f, &s1, &p->y, &t);
  curve_square(f, &t, &p->z);
  curve_multiply(f, &u2, &other->x, &t);
  curve_multiply(f, &t, &t, &p->z);
  curve_multiply(f, &s2, &other->y, &t);
  curve_combine(f, &h, 1, &u2, -1, &u1);
  curve_combine(f, &r, sign, &s2, -1, &s1);
  if (curve_is_zero(f, &h)) {
    if (curve_is_zero(f, &r)) {
      curve_double(f, p);
    } else {
      p->infinite = true;
    }
    return;
  }
  curve_multiply(f, &t, &p->z, &other->z);
  curve_multiply(f, &p->z, &t, &h);
  curve_square(f, &h2, &h);
  curve_multiply(f, &h, &h, &h2);
  curve_multiply(f, &u1, &u1, &h2);
  curve_square(f, &t, &r);
  curve_combine(f, &t, 1, &t, -1, &h);
  curve_combine(f, &p->x, 1, &t, -2, &u1);
  curve_combine(f, &t, 1, &u1, -1, &p->x);
  curve_multiply(f, &t, &t, &r);
  curve_multiply(f, &s1, &s1, &h);
  curve_combine(f, &p->y, 1, &t, -1, &s1);
}

/* ---- the sum of two products ---- */

typedef struct product {
  point multiples[MULTIPLES];
  signed char steps[STEPS_MOST]; /* for each bit, from the lowest on: 0, or an odd factor from -15 to 15 */
} product;

/* A bit of a factor; above its highest, 0. */
static int curve_bit(const field *f, const unsigned char *factor, int at) {
  size_t byte = (size_t)at / 8;
  return byte < f->size ? factor[f->size - 1 - byte] >> (at % 8) & 1 : 0;
}

/* Gets a product ready: of a point and a factor of f->size bytes. */
static void curve_prepare(const field *f, product *p, const point *of, const unsigned char *factor) {
  point twice = *of;
  curve_double(f, &twice);
  p->multiples[0] = *of;
  for (int i = 1; i < MULTIPLES; i++) {
    p->multiples[i] = p->multiples[i - 1];
    curve_add(f, &p->multiples[i], &twice, 1);
  }
  int bits = 8 * (int)f->size, carry = 0, skip = 0;
  for (int at = 0; at <= bits; at++) {
    p->steps[at] = 0;
    if (skip > 0) {
      skip--;
      continue;
    }
    int digit = carry + curve_bit(f, factor, at);
    if (digit % 2 == 0) {
      carry = digit / 2;
      continue;
    }
    for (int i = 1; i < WINDOW; i++) digit += curve_bit(f, factor, at + i) << i;
    carry = digit >> (WINDOW - 1); /* more than half of a window: less than nothing, and one in the next */
    p->steps[at] = (signed char)(digit - (carry << WINDOW));
    skip = WINDOW - 1;
  }
}

static void curve_add_step(const field *f, point *sum, const product *p, int step) {
  int digit = p->steps[step];
  if (digit > 0) curve_add(f, sum, &p->multiples[digit / 2], 1);
  if (digit < 0) curve_add(f, sum, &p->multiples[-digit / 2], -1);
}

static const field *curve_field(int curve) { return curve == BR_EC_secp256r1 ? &p256 : &p384; }

/*
 * br_ec_impl's muladd, x * A + y * B into A, for B NULL (the generator) and factors as long as a coordinate.
 * 0 if A is no point of the curve, or the sum is none with coordinates.
 */
static uint32_t curve_sum_of_products(unsigned char *A, const unsigned char *B, size_t len,
                                      const unsigned char *x, size_t xlen, const unsigned char *y,
                                      size_t ylen, int curve) {
  const field *f = curve_field(curve);
  const br_ec_curve_def *definition = f == &p256 ? &br_secp256r1 : &br_secp384r1;
  product products[2];
  point sum;
  if (B != NULL || len != 1 + 2 * f->size || xlen != f->size || ylen != f->size) return 0;
  if (!curve_decode_point(f, &sum, A + 1)) return 0;
  curve_prepare(f, &products[0], &sum, x);
  curve_decode_point(f, &sum, definition->generator + 1);
  curve_prepare(f, &products[1], &sum, y);
  sum.infinite = true;
  for (int step = 8 * (int)f->size; step >= 0; step--) {
    curve_double(f, &sum);
    curve_add_step(f, &sum, &products[0], step);
    curve_add_step(f, &sum, &products[1], step);
  }
  if (sum.infinite) return 0;
  curve_invert(f, &sum.z);
  element inverse = sum.z;
  curve_square(f, &sum.z, &sum.z);
  curve_multiply(f, &sum.x, &sum.x, &sum.z);
  curve_encode(f, A + 1, &sum.x);
  curve_multiply(f, &sum.z, &sum.z, &inverse);
  curve_multiply(f, &sum.y, &sum.y, &sum.z);
  curve_encode(f, A + 1 + f->size, &sum.y);
  return 1;
}

bool digest_on_curve(const br_ec_public_key *key) {
  point p;
  return curve_decode_point(curve_field(key->curve), &p, key->q + 1);
}

const br_ec_impl digest_curves = {
    .supported_curves = 1u << BR_EC_secp256r1 | 1u << BR_EC_secp384r1,
    .muladd = curve_sum_of_products,
};
