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

/*
 * Takes what was noted out of a job that is over, packed, in place of what `packed` held; false: it never
 * began, and `packed` is empty. Without method, URL and log, which stay with the job. Once for each job that
 * was prepared.
 */
bool history_take(pool_job *job, text *packed);

/* Adds what the origin answered, once, to what was packed. */
void history_add_answer(text *packed, int status, const server_answer *answer);

/* Makes a record of what was packed; the caller's, as record_free has it. */
void history_read(bytes packed, recording *r);

/* Frees it; no job may be left that was prepared. */
void history_free(history *h);

#endif
