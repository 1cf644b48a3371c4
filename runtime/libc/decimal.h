/*
 * decimal.h - exact decimal numbers, with which snprintf.c prints doubles and strtod.c reads them.
 *
 * A double is an integer times a power of two, so doubling and halving are all the arithmetic needed.
 */
#ifndef FLARON_DECIMAL_H
#define FLARON_DECIMAL_H

#include <stdint.h>

enum {
  DECIMAL_BASE = 1000000000,
  DECIMAL_DIGITS = 9, /* digits of a limb */
  DECIMAL_POINT = 40, /* the limbs before this one are the integer part */
  DECIMAL_LIMBS = 300,
  DECIMAL_SHIFT = 29, /* the most bits of one shift */
  DECIMAL_EXACT = 22  /* the highest power of ten that a double holds exactly */
};

/* The powers of ten from 0 on. */
extern const double decimal_powers[DECIMAL_EXACT + 1];

/* The limbs with indices from `first` to before `last`, most significant first; all others are zero. */
typedef struct decimal {
  int first, last;
  uint32_t limb[DECIMAL_LIMBS];
} decimal;

/* Sets it to `n`, below 10^18. */
void decimal_set(decimal *d, uint64_t n);

/* Multiplies by 2^bits, or divides by 2^-bits. There must be room for the result. */
void decimal_scale(decimal *d, int bits);

#endif
