/*
 * decimal.c - see decimal.h.
 */
#include "libc/decimal.h"

const double decimal_powers[DECIMAL_EXACT + 1] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

void decimal_set(decimal *d, uint64_t n) {
  d->first = DECIMAL_POINT;
  d->last = DECIMAL_POINT;
  for (; n != 0; n /= DECIMAL_BASE) d->limb[--d->first] = (uint32_t)(n % DECIMAL_BASE);
}

static void shift_left(decimal *d, int bits) {
  uint32_t carry = 0;
  for (int i = d->last - 1; i >= d->first; i--) {
    uint64_t part = ((uint64_t)d->limb[i] << bits) + carry;
    carry = (uint32_t)(part / DECIMAL_BASE);
    d->limb[i] = (uint32_t)(part % DECIMAL_BASE);
  }
  if (carry != 0) d->limb[--d->first] = carry;
  while (d->last > d->first && d->limb[d->last - 1] == 0) d->last--;
}

static void shift_right(decimal *d, int bits) {
  uint32_t rest = 0;
  for (int i = d->first; i < d->last || rest != 0; i++) {
    uint64_t part = (uint64_t)rest * DECIMAL_BASE;
    if (i < d->last) {
      part += d->limb[i];
    } else {
      d->last = i + 1;
    }
    d->limb[i] = (uint32_t)(part >> bits);
    rest = (uint32_t)part & ((1u << bits) - 1);
  }
  while (d->first < d->last && d->limb[d->first] == 0) d->first++;
}

void decimal_scale(decimal *d, int bits) {
  while (bits != 0) {
    int by = bits > DECIMAL_SHIFT ? DECIMAL_SHIFT : bits < -DECIMAL_SHIFT ? -DECIMAL_SHIFT : bits;
    if (by > 0) {
      shift_left(d, by);
    } else {
      shift_right(d, -by);
    }
    bits -= by;
  }
}
