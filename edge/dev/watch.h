/*
 * watch.h - which files of a project change, by inotify. Folders are watched, since editors replace files;
 * all of the project's, since a file that is missed may come into any of them. What is to be done then is not
 * known here.
 *
 * `inotify` is a descriptor of inotify_init1(IN_NONBLOCK), which the caller polls and closes.
 */
#ifndef FLARON_EDGE_WATCH_H
#define FLARON_EDGE_WATCH_H

#include "base/file.h"

/* Watches a folder; inotify's number of it, -1: it cannot be. */
int watch_path(int inotify, const char *folder);

/* Watches all folders of a project but hidden ones, and links to folders; at most 1000. */
void watch_project(int inotify, const file_place *place);

/* Watches the folders that a file of the project depends on: it may be a link into one that is hidden. */
void watch_file(int inotify, const file_place *place, const char *file);

/*
 * Takes a change: the number of the folder and the name of what is other than it was in it, borrowed; name
 * NULL: what happened is lost, and anything may have changed.
 */
typedef void watch_function(void *data, int folder, const char *name);

/*
 * Hands what inotify has to `changed`: not what is hidden or an editor's copy, nor a new file, which is told
 * once it is written. A new folder is watched.
 */
void watch_read(int inotify, const file_place *place, watch_function *changed, void *data);

#endif
