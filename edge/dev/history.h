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

enum { HISTORY_CALLS = 4 << 20, HISTORY_BODY = 1 << 20, HISTORY_UNSEEN = 4 << 10 };

typedef struct history history;

/*
 * Writes a record, which then has all calls up to RECORD_CALLS and whole bodies, and is lent. On the thread
 * that ran the flare, before its answer goes out. It may wait.
 */
typedef void history_write(void *data, const pool_job *job, const recording *record);

/*
 * Makes a history with nothing in it; `write` may be NULL. Until history_watch, of each body, message and
 * value of a call there is HISTORY_UNSEEN: nobody looks yet, and to copy more would cost what comes much of
 * its speed.
 */
history *history_new(history_write *write, void *data);

/* Somebody looks. On the loop's thread, as the next two. */
void history_watch(history *h);

/* Has a job noted that is not queued yet; `file`, where its flare is from, must outlive the history. */
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
