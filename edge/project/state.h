/*
 * state.h - what a project keeps on disk for the local edge: `.flaron/` with the stores and the secrets.
 *
 *   .flaron/stores.db      Spark and Plasma (store.h)
 *   .flaron/secrets.json   {"NAME": "value", "OTHER": {"base64": "..."}}, readable only by its owner
 */
#ifndef FLARON_EDGE_STATE_H
#define FLARON_EDGE_STATE_H

#include "host/host.h"

/* Owned; begin with {0}. */
typedef struct state {
  struct store *store;
  host_secret *secrets;
  size_t secret_count;
} state;

/*
 * None of the files in such a folder may be a link, nor may the folder when it is called .flaron, or edge-N
 * (of `dev --edges`), or be written to by others than its owner: what came with somebody's project then leads
 * nowhere else. A folder of another name is the word of whoever runs the command.
 */

/*
 * Opens what is in `folder`, made when it is missing; NULL: stores in memory, no secrets. False, with a
 * message that names the file in `error`; `s` then holds nothing.
 */
bool state_open(state *s, const char *folder, text *error);

/* Makes the folder when it is missing. False, with a message that names it in `error`. */
bool state_make_folder(const char *folder, text *error);

/*
 * Opens only the stores of `folder`, which must be there; with `make`, their database is made when it is
 * missing, else the store is then one in memory, with nothing in it. NULL: `error` says why.
 */
struct store *state_open_store(const char *folder, bool make, text *error);

/* Reads the secrets of `folder`, which must be there, in place of those that are in `s`; see below. */
bool state_read_folder(state *s, const char *folder, text *error);

/*
 * Reads the secrets of a file in place of those that are there. False, with a message that names it, when it
 * cannot be read, is not as above, or others than its owner may read it.
 */
bool state_read_secrets(state *s, const char *path, text *error);

/*
 * Whether `name` may be given to a new secret: 1 to 256 bytes of UTF-8 without control characters and '='
 * (who writes NAME=VALUE means something else).
 */
bool state_secret_name_valid(const char *name);

/*
 * Sets a secret in secrets.json of `folder`, which must be there. `name` is a valid one. The file is replaced
 * as a whole, and processes that change it at the same time wait for each other. False, with a message that
 * names the file in `error`: then it is as it was.
 */
bool state_set_secret(const char *folder, const char *name, bytes value, text *error);

/* Removes a secret in the same way; `found` tells whether there was one. */
bool state_delete_secret(const char *folder, const char *name, bool *found, text *error);

/* Lets a host use them; they are borrowed until state_close. */
void state_lend(const state *s, host_config *config);

void state_close(state *s);

#endif
