/*
 * cli.h - what the commands of `flaron-lua` share: one file each, listed in main.c. Their words are
 * options.h's.
 */
#ifndef FLARON_CLI_H
#define FLARON_CLI_H

#include "base/file.h"
#include "command.h"
#include "flare/flare.h"
#include "host/host.h"
#include "pack/pack.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_MISUSED = 2 };

extern const cli_command cli_new, cli_check, cli_pack, cli_run, cli_inspect, cli_dev, cli_replay, cli_kv,
    cli_secret, cli_test, cli_explain, cli_debug, cli_repl, cli_conform;

/*
 * What a command prints goes through these: names, logs and messages come from files that may be anybody's,
 * and cannot take a terminal over (text_add_harmless). Only bytes that were asked for (the body of `run`, `kv
 * get`) are written as they are, and not to a terminal: cli_print_bytes.
 */

/* Prints on standard output; returns a number over 0. */
__attribute__((format(printf, 1, 2))) int cli_print(const char *format, ...);

/* Prints on standard error. */
__attribute__((format(printf, 1, 2))) void cli_note(const char *format, ...);

/*
 * Whether what is written to `fd` has colours: `when` is "always", "never" or "auto", which means on a
 * terminal that knows some, unless NO_COLOR is set to anything (no-color.org).
 */
bool cli_has_colours(const char *when, int fd);

/* Prints bytes on standard output: as they are, unless that is a terminal, where they end with their line. */
void cli_print_bytes(bytes b);

struct json_t;

/* Prints a value as JSON on standard output, indented, and a line feed. */
void cli_print_json(const struct json_t *value);

/* Prints "flaron-lua NAME: MESSAGE" on standard error; returns CLI_FAILED. */
__attribute__((format(printf, 2, 3))) int cli_fail(const cli_command *self, const char *format, ...);

/* The same for a fault (file.h) of the file that is called `name`, `most` being the size that EFBIG is about.
 */
int cli_fail_file(const cli_command *self, const char *name, int fault, size_t most);

/* Whether `word` is one of `words`, which have a blank between: "bash zsh fish". */
bool cli_has_word(const char *words, const char *word);

/* Reads a whole number from `low` to `high`; false when it is none. */
bool cli_read_number(const char *word, long low, long high, long *number);

/* Reads the flare in a file; with `run` it must be one this executable can run. False after saying why not.
 */
bool cli_read_flare(const cli_command *self, const char *path, const pack_options *options, bool run,
                    flare *f);

/* Adds the folder of a project's state: `.flaron` beside the script or, for a .wasm, here. */
void cli_state_folder(const char *input, text *path);

/*
 * Has a host follow a report of `flaron-lua conform` (project/conform.h), NULL: there is none, and tells what
 * it cannot. False after saying why the report cannot be read.
 */
bool cli_follow(const cli_command *self, const char *report, host_config *config);

struct json_t;
struct state;

/*
 * Opens the stores and secrets of a run: those of the folder `persist` or, when that is NULL, of the
 * project's folder if there is one; else they are empty and forgotten. Secrets of the file `secrets`, unless
 * that is NULL, replace them. False after saying why not.
 */
bool cli_open_state(const cli_command *self, const char *input, const char *persist, const char *secrets,
                    struct state *s);

/*
 * Tells on standard error which secrets a manifest (manifest.config, NULL: there is none) allows and `s` does
 * not have, and how to set them.
 */
void cli_tell_unset_secrets(const struct json_t *config, const struct state *s);

/*
 * Adds the real path of something that lies beside the executable: at `installed` or, in the source tree, at
 * `in_source`, both relative to the executable's folder. False when neither is there.
 */
bool cli_find_beside(const char *installed, const char *in_source, text *path);

/*
 * Sets `path` to the program that a shell would start for `name`, and false when there is none. Folders of
 * PATH that are relative are passed over: what is in them is the project's as soon as one stands in it.
 */
bool cli_find_program(const char *name, text *path);

/* Writes a file whole or not at all (by a temporary name beside it), or to a device. 0 or an errno value. */
int cli_write_file(const char *path, bytes content);

/* The same, for its owner alone (mode 600). */
int cli_write_private_file(const char *path, bytes content);

/*
 * Makes the folders that the file `path` is in, from the character `from` on; `path` is as it was afterwards.
 * 0 or an errno value: ENOTDIR for what is there and is no folder, such as a link to one.
 */
int cli_make_folders(char *path, size_t from);

/* Adds what --version prints, without a line feed. */
void cli_add_version(text *to);

/* Prints the log of an invocation on standard error. */
void cli_print_log(const host_response *response);

#endif
