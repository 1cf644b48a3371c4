/*
 * recorder.h - what `dev --record` does: a file for each request or event, in one folder.
 *
 * Files are written by the thread that ran the flare, before the answer goes out, whole or not at all,
 * readable only by their owner. One that cannot be written costs a line on standard error, and nobody his
 * answer.
 */
#ifndef FLARON_CLI_RECORDER_H
#define FLARON_CLI_RECORDER_H

#include "cli.h"
#include "server/pool.h"
#include "record/record.h"

typedef struct recorder recorder;

/* Makes the folder when it is missing. With `keep`, secrets stand in the files. NULL after saying why not. */
recorder *recorder_open(const cli_command *self, const char *folder, bool keep);

/* Writes the file of a job that is over. On any thread. */
void recorder_keep(recorder *r, const pool_job *job, const recording *record);

/* Frees it, after the last job is done; NULL is ignored. */
void recorder_close(recorder *r);

/* For all who record: writes a file for the owner alone, and says once what of it is nobody else's business.
 */
int recorder_write(const cli_command *self, const char *path, const recording *r, bool keep);

#endif
