/*
 * calendar_test.c - runtime/libc/calendar.c against the libc of this machine: times of all sizes, dates with
 * fields that are too large or below 0, and the years where an int ends.
 */
#define gmtime runtime_gmtime
#define localtime runtime_localtime
#define mktime runtime_mktime
#include "../../runtime/libc/calendar.c"
#undef gmtime
#undef mktime

#include <stdint.h>
#include <stdio.h>

#include "random.h"

static int passed, failed;

static void expect(bool good, const char *what, long long n) {
  if (good) {
    passed++;
  } else if (failed++ < 20) {
    printf("%s: %lld\n", what, n);
  }
}

static bool same(const struct tm *a, const struct tm *b) {
  return a->tm_sec == b->tm_sec && a->tm_min == b->tm_min && a->tm_hour == b->tm_hour &&
         a->tm_mday == b->tm_mday && a->tm_mon == b->tm_mon && a->tm_year == b->tm_year &&
         a->tm_wday == b->tm_wday && a->tm_yday == b->tm_yday && a->tm_isdst == b->tm_isdst;
}

static void test_seconds(time_t seconds) {
  struct tm theirs;
  const struct tm *ours = runtime_gmtime(&seconds);
  bool there = gmtime_r(&seconds, &theirs) != NULL;
  expect(there == (ours != NULL) && (!there || same(ours, &theirs)), "gmtime", seconds);
}

static void test_date(struct tm date) {
  struct tm theirs = date, before = date;
  time_t ours_seconds = runtime_mktime(&date), seconds = timegm(&theirs);
  expect(ours_seconds == seconds, "mktime", seconds);
  expect(same(&date, ours_seconds != -1 ? &theirs : &before), "fields of mktime", seconds);
}

static int small(int most) { return (int)(random_bits() % (2 * (unsigned)most)) - most; }

int main(void) {
  enum { ROUNDS = 300000 };
  for (long long day = -800000; day < 800000; day++) test_seconds(day * DAY + (day & 1 ? DAY - 1 : 0));
  for (int i = 0; i < ROUNDS; i++) {
    test_seconds((time_t)random_bits() >> random_bits() % 64);
    test_date((struct tm){.tm_sec = small(100000),
                          .tm_min = small(10000),
                          .tm_hour = small(1000),
                          .tm_mday = small(1000),
                          .tm_mon = small(100),
                          .tm_year = small(10000)});
    test_date((struct tm){.tm_sec = (int)random_bits(),
                          .tm_min = (int)random_bits(),
                          .tm_hour = (int)random_bits(),
                          .tm_mday = (int)random_bits(),
                          .tm_mon = (int)random_bits(),
                          .tm_year = (int)random_bits()});
  }
  test_seconds(67768036191676799); /* the last second of the last year that is an int */
  test_seconds(67768036191676800);
  test_seconds(-67768040609740800); /* the first */
  test_seconds(-67768040609740801);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
