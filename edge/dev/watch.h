/*
 * watch.h - which files of a project change, by inotify. Folders are watched, since editors replace files:
 * all of the project's, since a file that is missed may come into any of them, and those that links lead
 * through, which may be hidden. What is to be done then is not known here.
 */
#ifndef FLARON_EDGE_WATCH_H
#define FLARON_EDGE_WATCH_H

#include "base/file.h"

typedef struct watch watch;

/* Begins to watch a project, which must live as long; NULL with errno. The caller frees it by watch_close. */
watch *watch_open(const file_place *place);

/* A descriptor to poll: it can be read when there is something for watch_read. */
int watch_descriptor(const watch *w);

/* Watches a folder, by its path from here; its number, -1: it cannot be. */
int watch_path(watch *w, const char *folder);

/* Watches all folders of another project, but hidden ones: its specs, for one. */
void watch_project(watch *w, const file_place *place);

/* Watches all that a file of the project depends on: it may be a link to one that is hidden. */
void watch_file(watch *w, const char *file);

/*
 * Takes a change: the number of the folder and the name of what is other than it was in it, borrowed; name
 * NULL: what happened is lost, and anything may have changed.
 */
typedef void watch_function(void *data, int folder, const char *name);

/*
 * Hands what has changed to `changed`: not what is hidden or an editor's copy, unless a file that is watched
 * depends on it, nor a new file, which is told once it is written. What came into the project is watched.
 */
void watch_read(watch *w, watch_function *changed, void *data);

void watch_close(watch *w);

#endif
