/*
 * history.c - see history.h. An item belongs to a job, then to who took it, then waits for the next job: so
 * an invocation costs no memory that one before it has not had.
 */
#include "dev/history.h"

#include <stdlib.h>
#include <string.h>

struct history_item {
  recording record; /* first, for its tape; without method, URL and log, which stay with the job */
  history *history;
  const char *file; /* of the flare */
  text name;        /* of the flare, as it calls itself; empty = it does not */
  int64_t begin_ns;
  history_item *next_made, *next_spare;
};

struct history {
  history_write *write;
  void *data;
  history_item *made, *spare;
};

history *history_new(history_write *write, void *data) {
  history *h = memory_get(sizeof *h);
  *h = (history){.write = write, .data = data};
  return h;
}

static history_item *item_of(const pool_job *job) { return (history_item *)job->tape; }

/* Adds what there is room for; returns how much is left out. */
static size_t add_part(text *to, const text *from) {
  size_t size = from->size < HISTORY_BODY ? from->size : HISTORY_BODY;
  text_add(to, from->data, size);
  return from->size - size;
}

static void add_headers(host_pairs *to, const host_pairs *from) {
  for (size_t i = 0; i < from->count; i++) {
    const host_pair *h = &from->items[i];
    host_pairs_set(to, (bytes){(const uint8_t *)h->name, h->name_size},
                   (bytes){(const uint8_t *)h->value, h->value_size}, false);
  }
}

static void add_request(recording *r, const host_request *from) {
  add_headers(&r->request.headers, &from->headers);
  r->request_left =
      add_part(&r->request.body, &from->body) + add_part(&r->request.event.data, &from->event.data);
  text_add(&r->request.event.conn_id, from->event.conn_id.data, from->event.conn_id.size);
  r->request.event.type = from->event.type;
  r->request.event.close_code = from->event.close_code;
}

/* Adds frames as long as there is room; returns the bytes of the others. */
static size_t add_frames(host_response *to, const host_response *from) {
  size_t left = 0;
  free(to->frames);
  to->frames = from->frame_count != 0 ? memory_get(from->frame_count * sizeof *to->frames) : NULL;
  for (size_t i = 0; i < from->frame_count; i++) {
    const text *frame = &from->frames[i];
    if (left != 0 || frame->size > HISTORY_BODY - to->frame_bytes) {
      left += frame->size;
      continue;
    }
    text_add(&to->frames[to->frame_count++], frame->data, frame->size);
    to->frame_bytes += frame->size;
  }
  return left;
}

static void add_response(recording *r, const host_response *from) {
  host_response *to = &r->response;
  to->action = from->action;
  to->status = from->status;
  to->close_code = from->close_code;
  add_headers(&to->headers, &from->headers);
  r->response_left = add_part(&to->body, &from->body) + add_frames(to, from);
}

/* pool_job.finish */
static void finish(pool_job *job) {
  history_item *item = item_of(job);
  recording *r = &item->record;
  const flare *f = pool_flare_get(job->flare);
  item->begin_ns = job->begin_ns;
  if (job->begin_ns == 0) return;
  text_clear(&item->name);
  if (f->name != NULL) text_add_string(&item->name, f->name);
  pool_flare_hash(job->flare, r->hash);
  r->id = job->id;
  r->cpu_ms = job->limits.cpu_ms;
  r->handler = job->handler;
  r->result = job->result;
  r->cpu_us = job->cpu_us;
  if (item->history->write != NULL) {
    text begin = {0};
    recording whole = history_record(item, &job->request, &job->response, &begin);
    whole.request = job->request;
    whole.response = job->response;
    item->history->write(item->history->data, job, &whole);
    text_free(&begin);
    record_shorten(r, HISTORY_CALLS);
  }
  add_request(r, &job->request);
  add_response(r, &job->response);
}

void history_prepare(history *h, pool_job *job, const char *file) {
  history_item *item = h->spare;
  if (item != NULL) {
    h->spare = item->next_spare;
  } else {
    item = memory_get(sizeof *item);
    record_start(&item->record);
    item->record.most = h->write != NULL ? RECORD_CALLS : HISTORY_CALLS;
    item->history = h;
    item->next_made = h->made;
    h->made = item;
  }
  item->file = file;
  item->begin_ns = 0;
  job->tape = &item->record.tape;
  job->finish = finish;
  job->finish_waits = h->write != NULL;
}

history_item *history_take(pool_job *job) {
  history_item *item = item_of(job);
  job->tape = NULL;
  if (item == NULL || item->begin_ns != 0) return item;
  history_drop(item);
  return NULL;
}

const host_event *history_event(const history_item *item) { return &item->record.request.event; }

size_t history_size(const history_item *item) {
  const recording *r = &item->record;
  return sizeof *item + r->size + r->request.headers.size + r->request.body.size +
         r->request.event.data.size + r->response.headers.size + r->response.body.size +
         r->response.frame_bytes;
}

void history_drop(history_item *item) {
  history *h = item->history;
  record_again(&item->record);
  item->next_spare = h->spare;
  h->spare = item;
}

recording history_record(const history_item *item, const host_request *request, const host_response *response,
                         text *begin) {
  recording r = item->record;
  record_add_time(begin, item->begin_ns);
  r.begin = begin->data;
  r.name = item->name.size != 0 ? item->name.data : NULL;
  r.file = (char *)item->file; /* nobody writes there */
  r.request.method = request->method;
  r.request.url = request->url;
  r.response.lines = response->lines;
  r.response.line_count = response->line_count;
  return r;
}

void history_free(history *h) {
  while (h->made != NULL) {
    history_item *item = h->made;
    h->made = item->next_made;
    record_free(&item->record);
    text_free(&item->name);
    free(item);
  }
  free(h);
}
