/*
 * strftime.c - strftime in the C locale and in UTC, the only ones that a flare has; in place of libc's.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[] = "Sunday\0Monday\0Tuesday\0Wednesday\0Thursday\0Friday\0Saturday";
static const char months[] =
    "January\0February\0March\0April\0May\0June\0July\0August\0September\0October\0November\0December";

/* The name with number `index` in a list; "?" if there is none. */
static const char *name_of(const char *list, int count, int index) {
  if (index < 0 || index >= count) return "?";
  while (index-- > 0) list += strlen(list) + 1;
  return list;
}

/* Whether the year 1900 + `year` has 366 days. */
static bool is_leap(long long year) {
  year += 1900;
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The ISO 8601 week and the year that it belongs to, counted from 1900. */
static int iso_week(const struct tm *t, long long *year) {
  int monday = (t->tm_wday + 6) % 7; /* days since Monday */
  int week = (t->tm_yday + 10 - monday) / 7;
  *year = t->tm_year;
  if (week < 1) {
    --*year;
    int days_before = t->tm_yday + (is_leap(*year) ? 366 : 365);
    return (days_before + 10 - monday) / 7;
  }
  /* The last days of December belong to the next year if the Thursday of their week is in it. */
  if (week == 53 && t->tm_yday - monday + 3 >= (is_leap(*year) ? 366 : 365)) {
    ++*year;
    return 1;
  }
  return week;
}

/* Writes one conversion to `text`, which has room for 64 bytes; an unknown one writes nothing. */
static void convert(char *text, char letter, const struct tm *t) {
  enum { ROOM = 64 };
  const char *format = "%02d", *name = NULL, *parts = NULL;
  long long year = t->tm_year + 1900LL;
  int n = 0;
  switch (letter) {
    case 'a':
    case 'A': name = name_of(days, 7, t->tm_wday); break;
    case 'b':
    case 'h':
    case 'B': name = name_of(months, 12, t->tm_mon); break;
    case 'c': parts = "%a %b %e %T %Y"; break;
    case 'D':
    case 'x': parts = "%m/%d/%y"; break;
    case 'F': parts = "%Y-%m-%d"; break;
    case 'r': parts = "%I:%M:%S %p"; break;
    case 'R': parts = "%H:%M"; break;
    case 'T':
    case 'X': parts = "%H:%M:%S"; break;
    case 'n': name = "\n"; break;
    case 't': name = "\t"; break;
    case '%': name = "%"; break;
    case 'p': name = t->tm_hour >= 12 ? "PM" : "AM"; break;
    case 'Z': name = "GMT"; break;
    case 'z': name = "+0000"; break;
    case 'd': n = t->tm_mday; break;
    case 'e': n = t->tm_mday, format = "%2d"; break;
    case 'H': n = t->tm_hour; break;
    case 'I': n = t->tm_hour % 12 == 0 ? 12 : t->tm_hour % 12; break;
    case 'j': n = t->tm_yday + 1, format = "%03d"; break;
    case 'm': n = t->tm_mon + 1; break;
    case 'M': n = t->tm_min; break;
    case 'S': n = t->tm_sec; break;
    case 'u': n = t->tm_wday == 0 ? 7 : t->tm_wday, format = "%d"; break;
    case 'w': n = t->tm_wday, format = "%d"; break;
    case 'U': n = (t->tm_yday + 7 - t->tm_wday) / 7; break;
    case 'W': n = (t->tm_yday + 7 - (t->tm_wday + 6) % 7) / 7; break;
    case 'V': n = iso_week(t, &year); break;
    case 'g':
    case 'G':
      iso_week(t, &year);
      year += 1900;
      if (letter == 'G') {
        snprintf(text, ROOM, "%lld", year);
        return;
      }
      n = (int)((year % 100 + 100) % 100);
      break;
    case 'y': n = (int)((year % 100 + 100) % 100); break;
    case 'C': n = (int)(year / 100 - (year % 100 < 0)), format = "%d"; break;
    case 'Y': snprintf(text, ROOM, "%lld", year); return;
    default: name = ""; break;
  }
  if (parts != NULL) {
    strftime(text, ROOM, parts, t);
  } else if (name != NULL) {
    bool cut = letter == 'a' || letter == 'b' || letter == 'h';
    snprintf(text, ROOM, cut ? "%.3s" : "%s", name);
  } else {
    snprintf(text, ROOM, format, n);
  }
}

size_t strftime(char *restrict text, size_t size, const char *restrict format, const struct tm *restrict t) {
  size_t used = 0;
  for (; *format != '\0'; format++) {
    char part[64] = {*format};
    if (*format == '%' && format[1] != '\0') {
      format++;
      if (*format == 'E' || *format == 'O') format++;
      convert(part, *format, t);
      if (*format == '\0') break;
    }
    size_t length = strlen(part);
    if (length >= size - used) return 0;
    memcpy(text + used, part, length);
    used += length;
  }
  text[used] = '\0';
  return used;
}
