/*
 * config.h - the configuration of PCRE2 for a flare, in place of what its ./configure would write.
 *
 * 8 bits, Unicode, no JIT. The limits are PCRE2's own defaults, of which a pattern can only ask for less;
 * those that hold are set for each match (regex.c).
 */
#ifndef FLARON_PCRE2_CONFIG_H
#define FLARON_PCRE2_CONFIG_H

#define SUPPORT_PCRE2_8 1
#define SUPPORT_UNICODE 1
#define PCRE2_STATIC 1

#define HAVE_ASSERT_H 1
#define HAVE_MEMMOVE 1
#define HAVE_STDINT_H 1

#define LINK_SIZE 2
#define NEVER_BACKSLASH_C 1 /* it may end within a character, and PCRE2 then reads beyond its tables */
#define NEWLINE_DEFAULT 2   /* LF */
#define MAX_NAME_COUNT 10000
#define MAX_NAME_SIZE 32
#define PARENS_NEST_LIMIT 250
#define HEAP_LIMIT 20000000
#define MATCH_LIMIT 10000000
#define MATCH_LIMIT_DEPTH MATCH_LIMIT

#define PACKAGE_VERSION "10.42"
#define VERSION PACKAGE_VERSION

#endif
