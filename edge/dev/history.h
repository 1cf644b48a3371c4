/*
 * history.h - whole invocations, for the page and for the files of --record: what each was asked, what it
 * called and what it answered, noted while it runs. Which of them are kept, and for how long, is page.c's.
 *
 * What one holds is bounded: HISTORY_CALLS bytes of calls, HISTORY_BODY of each body, message or all frames.
 */
#ifndef FLARON_EDGE_HISTORY_H
#define FLARON_EDGE_HISTORY_H

#include "record/record.h"
#include "server/server.h"

enum { HISTORY_CALLS = 4 << 20, HISTORY_BODY = 1 << 20 };

typedef struct history history;

/* One invocation. */
typedef struct history_item history_item;

/*
 * Writes a record, which then has all calls up to RECORD_CALLS and whole bodies, and is lent. On the thread
 * that ran the flare, before its answer goes out. It may wait.
 */
typedef void history_write(void *data, const pool_job *job, const recording *record);

/* Makes a history with nothing in it; `write` may be NULL. */
history *history_new(history_write *write, void *data);

/* Sees to it that a job, which is not queued yet, is noted; `file` (borrowed) is where its flare is from. On
 * the loop's thread, as the next three. */
void history_prepare(history *h, pool_job *job, const char *file);

/* Takes what was noted out of a job that is over; NULL: it never began. */
history_item *history_take(pool_job *job);

/* What it tells of a WebSocket's event; borrowed. */
const host_event *history_event(const history_item *item);

/* Bytes that it holds, about. */
size_t history_size(const history_item *item);

/* What is done with: its memory serves the next one. */
void history_drop(history_item *item);

/*
 * Its record. Borrowed and not to be freed, as is all it holds but method, URL and log, which are lent to it
 * in `request` and `response`; `begin` is a text for it.
 */
recording history_record(const history_item *item, const host_request *request, const host_response *response,
                         text *begin);

/* Frees it with all items, be they dropped or not. */
void history_free(history *h);

#endif
