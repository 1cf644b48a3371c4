/*
 * invocation.c - group 2 of the benchmarks on the local edge: what one invocation takes, without Lua around
 * it.
 *
 *   invocation HELLO.wasm EMPTY.wasm
 *
 * EMPTY's handler does nothing: what it takes is mostly the restore of the image, and beside it stands a
 * memcpy of as many bytes. The floor (floor.c) is translated by wasm2c as the runtime is, and its imports go
 * to the same host. Prints lines of a name and microseconds of CPU time, the best of rounds in turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/runner.h"
#include "floor_wasm2c.h"
#include "engine/trap.h"

enum { WARM = 20000, FRESH = 300, ROUNDS = 12 };

static host_request request;
static edge hello, empty;
static text copy_from, copy_to;

static void end(const char *what, const char *why) {
  fprintf(stderr, "invocation: %s: %s\n", what, why);
  exit(1);
}

/* ---- the floor ---- */

typedef struct floor_flare {
  Z_floor_instance_t wasm; /* first: imports are given its address */
  host host;
  u64 result;
} floor_flare;

static floor_flare lowest;

/* Calls the host and hands its answer over, as edge/engine/engine_wasm2c.c does. */
static u64 get(struct Z_flaronZ2Fv1_instance_t *self, host_import import) {
  floor_flare *f = (floor_flare *)self;
  host_arguments none = {0};
  host_answer answer;
  trap_enter_host();
  host_call(&f->host, import, &none, &answer);
  trap_leave_host();
  if (!answer.present || answer.data.size == 0) return 0;
  u32 at = Z_floorZ_alloc(&f->wasm, (u32)answer.data.size);
  if (at == 0) return 0;
  memcpy(f->wasm.w2c_memory.data + at, answer.data.data, answer.data.size);
  return (u64)at << 32 | answer.data.size;
}

static void set(struct Z_flaronZ2Fv1_instance_t *self, host_import import, const host_arguments *arguments) {
  host_answer answer;
  trap_enter_host();
  host_call(&((floor_flare *)self)->host, import, arguments, &answer);
  trap_leave_host();
}

static bytes part(struct Z_flaronZ2Fv1_instance_t *self, u32 at, u32 size) {
  const wasm_rt_memory_t *memory = &((floor_flare *)self)->wasm.w2c_memory;
  if ((u64)at + size > memory->size) wasm_rt_trap(WASM_RT_TRAP_OOB);
  return (bytes){memory->data + at, size};
}

/* Its imports, which the Makefile renames: those of the runtime have the same names. */
u64 floor_req_method(struct Z_flaronZ2Fv1_instance_t *self) { return get(self, HOST_req_method); }

u64 floor_req_url(struct Z_flaronZ2Fv1_instance_t *self) { return get(self, HOST_req_url); }

void floor_resp_set_status(struct Z_flaronZ2Fv1_instance_t *self, u32 status) {
  set(self, HOST_resp_set_status, &(host_arguments){.n = (s32)status});
}

void floor_resp_header_set(struct Z_flaronZ2Fv1_instance_t *self, u32 name, u32 name_size, u32 value,
                           u32 value_size) {
  set(self, HOST_resp_header_set,
      &(host_arguments){.a = part(self, name, name_size), .b = part(self, value, value_size)});
}

void floor_resp_body_set(struct Z_flaronZ2Fv1_instance_t *self, u32 body, u32 size) {
  set(self, HOST_resp_body_set, &(host_arguments){.a = part(self, body, size)});
}

static void floor_open(void) {
  Z_floor_instantiate(&lowest.wasm, (struct Z_flaronZ2Fv1_instance_t *)&lowest);
}

static void run_floor(void *data) {
  floor_flare *f = data;
  f->result = Z_floorZ_handle_request(&f->wasm);
}

/* ---- the cases ---- */

static void invoke(edge *e) {
  edge_result result;
  text error = {0};
  if (!edge_invoke(e, FLARE_HANDLE_REQUEST, &request, &result, &error)) end("the edge", text_string(&error));
  if (result.failed) end("a flare", "the invocation failed");
}

static void floor_warm(void) {
  host_begin(&lowest.host, &request);
  if (trap_call(&lowest.wasm.w2c_memory, run_floor, &lowest) != 0) end("the floor", "a trap");
}

static void floor_fresh(void) {
  Z_floor_free(&lowest.wasm);
  floor_open();
  floor_warm();
}

static void hello_warm(void) { invoke(&hello); }

static void hello_fresh(void) {
  edge_renew(&hello);
  invoke(&hello);
}

static void restore(void) { invoke(&empty); }

static void copy(void) {
  memcpy(copy_to.data, copy_from.data, copy_from.size);
  __asm__ volatile("" : : "r"(copy_to.data) : "memory");
}

static const struct {
  const char *name;
  int count;
  void (*call)(void);
} cases[] = {{"floor_warm", WARM, floor_warm},    {"hello_warm", WARM, hello_warm},
             {"restore", WARM, restore},          {"floor_fresh", FRESH, floor_fresh},
             {"hello_fresh", FRESH, hello_fresh}, {"memcpy", WARM, copy}};

enum { CASES = sizeof cases / sizeof *cases };

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void load(const char *path, flare *f, edge *e) {
  text wasm = {0}, error = {0};
  FILE *file = fopen(path, "rb");
  if (file == NULL || text_read(&wasm, fileno(file), SIZE_MAX) != 0) end(path, "cannot be read");
  fclose(file);
  if (!flare_read(f, &wasm, &error) || !flare_runs_here(f, &error)) end(path, text_string(&error));
  *e = (edge){.flare = f, .host = {.config = host_config_default()}};
}

int main(int argc, char **argv) {
  static flare flares[2];
  double best[CASES];
  if (argc != 3) return 2;
  load(argv[1], &flares[0], &hello);
  load(argv[2], &flares[1], &empty);
  text_add_string(&request.method, "GET");
  text_add_string(&request.url, "https://example.com/greeting");

  /* What is restored lies between the image's end and the arena twice: in use, and as it is kept. */
  const flare *f = &flares[1];
  size_t restored = f->arena_start - (f->image_start + f->image.size);
  memset(text_room(&copy_from, restored), 1, restored);
  memset(text_room(&copy_to, restored), 2, restored);
  copy_from.size = copy_to.size = restored;

  invoke(&hello);
  Z_floor_init_module();
  lowest.host.config = host_config_default();
  floor_open();
  floor_warm();
  bytes expected = text_bytes(&hello.host.response.body), body = text_bytes(&lowest.host.response.body);
  if (expected.size != body.size || memcmp(expected.data, body.data, body.size) != 0)
    end("the floor", "it answers differently");

  for (int round = 0; round < ROUNDS; round++) {
    for (int c = 0; c < CASES; c++) {
      double begin = now_us();
      for (int i = 0; i < cases[c].count; i++) cases[c].call();
      double us = (now_us() - begin) / cases[c].count;
      if (round == 0 || us < best[c]) best[c] = us;
    }
  }
  for (int c = 0; c < CASES; c++) printf("%s %.3f\n", cases[c].name, best[c]);
  printf("restored %zu\n", restored);
  return 0;
}
