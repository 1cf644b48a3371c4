/*
 * state.h - what a project keeps on disk for the local edge: `.flaron/` with the stores and the secrets.
 *
 *   .flaron/stores.db      Spark and Plasma (store.h)
 *   .flaron/secrets.json   {"NAME": "value", "OTHER": {"base64": "..."}}, readable only by its owner
 */
#ifndef FLARON_EDGE_STATE_H
#define FLARON_EDGE_STATE_H

#include "host.h"

/* Owned; begin with {0}. */
typedef struct state {
  struct store *store;
  host_secret *secrets;
  size_t secret_count;
} state;

/*
 * Opens what is in `folder`, made when it is missing; NULL: stores in memory, no secrets. False, with a
 * message that names the file in `error`; `s` then holds nothing.
 */
bool state_open(state *s, const char *folder, text *error);

/*
 * Reads the secrets of a file in place of those that are there. False, with a message that names it, when it
 * cannot be read, is not as above, or others than its owner may read it.
 */
bool state_read_secrets(state *s, const char *path, text *error);

/* Lets a host use them; they are borrowed until state_close. */
void state_lend(const state *s, host_config *config);

void state_close(state *s);

#endif
