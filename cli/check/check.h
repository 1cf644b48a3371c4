/*
 * check.h - what the files of `flaron-lua check` share besides findings (findings.h): what Lua says of the
 * code (check_code.c), and what the manifest is to allow (check_grants.c).
 */
#ifndef FLARON_CLI_CHECK_H
#define FLARON_CLI_CHECK_H

#include "check/findings.h"
#include "pack/manifest.h"
#include "pack/modules.h"

/* ---- what Lua says: check_code.c ---- */

/* What a script tells (scripts/check/record.lua). `file` counts from 1. Borrowed. */
typedef struct check_record {
  char kind[12];
  size_t file;
  long line, column;
  bytes text;
} check_record;

/* Takes the next record from `rest`; false when there is none, or it is not a record. */
bool check_next_record(bytes *rest, check_record *record);

/*
 * Asks the runtime what it has and compiles all modules (scripts/check/probe.lua). Those that come
 * with flaron-lua, for which `ours` is true, are asked what they have. Adds records of the kinds "runtime"
 * and "syntax". False with a message in `error` when the flare that does it fails.
 */
bool check_probe(const modules *m, const bool *ours, text *records, text *error);

/* Adds bytes as a string of Lua's source. */
void check_quote(text *out, bytes string);

/*
 * Has luacheck look at the modules of the project in `folder` and at the text of its flare.lua (`manifest`):
 * scripts/check/check.lua with `input` (a table as Lua source). Adds its records. False with a
 * sentence in `error` when it fails; `missing`: there is no luacheck.
 */
bool check_ask(const char *folder, const modules *m, bytes manifest, bytes input, text *records,
               bool *missing, text *error);

/* ---- what the manifest is to allow: check_grants.c ---- */

/* What the code needs. Owned; begin with {0}. */
typedef struct check_needs {
  unsigned keys; /* bit n: boolean key n of check_grants.c */
  manifest_list secrets, urls;
  unsigned vague_rules; /* bit n: rule n of check_grants.c, by a name that is known only when it runs */
  const char *vague;    /* the first function used so; static, NULL = none */
  char *vague_file;
  long vague_line, vague_column;
} check_needs;

/*
 * Notes what a record of the kind "use" or "right" needs, found in `file`. Where `config` does not grant it,
 * an error is added. Without a manifest (`config` NULL) nothing is.
 */
void check_use(check_needs *needs, const check_record *record, const char *file, const host_config *config,
               check_findings *findings);

/* The same of a module that comes with flaron-lua: it may need this, as the project uses it, or may not. */
void check_use_within(check_needs *needs, const check_record *use);

/* The same for the handler `name` of a WebSocket, found in `file` (line and column 0: not known). */
void check_websocket(check_needs *needs, const char *name, const char *file, long line, long column,
                     const manifest *m, check_findings *findings);

/*
 * Adds a note for what a record of the kind "key" says flare.lua grants and `needs` has no need for, and a
 * warning for a URL that lets in other hosts than it seems to.
 */
void check_key(const check_needs *needs, const check_record *key, const manifest *m,
               check_findings *findings);

/*
 * Writes what `needs` has and the manifest does not grant, as the field `fix` of check.lua's input, and for
 * people to `said`. False when that is nothing.
 */
bool check_wishes(const check_needs *needs, const manifest *m, text *out, text *said);

/* Writes a flare.lua that grants what `needs` has; `main` may be NULL. */
void check_write_manifest(const check_needs *needs, const char *name, const char *main, text *out);

/* Whether a flare.lua of that text grants all that `needs` has, and otherwise says what `before` says. */
bool check_grants_all(const check_needs *needs, const manifest *before, bytes source);

void check_needs_free(check_needs *needs);

#endif
