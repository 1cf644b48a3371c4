/*
 * pool_test.c - checks pool_cancel natively: jobs that wait in the queue, that compute, that wait in the
 * host, and that end in the very moment. A loop of its own stands in for the server's; no socket is served.
 *
 * It makes a folder under $BUILD (or build/) and removes it. Prints a line per failed check, then
 * "N passed, N failed".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "pack/pack.h"
#include "server/pool.h"
#include "store/store.h"

static int passed, failed;
static char folder[256];

/* Counts a check, and prints it when it fails. */
__attribute__((format(printf, 2, 3))) static void check(bool ok, const char *format, ...) {
  va_list arguments;
  *(ok ? &passed : &failed) += 1;
  if (ok) return;
  va_start(arguments, format);
  fputs("failed: ", stdout);
  vprintf(format, arguments);
  putchar('\n');
  va_end(arguments);
}

static int64_t now_ms(void) { return clock_ns(CLOCK_MONOTONIC) / CLOCK_NS_PER_MS; }

/* ---- flares ---- */

static int read_nothing(void *data, const char *path, text *to) {
  const char *script = data;
  if (strcmp(path, "main.lua") != 0) return ENOENT;
  text_add_string(to, script);
  return 0;
}

/* Packs a script, or ends the test. */
static pool_flare *make_flare(const char *script, const host_config *config, int cpu_ms) {
  modules_source source = {.read = read_nothing, .data = (void *)script};
  text wasm = {0}, error = {0};
  flare f;
  if (!pack_project(&source, NULL, &(pack_options){0}, &wasm, &error) || !flare_read(&f, &wasm, &error))
    printf("failed: %s\n", text_string(&error)), exit(1);
  return pool_flare_new(&f, config, cpu_ms, &(pool_maker){0});
}

/* ---- a loop ---- */

/* What a test does in each round of the loop; true: it is over. */
typedef struct loop loop;
typedef bool step_function(loop *l);

struct loop {
  pool *pool;
  pthread_mutex_t lock;
  pool_job *back; /* jobs that came back on threads that did not lead */
  int added, done, cancelled, begun;
  step_function *step;
  atomic_int inside;
  bool on_other; /* pool_run on a thread of its own, with as little stack as the pool's threads have */
  int64_t begin_ms, cancel_ms;
  void *data;
};

typedef struct test_job {
  pool_job job; /* first */
  loop *loop;
  int done;
} test_job;

static void account(test_job *t) {
  loop *l = t->loop;
  l->done++;
  t->done++;
  if (t->job.result.cancelled) l->cancelled++;
  if (t->job.begin_ns != 0) l->begun++;
}

static void come_back(pool_job *job, bool leading) {
  test_job *t = (test_job *)job;
  if (leading) {
    if (atomic_fetch_add(&t->loop->inside, 1) != 0)
      check(false, "a thread leads while another is in the loop");
    account(t);
    atomic_fetch_sub(&t->loop->inside, 1);
    return;
  }
  pthread_mutex_lock(&t->loop->lock);
  job->next = t->loop->back;
  t->loop->back = job;
  pthread_mutex_unlock(&t->loop->lock);
}

static bool run_round(void *data, bool busy) {
  static const struct timespec moment = {.tv_nsec = 200000};
  loop *l = data;
  if (atomic_fetch_add(&l->inside, 1) != 0) check(false, "two threads are in the loop at once");
  if (!busy) nanosleep(&moment, NULL);
  pthread_mutex_lock(&l->lock);
  pool_job *back = l->back;
  l->back = NULL;
  pthread_mutex_unlock(&l->lock);
  while (back != NULL) {
    pool_job *next = back->next;
    account((test_job *)back);
    back = next;
  }
  if (now_ms() - l->begin_ms > 20000) {
    check(false, "%d of %d jobs have come back after 20 s", l->done, l->added);
    return false;
  }
  bool more = !l->step(l);
  atomic_fetch_sub(&l->inside, 1);
  return more;
}

static void add(loop *l, test_job *t, pool_flare *flare) {
  t->loop = l;
  t->job.flare = pool_flare_retain(flare);
  t->job.handler = FLARE_HANDLE_REQUEST;
  t->job.done = come_back;
  l->added++;
  pool_add(l->pool, &t->job);
}

static void *run_pool(void *p) {
  pool_run(p);
  return NULL;
}

static void run_on_small_stack(pool *p) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, POOL_STACK);
  if (pthread_create(&thread, &attributes, run_pool, p) != 0) perror("a thread"), exit(1);
  pthread_join(thread, NULL);
  pthread_attr_destroy(&attributes);
}

static void run_loop(loop *l, int threads) {
  pthread_mutex_init(&l->lock, NULL);
  l->pool = pool_open(threads, run_round, l);
  l->begin_ms = now_ms();
  if (l->on_other) {
    run_on_small_stack(l->pool);
  } else {
    pool_run(l->pool);
  }
  pool_close(l->pool);
  pthread_mutex_destroy(&l->lock);
}

static void free_job(test_job *t) {
  host_response_free(&t->job.response);
  host_request_free(&t->job.request);
}

/* ---- tests ---- */

/* One job that would run forever is cancelled after 50 ms. */
typedef struct single {
  test_job job;
  pool_flare *flare;
  int64_t end_ms;
} single;

static bool cancel_single(loop *l) {
  enum { LATER_MS = 50 };
  single *s = l->data;
  if (l->added == 0) add(l, &s->job, s->flare);
  if (l->cancel_ms == 0 && now_ms() - l->begin_ms > LATER_MS) {
    l->cancel_ms = now_ms();
    pool_cancel(l->pool, &s->job.job);
    pool_cancel(l->pool, &s->job.job); /* again: changes nothing */
  }
  if (l->done == 0) return false;
  s->end_ms = now_ms();
  return true;
}

/* Cancels a script; it must be over within `most_ms`. */
static void end_script(const char *what, const char *script, const host_config *config, int most_ms) {
  single s = {.flare = make_flare(script, config, 0)};
  loop l = {.step = cancel_single, .data = &s};
  run_loop(&l, 4);
  int took = (int)(s.end_ms - l.cancel_ms);
  check(s.job.done == 1 && s.job.job.result.cancelled, "%s: done %d times, cancelled %d", what, s.job.done,
        s.job.job.result.cancelled);
  check(l.cancel_ms != 0 && took <= most_ms, "%s: over after %d ms, expected %d", what, took, most_ms);
  for (size_t i = 0; i < s.job.job.response.line_count; i++) {
    const text *line = &s.job.job.response.lines[i].line;
    check(strstr(text_string(line), "CPU time") == NULL, "%s: logged '%s'", what, text_string(line));
  }
  free_job(&s.job);
  pool_flare_release(s.flare);
}

/* A socket that takes connections and never answers, and its port. */
static int listen_silently(int *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, SOMAXCONN) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) != 0)
    perror("a socket"), exit(1);
  *port = ntohs(address.sin_port);
  return fd;
}

#define HANDLER(code) "local flaron = require 'flaron'\nreturn function() " code " end\n"

static void test_waiting(void) {
  int port, fd = listen_silently(&port);
  host_config config = host_config_default();
  text script = {0};
  text_printf(&script, HANDLER("flaron.beam.fetch 'http://127.0.0.1:%d/'"), port);
  end_script("a fetch", script.data, &config, 300);
  text_clear(&script);
  text_printf(&script, HANDLER("for i = 1, 16 do pcall(flaron.beam.fetch, 'http://127.0.0.1:%d/') end"),
              port);
  end_script("16 fetches", script.data, &config, 500);
  text_free(&script);
  close(fd);
}

static void test_computing(void) {
  host_config config = host_config_default();
  end_script("a loop", HANDLER("while true do end"), &config, 300);
  end_script("a loop that catches", HANDLER("while true do pcall(function() while true do end end) end"),
             &config, 500);
  end_script("a pattern", HANDLER("return (('a'):rep(100000):find(('a*'):rep(30) .. 'b'))"), &config, 1000);
}

/* A store that another connection has locked. */
static void test_store(void) {
  char path[300];
  sqlite3 *other = NULL;
  text error = {0};
  host_config config = host_config_default();
  snprintf(path, sizeof path, "%s/stores.db", folder);
  config.store = store_open(path, &error);
  if (config.store == NULL || sqlite3_open(path, &other) != SQLITE_OK ||
      sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
    printf("failed: the store cannot be locked\n"), exit(1);
  end_script("a locked store", HANDLER("flaron.spark.set('k', 'v')"), &config, 300);
  sqlite3_close(other);
  store_close(config.store);
  text_free(&error);
}

/* Many jobs, more than there are threads; those are cancelled whose turn it is by `which`. */
enum { MANY = 2000 };

typedef struct many {
  test_job jobs[MANY];
  pool_flare *flare;
  unsigned random;
  bool all;
} many;

static unsigned next_random(many *m) {
  m->random = m->random * 1103515245u + 12345u;
  return m->random >> 16;
}

/* Adds some jobs in each round, and cancels some of those that are not back. */
static bool add_and_cancel(loop *l) {
  enum { BATCH = 20 };
  many *m = l->data;
  for (int i = 0; i < BATCH && l->added < MANY; i++) add(l, &m->jobs[l->added], m->flare);
  for (int i = 0; i < BATCH; i++) {
    test_job *t = &m->jobs[next_random(m) % (unsigned)l->added];
    if (t->done == 0) pool_cancel(l->pool, &t->job);
  }
  for (int i = l->added - BATCH; m->all && i < l->added; i++) {
    if (i >= 0 && m->jobs[i].done == 0) pool_cancel(l->pool, &m->jobs[i].job);
  }
  return l->done == MANY;
}

static void test_many(const char *script, bool all) {
  host_config config = host_config_default();
  many *m = memory_get(sizeof *m);
  *m = (many){.flare = make_flare(script, &config, 0), .random = 1, .all = all};
  loop l = {.step = add_and_cancel, .data = m};
  run_loop(&l, 8);
  int wrong = 0;
  for (int i = 0; i < MANY; i++) wrong += m->jobs[i].done != 1;
  check(wrong == 0, "%d of %d jobs did not come back once", wrong, MANY);
  check(l.done == MANY, "%d of %d jobs came back", l.done, MANY);
  check(l.cancelled > 0, "no job was cancelled");
  if (all)
    check(l.begun < MANY, "all %d jobs were begun, though cancelled in the round that brought them", MANY);
  for (int i = 0; i < MANY; i++) free_job(&m->jobs[i]);
  pool_flare_release(m->flare);
  free(m);
}

/* More fetches than threads may compute wait, and all their answers come at once. */
enum { WAITING = 100 };

typedef struct crowd {
  test_job waiting[WAITING], plain;
  pool_flare *flare, *plain_flare;
  int listener, peers[WAITING], peer_count;
  int64_t asked_ms, plain_ms;
  int most_threads;
} crowd;

/* Threads of this process. */
static int count_threads(void) {
  char line[256];
  int count = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) sscanf(line, "Threads: %d", &count);
  if (status != NULL) fclose(status);
  return count;
}

static bool answer_crowd(loop *l) {
  enum { FEW = 12, END_MS = 8000 };
  crowd *c = l->data;
  c->most_threads = l->done == 0 && count_threads() > c->most_threads ? count_threads() : c->most_threads;
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  while (l->added < WAITING) add(l, &c->waiting[l->added], c->flare);
  int peer;
  while (c->peer_count < WAITING && (peer = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
    c->peers[c->peer_count++] = peer;
  if (c->peer_count < WAITING) return false;
  if (c->asked_ms == 0) {
    c->asked_ms = now_ms();
    add(l, &c->plain, c->plain_flare);
  }
  if (c->plain.done == 0) return false;
  if (c->plain_ms == 0) {
    c->plain_ms = now_ms();
    for (int i = 0; i < WAITING; i++) {
      if (send(c->peers[i], answer, sizeof answer - 1, MSG_NOSIGNAL) < 0) perror("send");
    }
  }
  return l->done == WAITING + 1 && (count_threads() < FEW || now_ms() - c->plain_ms > END_MS);
}

static void test_crowd(void) {
  host_config config = host_config_default();
  crowd *c = memory_get(sizeof *c);
  int port;
  text script = {0};
  c->listener = listen_silently(&port);
  if (fcntl(c->listener, F_SETFL, O_NONBLOCK) != 0) perror("fcntl");
  text_printf(&script,
              HANDLER("local r = flaron.beam.fetch 'http://127.0.0.1:%d/' for i = 1, 20000 do end return { "
                      "body = r.body }"),
              port);
  c->flare = make_flare(script.data, &config, 0);
  c->plain_flare = make_flare(HANDLER("return 'hello'"), &config, 0);
  loop l = {.step = answer_crowd, .data = c};
  run_loop(&l, 3);
  check(c->plain.done == 1 && c->plain_ms - c->asked_ms < 100, "a plain job took %d ms while %d wait",
        (int)(c->plain_ms - c->asked_ms), WAITING);
  int good = 0;
  for (int i = 0; i < WAITING; i++) {
    good += c->waiting[i].done == 1 && bytes_are(text_bytes(&c->waiting[i].job.response.body), "ok");
    free_job(&c->waiting[i]);
    close(c->peers[i]);
  }
  check(c->most_threads > WAITING, "%d threads for %d that wait", c->most_threads, WAITING);
  check(now_ms() - c->plain_ms < 8000, "its threads do not end");
  check(good == WAITING, "%d of %d that waited have their answer", good, WAITING);
  free_job(&c->plain);
  pool_flare_release(c->flare);
  pool_flare_release(c->plain_flare);
  close(c->listener);
  text_free(&script);
  free(c);
}

/* Jobs whose kind is known to cost much: they wait, and a plain one goes past them. */
enum { COSTLY = 60, RUN_AT_ONCE = 4 };

typedef struct costly {
  test_job jobs[COSTLY], plain;
  pool_flare *flare, *plain_flare;
  size_t held; /* bytes that are kept for clients until the plain one is back */
  int done_before;
} costly;

static bool add_costly(loop *l) {
  costly *c = l->data;
  if (l->added == 0) add(l, &c->jobs[l->added], c->flare); /* its cost is learned */
  if (l->done == 0) return false;
  if (l->added == 1) {
    pool_hold(l->pool, c->held);
    while (l->added < COSTLY) add(l, &c->jobs[l->added], c->flare);
    add(l, &c->plain, c->plain_flare);
  }
  if (c->plain.done != 0 && c->done_before == 0) {
    c->done_before = l->done;
    pool_hold(l->pool, 0);
  }
  return l->done == COSTLY + 1;
}

static void test_costly(const char *what, const char *script, size_t held, int most_before) {
  host_config config = host_config_default();
  costly *c = memory_get(sizeof *c);
  c->held = held;
  c->flare = make_flare(script, &config, 0);
  c->plain_flare = make_flare(HANDLER("return 'hello'"), &config, 0);
  loop l = {.step = add_costly, .data = c};
  run_loop(&l, RUN_AT_ONCE);
  check(c->done_before <= most_before, "%s: %d jobs were done before a plain one", what, c->done_before);
  int good = 0;
  for (int i = 0; i < COSTLY; i++) {
    good += c->jobs[i].done == 1 && c->jobs[i].job.response.status == 200;
    free_job(&c->jobs[i]);
  }
  check(good == COSTLY, "%s: %d of %d jobs were done", what, good, COSTLY);
  free_job(&c->plain);
  pool_flare_release(c->flare);
  pool_flare_release(c->plain_flare);
  free(c);
}

static void test_costs(void) {
  enum { MUCH = 200 << 20 };
  test_costly("jobs that compute for long",
              HANDLER("local t = flaron.time.now 'ms' while flaron.time.now 'ms' - t < 100 do end"), 0,
              2 + RUN_AT_ONCE);
  test_costly("jobs that take much memory", HANDLER("return { body = ('x'):rep(6 << 20) }"), MUCH, 2);
}

/* A kind that is cheap, and has computed for long once: it does not wait among those that always do. */
enum { CHEAP = 20, LONG = 12 };

typedef struct outlier {
  test_job cheap[CHEAP], once, again, first, slow[LONG];
  pool_flare *flare, *slow_flare;
  int step, done_before;
} outlier;

static bool add_outlier(loop *l) {
  outlier *o = l->data;
  if (l->done < l->added) {
    if (o->step == 4 && o->again.done != 0 && o->done_before < 0) o->done_before = l->done;
    return false;
  }
  switch (o->step++) {
    case 0:
      for (int i = 0; i < CHEAP; i++) add(l, &o->cheap[i], o->flare);
      return false;
    case 1:
      text_add_string(&o->once.job.request.body, "long");
      add(l, &o->once, o->flare);
      return false;
    case 2: add(l, &o->first, o->slow_flare); return false; /* its cost is learned */
    case 3:
      for (int i = 0; i < LONG; i++) add(l, &o->slow[i], o->slow_flare);
      add(l, &o->again, o->flare);
      return false;
    default: return true;
  }
}

static void test_outlier(void) {
  host_config config = host_config_default();
  outlier *o = memory_get(sizeof *o);
  o->done_before = -1;
  o->flare = make_flare(HANDLER("if flaron.request.body() == 'long' then local t = flaron.time.now 'ms' "
                                "while flaron.time.now 'ms' - t < 15 do end end return {}"),
                        &config, 0);
  o->slow_flare = make_flare(
      HANDLER("local t = flaron.time.now 'ms' while flaron.time.now 'ms' - t < 100 do end return {}"),
      &config, 0);
  loop l = {.step = add_outlier, .data = o};
  run_loop(&l, RUN_AT_ONCE);
  int before = CHEAP + 2; /* that were done before the last lot was added */
  check(o->done_before >= before && o->done_before <= before + 1 + RUN_AT_ONCE,
        "%d of %d slow jobs were done before one that was slow once", o->done_before - before, LONG);
  for (int i = 0; i < CHEAP; i++) free_job(&o->cheap[i]);
  for (int i = 0; i < LONG; i++) free_job(&o->slow[i]);
  free_job(&o->once);
  free_job(&o->again);
  free_job(&o->first);
  pool_flare_release(o->flare);
  pool_flare_release(o->slow_flare);
  free(o);
}

/* Jobs whose waits end all at once, and that compute then: a plain one has its turn among them. */
enum { RETURNING = 60 };

typedef struct returning {
  test_job jobs[RETURNING], plain;
  pool_flare *flare, *plain_flare;
  int listener;
  int done_before;
} returning;

static bool end_waits(loop *l) {
  enum { ALL_WAIT_MS = 300 };
  returning *r = l->data;
  while (l->added < RETURNING) add(l, &r->jobs[l->added], r->flare);
  if (r->listener >= 0 && now_ms() - l->begin_ms > ALL_WAIT_MS) {
    close(r->listener); /* it resets what nobody has accepted */
    r->listener = -1;
    add(l, &r->plain, r->plain_flare);
  }
  if (r->plain.done != 0 && r->done_before < 0) r->done_before = l->done;
  return l->done == RETURNING + 1;
}

static void test_returning(void) {
  host_config config = host_config_default();
  text script = {0};
  int port;
  returning *r = memory_get(sizeof *r);
  r->done_before = -1;
  r->listener = listen_silently(&port);
  text_printf(&script,
              HANDLER("flaron.beam.fetch 'http://127.0.0.1:%d/' local t = flaron.time.now 'ms' "
                      "while flaron.time.now 'ms' - t < 10 do end return {}"),
              port);
  r->flare = make_flare(script.data, &config, 0);
  r->plain_flare = make_flare(HANDLER("return 'hello'"), &config, 0);
  loop l = {.step = end_waits, .data = r};
  run_loop(&l, RUN_AT_ONCE);
  check(r->done_before >= 0 && r->done_before < RETURNING / 2,
        "%d of %d that returned were done before a plain job", r->done_before, RETURNING);
  int good = 0;
  for (int i = 0; i < RETURNING; i++) {
    good += r->jobs[i].done == 1 && r->jobs[i].job.response.status == 200;
    free_job(&r->jobs[i]);
  }
  check(good == RETURNING, "%d of %d that returned were done", good, RETURNING);
  free_job(&r->plain);
  pool_flare_release(r->flare);
  pool_flare_release(r->plain_flare);
  text_free(&script);
  free(r);
}

/* What takes the most of C's stack, each as deep as Lua allows: it must do with that of a thread. */
static bool run_deep(loop *l) {
  single *s = l->data;
  if (l->added == 0) add(l, &s->job, s->flare);
  return l->done == 1;
}

static void test_deep(void) {
  static const char *const deep[] = {
      HANDLER("local n = 0 local function f() n = n + 1 return (('x'):gsub('x', f)) end pcall(f) return { "
              "body = 'n=' .. n }"),
      HANDLER("local n = 0 local function f() n = n + 1 table.sort({ 1, 2, 3 }, f) end pcall(f) return { "
              "body = 'n=' .. n }"),
      HANDLER("local n = 0 local function f() n = n + 1 coroutine.wrap(f)() end pcall(f) return { body = "
              "'n=' .. n }"),
      HANDLER("local n = 0 local function f() n = n + 1 pcall(f) error 'x' end pcall(f) return { body = 'n=' "
              ".. n }"),
      HANDLER("local n = 0 local t t = setmetatable({}, { __index = function(_, k) n = n + 1 return t[k + 1] "
              "end }) "
              "pcall(function() return t[1] end) return { body = 'n=' .. n }"),
      HANDLER("local n = 0 local t t = setmetatable({}, { __tostring = function() n = n + 1 return "
              "tostring(t) end }) "
              "pcall(tostring, t) return { body = 'n=' .. n }"),
      HANDLER("local n = 0 local function f() n = n + 1 string.format('%s', setmetatable({}, { __tostring = "
              "f })) return 'x' "
              "end pcall(f) return { body = 'n=' .. n }"),
      HANDLER("local n = 0 local function f() n = n + 1 load(f) return '' end pcall(f) return { body = 'n=' "
              ".. n }"),
      HANDLER("local n = 0 for i = 1, 1000 do if load('return ' .. ('('):rep(i) .. '1' .. (')'):rep(i)) then "
              "n = i end end "
              "return { body = 'n=' .. n }"),
      HANDLER("local t = {} for i = 2, 1000 do t = { t } end local s = flaron.json.encode(t) "
              "flaron.json.decode(s) "
              "return { body = 'n=' .. #s }"),
      HANDLER("local n, t = 0, {} for i = 2, 990 do t = { t } end local function f() n = n + 1 "
              "if n == 190 then assert(flaron.crypto.sign_jwt('HS256', 'KEY', { t = t })) "
              "assert(flaron.spark.set('k', 'v')) flaron.beam.fetch 'http://localhost:1/' end "
              "return (('x'):gsub('x', f)) end pcall(f) return { body = 'n=' .. n }"),
  };
  host_config config = host_config_default();
  host_secret secret = {"KEY", (uint8_t *)"secret", 6};
  text error = {0};
  config.secrets = &secret;
  config.secret_count = 1;
  config.store = store_open(NULL, &error);
  for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
    single s = {.flare = make_flare(deep[i], &config, 2000)};
    loop l = {.step = run_deep, .data = &s, .on_other = true};
    run_loop(&l, 4);
    const text *body = &s.job.job.response.body;
    check(strncmp(text_string(body), "n=", 2) == 0, "deep script %zu: %s", i,
          s.job.job.response.line_count != 0 ? text_string(&s.job.job.response.lines[0].line)
                                             : text_string(body));
    free_job(&s.job);
    pool_flare_release(s.flare);
  }
  store_close(config.store);
}

/* The pool ends while jobs compute and wait. */
static bool add_and_end(loop *l) {
  enum { JOBS = 10, LATER_MS = 50 };
  many *m = l->data;
  while (l->added < JOBS) add(l, &m->jobs[l->added], m->flare);
  return now_ms() - l->begin_ms > LATER_MS;
}

static void test_end(void) {
  host_config config = host_config_default();
  many *m = memory_get(sizeof *m);
  m->flare = make_flare(HANDLER("while true do end"), &config, 0);
  loop l = {.step = add_and_end, .data = m};
  int64_t begin = now_ms();
  run_loop(&l, 16);
  check(now_ms() - begin < 1500, "the end of the pool took %d ms", (int)(now_ms() - begin));
  for (int i = 0; i < l.added; i++) {
    free_job(&m->jobs[i]);
    if (m->jobs[i].job.flare != NULL) pool_flare_release(m->jobs[i].job.flare); /* it was not begun */
  }
  pool_flare_release(m->flare);
  free(m);
}

int main(void) {
  const char *build = getenv("BUILD");
  char command[300];
  if (build == NULL || *build == '\0') build = "build";
  mkdir(build, 0777);
  snprintf(folder, sizeof folder, "%s/pool_test.XXXXXX", build);
  if (mkdtemp(folder) == NULL) perror(folder), exit(1);
#ifndef __SANITIZE_THREAD__ /* which hands signals over at system calls alone, and takes stack of its own */
  test_deep();
  test_computing();
  test_many(HANDLER("while true do end"), true);
  test_end();
#endif
  test_waiting();
  test_store();
  test_crowd();
  test_costs();
  test_outlier();
  test_returning();
  test_many(HANDLER("return 'hello'"), false);
  test_many(HANDLER("for i = 1, 100000 do end return 'hello'"), false);
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  if (system(command) != 0) perror(command);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
