/*
 * numbers_test.h - in front of each file of numbers_test: the runtime's functions get names of their own,
 * beside those of this machine's C library. numbers_test.c undoes it.
 */
#define snprintf runtime_snprintf
#define vsnprintf runtime_vsnprintf
#define strtod runtime_strtod
