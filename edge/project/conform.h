/*
 * conform.h - reports of `flaron-lua conform`: reads and checks one, and has a host follow it. It makes none.
 */
#ifndef FLARON_EDGE_CONFORM_H
#define FLARON_EDGE_CONFORM_H

#include "host/host.h"

struct json_t;

/* The "format" of a report: another number when reports of before can be compared no more. */
extern const char conform_format[];

/* The most bytes of a report that is read. */
enum { CONFORM_REPORT_MAX = 4 << 20 };

/*
 * Reads a report: an object whose "probes" each have the strings "name" and "got", or "skipped". NULL, with a
 * sentence that begins with `name`, the file, in `error`, if `content` is none. The caller owns it.
 */
struct json_t *conform_read(const char *name, bytes content, text *error);

/* A member of a probe that is a string; NULL: there is none. Borrowed. */
const char *conform_string(const struct json_t *probe, const char *name);

/*
 * Has a host do what the report in a file says, as far as it can: its manners (host/manners.def) and the
 * limit of fetches. Adds a line to `notes` for each other answer that is not what the local edge's was, by
 * "expected". False, with a sentence that names the file in `error`, if it cannot be read.
 */
bool conform_follow(const char *path, host_config *config, text *notes, text *error);

#endif
