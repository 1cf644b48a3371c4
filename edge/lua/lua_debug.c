/*
 * lua_debug.c - see lua_debug.h. There is one server in this process, which lives as long as it; specs run in
 * one thread.
 */
#include "lua/lua_debug.h"

#include <lauxlib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "debug/dap_server.h"
#include "lua/lua_program.h"
#include "server/server.h"

static dap_server *the_server; /* NULL = nobody debugs */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the next */
static pool_flare
    *latest; /* a copy of the flare that was loaded last, which outlives its own; NULL = none yet */

/* dap_site.flare */
static pool_flare *debug_flare(void *data) {
  (void)data;
  pthread_mutex_lock(&lock);
  pool_flare *f = latest != NULL ? pool_flare_retain(latest) : NULL;
  pthread_mutex_unlock(&lock);
  return f;
}

/* lua_program_listener, as the next. */
static bool debug_stopped(void *data, debugger_reason reason, int breakpoint, const char *description) {
  (void)data;
  return dap_server_stopped(the_server, reason, breakpoint, description);
}

static void debug_said(void *data, bytes line) {
  (void)data;
  dap_server_said(the_server, line);
}

/* dap_site.left: specs that a debugger has started end with it, also if that was killed. */
static void debug_left(void *data) {
  (void)data;
  if (getenv("FLARON_LUA_DEBUG_ENDS") != NULL) _exit(EXIT_FAILURE);
}

/* Before the process ends, which takes the session's thread along. */
static void debug_at_exit(void) { dap_server_flush(the_server); }

int lua_debug_on(lua_State *L) {
  static const dap_site site = {".", debug_flare, NULL, &lua_program, debug_left};
  static const lua_program_listener listener = {debug_stopped, debug_said};
  int port = (int)luaL_checkinteger(L, 1);
  text error = {0};
  int fd = server_listen_on("127.0.0.1", port, "--debug takes another; 0: any that is free", &error);
  if (fd >= 0) the_server = dap_server_open(&site, fd, &error);
  if (the_server == NULL) {
    lua_pushstring(L, text_string(&error));
    text_free(&error);
    return lua_error(L);
  }
  fprintf(stderr, "a debugger's client is awaited on 127.0.0.1:%d\n", server_port_of(fd));
  atexit(debug_at_exit);
  lua_program_begin(L, 2, &listener, NULL);
  dap_server_wait(the_server);
  return 0;
}

void lua_debug_load(const flare *f) {
  const pool_maker nobody = {0};
  const host_config config = host_config_default();
  flare copy;
  text wasm = {0}, ignored = {0};
  if (the_server == NULL) return;
  text_add(&wasm, f->wasm.data, f->wasm.size);
  pool_flare *now = flare_read(&copy, &wasm, &ignored) ? pool_flare_new(&copy, &config, 0, &nobody) : NULL;
  pthread_mutex_lock(&lock);
  pool_flare *before = latest;
  latest = now;
  pthread_mutex_unlock(&lock);
  if (before != NULL) pool_flare_release(before);
  dap_server_changed(the_server);
  text_free(&wasm);
  text_free(&ignored);
}

void lua_debug_prepare(edge *e) {
  if (the_server != NULL) dap_server_prepare(the_server, e);
}
