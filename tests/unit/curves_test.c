/*
 * curves_test.c - the sums of two products of runtime/parts/digest/curves.c, compared with OpenSSL's: random
 * factors, and those for which points meet: zero, small ones, the generator itself, and sums at infinity.
 * Ends with "N passed, N failed".
 */
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdio.h>

#include "../../runtime/parts/digest/curves.c"
#include "random.h"

enum { ROUNDS = 150 };

static EC_GROUP *group;
static BN_CTX *numbers;

/* What OpenSSL makes of x * point + y * generator; 0 for the point at infinity. */
static size_t expect(unsigned char *point, size_t size, const unsigned char *x, const unsigned char *y,
                     size_t factor) {
  EC_POINT *p = EC_POINT_new(group);
  BIGNUM *m = BN_bin2bn(x, (int)factor, NULL), *n = BN_bin2bn(y, (int)factor, NULL);
  EC_POINT_oct2point(group, p, point, size, numbers);
  EC_POINT_mul(group, p, n, p, m, numbers);
  size_t made = EC_POINT_is_at_infinity(group, p)
                    ? 0
                    : EC_POINT_point2oct(group, p, POINT_CONVERSION_UNCOMPRESSED, point, size, numbers);
  BN_free(m);
  BN_free(n);
  EC_POINT_free(p);
  return made;
}

static void fill(unsigned char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)random_bits();
}

/* A factor of one of the kinds that a sum treats in its own way. */
static void choose(unsigned char *factor, size_t size, const unsigned char *order) {
  unsigned kind = random_bits() % 6;
  fill(factor, size);
  if (kind <= 1) {
    memset(factor, 0, size - 1);
    factor[size - 1] &= 31;
  } else if (kind == 2) {
    memcpy(factor, order, size);
    factor[size - 1] = (unsigned char)(order[size - 1] - random_bits() % 32);
  } else if (kind == 3) {
    memset(factor, random_bits() % 2 ? 0xff : 0x55, size);
  }
}

static int check_curve(int curve, int name, const br_ec_curve_def *definition) {
  size_t size = definition->generator_len / 2, whole = definition->generator_len;
  unsigned char last[1 + 2 * BYTES_MOST], x[BYTES_MOST], y[BYTES_MOST];
  int wrong = 0;
  group = EC_GROUP_new_by_curve_name(name);
  memcpy(last, definition->generator, whole);
  for (int round = 0; round < ROUNDS; round++) {
    unsigned char found[sizeof last], expected[sizeof last];
    memcpy(found, round % 3 == 0 ? definition->generator : last, whole);
    memcpy(expected, found, whole);
    choose(x, size, definition->order);
    choose(y, size, definition->order);
    if (round % 6 == 0) memcpy(y, x, size);
    br_ec_public_key key = {curve, found, whole};
    if (!digest_on_curve(&key)) wrong++;
    found[1 + round % (2 * size)] ^= 1;
    if (digest_on_curve(&key)) wrong++;
    found[1 + round % (2 * size)] ^= 1;
    uint32_t is_point = digest_curves.muladd(found, NULL, whole, x, size, y, size, curve);
    size_t made = expect(expected, whole, x, y, size);
    if (is_point != (made != 0) || (made != 0 && memcmp(found, expected, whole) != 0)) wrong++;
    if (made != 0) memcpy(last, expected, whole);
  }
  EC_GROUP_free(group);
  if (wrong > 0) printf("curve %d: %d of %d sums and points are wrong\n", curve, wrong, 3 * ROUNDS);
  return wrong;
}

int main(void) {
  numbers = BN_CTX_new();
  int wrong = check_curve(BR_EC_secp256r1, NID_X9_62_prime256v1, &br_secp256r1) +
              check_curve(BR_EC_secp384r1, NID_secp384r1, &br_secp384r1);
  BN_CTX_free(numbers);
  printf("%d passed, %d failed\n", 6 * ROUNDS - wrong, wrong);
  return wrong > 0;
}
