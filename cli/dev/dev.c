/*
 * dev.c - `flaron-lua dev`: serves a project on this machine while it is being written.
 */
#include <errno.h>
#include <jansson.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "server/certificate.h"
#include "cli.h"
#include "debug/dap_server.h"
#include "dev/dev_nodes.h"
#include "dev/keys.h"
#include "base/http.h"
#include "base/system.h"
#include "dev/page.h"
#include "pack/pack.h"
#include "options.h"
#include "recorder.h"
#include "replay_spec.h"
#include "dev/reload.h"
#include "dev/report.h"
#include "dev/routes.h"
#include "server/server.h"
#include "project/state.h"

typedef enum style { LINES, VERBOSE, JSON, QUIET } style;

typedef struct words {
  const char *input, *host, *origin, *persist, *conform;
  const char *record;
  long port, page_port, cpu_ms, timeout_s, edges;
  long debug;             /* the port for debuggers, -1 = none */
  gossip_options between; /* edges: latency and skew */
  bool https, record_secrets;
  int style; /* of enum style */
  const char *color;
} words;

/* A project that is served. */
typedef struct site {
  struct dev *dev;
  char *path;
  reload_options options;
  reload *reload;
} site;

typedef struct dev {
  words words;
  bool colours, error_colours; /* of standard output, of standard error */
  bool keys;                   /* it is in a terminal, whose keys do something */
  routes routes;               /* of edge.lua: one for each site; none when there is only one project */
  site *sites;
  size_t site_count;
  page_flare *page_flares; /* what the pages know of the sites */
  dev_nodes nodes;
  page_options page_options[GOSSIP_EDGES_MAX]; /* of the nodes, as the next two */
  page *pages[GOSSIP_EDGES_MAX];
  int page_ports[GOSSIP_EDGES_MAX], ports[GOSSIP_EDGES_MAX];
  host_config configs[GOSSIP_EDGES_MAX];
  const char *folder;   /* of the state */
  recorder *recorder;   /* NULL = requests are not recorded */
  char *certificate;    /* file for HTTPS, NULL = plain HTTP */
  pthread_mutex_t lock; /* of the next, for threads that watch sites */
  bool serving;         /* the nodes have servers */
  dap_site debugged;    /* the project, with --debug */
  dap_server *debugger; /* NULL = nobody may debug */
  int debug_port;
} dev;

/* ---- sites ---- */

/* The site that answers a path; NULL when edge.lua has no route for it. */
static site *dev_find_site(dev *d, const char *path, size_t size) {
  if (d->routes.count == 0) return &d->sites[0];
  const route *r = routes_find(&d->routes, path, size);
  return r != NULL ? &d->sites[r - d->routes.items] : NULL;
}

/* The site that a job is for. */
static site *dev_site_of(dev *d, const pool_job *job) {
  const char *path = http_path(text_string(&job->request.url));
  return dev_find_site(d, path, strlen(path));
}

/* ---- the log ---- */

/* For standard error. */
static const char *dev_colour(const dev *d, const char *code) { return d->error_colours ? code : ""; }

#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN_AGAIN "\033[0m"

/* Writes the lines of a node. Each node has its threads; the lines of two do not mix. */
static void dev_write_log(void *data) {
  dev_node *node = data;
  if (node->log.size == 0) return;
  flockfile(stdout);
  fwrite(node->log.data, 1, node->log.size, stdout);
  fflush(stdout);
  funlockfile(stdout);
  text_reuse(&node->log);
}

/* Lines are written together when the flares at hand are done: each alone would cost a system call. */
static void dev_record(void *data, const server_record *r) {
  enum { MANY = 65536 };
  dev_node *node = data;
  dev *d = node->dev;
  bool told =
      edge_result_is_bad(&r->job->result) || d->words.style == JSON || server_has_audience(node->server);
  report_style style = {.colours = d->colours, .verbose = d->words.style == VERBOSE, .edge = node->name};
  if (d->words.style == LINES || d->words.style == VERBOSE) report_text(&node->log, r, &style);
  if (told) {
    bytes line = page_add(d->pages[node->index], r, node->name, report_json(r, &style));
    server_broadcast(node->server, "request", line);
    if (d->words.style == JSON) {
      text_add_harmless_json(&node->log, line);
      text_add_string(&node->log, "\n");
    }
  } else {
    page_hold(d->pages[node->index], r, node->name);
  }
  if (node->log.size > MANY) dev_write_log(node);
}

/* Tells the pages at a node that flares changed. */
static void dev_broadcast_reload(void *data) {
  const dev_node *node = data;
  server_broadcast(node->server, "reload", bytes_of("{}"));
}

static void dev_changed(void *data, const char *error, double ms) {
  const site *s = data;
  dev *d = s->dev;
  pthread_mutex_lock(&d->lock);
  for (int i = 0; d->serving && i < d->nodes.count; i++)
    server_post(d->nodes.items[i].server, dev_broadcast_reload, &d->nodes.items[i]);
  if (d->serving && d->debugger != NULL) dap_server_changed(d->debugger);
  pthread_mutex_unlock(&d->lock);
  text path = {0}, why = {0};
  text_add_harmless(&path, bytes_of(s->path), "");
  if (error != NULL) {
    text_add_harmless(&why, bytes_of(error), "");
    fprintf(stderr, "%s%s cannot be packed:%s %s\n", dev_colour(d, RED), path.data,
            dev_colour(d, PLAIN_AGAIN), text_string(&why));
  } else if (d->words.style != QUIET) {
    fprintf(stderr, "%s%s reloaded%s in %.0f ms\n", dev_colour(d, GREEN), path.data,
            dev_colour(d, PLAIN_AGAIN), ms);
  }
  text_free(&path);
  text_free(&why);
}

/* ---- what the server asks ---- */

static pool_flare *dev_find_flare(void *data, const char *path, size_t size) {
  const dev_node *node = data;
  site *s = dev_find_site(node->dev, path, size);
  return s != NULL ? reload_flare(s->reload, node->index) : NULL;
}

/* Adds a page for a browser. */
static void dev_add_page(const dev_node *node, text *page, const char *title, const char *what,
                         const char *advice) {
  text_printf(page,
              "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
              "<title>%s - flaron-lua dev</title><style>:root{color-scheme:light dark}"
              "body{font:16px/1.5 system-ui,sans-serif;margin:2rem}"
              "pre{white-space:pre-wrap;border-left:4px solid #c33;padding:.5rem 1rem;overflow-wrap:anywhere}"
              "</style><h1>%s</h1><pre>",
              title, title);
  text_add_markup(page, bytes_of(what));
  text_printf(page, "</pre><p>%s <a href='http://localhost:%d/__flaron/'>All requests</a>", advice,
              server_page_port(node->server));
}

static int dev_say_why(void *data, const char *path, size_t size, bool html, text *page) {
  enum { NOT_FOUND = 404, INTERNAL_ERROR = 500 };
  site *s = dev_find_site(((dev_node *)data)->dev, path, size);
  text error = {0};
  const char *title = s != NULL ? "The flare cannot be packed" : "No route";
  if (s != NULL) {
    text excerpt = {0};
    reload_error(s->reload, &error, &excerpt);
    if (excerpt.size != 0) text_printf(&error, "\n\n%s", excerpt.data);
    text_free(&excerpt);
  } else {
    text_printf(&error, "edge.lua has no route for %.*s", (int)size, path);
  }
  if (html) {
    dev_add_page(data, page, title, text_string(&error), "Mend it and load this page again.");
  } else {
    text_printf(page, "%s:\n%s\n", title, text_string(&error));
  }
  text_free(&error);
  return s != NULL ? INTERNAL_ERROR : NOT_FOUND;
}

static bool dev_explain(void *data, const pool_job *job, text *page) {
  const site *s = dev_site_of(((dev_node *)data)->dev, job);
  if (!edge_result_is_bad(&job->result) || s == NULL || !reload_has_sources(s->reload)) return false;
  text what = {0};
  report_failure(&what, job);
  dev_add_page(data, page, "The flare failed", text_string(&what),
               "Browsers see this page from dev alone; production says Internal Server Error.");
  text_free(&what);
  return true;
}

static void dev_prepare(void *data, pool_job *job) {
  const dev_node *node = data;
  const site *s = dev_site_of(node->dev, job);
  page_prepare(node->dev->pages[node->index], job, s != NULL ? s->path : node->dev->words.input);
}

/* history_write */
static void dev_write_record(void *data, const pool_job *job, const recording *record) {
  recorder_keep(data, job, record);
}

static bool dev_control(void *data, bytes method, bytes path, bytes query, bytes body,
                        control_answer *answer) {
  const dev_node *node = data;
  gossip *g = node->dev->nodes.gossip;
  return (g != NULL && gossip_control(g, method, path, query, body, answer)) ||
         page_control(node->dev->pages[node->index], method, path, query, body, answer);
}

/* page_options.make_spec */
static bool dev_make_spec(const recording *record, text *spec, text *error) {
  recording clean = {0};
  bool good = replay_spec_clean(record, &clean, error) && replay_spec_make(&clean, record->file, spec, error);
  record_free(&clean);
  return good;
}

/* ---- the command ---- */

static dev_nodes *the_nodes; /* for the signal handler */

static void dev_on_signal(int signal) {
  (void)signal;
  keys_restore(); /* a second one ends us at once */
  if (the_nodes != NULL) dev_nodes_stop(the_nodes);
}

/* Adds where a node serves, with `host` as the address of this machine. */
static void dev_add_address(const dev *d, const dev_node *node, const char *host, text *to) {
  bool wide = strchr(host, ':') != NULL; /* IPv6 */
  text_printf(to, "%s://%s%s%s:%d/", d->certificate != NULL ? "https" : "http", wide ? "[" : "",
              d->words.host, wide ? "]" : "", server_port(node->server));
}

/* Says where it serves. */
static void dev_print_addresses(const dev *d) {
  if (d->nodes.count > 1) cli_note("%s on %d edges (Ctrl-C ends them)\n", d->words.input, d->nodes.count);
  for (int i = 0; i < d->nodes.count; i++) {
    const dev_node *node = &d->nodes.items[i];
    text url = {0};
    dev_add_address(d, node, d->words.host, &url);
    cli_note("%s%s on %s%s\n", node->name != NULL ? "  " : "",
             node->name != NULL ? node->name : d->words.input, url.data,
             node->name != NULL ? "" : " (Ctrl-C ends it)");
    text_free(&url);
  }
  if (d->words.style != QUIET)
    cli_note("requests, logs and stores: http://localhost:%d/__flaron/\n",
             server_page_port(d->nodes.items[0].server));
  if (d->certificate != NULL)
    cli_note("its certificate: %s (curl --cacert FILE; browsers ask once, or import it)\n", d->certificate);
  if (d->debugger != NULL) cli_note("debuggers attach to 127.0.0.1:%d\n", d->debug_port);
  if (d->keys) cli_note("keys: o opens it, c clears the screen, r reloads, q quits\n");
}

/* ---- keys ---- */

/* Has a browser, or what the desktop takes for one, show an address. */
static void dev_open_address(const char *url) {
  static const char *const programs[] = {"xdg-open", "open", "wslview", "sensible-browser"};
  static const int ours[] = {SIGCHLD, SIGPIPE, SIGTTIN};
  sigset_t ignored;
  text path = {0};
  bool found = false;
  for (size_t i = 0; !found && i < sizeof programs / sizeof *programs; i++)
    found = cli_find_program(programs[i], &path);
  const char *const words[] = {path.data, url, NULL};
  posix_spawn_file_actions_t streams;
  posix_spawnattr_t attributes;
  pid_t child;
  posix_spawn_file_actions_init(&streams);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    posix_spawn_file_actions_addopen(&streams, fd, "/dev/null", O_RDWR, 0);
  posix_spawnattr_init(&attributes);
  sigemptyset(&ignored);
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) sigaddset(&ignored, ours[i]);
  posix_spawnattr_setsigdefault(&attributes, &ignored);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID); /* our Ctrl-C is not for it */
  signal(SIGCHLD, SIG_IGN);                                             /* nobody waits for it */
  if (!found || posix_spawn(&child, path.data, &streams, &attributes, (char **)words, environ) != 0)
    cli_note("nothing to open it with: %s\n", url);
  posix_spawn_file_actions_destroy(&streams);
  posix_spawnattr_destroy(&attributes);
  text_free(&path);
}

/* Does what a key says; `data` is the dev. */
static void dev_on_key(void *data, char key) {
  static const char clear[] = "\033[H\033[2J\033[3J";
  dev *d = data;
  bool any = strcmp(d->words.host, "0.0.0.0") == 0 || strcmp(d->words.host, "::") == 0;
  text url = {0};
  switch (key) {
    case 'o':
      dev_add_address(d, &d->nodes.items[0], any ? "localhost" : d->words.host, &url);
      dev_open_address(url.data);
      break;
    case 'c':
      flockfile(stdout);
      fputs(clear, stdout);
      fflush(stdout);
      funlockfile(stdout);
      dev_print_addresses(d);
      break;
    case 'r':
      for (size_t i = 0; i < d->site_count; i++) reload_again(d->sites[i].reload);
      break;
    case 'q': dev_nodes_stop(&d->nodes); break;
    default: break;
  }
  text_free(&url);
}

/* Lets threads that watch sites know whether there are servers. */
static void dev_set_serving(dev *d, bool serving) {
  pthread_mutex_lock(&d->lock);
  d->serving = serving;
  pthread_mutex_unlock(&d->lock);
}

/*
 * Has malloc keep what one burst of requests took for the next. It gave the top of its heap back after each
 * one, and the kernel had to clear it anew: for bodies of 100 KB that cost as much as all else. Blocks of 1
 * MB and more still go back at once, and what is left of a large burst a second after it (server.c). It keeps
 * that in two heaps alone: the lead goes from thread to thread, and by and by each of sixteen heaps held what
 * a burst takes.
 */
static void dev_keep_memory(void) {
  enum { MMAP_AT = 1 << 20, TRIM_AT = 16 << 20, HEAPS = 2 };
  system_keep_memory(MMAP_AT, TRIM_AT, HEAPS);
}

/* A client and a fetch take some descriptors each: as many as this machine allows. */
static void dev_raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int dev_serve(const cli_command *self, dev *d) {
  enum { FEWEST_THREADS = 4, MS_PER_S = 1000 };
  int threads = 2 * get_nprocs();
  server_options options = {.host = d->words.host,
                            .port = (int)d->words.port,
                            .page_port = (int)d->words.page_port,
                            .threads = threads > FEWEST_THREADS ? threads : FEWEST_THREADS,
                            .origin = d->words.origin,
                            .timeout_ms = (int)d->words.timeout_s * MS_PER_S,
                            .certificate = d->certificate,
                            .find_flare = dev_find_flare,
                            .say_why = dev_say_why,
                            .explain = dev_explain,
                            .prepare = dev_prepare,
                            .record = dev_record,
                            .rest = dev_write_log,
                            .control = dev_control};
  text error = {0};
  if (!dev_nodes_listen(&d->nodes, &options, &error)) {
    cli_fail(self, "%s", text_string(&error));
    text_free(&error);
    return CLI_FAILED;
  }
  for (size_t i = 0; i < d->site_count; i++) {
    text_clear(&error);
    if (reload_error(d->sites[i].reload, &error, NULL)) dev_changed(&d->sites[i], text_string(&error), 0);
  }
  text_free(&error);
  dev_keep_memory();
  dev_raise_descriptors();
  the_nodes = &d->nodes;
  struct sigaction action = {.sa_handler = dev_on_signal,
                             .sa_flags = SA_RESETHAND | SA_RESTART}; /* twice: at once */
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN); /* who goes away, such as a page that is closed, does not end us */
  for (int i = 0; i < d->nodes.count; i++) {
    d->page_ports[i] = server_page_port(d->nodes.items[i].server);
    d->ports[i] = server_port(d->nodes.items[i].server);
  }
  d->keys = d->words.style != JSON && isatty(STDERR_FILENO) && keys_begin(dev_on_key, d);
  dev_print_addresses(d);
  dev_set_serving(d, true);
  dev_nodes_run(&d->nodes);
  keys_end();
  dev_set_serving(d, false);
  the_nodes = NULL;
  dev_nodes_unlisten(&d->nodes);
  if (d->words.style != QUIET) fputs("ended\n", stderr);
  return CLI_DONE;
}

/* serve, with a page for each node that calls itself as the folder or file that is served. */
static int dev_serve_with_pages(const cli_command *self, dev *d) {
  char *path = realpath(d->words.input, NULL);
  const char *slash = path != NULL ? strrchr(path, '/') : NULL;
  const char *name = slash != NULL && slash[1] != '\0' ? slash + 1 : d->words.input;
  for (int i = 0; i < d->nodes.count; i++) {
    d->page_options[i] = (page_options){.name = name,
                                        .store = d->nodes.items[i].store,
                                        .edge = i,
                                        .flares = d->page_flares,
                                        .flare_count = d->site_count,
                                        .ports = d->page_ports,
                                        .port_count = d->nodes.count,
                                        .edge_name = d->nodes.items[i].name,
                                        .host = d->words.host,
                                        .port = &d->ports[i],
                                        .https = d->certificate != NULL,
                                        .write = d->recorder != NULL ? dev_write_record : NULL,
                                        .write_data = d->recorder,
                                        .make_spec = dev_make_spec};
    d->pages[i] = page_new(&d->page_options[i]);
  }
  int status = dev_serve(self, d);
  for (int i = 0; i < d->nodes.count; i++) page_free(d->pages[i]);
  free(path);
  return status;
}

/* pool_maker.prepare */
static void dev_prepare_edge(void *data, edge *e) {
  const dev *d = data;
  if (d->debugger != NULL) dap_server_prepare(d->debugger, e);
}

/* Adds a project; its path is taken over. `below`: where it is in the folder of edge.lua; NULL = there is
 * none.
 */
static void dev_add_site(dev *d, char *path, const char *below) {
  site *s = &d->sites[d->site_count++];
  s->dev = d;
  s->path = path;
  s->options = (reload_options){.path = path,
                                .root = below != NULL ? d->words.input : NULL,
                                .below = below,
                                .state = d->folder,
                                .configs = d->configs,
                                .edges = d->nodes.count,
                                .cpu_ms = (int)d->words.cpu_ms,
                                .prepare = d->words.debug >= 0 ? dev_prepare_edge : NULL,
                                .prepare_data = d,
                                .changed = dev_changed,
                                .data = s};
  s->reload = reload_open(&s->options);
  d->page_flares[s - d->sites] =
      (page_flare){.path = path,
                   .route = d->routes.count > 0 ? &d->routes.items[s - d->sites] : NULL,
                   .reload = s->reload};
}

/* Whether the project of a route can be served; says why not. One that is missing may still come. */
static bool dev_check_route(const cli_command *self, const dev *d, const route *r) {
  file_place place = {d->words.input, ""};
  int fault = file_look_below(&place, r->project);
  if (!file_is_refused(fault)) return true;
  text why = {0};
  file_add_predicate(&why, fault, FILE_PROJECT_MAX);
  cli_fail(self, "edge.lua: the project of '%s%s': '%s' %s", r->pattern, r->prefix ? "*" : "", r->project,
           why.data);
  text_free(&why);
  return false;
}

/* Makes the sites: those of edge.lua, where the folder has one, or the one project. False after saying why
 * not. */
static bool dev_make_sites(const cli_command *self, dev *d) {
  text source = {0}, error = {0};
  int fault = modules_read_file((void *)d->words.input, "edge.lua", &source);
  if (fault != 0) file_explain(&error, "edge.lua", fault, FILE_PROJECT_MAX);
  bool good = fault == ENOENT || fault == ENOTDIR ||
              (fault == 0 && routes_read(&d->routes, text_bytes(&source), &error));
  if (!good) cli_fail(self, "%s", text_string(&error));
  for (size_t i = 0; good && i < d->routes.count; i++) good = dev_check_route(self, d, &d->routes.items[i]);
  d->sites = memory_get((d->routes.count + 1) * sizeof *d->sites);
  d->page_flares = memory_get((d->routes.count + 1) * sizeof *d->page_flares);
  for (size_t i = 0; good && i < d->routes.count; i++) {
    text path = {0};
    text_printf(&path, "%s/%s", d->words.input, d->routes.items[i].project);
    dev_add_site(d, path.data, d->routes.items[i].project);
  }
  if (good && d->routes.count == 0) dev_add_site(d, memory_copy(bytes_of(d->words.input)), NULL);
  text_free(&source);
  text_free(&error);
  return good;
}

/* dap_site.flare */
static pool_flare *dev_debugged_flare(void *data) { return reload_flare(((site *)data)->reload, 0); }

/* Lets debuggers attach, which --debug asks for. False after saying why not. */
static bool dev_open_debugger(const cli_command *self, dev *d) {
  text error = {0};
  if (d->words.debug < 0) return true;
  if (d->routes.count > 0) {
    cli_fail(self, "--debug is for one project, and edge.lua has several: name one of them");
    return false;
  }
  int fd = server_listen_on("127.0.0.1", (int)d->words.debug, "--debug takes another; 0: any that is free",
                            &error);
  d->debugged = (dap_site){d->words.input, dev_debugged_flare, &d->sites[0], NULL, NULL};
  if (fd >= 0) d->debug_port = server_port_of(fd);
  if (fd >= 0) d->debugger = dap_server_open(&d->debugged, fd, &error);
  if (d->debugger == NULL) cli_fail(self, "--debug: %s", text_string(&error));
  text_free(&error);
  return d->debugger != NULL;
}

static void dev_free_sites(dev *d) {
  for (size_t i = 0; i < d->site_count; i++) {
    reload_close(d->sites[i].reload);
    free(d->sites[i].path);
  }
  free(d->sites);
  free(d->page_flares);
  routes_free(&d->routes);
}

/* Makes the certificate of --https, in the folder of the state. False after saying why not. */
static bool dev_make_certificate(const cli_command *self, dev *d, const char *folder) {
  text path = {0}, error = {0};
  if (!d->words.https) return true;
  text_printf(&path, "%s/https.pem", folder);
  d->certificate = path.data;
  bool good = certificate_make(d->certificate, d->words.host, &error);
  if (!good) cli_fail(self, "%s", text_string(&error));
  text_free(&error);
  return good;
}

/* Makes what --record wants. False after saying why not. */
static bool dev_make_recorder(const cli_command *self, dev *d) {
  if (d->words.record == NULL) return true;
  d->recorder = recorder_open(self, d->words.record, d->words.record_secrets);
  return d->recorder != NULL;
}

/* Makes the nodes with what their hosts are given. False after saying why not. */
static bool dev_make_nodes(const cli_command *self, dev *d, const state *s) {
  text error = {0};
  host_config config = host_config_default();
  if (!cli_follow(self, d->words.conform, &config)) return false;
  bool good = dev_nodes_open(&d->nodes, (int)d->words.edges, s->store, d->folder, &d->words.between, &error);
  if (!good) cli_fail(self, "%s", text_string(&error));
  for (int i = 0; good && i < d->nodes.count; i++) {
    d->nodes.items[i].dev = d;
    d->configs[i] = config;
    d->configs[i].shows_locals = true;
    state_lend(s, &d->configs[i]);
    dev_nodes_configure(&d->nodes, i, &d->configs[i]);
  }
  text_free(&error);
  return good;
}

/* Tells which secrets the flares may use and have not. */
static void dev_tell_unset_secrets(const dev *d, const state *s) {
  for (size_t i = 0; i < d->site_count; i++) {
    pool_flare *f = reload_flare(d->sites[i].reload, 0);
    if (f == NULL) continue;
    cli_tell_unset_secrets(pool_flare_get(f)->config, s);
    pool_flare_release(f);
  }
}

/* Whether a path is a folder with nothing in it that could become a project: then there is nothing to wait
 * for. */
static bool dev_is_no_project(const char *input) {
  static const char *const names[] = {"main.lua", "flare.lua", "edge.lua"};
  struct stat found;
  bool none = stat(input, &found) == 0 && S_ISDIR(found.st_mode);
  for (size_t i = 0; none && i < sizeof names / sizeof *names; i++) {
    text path = {0};
    text_printf(&path, "%s/%s", input, names[i]);
    none = access(path.data, F_OK) != 0;
    text_free(&path);
  }
  return none;
}

static int dev_run_with(const cli_command *self, const words *w) {
  state s;
  text folder = {0}, error = {0};
  dev d = {.words = *w,
           .colours = cli_has_colours(w->color, STDOUT_FILENO),
           .error_colours = cli_has_colours(w->color, STDERR_FILENO),
           .lock = PTHREAD_MUTEX_INITIALIZER};
  int status = CLI_FAILED;
  if (w->persist != NULL) {
    text_add_string(&folder, w->persist);
  } else {
    cli_state_folder(w->input, &folder);
  }
  if (access(w->input, R_OK) != 0) {
    cli_fail(self, "%s: %s", w->input, strerror(errno));
  } else if (dev_is_no_project(w->input)) {
    cli_fail(self, "%s: " PACK_NO_PROJECT, w->input);
  } else if (!state_open(&s, folder.data, &error)) {
    cli_fail(self, "%s", text_string(&error));
  } else {
    d.folder = folder.data;
    if (dev_make_recorder(self, &d) && dev_make_nodes(self, &d, &s) &&
        dev_make_certificate(self, &d, folder.data) && dev_make_sites(self, &d) &&
        dev_open_debugger(self, &d)) {
      dev_tell_unset_secrets(&d, &s);
      status = dev_serve_with_pages(self, &d);
    }
    dap_server_close(d.debugger);
    dev_free_sites(&d);
    dev_nodes_close(&d.nodes);
    recorder_close(d.recorder);
    free(d.certificate);
    state_close(&s);
  }
  text_free(&folder);
  text_free(&error);
  return status;
}

/* An address of IPv6 may stand in brackets, as it does in URLs. */
static const char *dev_without_brackets(const char *host) {
  size_t size = strlen(host);
  if (size < 2 || host[0] != '[' || host[size - 1] != ']') return host;
  ((char *)host)[size - 1] = '\0'; /* it is of argv */
  return host + 1;
}

static int dev_run(const cli_command *self, int argc, char **argv) {
  words w = {.input = ".",
             .host = "127.0.0.1",
             .port = 8787,
             .cpu_ms = 1000,
             .timeout_s = 30,
             .edges = 1,
             .debug = -1,
             .color = "auto"};
  int status = options_read(self, argc, argv, &w);
  if (status != CLI_GO_ON) return status;
  if (w.edges == 1 && (w.between.latency_ns != 0 || w.between.skew_ns != 0)) {
    return options_misuse(self, "--latency and --skew are between edges: say --edges 2 or more");
  }
  w.host = dev_without_brackets(w.host);
  return dev_run_with(self, &w);
}

#define AT(field) offsetof(words, field)

static const cli_option options[] = {
    {CLI_ARGUMENT, 0, NULL, "DIR|MAIN.lua|FLARE.wasm", AT(input),
     .offer = {.folders = true, .endings = ".lua .wasm"}, .help = "what to serve (default: this folder)"},
    {CLI_NUMBER, 'p', "port", "N", AT(port), 0, UINT16_MAX,
     .help = "the port (default 8787; 0: any that is free)"},
    {CLI_NUMBER, 0, "page-port", "N", AT(page_port), 1, UINT16_MAX,
     .help = "the port of the page (below), on 127.0.0.1 (default: 1000 above --port, or any that is free)"},
    {CLI_WORD, 0, "host", "ADDRESS", AT(host),
     .help = "the address to listen on (default 127.0.0.1: this machine alone)"},
    {CLI_WORD, 0, "origin", "URL", AT(origin), .good = server_is_origin,
     .takes = "a URL without a path such as http://localhost:3000",
     .help = "where PASS_THROUGH and TRANSFORM go"},
    CLI_FOLLOW(AT(conform)),
    {CLI_WORD, 0, "persist", "DIR", AT(persist), .offer = {.folders = true},
     .help = "folder of stores and secrets (default: .flaron beside the script)"},
    {CLI_FLAG, 0, "https", NULL, AT(https),
     .help = "HTTPS and HTTP/2, with a certificate for this machine alone"},
    {CLI_NUMBER, 0, "cpu-ms", "N", AT(cpu_ms), 0, INT32_MAX, .unit = "milliseconds",
     .help = "CPU time an invocation may take, 0 = no limit (default 1000)"},
    {CLI_NUMBER, 0, "timeout", "N", AT(timeout_s), 1, 3600, .unit = "seconds",
     .help =
         "seconds a client may take to send a request or to go on reading, and the origin to answer (default "
         "30)"},
    {CLI_WORD, 0, "record", "DIR", AT(record), .offer = {.folders = true},
     .help = "a file for each request in DIR, for `flaron-lua replay`, readable by you alone: it has all the "
             "flare "
             "saw. Secrets that it read are replaced"},
    {CLI_FLAG, 0, "record-secrets", NULL, AT(record_secrets), .with = "record",
     .help = "secrets stand in these files as they are"},
    {CLI_NUMBER, 0, "debug", "N", AT(debug), 0, UINT16_MAX,
     .help = "a port of 127.0.0.1 (0: any that is free) to which debuggers attach: docs/debugger.md"},
    {CLI_NUMBER, 0, "edges", "N", AT(edges), 1, GOSSIP_EDGES_MAX,
     .help = "edges, 1 to 9, on ports from --port on, that gossip (default 1)"},
    {CLI_TIME, 0, "latency", "TIME", AT(between.latency_ns), .with = "edges",
     .help = "how long a message between edges is on its way (80ms, 2s; default 0s)"},
    {CLI_TIME, 0, "skew", "TIME", AT(between.skew_ns), .with = "edges",
     .help = "how far each edge's clock is ahead of the one before (default 0s)"},
    {CLI_WORD, 0, "color", "WHEN", AT(color), .offer = {.words = "auto always never"},
     .help = "whether there are colours: auto (the default: on a terminal, unless NO_COLOR is set), always "
             "or never"},
    {CLI_MODE, 'v', "verbose", NULL, AT(style), .id = VERBOSE,
     .help = "under each request its memory, its calls of the host and all that it fetched"},
    {CLI_MODE, 0, "quiet", NULL, AT(style), .id = QUIET, .or_else = true, .help = "no line for a request"},
    {CLI_MODE, 0, "json", NULL, AT(style), .id = JSON, .or_else = true,
     .help = "a line of JSON for each request, on standard output"},
    CLI_LAST("this text"),
};

const cli_command cli_dev = {
    .name = "dev",
    .summary = "serve a project on this machine and load it again when it changes",
    .also = "serve start watch",
    .options = options,
    .expected = "one project is",
    .notes =
        "On a port of its own, under /__flaron/, is a page for browsers on this machine: requests as they "
        "come, each with its log, headers, bodies and calls, to be sent again, saved as a record or made a "
        "spec; a client for WebSockets, the stores, what the flare is made of.\n\n"
        "In a terminal, o opens the project in a browser, c clears the screen, r packs and loads it again, q "
        "quits.",
    .run = dev_run,
};
