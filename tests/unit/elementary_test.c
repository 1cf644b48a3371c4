/*
 * elementary_test.c - runtime/libc/math.c against long double of this machine: errors in units in the last
 * place, values that are exact, and all special cases.
 */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "random.h"

double runtime_exp(double x);
double runtime_fmod(double x, double y);
double runtime_log(double x);
double runtime_log2(double x);
double runtime_log10(double x);
double runtime_pow(double x, double y);
double runtime_sinh(double x);
double runtime_cosh(double x);
double runtime_tanh(double x);
int runtime_rem_pio2(double x, double *y);

static int passed, failed;

static void expect(int good, const char *what, double x, double y, double ours, double theirs) {
  if (good) {
    passed++;
  } else if (failed++ < 20) {
    printf("%s(%a, %a): we say %a, it is %a\n", what, x, y, ours, theirs);
  }
}

/* At most `units`, or the same double where there is no unit. */
static void within(long double units, const char *what, double x, double y, double ours, long double exact) {
  double theirs = (double)exact;
  if (isnan(theirs) || isinf(theirs) || theirs == 0 || isinf(ours)) {
    int same = isnan(theirs) ? isnan(ours) != 0 : ours == theirs && !signbit(ours) == !signbit(theirs);
    expect(same, what, x, y, ours, theirs);
    return;
  }
  int exponent;
  frexpl(exact, &exponent);
  long double unit = ldexpl(1, (exponent < -1021 ? -1021 : exponent) - 53);
  long double most = fabsl(exact) < DBL_MIN ? 1.01L : units;
  expect(fabsl(ours - exact) / unit <= most, what, x, y, ours, theirs);
}

/* Half a unit and a little. */
static void near(const char *what, double x, double y, double ours, long double exact) {
  within(0.53L, what, x, y, ours, exact);
}

/* They are sums and quotients of what is near, without a second double for what that rounds off. */
static void test_hyperbolic(double x) {
  within(1.5L, "sinh", x, 0, runtime_sinh(x), sinhl(x));
  within(1.5L, "cosh", x, 0, runtime_cosh(x), coshl(x));
  within(3L, "tanh", x, 0, runtime_tanh(x), tanhl(x));
}

/* fmod is exact. */
static void test_fmod(double x, double y) {
  double ours = runtime_fmod(x, y), theirs = fmod(x, y);
  int same = isnan(theirs) ? isnan(ours) != 0 : ours == theirs && !signbit(ours) == !signbit(theirs);
  expect(same, "fmod", x, y, ours, theirs);
}

static double any(void) {
  double x;
  uint64_t bits = random_bits();
  memcpy(&x, &bits, sizeof x);
  return x;
}

static double between(double low, double high) {
  return low + (high - low) * ((double)(random_bits() >> 11) * 0x1p-53);
}

/* The sine by the sine or cosine of what the reduction left. */
static void test_angle(double x) {
  double y[2];
  int n = runtime_rem_pio2(x, y);
  long double rest = (long double)y[0] + y[1], sine = n & 1 ? cosl(rest) : sinl(rest);
  near("sin", x, n, (double)(n & 2 ? -sine : sine), sinl(x));
}

int main(void) {
  enum { ROUNDS = 300000 };
  static const double ends[] = {0,      -0.0,    1,          -1,          0.5,        2,         -2,
                                3,      -3,      2.5,        -2.5,        INFINITY,   -INFINITY, NAN,
                                5e-324, -5e-324, DBL_MIN,    DBL_MAX,     -DBL_MAX,   1e300,     0x1p53,
                                0x1p54, -0x1p53, 0x1p53 - 1, 1 - 0x1p-53, 1 + 0x1p-52};
  enum { ENDS = sizeof ends / sizeof *ends };
  for (int i = 0; i < ENDS; i++) {
    near("exp", ends[i], 0, runtime_exp(ends[i]), expl(ends[i]));
    near("log", ends[i], 0, runtime_log(ends[i]), logl(ends[i]));
    near("log2", ends[i], 0, runtime_log2(ends[i]), log2l(ends[i]));
    near("log10", ends[i], 0, runtime_log10(ends[i]), log10l(ends[i]));
    test_hyperbolic(ends[i]);
    for (int j = 0; j < ENDS; j++) {
      near("pow", ends[i], ends[j], runtime_pow(ends[i], ends[j]), powl(ends[i], ends[j]));
      test_fmod(ends[i], ends[j]);
    }
  }
  for (int i = 0; i < ROUNDS; i++) {
    double x = between(-746, 711), positive = fabs(any()), about_one = between(0.5, 2);
    near("exp", x, 0, runtime_exp(x), expl(x));
    x = between(-1, 1);
    near("exp", x, 0, runtime_exp(x), expl(x));
    for (int k = 0; k < 2; k++, positive = about_one) {
      near("log", positive, 0, runtime_log(positive), logl(positive));
      near("log2", positive, 0, runtime_log2(positive), log2l(positive));
      near("log10", positive, 0, runtime_log10(positive), log10l(positive));
    }
    positive = fabs(any());
    double y = between(-40, 40);
    near("pow", about_one, y * 20, runtime_pow(about_one, y * 20), powl(about_one, y * 20));
    y = between(-700, 700) / log(positive);
    near("pow", positive, y, runtime_pow(positive, y), powl(positive, y));
    test_fmod(any(), any());
    test_fmod(between(-1e6, 1e6), between(-100, 100));
    test_fmod(any() * 0x1p-1022, any() * 0x1p-1022);
    test_hyperbolic(between(-712, 712));
    test_hyperbolic(between(-23, 23));
    test_hyperbolic(between(-1, 1));
    test_hyperbolic(any());
    test_angle(between(-1000, 1000));
    test_angle(ldexp(between(0.5, 1), (int)(random_bits() % 62)));
  }
  for (int n = -308; n <= 308; n++) near("log10", n, 0, runtime_log10(pow(10, n)), log10l(pow(10, n)));
  for (int n = -1074; n <= 1023; n++) {
    double x = ldexp(1, n);
    expect(runtime_log2(x) == n, "log2", x, 0, runtime_log2(x), n);
    expect(runtime_pow(2, n) == x, "pow", 2, n, runtime_pow(2, n), x);
  }
  for (int base = 3; base < 2000; base++) { /* powers that are exact */
    double power = base;
    for (int n = 2; power * base < 0x1p53; n++) {
      power *= base;
      expect(runtime_pow(base, n) == power, "pow", base, n, runtime_pow(base, n), power);
    }
  }
  test_angle(0x1.6ac5b262ca1ffp849); /* the double that is nearest to a multiple of pi/2 */
  test_angle(1e22);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
