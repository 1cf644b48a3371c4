/*
 * history.c - see history.h. While it runs, an invocation is noted in a recording, of which there are as many
 * as invocations at once. What is kept of it is one block of bytes: pack and unpack, which are the two ways
 * through it, name the same things in the same order.
 */
#include "dev/history.h"

#include <stdlib.h>
#include <string.h>

/* What notes an invocation, and then has it packed. */
typedef struct tape {
  recording record; /* first, for its host_tape; calls alone */
  history *history;
  const char *file; /* of the flare */
  text packed;
  bool begun;
  size_t body_most; /* bytes of a body that are packed */
  struct tape *next_made, *next_spare;
} tape;

struct history {
  history_write *write;
  void *data;
  bool watched;
  tape *made, *spare;
};

history *history_new(history_write *write, void *data) {
  history *h = memory_get(sizeof *h);
  *h = (history){.write = write, .data = data};
  return h;
}

void history_watch(history *h) { h->watched = true; }

static tape *history_tape_of(const pool_job *job) { return (tape *)job->tape; }

/* ---- packing ---- */

static void history_pack_number(text *to, int64_t n) { text_add(to, &n, sizeof n); }

static void history_pack_bytes(text *to, const void *data, size_t size) {
  int64_t head = (int64_t)size;
  char *at = text_room(to, sizeof head + size);
  memcpy(at, &head, sizeof head);
  if (size != 0) memcpy(at + sizeof head, data, size);
}

static void history_pack_text(text *to, const text *t) { history_pack_bytes(to, t->data, t->size); }

/* Packs what there is room for; returns how much is left out. */
static size_t history_pack_part(text *to, const text *from, size_t most) {
  size_t size = from->size < most ? from->size : most;
  history_pack_bytes(to, from->data, size);
  return from->size - size;
}

static void history_pack_headers(text *to, const host_pairs *headers) {
  history_pack_number(to, (int64_t)headers->count);
  for (size_t i = 0; i < headers->count; i++) {
    history_pack_bytes(to, headers->items[i].name, headers->items[i].name_size);
    history_pack_bytes(to, headers->items[i].value, headers->items[i].value_size);
  }
}

/* Packs frames as long as there is room; returns the bytes of the others. */
static size_t history_pack_frames(text *to, const host_response *from, size_t most) {
  size_t count = 0, size = 0, left = 0;
  while (count < from->frame_count && from->frames[count].size <= most - size)
    size += from->frames[count++].size;
  history_pack_number(to, (int64_t)count);
  for (size_t i = 0; i < count; i++) history_pack_text(to, &from->frames[i]);
  for (size_t i = count; i < from->frame_count; i++) left += from->frames[i].size;
  return left;
}

static void history_pack_calls(text *to, const recording *r) {
  history_pack_number(to, (int64_t)r->call_count);
  for (size_t i = 0; i < r->call_count; i++) {
    const record_call *call = &r->calls[i];
    int64_t head[] = {call->import, call->n, call->present, call->number, call->wall_us};
    text_add(to, head, sizeof head);
    history_pack_text(to, &call->a);
    history_pack_text(to, &call->b);
    history_pack_text(to, &call->answer);
  }
}

/* What is packed of an invocation besides bytes. */
typedef struct figures {
  uint64_t id;
  int64_t begin_ns, cpu_us;
  edge_result result;
  flare_handler handler;
  host_action action;
  const char *file, *event; /* static, or borrowed for as long as there is a history */
  int cpu_ms, status, close_code, peer_code;
  bool cut, late_secret, late_made;
  size_t value_most, value_left;
  char hash[RECORD_HASH_SIZE];
} figures;

/* Makes room for about all that is packed: a block that grows by and by is copied as often. */
static void history_reserve(text *to, const tape *t, const pool_job *job) {
  enum { REST = 2048, NUMBER = 64 };
  const text *bodies[] = {&job->request.body, &job->request.event.data, &job->response.body};
  size_t size = REST + t->record.size + NUMBER * t->record.call_count + job->request.headers.size +
                job->response.headers.size;
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    size += bodies[i]->size < t->body_most ? bodies[i]->size : t->body_most;
  text_room(to, size);
  text_clear(to);
}

static void history_pack(text *to, const tape *t, const pool_job *job) {
  const recording *r = &t->record;
  const host_request *request = &job->request;
  const host_response *response = &job->response;
  const char *name = pool_flare_get(job->flare)->name;
  figures f = {.id = job->id,
               .begin_ns = job->begin_ns,
               .cpu_us = job->cpu_us,
               .result = job->result,
               .handler = job->handler,
               .action = response->action,
               .file = t->file,
               .event = request->event.type,
               .cpu_ms = job->limits.cpu_ms,
               .status = response->status,
               .close_code = response->close_code,
               .peer_code = request->event.close_code,
               .cut = r->cut,
               .late_secret = r->late_secret,
               .late_made = r->late_made,
               .value_most = r->value_most,
               .value_left = r->value_left};
  pool_flare_hash(job->flare, f.hash);
  text_clear(to);
  history_reserve(to, t, job);
  text_add(to, &f, sizeof f);
  history_pack_bytes(to, name, name != NULL ? strlen(name) : 0);
  history_pack_headers(to, &request->headers);
  size_t left = history_pack_part(to, &request->body, t->body_most);
  left += history_pack_part(to, &request->event.data, t->body_most);
  history_pack_text(to, &request->event.conn_id);
  history_pack_number(to, (int64_t)left);
  history_pack_headers(to, &response->headers);
  left = history_pack_part(to, &response->body, t->body_most);
  left += history_pack_frames(to, response, t->body_most);
  history_pack_number(to, (int64_t)left);
  history_pack_calls(to, r);
}

void history_add_answer(text *packed, int status, const server_answer *answer) {
  history_pack_number(packed, status);
  history_pack_headers(packed, answer->headers);
  history_pack_bytes(packed, answer->body.data, answer->body.size);
  history_pack_number(packed, (int64_t)answer->left);
}

/* ---- unpacking: of what was packed here, so nothing of it is looked at twice ---- */

static void history_unpack_to(bytes *from, void *to, size_t size) {
  memcpy(to, from->data, size);
  *from = (bytes){from->data + size, from->size - size};
}

static int64_t history_unpack_number(bytes *from) {
  int64_t n;
  history_unpack_to(from, &n, sizeof n);
  return n;
}

static bytes history_unpack_bytes(bytes *from) {
  size_t size = (size_t)history_unpack_number(from);
  bytes b = {from->data, size};
  *from = (bytes){from->data + b.size, from->size - b.size};
  return b;
}

static void history_unpack_text(bytes *from, text *to) {
  bytes b = history_unpack_bytes(from);
  text_add(to, b.data, b.size);
}

static void history_unpack_headers(bytes *from, host_pairs *to) {
  for (int64_t i = history_unpack_number(from); i > 0; i--) {
    bytes name = history_unpack_bytes(from), value = history_unpack_bytes(from);
    host_pairs_set(to, name, value, false);
  }
}

static void history_unpack_frames(bytes *from, host_response *to) {
  to->frame_count = (size_t)history_unpack_number(from);
  if (to->frame_count != 0) to->frames = memory_get(to->frame_count * sizeof *to->frames);
  for (size_t i = 0; i < to->frame_count; i++) history_unpack_text(from, &to->frames[i]);
}

static void history_unpack_calls(bytes *from, recording *r) {
  r->call_count = r->call_room = (size_t)history_unpack_number(from);
  r->calls = memory_get(r->call_count * sizeof *r->calls);
  for (size_t i = 0; i < r->call_count; i++) {
    record_call *call = &r->calls[i];
    call->import = (host_import)history_unpack_number(from);
    call->n = history_unpack_number(from);
    call->present = history_unpack_number(from) != 0;
    call->number = (int32_t)history_unpack_number(from);
    call->wall_us = history_unpack_number(from);
    history_unpack_text(from, &call->a);
    history_unpack_text(from, &call->b);
    history_unpack_text(from, &call->answer);
  }
}

void history_read(bytes packed, recording *r) {
  figures f;
  text begin = {0};
  record_start(r);
  history_unpack_to(&packed, &f, sizeof f);
  r->id = f.id;
  r->cpu_us = f.cpu_us;
  r->result = f.result;
  r->handler = f.handler;
  r->cpu_ms = f.cpu_ms;
  r->cut = f.cut;
  r->late_secret = f.late_secret;
  r->late_made = f.late_made;
  r->value_most = f.value_most;
  r->value_left = f.value_left;
  memcpy(r->hash, f.hash, sizeof r->hash);
  r->file = memory_copy(bytes_of(f.file));
  record_add_time(&begin, f.begin_ns);
  r->begin = begin.data;
  bytes name = history_unpack_bytes(&packed);
  if (name.size != 0) r->name = memory_copy(name);
  history_unpack_headers(&packed, &r->request.headers);
  history_unpack_text(&packed, &r->request.body);
  history_unpack_text(&packed, &r->request.event.data);
  history_unpack_text(&packed, &r->request.event.conn_id);
  r->request.event.type = f.event;
  r->request.event.close_code = f.peer_code;
  r->request_left = (size_t)history_unpack_number(&packed);
  r->response.action = f.action;
  r->response.status = f.status;
  r->response.close_code = f.close_code;
  history_unpack_headers(&packed, &r->response.headers);
  history_unpack_text(&packed, &r->response.body);
  history_unpack_frames(&packed, &r->response);
  r->response_left = (size_t)history_unpack_number(&packed);
  history_unpack_calls(&packed, r);
  r->handed_on = packed.size != 0;
  if (!r->handed_on) return;
  r->origin.status = (int)history_unpack_number(&packed);
  history_unpack_headers(&packed, &r->origin.headers);
  history_unpack_text(&packed, &r->origin.body);
  r->origin_left = (size_t)history_unpack_number(&packed);
}

/* ---- jobs ---- */

/* Has a record written that has all of it. */
static void history_write_whole(const tape *t, const pool_job *job) {
  const flare *f = pool_flare_get(job->flare);
  recording whole = t->record;
  text begin = {0};
  record_add_time(&begin, job->begin_ns);
  whole.begin = begin.data;
  whole.name = f->name;
  whole.file = (char *)t->file; /* nobody writes there */
  pool_flare_hash(job->flare, whole.hash);
  whole.id = job->id;
  whole.cpu_ms = job->limits.cpu_ms;
  whole.handler = job->handler;
  whole.result = job->result;
  whole.cpu_us = job->cpu_us;
  whole.request = job->request;
  whole.response = job->response;
  t->history->write(t->history->data, job, &whole);
  text_free(&begin);
}

/* pool_job.finish */
static void history_finish(pool_job *job) {
  tape *t = history_tape_of(job);
  t->begun = job->begin_ns != 0;
  if (t->begun && t->history->write != NULL) {
    history_write_whole(t, job);
    record_shorten(&t->record, HISTORY_CALLS);
  }
  if (t->begun) history_pack(&t->packed, t, job);
  record_again(&t->record);
}

void history_prepare(history *h, pool_job *job, const char *file) {
  tape *t = h->spare;
  if (t != NULL) {
    h->spare = t->next_spare;
  } else {
    t = memory_get(sizeof *t);
    record_start(&t->record);
    t->history = h;
    t->next_made = h->made;
    h->made = t;
  }
  t->file = file;
  t->begun = false;
  t->body_most = h->watched ? HISTORY_BODY : HISTORY_UNSEEN;
  t->record.most = h->write != NULL ? RECORD_CALLS : HISTORY_CALLS;
  t->record.value_most = h->write != NULL || h->watched ? SIZE_MAX : HISTORY_UNSEEN;
  job->tape = &t->record.tape;
  job->finish = history_finish;
  job->finish_waits = h->write != NULL;
}

bool history_take(pool_job *job, text *packed) {
  tape *t = history_tape_of(job);
  job->tape = NULL;
  if (t == NULL) return false;
  text_reuse(packed);
  if (t->begun) { /* the block that it had serves the next one */
    text swap = *packed;
    *packed = t->packed;
    t->packed = swap;
  }
  t->next_spare = t->history->spare;
  t->history->spare = t;
  return t->begun;
}

void history_free(history *h) {
  while (h->made != NULL) {
    tape *t = h->made;
    h->made = t->next_made;
    record_free(&t->record);
    text_free(&t->packed);
    free(t);
  }
  free(h);
}
