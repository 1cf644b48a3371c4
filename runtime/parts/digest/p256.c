/*
 * p256.c - BearSSL's P-256 with another sum of two products: for public values, as those of a verification
 * are.
 *
 * BearSSL multiplies the points one after the other and takes the same time for all factors. Here both
 * factors are gone through at once, four bits at a time, so that half of the doublings are needed, and zeros
 * cost nothing. Never give it a secret.
 */
#include <stdbool.h>

#include "ec/ec_p256_m31.c"
#include "parts/digest/digest_names.h"

enum { DIGITS = 15, FACTOR = 32 }; /* multiples of a point that are ready; bytes of a factor */

/* Adds a point, whose z is 1 if it is `affine`, to a sum that is `empty` (the point at infinity) or not. */
static void p256_add_public(p256_jacobian *sum, bool *empty, const p256_jacobian *point, bool affine) {
  p256_jacobian before = *sum;
  uint32_t any = 0;
  if (*empty) {
    *sum = *point;
    *empty = false;
    return;
  }
  uint32_t differ = affine ? p256_add_mixed(sum, point) : p256_add(sum, point);
  reduce_final_f256(sum->z);
  for (int i = 0; i < 9; i++) any |= sum->z[i];
  if (any != 0) return;
  if (differ) { /* a point and its opposite */
    *empty = true;
  } else {
    *sum = before;
    p256_double(sum);
  }
}

/* The four bits of a factor at `step`, from the most significant ones on. */
static unsigned p256_digit(const unsigned char *factor, int step) {
  return step % 2 == 0 ? factor[step / 2] >> 4 : factor[step / 2] & 15u;
}

/* br_ec_impl's muladd, for B NULL and factors of 32 bytes alone. */
static uint32_t p256_muladd_public(unsigned char *A, const unsigned char *B, size_t len,
                                   const unsigned char *x, size_t xlen, const unsigned char *y, size_t ylen,
                                   int curve) {
  p256_jacobian multiples[DIGITS], sum = {{0}, {0}, {0}}, of_generator = {{0}, {0}, {1}};
  bool empty = true;
  (void)curve;
  if (B != NULL || xlen != FACTOR || ylen != FACTOR || !p256_decode(&multiples[0], A, len)) return 0;
  for (int i = 1; i < DIGITS; i++) {
    multiples[i] = multiples[i % 2 == 1 ? i / 2 : i - 1];
    if (i % 2 == 1) {
      p256_double(&multiples[i]);
    } else {
      p256_add(&multiples[i], &multiples[0]);
    }
  }
  for (int step = 0; step < 2 * FACTOR; step++) {
    unsigned a = p256_digit(x, step), b = p256_digit(y, step);
    for (int i = 0; i < 4 && !empty; i++) p256_double(&sum);
    if (a != 0) p256_add_public(&sum, &empty, &multiples[a - 1], false);
    if (b == 0) continue;
    memcpy(of_generator.x, Gwin[b - 1], sizeof of_generator.x);
    memcpy(of_generator.y, Gwin[b - 1] + 9, sizeof of_generator.y);
    p256_add_public(&sum, &empty, &of_generator, true);
  }
  if (empty) return 0;
  p256_to_affine(&sum);
  p256_encode(A, &sum);
  return 1;
}

const br_ec_impl digest_p256 = {
    1u << BR_EC_secp256r1, api_generator, api_order, api_xoff, api_mul, api_mulgen, p256_muladd_public,
};
