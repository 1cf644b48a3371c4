/*
 * math.c - exp, log, log2, log10, pow, sinh, cosh, tanh, fmod and the reduction below sin, cos and tan, in
 * place of libc's functions, which need 16 KB of tables.
 *
 * Where 53 bits are too few, a number is a sum of two doubles, with `hi` the double nearest to the sum.
 * Errors are below 0.53 units in the last place (tests/unit/elementary_test.c), so exact results come out
 * exact; errors of sinh, cosh and tanh are below 3 units, as in glibc.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct pair {
  double hi, lo;
} pair;

static const double ln2_hi = 0x1.62e42fef00000p-1, ln2_lo = 0x1.473de6af278edp-34; /* hi has 33 bits */
static const pair one_ln2 = {0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56};
static const pair one_ln10 = {0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57};
static const pair fifth = {0x1.999999999999ap-3, -0x1.999999999999ap-57};
static const pair third = {0x1.5555555555555p-2, 0x1.5555555555555p-56};
static const pair half_pi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double of_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* a + b, exact. */
static pair sum(double a, double b) {
  double s = a + b, of_b = s - a;
  return (pair){s, (a - (s - of_b)) + (b - of_b)};
}

/* The upper half of a double's bits. */
static double upper_half(double a) {
  double t = a * 0x1.0000002p27;
  return t - (t - a);
}

/* a * b, exact (Dekker). */
static pair product(double a, double b) {
  double ah = upper_half(a), al = a - ah, bh = upper_half(b), bl = b - bh, p = a * b;
  return (pair){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}

static pair pair_product(pair a, pair b) {
  pair p = product(a.hi, b.hi);
  return sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

/* Splits a positive number into 2^k * m, where m is between the square roots of 1/2 and 2. */
static double take_apart(double x, int *k) {
  uint64_t bits = bits_of(x);
  *k = 0;
  if (bits >> 52 == 0) {
    bits = bits_of(x * 0x1p54);
    *k = -54;
  }
  uint64_t up = bits - 0x3FE6A09E667F3BCD; /* minus the bits of the square root of 1/2 */
  *k += (int)((int64_t)up >> 52);
  return of_bits(bits - ((up >> 52) << 52));
}

/* The logarithm of m, which is between the square roots of 1/2 and 2, with a relative error of 2^-70. */
static pair log_near_one(double m) {
  /* With s = (m - 1) / (m + 1): 2 s (1 + s^2/3 + s^4/5 + ...) */
  static const double terms[] = {1 / 27.0, 1 / 25.0, 1 / 23.0, 1 / 21.0, 1 / 19.0, 1 / 17.0,
                                 1 / 15.0, 1 / 13.0, 1 / 11.0, 1 / 9.0,  1 / 7.0};
  pair below = sum(m, 1);
  double s = (m - 1) / below.hi, p = 0;
  pair back = product(s, below.hi);
  double s_lo = ((m - 1 - back.hi) - back.lo - s * below.lo) / below.hi;
  pair z = product(s, s);
  z.lo += 2 * s * s_lo;
  for (unsigned i = 0; i < sizeof terms / sizeof *terms; i++) p = p * z.hi + terms[i];
  pair t = sum(fifth.hi, z.hi * p);
  t.lo += fifth.lo;
  t = pair_product(z, t);
  pair more = sum(third.hi, t.hi);
  more.lo += third.lo + t.lo;
  t = pair_product(z, more);
  pair u = product(s, t.hi);
  pair r = sum(s, u.hi);
  r.lo += u.lo + (s * t.lo + s_lo * t.hi + s_lo);
  return sum(2 * r.hi, 2 * r.lo);
}

/* The logarithm of a positive number. */
static pair logarithm(double x) {
  int k;
  pair l = log_near_one(take_apart(x, &k));
  pair r = sum(k * ln2_hi, l.hi);
  return sum(r.hi, r.lo + (l.lo + k * ln2_lo));
}

/* 1/19!, 1/18! ... 1/3! */
static const double factorials[] = {1 / 121645100408832000.0,
                                    1 / 6402373705728000.0,
                                    1 / 355687428096000.0,
                                    1 / 20922789888000.0,
                                    1 / 1307674368000.0,
                                    1 / 87178291200.0,
                                    1 / 6227020800.0,
                                    1 / 479001600.0,
                                    1 / 39916800.0,
                                    1 / 3628800.0,
                                    1 / 362880.0,
                                    1 / 40320.0,
                                    1 / 5040.0,
                                    1 / 720.0,
                                    1 / 120.0,
                                    1 / 24.0,
                                    1 / 6.0};
enum { FACTORIALS = sizeof factorials / sizeof *factorials, OF_14 = 5 };

/* The number e to the power of p. */
static double exponential(pair p) {
  if (p.hi > 710) return INFINITY;
  if (p.hi < -746) return 0;
  double k = rint(p.hi * one_ln2.hi), tail = 0;
  pair r = sum(p.hi - k * ln2_hi, p.lo - k * ln2_lo);
  for (unsigned i = OF_14; i < FACTORIALS; i++) tail = tail * r.hi + factorials[i];
  pair square = product(r.hi, r.hi), one = sum(1, r.hi), most = sum(one.hi, square.hi / 2);
  double rest = square.lo / 2 + (r.lo + r.lo * r.hi) + r.hi * square.hi * tail;
  return ldexp(most.hi + (most.lo + (one.lo + rest)), (int)k);
}

/* The hyperbolic cosine, or the sine if `sign` is -1: computed from half of e^|x|, except where the halves of
 * the sine cancel out. */
static double hyperbolic(double x, double sign) {
  double size = fabs(x), tail = 0;
  if (sign < 0 && size < 1) {
    for (unsigned i = 0; i < FACTORIALS; i += 2) tail = tail * x * x + factorials[i];
    return x + x * x * x * tail;
  }
  pair half = sum(size, -ln2_hi);
  double up = exponential((pair){half.hi, half.lo - ln2_lo}), y = up + sign * 0.25 / up;
  return sign < 0 ? copysign(y, x) : y;
}

double cosh(double x) { return hyperbolic(x, 1); }

double sinh(double x) { return hyperbolic(x, -1); }

double tanh(double x) { return fabs(x) > 22 ? copysign(1, x) : sinh(x) / cosh(x); }

/* Whether log of x needs no arithmetic; then *y is the result. */
static bool log_is_special(double x, double *y) {
  if (x > 0 && x < INFINITY) return false;
  *y = x == 0 ? -INFINITY : x < 0 ? (x - x) / (x - x) : x;
  return true;
}

double log(double x) {
  double y;
  return log_is_special(x, &y) ? y : logarithm(x).hi;
}

double log10(double x) {
  double y;
  return log_is_special(x, &y) ? y : pair_product(logarithm(x), one_ln10).hi;
}

double log2(double x) {
  double y;
  int k;
  if (log_is_special(x, &y)) return y;
  pair l = pair_product(log_near_one(take_apart(x, &k)), one_ln2);
  pair r = sum(k, l.hi);
  return r.hi + (r.lo + l.lo);
}

double exp(double x) { return x != x ? x : exponential((pair){x, 0}); }

/* 0: not an integer, 1: odd, 2: even. */
static int parity(double y) {
  if (y != rint(y)) return 0;
  return fabs(y) < 0x1p53 && ((int64_t)y & 1) ? 1 : 2;
}

double pow(double x, double y) {
  if (x == 1 || y == 0) return 1;
  if (x != x || y != y) return x + y;
  double size = fabs(x), most = 0x1p64;
  int kind = parity(y);
  bool negative = kind == 1 && bits_of(x) >> 63;
  if (fabs(y) == INFINITY) return size == 1 ? 1 : (size > 1) == (y > 0) ? INFINITY : 0;
  if (size == 0 || size == INFINITY) {
    double r = (size == 0) == (y < 0) ? INFINITY : 0;
    return negative ? -r : r;
  }
  if (x < 0 && kind == 0) return (x - x) / (x - x);
  y = y > most ? most : y < -most ? -most : y; /* the result is infinite or zero long before that */
  pair l = logarithm(size);
  pair p = product(l.hi, y);
  double r = exponential(sum(p.hi, p.lo + l.lo * y));
  return negative ? -r : r;
}

/* ---- the reduction of angles ---- */

/* The bits of 2/pi after the point, the most significant word first. */
static const uint32_t two_over_pi[] = {
    0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB, 0xDEBBC561,
    0xB7246E3A, 0x424DD2E0, 0x06492EEA, 0x09D1921C, 0xFE1DEB1C, 0xB129A73E, 0xE88235F5, 0x2EBB4484,
    0xE99C7026, 0xB45F7E41, 0x3991D639, 0x835339F4, 0x9C845F8B, 0xBDF9283B, 0x1FF897FF, 0xDE05980F,
    0xEF2F118B, 0x5A0A6D1F, 0x6D367ECF, 0x27CB09B7, 0x4F463F66, 0x9E5FEA2D, 0x7527BAC7, 0xEBE5F17B,
    0x3D0739F7, 0x8A5292EA, 0x6BFB5FB1, 0x1F8D5D08, 0x56033046, 0xFC7B6BAB};

enum {
  USED = 7,
  WORDS = USED + 2
}; /* words of 2/pi used at a time, and words of their product with 53 bits */

/* Adds `factor` times the words from `from` on to `p`, whose least significant word is first. */
static void add_product(uint32_t *p, const uint32_t *from, uint32_t factor) {
  uint64_t carry = 0;
  for (int i = 0; i < USED; i++) {
    carry += (uint64_t)from[USED - 1 - i] * factor + p[i];
    p[i] = (uint32_t)carry;
    carry >>= 32;
  }
  p[USED] += (uint32_t)carry;
}

/* 64 bits of p from bit `at` on; beyond p all bits are zero. */
static uint64_t bits_at(const uint32_t *p, int at) {
  uint64_t low = 0, high = 0;
  int word = at >> 5, shift = at & 31;
  for (int i = 2; i >= 0; i--) {
    high = high << 32 | low >> 32;
    low = low << 32 | (word + i < WORDS ? p[word + i] : 0);
  }
  return shift == 0 ? low : low >> shift | high << (64 - shift);
}

/*
 * libc's sin, cos and tan call this. It finds the multiple n of pi/2 that is nearest to x; returns n, exact
 * in its last two bits, and the remainder in y[0] + y[1]. The product of x and 2/pi, modulo 4, is computed in
 * integers (Payne and Hanek).
 */
int __rem_pio2(double x, double *y) {
  uint64_t bits = bits_of(x), mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
  int exponent = (int)(bits >> 52 & 0x7FF) - 1075; /* |x| is mantissa * 2^exponent */
  if (exponent > 971) {
    y[0] = y[1] = x - x;
    return 0;
  }
  /* Skip words of 2/pi whose product with the mantissa is a multiple of 4. */
  int skipped = exponent > 2 ? (exponent - 2) / 32 : 0, point = 32 * (USED + skipped) - exponent;
  uint32_t p[WORDS] = {0};
  add_product(p, two_over_pi + skipped, (uint32_t)mantissa);
  add_product(p + 1, two_over_pi + skipped, (uint32_t)(mantissa >> 32));
  int n = (int)(bits_at(p, point) & 3);
  uint64_t high = bits_at(p, point - 64), low = bits_at(p, point - 128);
  bool negative = high >> 63;
  if (negative) { /* nearer to the next multiple */
    n++;
    high = ~high + (low == 0);
    low = 0 - low;
  }
  int zeros = high != 0 ? __builtin_clzll(high) : 63;
  if (zeros != 0) high = high << zeros | low >> (64 - zeros);
  double unit = of_bits((uint64_t)(1023 - 64 - zeros) << 52);
  pair r = pair_product((pair){(double)(high >> 11 << 11) * unit, (double)(high & 0x7FF) * unit}, half_pi);
  bool flip = negative != (bool)(bits >> 63);
  y[0] = flip ? -r.hi : r.hi;
  y[1] = flip ? -r.lo : r.lo;
  return bits >> 63 ? -n : n;
}

/* A positive number is the returned integer, below 2^53, times 2^(exponent - 1075). */
static uint64_t mantissa(double x, int *exponent) {
  uint64_t bits = bits_of(x), low = bits & 0xFFFFFFFFFFFFF;
  *exponent = (int)(bits >> 52);
  if (*exponent != 0) return low | 1ull << 52;
  *exponent = 1;
  return low;
}

/* Exact, as fmod must be: a remainder of integers, with 11 bits of the quotient at a time. */
double fmod(double x, double y) {
  double a = fabs(x), b = fabs(y);
  if (!(b > 0 && a < INFINITY)) return (x * y) / (x * y);
  if (a < b) return x;
  int above, below;
  uint64_t m = mantissa(a, &above), n = mantissa(b, &below);
  m %= n;
  for (above -= below; above > 0; above -= 11) m = (m << (above < 11 ? above : 11)) % n;
  return copysign(ldexp((double)m, below - 1075), x);
}
