/*
 * state.h - the files of a project for the local edge: `.flaron/` with the stores and the secrets.
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
 * No file in such a folder may be a link. Nor may the folder itself if its name is .flaron or edge-N (of `dev
 * --edges`), and only its owner may have the right to write to it: so a project from elsewhere cannot lead
 * out of its folder. A folder of another name was named by the user and is trusted.
 */

/*
 * Opens the stores and secrets in `folder`, which is created if it is missing; NULL: stores in memory, no
 * secrets. False, with a message that names the file in `error`; `s` then holds nothing.
 */
bool state_open(state *s, const char *folder, text *error);

/* Creates the folder if it is missing. False, with a message that names it in `error`. */
bool state_make_folder(const char *folder, text *error);

/*
 * Opens only the stores of `folder`, which must exist. If their database is missing, it is created with
 * `make`, else the result is an empty store in memory. NULL: `error` says why.
 */
struct store *state_open_store(const char *folder, bool make, text *error);

/* Replaces the secrets of `s` by those of `folder`, which must exist; see below. */
bool state_read_folder(state *s, const char *folder, text *error);

/*
 * Replaces the secrets of `s` by those of a file. False, with a message that names the file, if it cannot be
 * read, is not as above, or may be read by others than its owner.
 */
bool state_read_secrets(state *s, const char *path, text *error);

/*
 * Whether `name` may be given to a new secret: 1 to 256 bytes of UTF-8 without control characters and '='
 * (NAME=VALUE is a mistake of the user).
 */
bool state_secret_name_valid(const char *name);

/*
 * Sets a secret in secrets.json of `folder`, which must exist. `name` must be valid. The file is replaced as
 * a whole, and processes that change it at the same time wait for each other. False, with a message that
 * names the file in `error`: then the file is unchanged.
 */
bool state_set_secret(const char *folder, const char *name, bytes value, text *error);

/* Removes a secret in the same way; `found` says whether it existed. */
bool state_delete_secret(const char *folder, const char *name, bool *found, text *error);

/* Puts store and secrets into a host's config; they are borrowed until state_close. */
void state_lend(const state *s, host_config *config);

void state_close(state *s);

#endif
