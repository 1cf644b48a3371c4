/*
 * manifest.h - flare.lua, the manifest: how a project is packed, and its rights on the host.
 */
#ifndef FLARON_EDGE_MANIFEST_H
#define FLARON_EDGE_MANIFEST_H

#include "host/host.h"

struct json_t;

/* A list of strings, ended by NULL. Owned. */
typedef struct manifest_list {
  char **items;
  size_t count;
} manifest_list;

/* Owned; begin with {0}. A field that is not in the manifest is NULL, empty or 0. */
typedef struct manifest {
  char *name, *main;
  manifest_list modules, assets; /* patterns (patterns.h) among them */
  manifest_list paths;           /* places to look for modules, each with a '?' */
  manifest_list without;         /* libraries of Lua that the flare does not have (abi/libraries.def) */
  uint32_t memory;               /* bytes */
  bool bytecode;                 /* `load` accepts bytecode */
  struct json_t *config;         /* the keys for the host, an object; NULL: there is no manifest */
  struct json_t *vars;           /* the variables of os.getenv, an object of strings; NULL: none */
} manifest;

/*
 * Evaluates and checks the text of a flare.lua. False, with a message that begins with "flare.lua:" in
 * `error`, if it fails, or has an unknown key or a value of a wrong type; `m` then holds nothing.
 */
bool manifest_read(manifest *m, bytes source, text *error);

void manifest_free(manifest *m);

/* The lists that a host_config borrows from here. Owned; begin with {0}. */
typedef struct manifest_grants {
  manifest_list secrets, fetch_urls;
} manifest_grants;

/*
 * Applies `json` (manifest.config) to `config`: a right that a manifest does not give is denied. NULL: there
 * is no manifest, and nothing changes. False with a sentence in `error` if it is not a valid config.
 */
bool manifest_configure(const struct json_t *json, host_config *config, manifest_grants *grants, text *error);

void manifest_grants_free(manifest_grants *grants);

#endif
