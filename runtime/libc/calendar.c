/*
 * calendar.c - mktime, gmtime and localtime in UTC, the only time zone a flare knows; in place of libc's.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <time.h>

enum { DAY = 86400, DAYS_OF_400_YEARS = 146097, MARCH_OF_YEAR_0 = -719468 /* days since 1970 */ };

/* a / b, rounded down. */
static long long divide(long long a, long long b) { return a / b - (a % b < 0); }

/* Days from 1 January 1970 to the first of a month, 0 to 11. Years begin in March here, so that a leap day is
 * the last day of a year. */
static long long days_before(long long year, int month) {
  if (month < 2) year--;
  int from_march = (month + 10) % 12;
  return 365 * year + divide(year, 4) - divide(year, 100) + divide(year, 400) + (153 * from_march + 2) / 5 +
         MARCH_OF_YEAR_0;
}

/* Splits seconds since 1970 into `tm`; false, with `tm` unchanged, if the year does not fit into an int. */
static bool take_apart(long long seconds, struct tm *tm) {
  long long days = divide(seconds, DAY), since_march = days - MARCH_OF_YEAR_0;
  long long cycle = divide(since_march, DAYS_OF_400_YEARS);
  int day = (int)(since_march - cycle * DAYS_OF_400_YEARS), rest = (int)(seconds - days * DAY);
  int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  day -= 365 * year + year / 4 - year / 100;
  int from_march = (5 * day + 2) / 153, month = (from_march + 2) % 12;
  long long whole_year = cycle * 400 + year + (month < 2);
  if (whole_year - 1900 > INT_MAX || whole_year - 1900 < INT_MIN) {
    errno = EOVERFLOW;
    return false;
  }
  *tm = (struct tm){.tm_sec = rest % 60,
                    .tm_min = rest / 60 % 60,
                    .tm_hour = rest / 3600,
                    .tm_mday = day - (153 * from_march + 2) / 5 + 1,
                    .tm_mon = month,
                    .tm_year = (int)(whole_year - 1900),
                    .tm_wday = (int)(days + 4 - divide(days + 4, 7) * 7),
                    .tm_yday = (int)(days - days_before(whole_year, 0))};
  return true;
}

struct tm *gmtime(const time_t *seconds) {
  static struct tm tm;
  return take_apart(*seconds, &tm) ? &tm : NULL;
}

struct tm *localtime(const time_t *seconds) {
  return gmtime(seconds);
}

time_t mktime(struct tm *tm) {
  long long year = tm->tm_year + 1900LL + divide(tm->tm_mon, 12);
  int month = (int)(tm->tm_mon - divide(tm->tm_mon, 12) * 12);
  long long seconds = (days_before(year, month) + tm->tm_mday - 1) * DAY + tm->tm_hour * 3600LL +
                      tm->tm_min * 60LL + tm->tm_sec;
  return take_apart(seconds, tm) ? seconds : -1;
}
