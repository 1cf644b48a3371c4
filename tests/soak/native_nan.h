/*
 * native_nan.h - in front of the native Lua that programs_soak.c compares with: a NaN is written without a
 * sign, as in a flare. What the machine's libc prints depends on the machine.
 */
#ifndef FLARON_NATIVE_NAN_H
#define FLARON_NATIVE_NAN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static inline int unsigned_nan_snprintf(char *to, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = vsnprintf(to, size, format, arguments);
  va_end(arguments);
  char *sign = written > 0 && (size_t)written < size ? strstr(to, "-nan") : NULL;
  if (sign == NULL) return written;
  /* A width stays; who asks for a sign gets that of what is not negative. */
  bool padded = sign > to && sign[-1] == ' ', left = sign[4] == ' ';
  char instead = strchr(format, '+') != NULL ? '+' : padded || strchr(format, ' ') != NULL ? ' ' : '\0';
  if (instead != '\0') {
    *sign = instead;
    return written;
  }
  memmove(sign, sign + 1, strlen(sign));
  if (!left) return written - 1;
  to[written - 1] = ' ';
  to[written] = '\0';
  return written;
}

#define snprintf unsigned_nan_snprintf

#endif
