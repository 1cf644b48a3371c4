/*
 * host_beam_test.c - checks the import of beam natively, through host_call.
 *
 * It talks to an HTTP server of its own, below, on two ports of 127.0.0.1, and to nothing else. It runs no
 * flare: what a script sees is tested by tests/spec. Prints a line per failed check, then
 * "N passed, N failed".
 */
#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"

enum { MIB = 1 << 20 };

static int passed, failed;
static int port, other_port; /* of the two servers, which are the same but for their port */
static atomic_int connections;

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

/* ---- the server ---- */

/* Writes all bytes, or as many as the peer takes. */
static void put(int peer, const void *data, size_t size) {
  const char *at = data;
  while (size != 0) {
    ssize_t written = send(peer, at, size, MSG_NOSIGNAL);
    if (written <= 0) return;
    at += written;
    size -= (size_t)written;
  }
}

/* Writes a string. */
static void put_string(int peer, const char *string) { put(peer, string, strlen(string)); }

/* Writes an answer that ends the connection. */
static void put_answer(int peer, const char *status, const char *headers, const void *body, size_t size) {
  text head = {0};
  text_printf(&head, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n", status, headers,
              size);
  put(peer, head.data, head.size);
  put(peer, body, size);
  text_free(&head);
}

/* Writes an answer with a body of `size` times x. */
static void put_large(int peer, size_t size) {
  char *body = memory_get(size);
  memset(body, 'x', size);
  put_answer(peer, "200 OK", "", body, size);
  free(body);
}

/* Reads a request into `request`: its head, and after it the body. False: the peer is gone. */
static bool read_request(int peer, text *request) {
  size_t needed = SIZE_MAX;
  while (request->size < needed) {
    char piece[4096];
    ssize_t size = recv(peer, piece, sizeof piece, 0);
    if (size <= 0) return false;
    text_add(request, piece, (size_t)size);
    if (request->data[0] == 0x16) return false; /* TLS, which it does not speak */
    const char *end = strstr(request->data, "\r\n\r\n");
    const char *length = strcasestr(request->data, "\r\ncontent-length:");
    if (end == NULL) continue;
    needed = (size_t)(end + 4 - request->data);
    if (length != NULL && length < end) needed += strtoul(length + 17, NULL, 10);
  }
  return true;
}

/* Closes a connection with a reset. */
static void put_reset(int peer) {
  struct linger now = {1, 0};
  setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Writes a redirect to `target`, by the code that stands before it: /to/CODE/TARGET. */
static void put_redirect(int peer, const char *path) {
  text headers = {0};
  char status[16];
  snprintf(status, sizeof status, "%.3s Go", path);
  text_printf(&headers, "Location: %s\r\n", path + 4);
  put_answer(peer, status, headers.data, "moved", 5);
  text_free(&headers);
}

/* Writes an answer a byte at a time, for two seconds. */
static void put_slowly(int peer) {
  put_string(peer, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  for (int i = 0; i < 40; i++) {
    put(peer, "x", 1);
    usleep(50000);
  }
}

/* Writes an answer with 2000 headers. */
static void put_many_headers(int peer) {
  text headers = {0};
  for (int i = 0; i < 2000; i++) text_printf(&headers, "X-%d: %d\r\n", i, i);
  put_answer(peer, "200 OK", headers.data, "x", 1);
  text_free(&headers);
}

/* Writes a redirect to the next shorter chain: /chain/N, 200 at 0. */
static void put_chain(int peer, int left) {
  char headers[64];
  snprintf(headers, sizeof headers, "Location: %d\r\n", left - 1);
  put_answer(peer, left > 0 ? "302 Found" : "200 OK", left > 0 ? headers : "", "chain", 5);
}

/* Answers that have a path of their own. False: there is none. */
static bool put_fixed(int peer, const char *path) {
  static const char binary[] = "a\xff\xe2\x82(\xed\xa0\x80\xc0\x80\xf5z\0\xe2\x82\xac\xf0\x9f\x98\x80\xc3";
  static const struct {
    const char *path, *status, *headers, *body;
  } fixed[] = {
      {"/hello", "200 OK",
       "content-type: text/plain\r\nX-TWO: a\r\nx-two: b\r\nStatus: 999 odd\r\nx-esc: "
       "<a>&\"\\\t\xc3\xa9\xff\r\n"
       "x-empty:\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n",
       "hello <b>&\"\\\n\xc3\xa9"},
      {"/404", "404 Not Found", "", "none"},
      {"/500", "500 Oops", "", "oops"},
      {"/nowhere", "302 Found", "", "no location"},
      {"/304", "304 Not Modified", "Location: /hello\r\n", ""},
      {"/loop", "302 Found", "Location: /loop\r\n", ""},
      {"/gzip", "200 OK", "Content-Encoding: gzip\r\n", "not really"},
  };
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    if (strcmp(path, fixed[i].path) != 0) continue;
    put_answer(peer, fixed[i].status, fixed[i].headers, fixed[i].body, strlen(fixed[i].body));
    return true;
  }
  if (strcmp(path, "/binary") != 0) return false;
  put_answer(peer, "200 OK", "", binary, sizeof binary - 1);
  return true;
}

/* Answers as a hostile server gives them, by number: /raw/N. `wrong` is part of the error; NULL = it is 200,
 * "ok". */
static const struct {
  const char *what, *head, *body, *wrong;
} raw_answers[] = {
    {"blanks around a length", "HTTP/1.1 200 OK\r\nContent-Length:\t 2 \t\r\n\r\n", "ok", NULL},
    {"a status alone", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", "ok", NULL},
    {"an interim answer", "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "ok",
     NULL},
    {"two lengths in one", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n", "ok", "Content-Length"},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\n", "ok", "two headers"},
    {"two other lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", "ok", ""},
    {"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n", "ok", "Content-Length"},
    {"a length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n", "ok", "Content-Length"},
    {"no length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "ok", "Content-Length"},
    {"a length in hex", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n", "ok", "Content-Length"},
    {"a length beyond 64 bits", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "ok", ""},
    {"length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
     "2\r\nok\r\n0\r\n\r\n", "Content-Length and a Transfer-Encoding"},
    {"chunks and length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
     "2\r\nok\r\n0\r\n\r\n", "Content-Length and a Transfer-Encoding"},
    {"gzip as a transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "ok", "not chunked"},
    {"two transfer codings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "ok",
     "not chunked"},
    {"two Transfer-Encoding",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     "2\r\nok\r\n0\r\n\r\n", "not chunked"},
    {"an empty transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n", "ok", "not chunked"},
    {"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nok\r\n0\r\n\r\n",
     "HTTP/1.0"},
    {"a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n", "ok", "folded"},
    {"a folded first line", "HTTP/1.1 200 OK\r\n X: a\r\nContent-Length: 2\r\n\r\n", "ok", "header line"},
    {"a line without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\n", "ok", "colon"},
    {"an empty name", "HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\n", "ok", "token"},
    {"a blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\n", "ok", "token"},
    {"a control character", "HTTP/1.1 200 OK\r\nX: a\001b\r\nContent-Length: 2\r\n\r\n", "ok", "control"},
    {"a CR within a line", "HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 2\r\n\r\n", "ok", "control"},
    {"a 101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "ok",
     "protocol"},
    {"a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\n", "ok", ""},
    {"a chunk size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
     "x\r\nok\r\n0\r\n\r\n", ""},
    {"a chunk without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nok\r\n", ""},
};

enum { RAW_ANSWERS = sizeof raw_answers / sizeof *raw_answers };

/* Repeats a line until the peer has had enough, or for long. */
static void put_endlessly(int peer, const char *line) {
  enum { TIMES = 1 << 20 };
  size_t size = strlen(line);
  for (int i = 0; i < TIMES && send(peer, line, size, MSG_NOSIGNAL) == (ssize_t)size; i++) continue;
}

/* Answers without an end. */
static void put_endless(int peer, const char *what) {
  bool body = strcmp(what, "body") == 0, chunks = strcmp(what, "chunks") == 0;
  bool trailers = strcmp(what, "trailers") == 0, interim = strcmp(what, "interim") == 0;
  if (interim) put_endlessly(peer, "HTTP/1.1 100 Continue\r\n\r\n");
  put_string(peer, "HTTP/1.1 200 OK\r\n");
  if (chunks || trailers) put_string(peer, "Transfer-Encoding: chunked\r\n\r\n");
  if (body) put_string(peer, "\r\n");
  if (trailers) put_string(peer, "2\r\nok\r\n0\r\n");
  if (strcmp(what, "line") == 0) put_string(peer, "X: ");
  if (strcmp(what, "headers") == 0 || trailers) put_endlessly(peer, "X: y\r\n");
  put_endlessly(peer, chunks ? "4\r\nxxxx\r\n" : "xxxxxxxxxxxxxxxx");
}

/* Answers that are no good HTTP, or more than plain HTTP. */
static void put_odd(int peer, const char *path) {
  if (strcmp(path, "/garbage") == 0) put_string(peer, "this is not HTTP\r\n\r\n");
  if (strcmp(path, "/short") == 0) put_string(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nxxx");
  if (strcmp(path, "/hints") == 0) {
    put_string(peer, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    put_answer(peer, "200 OK", "X: y\r\n", "late", 4);
  }
  if (strcmp(path, "/chunked") == 0) {
    put_string(peer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n");
    put_string(peer, "3\r\nabc\r\n2\r\nde\r\n0\r\nT: late\r\n\r\n");
  }
  if (strcmp(path, "/reset") == 0) {
    put_string(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nxxx");
    usleep(50000);
    put_reset(peer);
  }
  if (strcmp(path, "/hang") == 0) {
    char byte;
    while (recv(peer, &byte, 1, 0) > 0) continue;
  }
}

/* Answers a request. True: the connection goes on. */
static bool answer_request(int peer, const text *request) {
  char path[512] = "";
  sscanf(request->data, "%*s %511s", path);
  if (put_fixed(peer, path)) return false;
  if (strcmp(path, "/keep") == 0) {
    put_string(peer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkept");
    return true;
  }
  if (strncmp(path, "/echo", 5) == 0) {
    put_answer(peer, "200 OK", "", request->data, request->size);
  } else if (strncmp(path, "/to/", 4) == 0) {
    put_redirect(peer, path + 4);
  } else if (strncmp(path, "/chain/", 7) == 0) {
    put_chain(peer, atoi(path + 7));
  } else if (strncmp(path, "/large/", 7) == 0) {
    put_large(peer, (size_t)strtoul(path + 7, NULL, 10));
  } else if (strcmp(path, "/drip") == 0) {
    put_slowly(peer);
  } else if (strncmp(path, "/raw/", 5) == 0) {
    put_string(peer, raw_answers[atoi(path + 5)].head);
    put_string(peer, raw_answers[atoi(path + 5)].body);
  } else if (strncmp(path, "/endless/", 9) == 0) {
    put_endless(peer, path + 9);
  } else if (strcmp(path, "/many") == 0) {
    put_many_headers(peer);
  } else {
    put_odd(peer, path);
  }
  return false;
}

/* A thread for a connection. */
static void *serve_peer(void *descriptor) {
  int peer = (int)(intptr_t)descriptor;
  text request = {0};
  while (read_request(peer, &request) && answer_request(peer, &request)) text_clear(&request);
  text_free(&request);
  close(peer);
  return NULL;
}

/* A thread for a port. */
static void *serve(void *descriptor) {
  int listener = (int)(intptr_t)descriptor, peer;
  while ((peer = accept(listener, NULL, NULL)) >= 0) {
    pthread_t thread;
    connections++;
    pthread_create(&thread, NULL, serve_peer, (void *)(intptr_t)peer);
    pthread_detach(thread);
  }
  return NULL;
}

/* Opens a port that the system chooses. */
static int open_port(int *listener) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  *listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(*listener, (struct sockaddr *)&address, size) != 0 || listen(*listener, 64) != 0)
    perror("bind"), exit(1);
  getsockname(*listener, (struct sockaddr *)&address, &size);
  return ntohs(address.sin_port);
}

/* Starts a server: its port. */
static int start_server(void) {
  int listener;
  int at = open_port(&listener);
  pthread_t thread;
  pthread_create(&thread, NULL, serve, (void *)(intptr_t)listener);
  pthread_detach(thread);
  return at;
}

/* ---- the client ---- */

static const host_request no_request;

/* A host within an invocation. */
static host new_host(void) {
  host h = {.config = host_config_default()};
  h.config.max_fetch_requests = 1000;
  host_begin(&h, &no_request);
  return h;
}

/* Fetches any URL; the answer is owned, NULL when there is none. */
static json_t *fetch_url(host *h, const char *url, const char *options) {
  host_arguments arguments = {bytes_of(url), {0}, 0};
  host_answer answer;
  if (options != NULL) arguments.b = bytes_of(options);
  host_call(h, HOST_beam_fetch, &arguments, &answer);
  json_error_t error;
  if (!answer.present) return NULL;
  json_t *value = json_loadb((const char *)answer.data.data, answer.data.size, JSON_ALLOW_NUL, &error);
  check(value != NULL, "the answer for %s is JSON: %s", url, error.text);
  return value;
}

/* Fetches a path of the server; %P in it is the other server's port. */
static json_t *fetch(host *h, const char *path, const char *options) {
  text url = {0};
  text_printf(&url, "http://127.0.0.1:%d", port);
  for (; *path != '\0'; path++) {
    if (strncmp(path, "%P", 2) == 0) {
      text_printf(&url, "%d", other_port);
      path++;
    } else {
      text_add(&url, path, 1);
    }
  }
  json_t *answer = fetch_url(h, url.data, options);
  text_free(&url);
  return answer;
}

/* The status of an answer, 0 when it has none. */
static int status_of(const json_t *answer) {
  return (int)json_integer_value(json_object_get(answer, "status"));
}

/* The body of an answer, "" when it has none. */
static const char *body_of(const json_t *answer) {
  const char *body = json_string_value(json_object_get(answer, "body"));
  return body != NULL ? body : "";
}

/* The error of an answer, "" when it has none. */
static const char *error_of(const json_t *answer) {
  const char *error = json_string_value(json_object_get(answer, "error"));
  return error != NULL ? error : "";
}

/* Whether a header of an answer is this; NULL = it is not there. */
static bool header_is(const json_t *answer, const char *name, const char *expected) {
  const char *value = json_string_value(json_object_get(json_object_get(answer, "headers"), name));
  return expected != NULL ? value != NULL && strcmp(value, expected) == 0 : value == NULL;
}

/* Whether what was sent, as /echo gives it back, has a line. */
static bool sent(const json_t *answer, const char *line) { return strcasestr(body_of(answer), line) != NULL; }

/* Whether the last line of the log has `part` in it. */
static bool logged(const host *h, const char *part) {
  size_t count = h->response.line_count;
  return count != 0 && strstr(text_string(&h->response.lines[count - 1].line), part) != NULL;
}

/* Whether a fetch of the server answers nothing and says why in the log. */
static bool refused(host *h, const char *path, const char *why) {
  json_t *answer = fetch(h, path, NULL);
  bool nothing = answer == NULL && logged(h, why);
  json_decref(answer);
  return nothing;
}

/* Whether a fetch of the server answers an error with `message` in it. */
static bool broken(host *h, const char *path, const char *options, const char *message) {
  json_t *answer = fetch(h, path, options);
  bool ok = json_object_size(answer) == 1 && error_of(answer)[0] != '\0' &&
            strstr(error_of(answer), message) != NULL;
  if (!ok)
    printf("  %s %s: error '%s', status %d\n", path, options ? options : "", error_of(answer),
           status_of(answer));
  json_decref(answer);
  return ok;
}

/* What comes back, odd characters included. */
static void test_answers(void) {
  host h = new_host();
  json_t *a = fetch(&h, "/hello", NULL);
  check(status_of(a) == 200 && strcmp(body_of(a), "hello <b>&\"\\\n\xc3\xa9") == 0, "status and body");
  check(json_object_size(a) == 3, "status, headers, body and nothing else");
  check(header_is(a, "Content-Type", "text/plain"), "a header's name is in Go's form");
  check(header_is(a, "X-Two", "a, b") && header_is(a, "Set-Cookie", "a=1, b=2"),
        "repeated headers are joined");
  check(header_is(a, "Status", "999 odd"), "a header called Status is a header");
  check(header_is(a, "X-Esc", "<a>&\"\\\t\xc3\xa9\xef\xbf\xbd"), "a header's odd characters");
  check(header_is(a, "X-Empty", ""), "an empty header");
  json_decref(a);
  a = fetch(&h, "/binary", NULL);
  const json_t *body = json_object_get(a, "body");
#define FFFD "\xef\xbf\xbd"
  static const char text_form[] =
      "a" FFFD FFFD FFFD "(" FFFD FFFD FFFD FFFD FFFD FFFD "z\0\xe2\x82\xac\xf0\x9f\x98\x80" FFFD;
  check(json_string_length(body) == sizeof text_form - 1 &&
            memcmp(json_string_value(body), text_form, sizeof text_form - 1) == 0,
        "each byte that is not UTF-8 is U+FFFD, a NUL stays");
  json_decref(a);
  static const struct {
    const char *path, *body;
    int status;
  } others[] = {{"/404", "none", 404},       {"/500", "oops", 500},   {"/nowhere", "no location", 302},
                {"/304", "", 304},           {"/hints", "late", 200}, {"/chunked", "abcde", 200},
                {"/gzip", "not really", 200}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    a = fetch(&h, others[i].path, "{}");
    check(status_of(a) == others[i].status && strcmp(body_of(a), others[i].body) == 0, "%s", others[i].path);
    check(header_is(a, "Link", NULL) && header_is(a, "T", NULL), "%s: no early and no late headers",
          others[i].path);
    json_decref(a);
  }
  host_free(&h);
}

/* What goes out. */
static void test_requests(void) {
  host h = new_host();
  json_t *a = fetch(&h, "/echo?q=a%20b&c", NULL);
  check(strncmp(body_of(a), "GET /echo?q=a%20b&c HTTP/1.1\r\n", 30) == 0, "GET is the default");
  check(sent(a, "\r\nUser-Agent: flaron-lua/0.1\r\n") && sent(a, "\r\nHost: 127.0.0.1:"),
        "what is always sent");
  check(!sent(a, "\r\nAccept:") && !sent(a, "\r\nContent-") && !sent(a, "\r\nExpect"), "nothing else is");
  check(sent(a, "\r\nAccept-Encoding: identity\r\n"), "no compression unless the flare asks for it");
  json_decref(a);
  a = fetch(&h, "/echo?q=a%20b&c", "{\"headers\":{\"accept-ENCODING\":\"gzip\"}}");
  check(sent(a, "\r\naccept-ENCODING: gzip\r\n") && !sent(a, "identity"), "what the flare asks for");
  json_decref(a);
  a = fetch(
      &h, "/echo",
      "{\"method\":\"POST\",\"body\":\"a\\u0000b\\u00e9\",\"headers\":{\"X-a\":\"1\",\"x-empty\":\"\","
      "\"content-type\":\"text/x\",\"User-Agent\":\"me\",\"Host\":\"example.com\",\"Accept\":\"x/y\"}}");
  const json_t *body = json_object_get(a, "body");
  size_t size = json_string_length(body);
  check(strncmp(body_of(a), "POST /echo HTTP/1.1\r\n", 21) == 0 && sent(a, "\r\nContent-Length: 5\r\n"),
        "POST");
  check(size > 5 && memcmp(json_string_value(body) + size - 5, "a\0b\xc3\xa9", 5) == 0,
        "the body, NUL and all");
  check(sent(a, "\r\nX-a: 1\r\n") && sent(a, "\r\nx-empty:") && sent(a, "\r\nAccept: x/y\r\n"), "headers");
  check(sent(a, "\r\ncontent-type: text/x\r\n") && !sent(a, "urlencoded"), "the flare's content type");
  check(sent(a, "\r\nUser-Agent: me\r\n") && !sent(a, "flaron-lua"), "the flare's user agent");
  check(sent(a, "\r\nHost: example.com\r\n"), "the flare's host");
  json_decref(a);
  static const char *const methods[] = {"PUT", "DELETE", "PATCH", "OPTIONS", "PURGE"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    char options[64];
    snprintf(options, sizeof options, "{\"method\":\"%s\"}", methods[i]);
    a = fetch(&h, "/echo", options);
    check(strncmp(body_of(a), methods[i], strlen(methods[i])) == 0, "method %s", methods[i]);
    check(sent(a, "Content-Length: 0") == (methods[i][0] == 'P' && methods[i][2] != 'R'), "%s: length",
          methods[i]);
    check(!sent(a, "Content-Type"), "%s: no content type", methods[i]);
    json_decref(a);
  }
  a = fetch(&h, "/hello", "{\"method\":\"HEAD\",\"body\":\"x\"}");
  check(status_of(a) == 200 && body_of(a)[0] == '\0' && header_is(a, "X-Two", "a, b"), "HEAD has no body");
  json_decref(a);
  a = fetch(&h, "/echo", "{\"method\":null,\"headers\":null,\"body\":null,\"other\":1}");
  check(strncmp(body_of(a), "GET ", 4) == 0, "null is as absent");
  json_decref(a);
  a = fetch(&h, "/echo",
            "{\"method\":\"POST\",\"body\":\"x\",\"headers\":{\"Connection\":\"X-Hop\",\"Transfer-Encoding\":"
            "\"chunked\","
            "\"Content-Length\":\"99\",\"Expect\":\"100-continue\",\"TE\":\"x\",\"Upgrade\":\"x\"}}");
  check(status_of(a) == 200 && sent(a, "\r\nContent-Length: 1\r\n") && !sent(a, "X-Hop") &&
            !sent(a, "chunked") && !sent(a, "\r\nTE:") && !sent(a, "Upgrade") && !sent(a, "Expect"),
        "hop-by-hop headers are left out");
  json_decref(a);
  host_free(&h);
}

/* Options and URLs that make no sense never go out. */
static void test_bad_options(void) {
  host h = new_host();
  static const struct {
    const char *options, *message;
  } bad[] = {
      {"{", "not JSON"},
      {"x", "not JSON"},
      {"[]", "not an object"},
      {"\"x\"", "not JSON"},
      {"{\"method\":1}", "method is not a string"},
      {"{\"method\":\"GE T\"}", "method has a character"},
      {"{\"method\":\"GET\\r\\nX: y\"}", "method has a character"},
      {"{\"body\":{}}", "body is not a string"},
      {"{\"headers\":[]}", "headers is not an object"},
      {"{\"headers\":{\"a\":1}}", "not a string"},
      {"{\"headers\":{\"a\":\"x\\r\\nb: c\"}}", "control character"},
      {"{\"headers\":{\"a\":\"x\\ny\"}}", "control character"},
      {"{\"headers\":{\"a\":\"x\\ry\"}}", "control character"},
      {"{\"headers\":{\"a\":\"x\\u0000y\"}}", "control character"},
      {"{\"headers\":{\"\":\"x\"}}", "name has a character"},
      {"{\"headers\":{\"a b\":\"x\"}}", "name has a character"},
      {"{\"headers\":{\"a:\":\"x\"}}", "name has a character"},
      {"{\"headers\":{\"a\\r\\nb\":\"x\"}}", "name has a character"},
  };
  int before = connections;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    check(broken(&h, "/echo", bad[i].options, bad[i].message), "options %s", bad[i].options);
  }
  static const char *const urls[] = {"",
                                     "example",
                                     "/path",
                                     "ftp://127.0.0.1/",
                                     "file:///etc/passwd",
                                     "http://",
                                     "http://a b/",
                                     "http://127.0.0.1:99999/",
                                     "gopher://127.0.0.1/",
                                     "javascript:1",
                                     "http://127.0.0.1/\n"};
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    json_t *a = fetch_url(&h, urls[i], NULL);
    check(strstr(error_of(a), "URL") != NULL, "the URL '%s': %s", urls[i], error_of(a));
    json_decref(a);
  }
  host_arguments nul = {{(const uint8_t *)"http://127.0.0.1/\0x", 19}, {0}, 0};
  host_answer answer;
  host_call(&h, HOST_beam_fetch, &nul, &answer);
  check(answer.present && bytes_are(answer.data, "{\"error\":\"the URL has a NUL in it\"}"),
        "a URL with a NUL");
  check(connections == before, "none of them went out");
  host_free(&h);
}

/* Methods, bodies and secrets across redirects, and where they end. */
static void test_redirects(void) {
  host h = new_host();
  static const struct {
    const char *path, *method, *expected;
    bool body;
  } cases[] = {
      {"/to/301//echo", "POST", "GET", false}, {"/to/302//echo", "POST", "GET", false},
      {"/to/303//echo", "POST", "GET", false}, {"/to/303//echo", "PUT", "GET", false},
      {"/to/307//echo", "POST", "POST", true}, {"/to/308//echo", "PUT", "PUT", true},
      {"/to/302//echo", "GET", "GET", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char options[256];
    snprintf(options, sizeof options,
             "{\"method\":\"%s\",\"body\":\"BODY\",\"headers\":{\"content-type\":\"a/"
             "b\",\"authorization\":\"A\"}}",
             cases[i].method);
    json_t *a = fetch(&h, cases[i].path, options);
    check(strncmp(body_of(a), cases[i].expected, strlen(cases[i].expected)) == 0, "%s %s becomes %s",
          cases[i].method, cases[i].path, cases[i].expected);
    check(sent(a, "BODY") == cases[i].body && sent(a, "a/b") == cases[i].body, "%s and its body",
          cases[i].path);
    check(sent(a, "authorization: A"), "%s keeps secrets for the same origin", cases[i].path);
    json_decref(a);
  }
  json_t *a =
      fetch(&h, "/to/302/http://127.0.0.1:%P/echo",
            "{\"headers\":{\"Authorization\":\"A\",\"cookie\":\"C\",\"x-a\":\"kept\",\"Host\":\"h\"}}");
  check(sent(a, "x-a: kept") && !sent(a, "authorization") && !sent(a, "cookie") && !sent(a, "Host: h\r\n"),
        "another origin gets no secrets");
  json_decref(a);
  a = fetch(&h, "/to/302/http://127.0.0.1:%P/to/302/http://127.0.0.1:1/", NULL);
  check(error_of(a)[0] != '\0', "a redirect to a port where nobody is: %s", error_of(a));
  json_decref(a);
  a = fetch(&h, "/chain/10", NULL);
  check(status_of(a) == 200 && strcmp(body_of(a), "chain") == 0, "ten redirects are followed");
  json_decref(a);
  check(broken(&h, "/chain/11", NULL, "stopped after 10 redirects"), "eleven are not");
  check(broken(&h, "/loop", NULL, "stopped after 10 redirects"), "a loop ends");
  check(broken(&h, "/to/302/file:///etc/passwd", NULL, "neither http nor https"), "no redirect to a file");
  check(broken(&h, "/to/302/gopher://x/", NULL, "http"), "nor to gopher");
  host_free(&h);
}

/* Transports that fail, each in its way. */
static void test_failures(void) {
  host h = new_host();
  int listener;
  char url[64];
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", open_port(&listener));
  close(listener);
  json_t *a = fetch_url(&h, url, NULL);
  check(error_of(a)[0] != '\0', "connection refused is an error: %s", error_of(a));
  json_decref(a);
  check(broken(&h, "/garbage", NULL, "HTTP/0.9"), "an answer that is not HTTP");
  check(broken(&h, "/short", NULL, ""), "an answer that ends early");
  check(broken(&h, "/reset", NULL, ""), "a reset within the body");
  check(broken(&h, "/nothing", NULL, ""), "no answer at all");
  check(broken(&h, "/many", NULL, "too many headers"), "2000 headers");
  a = fetch_url(&h, "http://nobody.invalid/", NULL);
  check(a == NULL && logged(&h, "nobody.invalid"), "no such host: nothing");
  json_decref(a);
  snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
  a = fetch_url(&h, url, NULL);
  check(error_of(a)[0] != '\0', "TLS with a server that speaks none: %s", error_of(a));
  json_decref(a);
  a = fetch(&h, "/hello", NULL);
  check(status_of(a) == 200, "after all of that, it still works");
  json_decref(a);
  host_free(&h);
}

/* Milliseconds of a clock that does not jump. */
static int64_t clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Servers that mean harm: what they say is refused, with a reason. */
static void test_hostile(void) {
  static const char *const endless[] = {"headers", "line", "interim", "trailers", "body", "chunks"};
  host h = new_host();
  for (int i = 0; i < RAW_ANSWERS; i++) {
    char path[16];
    snprintf(path, sizeof path, "/raw/%d", i);
    json_t *a = fetch(&h, path, NULL);
    const char *wrong = raw_answers[i].wrong;
    if (wrong == NULL) {
      check(status_of(a) == 200 && strcmp(body_of(a), "ok") == 0, "%s: %s", raw_answers[i].what, error_of(a));
    } else {
      check(status_of(a) == 0 && error_of(a)[0] != '\0' && strstr(error_of(a), wrong) != NULL,
            "%s: status %d, '%s'", raw_answers[i].what, status_of(a), error_of(a));
    }
    json_decref(a);
  }
  for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
    char path[32];
    snprintf(path, sizeof path, "/endless/%s", endless[i]);
    int64_t start = clock_ms();
    json_t *a = fetch(&h, path, NULL);
    check(status_of(a) == 0 && clock_ms() - start < 3000, "endless %s: '%s' after %d ms", endless[i],
          error_of(a), (int)(clock_ms() - start));
    json_decref(a);
  }
  host_free(&h);
}

/* Servers that hang, drip, or hang after a redirect. */
static void test_timeouts(void) {
  host h = new_host();
  h.config.fetch_timeout_ms = 300;
  static const char *const paths[] = {"/hang", "/drip", "/to/302//hang"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    int64_t start = clock_ms();
    check(refused(&h, paths[i], "timed out"), "%s: out of time", paths[i]);
    int64_t took = clock_ms() - start;
    check(took >= 290 && took < 1500, "%s: %d ms of 300", paths[i], (int)took);
  }
  h.config.fetch_timeout_ms = 0;
  check(refused(&h, "/hello", "out of time"), "no time at all");
  host_free(&h);
}

/* Large bodies in and out. */
static void test_sizes(void) {
  host h = new_host();
  json_t *a = fetch(&h, "/large/5242880", NULL);
  const json_t *body = json_object_get(a, "body");
  check(json_string_length(body) == 5 * MIB && strspn(json_string_value(body), "x") == 5 * MIB, "5 MiB");
  json_decref(a);
  a = fetch(&h, "/large/10485760", NULL);
  check(json_string_length(json_object_get(a, "body")) == 10 * MIB, "10 MiB are the limit");
  json_decref(a);
  check(refused(&h, "/large/10485761", "max_fetch_body"), "a byte more is too large");
  h.config.max_fetch_body = 5;
  a = fetch(&h, "/chunked", NULL);
  check(strcmp(body_of(a), "abcde") == 0, "as large as allowed, without a length");
  json_decref(a);
  h.config.max_fetch_body = 4;
  check(refused(&h, "/chunked", "max_fetch_body"), "too large without a length");
  a = fetch(&h, "/large/1000000", "{\"method\":\"HEAD\"}");
  check(a != NULL, "a HEAD is never too large");
  json_decref(a);
  char *options = memory_get(2 * MIB + 100);
  strcpy(options, "{\"method\":\"PUT\",\"body\":\"");
  memset(options + strlen(options), 'y', 2 * MIB);
  strcat(options, "\"}");
  h.config.max_fetch_body = 10 * MIB;
  a = fetch(&h, "/echo", options);
  check(json_string_length(json_object_get(a, "body")) > 2 * MIB && !sent(a, "Expect"), "2 MiB go out");
  json_decref(a);
  free(options);
  host_free(&h);
}

/* How many fetches an invocation has, and that they share a connection. */
static void test_requests_limit(void) {
  host h = {.config = host_config_default()};
  host_begin(&h, &no_request);
  bool all = true;
  for (int i = 0; i < 16; i++) {
    json_t *a = fetch(&h, "/keep", NULL);
    all = all && status_of(a) == 200;
    json_decref(a);
  }
  check(all, "16 requests an invocation");
  check(refused(&h, "/keep", "max_fetch_requests"), "not 17");
  host_begin(&h, &no_request);
  json_t *a = fetch(&h, "/chain/3", NULL);
  check(status_of(a) == 200 && h.fetches == 1, "the next invocation may again; redirects do not count");
  json_decref(a);
  host_free(&h);
  h = new_host();
  int before = connections;
  for (int i = 0; i < 5; i++) json_decref(fetch(&h, "/keep", NULL));
  check(connections - before == 1, "a connection is used again: %d", connections - before);
  host_free(&h);
}

/* Whether a URL may be fetched with a list of one glob; %d in either is the port. */
static bool may_fetch(const char *glob_format, const char *url_format) {
  host h = new_host();
  char glob[256], url[256];
  char *globs[] = {"http://other/*", glob};
  snprintf(glob, sizeof glob, glob_format, port);
  snprintf(url, sizeof url, url_format, port);
  h.config.all_fetch_urls = false;
  h.config.allowed_fetch_urls = globs;
  h.config.allowed_fetch_url_count = 2;
  json_t *a = fetch_url(&h, url, NULL);
  check(a != NULL || logged(&h, "not in allowed_fetch_urls"), "the log says why %s is not allowed", url);
  bool may = a != NULL;
  json_decref(a);
  host_free(&h);
  return may;
}

/* The allow-list, and what tries to get around it. */
static void test_allowed(void) {
  static const struct {
    const char *glob, *url;
    bool may;
  } cases[] = {
      {"*", "http://127.0.0.1:%d/hello", true},
      {"http://127.0.0.1:%d/*", "http://127.0.0.1:%d/hello", true},
      {"http://127.0.0.1:%d/hello", "http://127.0.0.1:%d/hello", true},
      {"http://127.0.0.1:%d/hel", "http://127.0.0.1:%d/hello", false},
      {"http://127.0.0.1:%d/*o", "http://127.0.0.1:%d/hello", true},
      {"http://*:*/h*l*o", "http://127.0.0.1:%d/hello", true},
      {"http://*:*/h*l*x", "http://127.0.0.1:%d/hello", false},
      {"http://*/hello", "http://127.0.0.1:%d/hello", false},
      {"https://*", "http://127.0.0.1:%d/hello", false},
      {"http://127.0.0.1:%d/", "http://127.0.0.1:%d", true},
      {"http://127.0.0.1:%d", "http://127.0.0.1:%d", true},
      {"http://127.0.0.1:%d", "http://127.0.0.1:%d/", true},
      {"http://127.0.0.1:%d", "http://127.0.0.1:%d/hello", false},
      {"http://127.0.0.1:%d/*", "HTTP://127.0.0.1:%d/hello", true},
      {"http://localhost:%d/*", "http://LOCALHOST:%d/hello", true},
      {"http://127.0.0.1:%d/open/*", "http://127.0.0.1:%d/open/../hello", false},
      {"http://127.0.0.1:%d/open/*", "http://127.0.0.1:%d/open/%%2e%%2E/hello", false},
      {"http://example.com*", "http://example.com@127.0.0.1:%d/hello", false},
      {"http://127.0.0.1:%d/x*", "http://127.0.0.1:%d/hello#/x", false},
      {"http://127.0.0.1:%d/hello", "http://user:pw@127.0.0.1:%d/hello#x", true},
      {"", "http://127.0.0.1:%d/hello", false},
      {"http://127.0.0.1:%d/to/*", "http://127.0.0.1:%d/to/302//hello", false},
      {"http://127.0.0.1:%d/*o", "http://127.0.0.1:%d/to/302//hello", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    check(may_fetch(cases[i].glob, cases[i].url) == cases[i].may, "%s %s %s", cases[i].glob,
          cases[i].may ? "allows" : "does not allow", cases[i].url);
  }
  host h = new_host();
  h.config.all_fetch_urls = false;
  int before = connections;
  check(refused(&h, "/hello", "not in allowed_fetch_urls") && connections == before,
        "an empty list allows nothing");
  host_free(&h);
}

/* ---- the stub ---- */

/* What the stub was asked last, and how often. */
typedef struct stub_state {
  int asked;
  text method, url, body, header;
} stub_state;

/* A host_fetch_function for the made-up host api.test. */
static bool stub(void *data, const host_request *request, host_fetched *fetched) {
  stub_state *state = data;
  const host_pair *header = host_pairs_find(&request->headers, bytes_of("x-a"));
  const char *url = text_string(&request->url);
  state->asked++;
  text_clear(&state->method), text_clear(&state->url), text_clear(&state->body), text_clear(&state->header);
  text_add(&state->method, request->method.data, request->method.size);
  text_add(&state->url, request->url.data, request->url.size);
  text_add(&state->body, request->body.data, request->body.size);
  if (header != NULL) text_add_string(&state->header, header->value);
  text_add_string(&fetched->body, "stubbed");
  host_pairs_set(&fetched->headers, bytes_of("x-stub"), bytes_of("1"), false);
  host_pairs_set(&fetched->headers, bytes_of("X-Stub"), bytes_of("2"), false);
  if (strncmp(url, "http://api.test", 15) != 0) return false;
  fetched->status = 201;
  if (strstr(url, "/moved") != NULL) {
    fetched->status = 302;
    host_pairs_set(&fetched->headers, bytes_of("location"), bytes_of("/new"), false);
  }
  if (strstr(url, "/down") != NULL) fetched->status = 0;
  if (strstr(url, "/dead") != NULL) fetched->status = 0, text_clear(&fetched->body);
  return true;
}

/* A stub in place of the network. */
static void test_stub(void) {
  host h = new_host();
  stub_state state = {0};
  h.config.stub = stub;
  h.config.stub_data = &state;
  json_t *a =
      fetch_url(&h, "http://api.test", "{\"method\":\"PUT\",\"body\":\"b\",\"headers\":{\"X-A\":\"v\"}}");
  check(status_of(a) == 201 && strcmp(body_of(a), "stubbed") == 0 && header_is(a, "X-Stub", "1, 2"),
        "the answer");
  check(strcmp(state.method.data, "PUT") == 0 && strcmp(state.url.data, "http://api.test") == 0 &&
            strcmp(state.body.data, "b") == 0 && strcmp(state.header.data, "v") == 0,
        "what the stub was asked");
  json_decref(a);
  a = fetch_url(&h, "http://api.test/moved", NULL);
  check(status_of(a) == 201 && strcmp(state.url.data, "http://api.test/new") == 0,
        "a stub's redirect is followed");
  json_decref(a);
  a = fetch_url(&h, "http://api.test/down", NULL);
  check(strcmp(error_of(a), "stubbed") == 0, "a stub may fail with a message");
  json_decref(a);
  a = fetch_url(&h, "http://api.test/dead", NULL);
  check(a == NULL && logged(&h, "stub"), "a stub may give no answer");
  json_decref(a);
  a = fetch(&h, "/hello", NULL);
  check(status_of(a) == 200 && header_is(a, "X-Stub", NULL) && header_is(a, "X-Two", "a, b"),
        "what it leaves alone");
  json_decref(a);
  h.config.max_fetch_body = 6;
  check(fetch_url(&h, "http://api.test/", NULL) == NULL && logged(&h, "max_fetch_body"),
        "the size limit applies");
  h.config.all_fetch_urls = false;
  state.asked = 0;
  check(fetch_url(&h, "http://api.test/", NULL) == NULL && state.asked == 0, "the allow-list applies");
  h.config.max_fetch_requests = 0;
  check(fetch_url(&h, "http://api.test/", NULL) == NULL && state.asked == 0, "the request limit applies");
  text_free(&state.method), text_free(&state.url), text_free(&state.body), text_free(&state.header);
  host_free(&h);
}

/* The environment changes nothing. */
static void test_environment(void) {
  host h = new_host();
  setenv("http_proxy", "http://127.0.0.1:1/", 1);
  setenv("all_proxy", "http://127.0.0.1:1/", 1);
  json_t *a = fetch(&h, "/hello", NULL);
  check(status_of(a) == 200, "a proxy of the environment is not used");
  json_decref(a);
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  host_free(&h);
}

/* Runs every test. */
int main(void) {
  signal(SIGPIPE, SIG_IGN);
  port = start_server();
  other_port = start_server();
  test_answers();
  test_requests();
  test_bad_options();
  test_redirects();
  test_failures();
  test_hostile();
  test_timeouts();
  test_sizes();
  test_requests_limit();
  test_allowed();
  test_stub();
  test_environment();
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
