/*
 * types.c - see types.h.
 *
 * The folder is made beside its place and exchanged with the one there, so no file of an older version stays,
 * and nothing is ever written through a link.
 */
#include "types.h"

#include <errno.h>
#include <ftw.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/system.h"
#include "cli.h"

static const char page[] = "/README.md", title[] = "# Types of flares\n";

/* Where below the folder a file of the executable goes; NULL: it has no annotations. */
static const char *types_place(const char *path) {
  static const char *const roots[] = {"scripts/types/", "scripts/modules/"};
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
    if (strncmp(path, roots[i], strlen(roots[i])) == 0) return path + strlen(roots[i]);
  }
  return NULL;
}

/* Whether what is at `path` is a folder that flaron-lua made: its page tells. */
static bool types_is_own(const char *path) {
  struct stat about;
  text name = {0}, content = {0};
  text_printf(&name, "%s%s", path, page);
  bool own = lstat(path, &about) == 0 && S_ISDIR(about.st_mode) && lstat(name.data, &about) == 0 &&
             S_ISREG(about.st_mode) && file_read(name.data, FILE_PROJECT_MAX, &content) == 0 &&
             strncmp(text_string(&content), title, sizeof title - 1) == 0;
  text_free(&name);
  text_free(&content);
  return own;
}

/* For nftw. */
static int types_remove_one(const char *path, const struct stat *about, int kind, struct FTW *at) {
  (void)about, (void)kind, (void)at;
  return remove(path);
}

static void types_remove_tree(const char *path) { nftw(path, types_remove_one, 16, FTW_DEPTH | FTW_PHYS); }

void types_remove(const char *project) {
  text path = {0};
  text_printf(&path, "%s/" TYPES_FOLDER, project);
  if (types_is_own(path.data)) types_remove_tree(path.data);
  text_free(&path);
}

/* Writes all files into an empty folder; 0 or a fault. */
static int types_fill(const char *folder) {
  text path = {0}, content = {0};
  text_printf(&content, "%s\nFor lua-language-server, which finds them by `.luarc.json`. Written by ", title);
  cli_add_version(&content);
  text_add_string(&content, ".\n`flaron-lua new --types .` writes them again. They are not kept in git.\n");
  text_printf(&path, "%s%s", folder, page);
  int fault = cli_write_file(path.data, text_bytes(&content));
  for (const embedded_file *f = embedded_files; fault == 0 && f->path != NULL; f++) {
    const char *place = types_place(f->path);
    if (place == NULL) continue;
    text_clear(&path);
    text_printf(&path, "%s/%s", folder, place);
    fault = cli_make_folders(path.data, strlen(folder) + 1);
    if (fault == 0) fault = cli_write_file(path.data, f->content);
  }
  text_free(&path);
  text_free(&content);
  return fault;
}

/* Puts the folder `part` where `path` is, and what was there where `part` is; 0 or an errno value. */
static int types_put_in_place(const char *part, const char *path) {
  mode_t mask = umask(0); /* mkdtemp's folder is for its owner alone */
  umask(mask);
  struct stat about;
  bool there = lstat(path, &about) == 0;
  if (chmod(part, 0777 & ~mask) != 0) return errno;
  if (!there) return rename(part, path) != 0 ? errno : 0;
  if (!types_is_own(path)) return EEXIST;
  if (system_rename(part, path, RENAME_EXCHANGE) == 0) return 0;
  if (errno != EINVAL) return errno; /* EINVAL: this file system cannot exchange */
  types_remove_tree(path);
  return rename(part, path) != 0 ? errno : 0;
}

bool types_write(const cli_command *self, const char *project) {
  text part = {0}, path = {0};
  text_printf(&part, "%s/" TYPES_FOLDER "-XXXXXX", project);
  text_printf(&path, "%s/" TYPES_FOLDER, project);
  bool made = mkdtemp(part.data) != NULL;
  int fault = !made ? errno : types_fill(part.data);
  if (fault == 0) fault = types_put_in_place(part.data, path.data);
  if (made) types_remove_tree(part.data);
  if (fault == EEXIST) {
    cli_fail(self, "%s: it is there, and flaron-lua did not make it", path.data);
  } else if (fault != 0) {
    cli_fail(self, "%s: %s", path.data, strerror(fault));
  }
  text_free(&part);
  text_free(&path);
  return fault == 0;
}
