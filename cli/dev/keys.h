/*
 * keys.h - keys that are pressed in the terminal that a command was started in, one at a time and not shown.
 * What they mean is the caller's. Ctrl-C and Ctrl-Z do what they always do.
 */
#ifndef FLARON_CLI_KEYS_H
#define FLARON_CLI_KEYS_H

#include <stdbool.h>

/*
 * Calls `pressed(data, key)` for each key, on a thread of its own, until keys_end. False: standard input is
 * no terminal of ours (a file, a pipe, or we are in the background), and nothing was begun. Once in a
 * process.
 */
bool keys_begin(void (*pressed)(void *data, char key), void *data);

/* The terminal is as it was before. Safe in a signal handler; nothing when nothing was begun. */
void keys_restore(void);

/* Ends that; `pressed` is not called any more. Not on its thread. */
void keys_end(void);

#endif
