/*
 * kept.h - a flare on the wasm2c'd runtime whose instance is kept whatever happens to it, for tests of what
 * an instance is after a trap. The edge itself replaces it then (edge/engine/runner.c).
 *
 * It packs, opens and calls; what an answer should be is the test's business. No threads.
 */
#ifndef FLARON_TESTS_KEPT_H
#define FLARON_TESTS_KEPT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "engine/engine_wasm2c.h"
#include "pack/pack.h"

/* A flare, its host and its instance. `error` is what the last call that trapped said. */
typedef struct kept {
  flare flare;
  host host;
  host_request request;
  engine *engine;
  text error;
} kept;

static int kept_read(void *data, const char *path, text *out) {
  if (strcmp(path, "main.lua") != 0) return ENOENT;
  text_add_string(out, data);
  return 0;
}

/* Ends the program: a test that cannot begin. */
static inline void kept_end(const text *error) {
  printf("%s\n0 passed, 1 failed\n", text_string(error));
  exit(1);
}

/* Gives it a new instance. */
static inline void kept_renew(kept *k) {
  engine_close(k->engine);
  k->engine = instance_open(&k->flare, &k->host, NULL, NULL);
}

/* Packs a main script with `memory` bytes at most (0 = the usual) and opens an instance; ends the program
 * when it cannot. */
static inline void kept_open(kept *k, const char *source, uint32_t memory) {
  modules_source files = {kept_read, (void *)source, NULL};
  pack_options options = {.memory = memory};
  text wasm = {0};
  *k = (kept){.host = {.config = host_config_default()}};
  if (!pack_project(&files, NULL, &options, &wasm, &k->error) || !flare_read(&k->flare, &wasm, &k->error) ||
      !flare_runs_here(&k->flare, &k->error)) {
    kept_end(&k->error);
  }
  text_add_string(&k->request.url, "http://localhost/");
  kept_renew(k);
}

enum { KEPT_CPU_MS = 5000 }; /* nothing a test calls takes as long: a call that never ends is a failure */

/* Begins a request with this method. */
static inline void kept_prepare(kept *k, const char *method) {
  text_clear(&k->request.method);
  text_add_string(&k->request.method, method);
  text_clear(&k->error);
  host_begin(&k->host, &k->request);
}

/* Calls handle_request with this method. Whether it came back; then the answer is in k->host.response. */
static inline bool kept_call(kept *k, const char *method) {
  uint64_t action;
  kept_prepare(k, method);
  return engine_call(k->engine, FLARE_HANDLE_REQUEST, KEPT_CPU_MS, &action, &k->error);
}

/* Whether a call with this method comes back with status 200 and this body. */
static inline bool kept_answers(kept *k, const char *method, const char *body) {
  return kept_call(k, method) && k->host.response.status == 200 &&
         bytes_are(text_bytes(&k->host.response.body), body);
}

static inline void kept_close(kept *k) {
  engine_close(k->engine);
  host_free(&k->host);
  flare_free(&k->flare);
  host_request_free(&k->request);
  text_free(&k->error);
}

#endif
