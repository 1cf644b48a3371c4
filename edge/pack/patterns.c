/*
 * patterns.c - see patterns.h. A folder on disk is walked along the names of the pattern; of other sources
 * every path is compared. base/file.c decides what may be read.
 */
#include "pack/patterns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/glob.h"
#include "base/list.h"

enum { DEEPEST = 64 };

/* A search. All but `path` is borrowed. */
typedef struct search {
  file_place place;
  pattern_names *found;
  size_t looked; /* number of names looked at */
  text path;     /* the current path; after a fault, the path of the fault */
} search;

bool pattern_is(const char *item) { return strchr(item, '*') != NULL; }

/* ---- names ---- */

static void add_name(pattern_names *names, const char *name) {
  LIST_ROOM(names->items, names->count);
  names->items[names->count++] = memory_copy(bytes_of(name));
}

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Sorts names and drops duplicates. */
static void sort(pattern_names *names) {
  size_t kept = 0;
  if (names->count > 0) qsort(names->items, names->count, sizeof *names->items, compare);
  for (size_t i = 0; i < names->count; i++) {
    if (kept > 0 && strcmp(names->items[kept - 1], names->items[i]) == 0) {
      free(names->items[i]);
    } else {
      names->items[kept++] = names->items[i];
    }
  }
  names->count = kept;
}

void pattern_names_free(pattern_names *names) {
  for (size_t i = 0; i < names->count; i++) free(names->items[i]);
  free(names->items);
  *names = (pattern_names){0};
}

/* ---- matching ---- */

/* A name between the slashes of a pattern or path. */
typedef struct part {
  const char *at;
  size_t size;
} part;

/* The first name of a path; `rest` is set to the part after it, "" at the end. */
static part first_part(const char *path, const char **rest) {
  size_t size = strcspn(path, "/");
  *rest = path + size + strspn(path + size, "/");
  return (part){path, size};
}

static bool is_folders(part p) { return p.size == 2 && memcmp(p.at, "**", 2) == 0; }

static bool is_wild(part p) { return memchr(p.at, '*', p.size) != NULL; }

/* Whether a name matches a part. */
static bool fits(part p, const char *name, size_t size) {
  if (size > 0 && *name == '.' && (p.size == 0 || *p.at != '.')) return false;
  return glob_matches((bytes){(const uint8_t *)p.at, p.size}, (bytes){(const uint8_t *)name, size},
                      (glob_rule){"", false});
}

/* Whether a whole path matches a pattern. */
static bool fits_path(const char *pattern, const char *path) {
  const char *rest, *below;
  if (*pattern == '\0' || *path == '\0') return *pattern == *path;
  part p = first_part(pattern, &rest), name = first_part(path, &below);
  if (!is_folders(p)) return fits(p, name.at, name.size) && fits_path(rest, below);
  return fits_path(rest, path) || (*path != '.' && *below != '\0' && fits_path(pattern, below));
}

/* ---- walking ---- */

/* Lists the names in a folder that match, sorted. 0 or a fault; a missing folder is not a fault. */
static int list_folder(search *s, part p, pattern_names *names, int *folder) {
  int fault = file_open_folder_below(&s->place, s->path.size > 0 ? s->path.data : ".", folder);
  if (fault == ENOENT || fault == ENOTDIR || fault == EISDIR) return 0;
  if (fault != 0) return fault;
  int own = openat(*folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = own >= 0 ? fdopendir(own) : NULL;
  if (list == NULL) fault = errno;
  if (list == NULL && own >= 0) close(own);
  for (const struct dirent *e; fault == 0 && (e = readdir(list)) != NULL;) {
    if (s->looked++ == PATTERNS_MOST) fault = PATTERNS_TOO_MANY;
    bool dots = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    if (fault == 0 && !dots && fits(p, e->d_name, strlen(e->d_name))) add_name(names, e->d_name);
  }
  if (list != NULL) closedir(list);
  sort(names);
  return fault;
}

static int walk(search *s, const char *pattern, int depth);

/* Continues with a name in the current folder; `last`: it is the last name of the pattern. 0 or a fault. */
static int enter(search *s, const char *name, size_t size, const char *rest, bool last, int depth) {
  size_t before = s->path.size;
  text_printf(&s->path, "%s%.*s", before > 0 ? "/" : "", (int)size, name);
  int fault = file_look_below(&s->place, s->path.data);
  bool folder = fault == EISDIR;
  if (last && fault == 0) add_name(s->found, s->path.data);
  if (!last && (fault == FILE_PIPE || fault == FILE_SOCKET || fault == FILE_DEVICE)) fault = 0;
  if (folder || fault == ENOENT || fault == ENOTDIR) fault = 0;
  if (folder && !last) fault = walk(s, rest, depth + 1);
  if (fault != 0) return fault;
  s->path.size = before;
  if (s->path.data != NULL) s->path.data[before] = '\0';
  return 0;
}

/* Whether a name in a folder is a link. */
static bool is_link(int folder, const char *name) {
  struct stat about;
  return fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(about.st_mode);
}

/* Adds the files that match a pattern below the current folder. 0 or a fault. */
static int walk(search *s, const char *pattern, int depth) {
  const char *rest;
  part p = first_part(pattern, &rest);
  if (depth > DEEPEST) return ENAMETOOLONG;
  if (!is_wild(p)) return enter(s, p.at, p.size, rest, *rest == '\0', depth);
  pattern_names names = {0};
  bool folders = is_folders(p);
  int fd = -1;
  int fault = folders ? walk(s, rest, depth + 1) : 0;
  if (fault == 0) fault = list_folder(s, folders ? (part){"*", 1} : p, &names, &fd);
  for (size_t i = 0; fault == 0 && i < names.count; i++) {
    if (folders && is_link(fd, names.items[i])) continue;
    fault = enter(s, names.items[i], strlen(names.items[i]), folders ? pattern : rest,
                  !folders && *rest == '\0', depth);
  }
  if (fd >= 0) close(fd);
  pattern_names_free(&names);
  return fault;
}

/* ---- both ---- */

/* Removes names without meaning ("", ".", repeated "**") from a pattern; "**" at its end means all files
 * below. */
static void tidy(const char *pattern, text *out) {
  const char *rest;
  bool folders = false;
  for (; *pattern != '\0'; pattern = rest) {
    part p = first_part(pattern, &rest);
    if (p.size == 0 || (p.size == 1 && *p.at == '.') || (folders && is_folders(p))) continue;
    folders = is_folders(p);
    text_printf(out, "%s%.*s", out->size > 0 ? "/" : "", (int)p.size, p.at);
  }
  if (folders) text_add_string(out, "/*");
}

/* The data of `take`, for a source that lists its files. */
typedef struct filter {
  const char *pattern;
  pattern_names *found;
} filter;

static void take(void *to, const char *path) {
  const filter *f = to;
  if (file_check_path(path) == 0 && fits_path(f->pattern, path)) add_name(f->found, path);
}

int pattern_files(const modules_source *source, const char *pattern, pattern_names *found, text *at) {
  search s = {.found = found};
  text tidied = {0};
  int fault = file_check_path(pattern);
  if (fault != 0) text_add_string(at, pattern);
  if (fault != 0) return fault;
  tidy(pattern, &tidied);
  if (modules_get_place(source, &s.place)) {
    fault = walk(&s, text_string(&tidied), 0);
    if (fault != 0) text_add_string(at, s.path.size > 0 ? s.path.data : ".");
  } else if (source->list != NULL) {
    source->list(source->data, take, &(filter){text_string(&tidied), found});
  }
  sort(found);
  text_free(&s.path);
  text_free(&tidied);
  return fault;
}

/* Adds the name of the module that is in a file, by one place. A file with further dots in its path is not a
 * module. */
static void add_module(pattern_names *found, const char *place, const char *file) {
  size_t marks = 0, fixed = 0, size = strlen(file);
  for (const char *c = place; *c != '\0'; c++) marks += *c == '?';
  fixed = strlen(place) - marks;
  if (size <= fixed || (size - fixed) % marks != 0) return;
  char *name =
      memory_copy((bytes){(const uint8_t *)file + (strchr(place, '?') - place), (size - fixed) / marks});
  text path = {0};
  modules_fill_place(place, name, &path); /* a dot in the name gives another path */
  bool same = strcmp(text_string(&path), file) == 0;
  for (char *c = name; same && *c != '\0'; c++) *c = *c == '/' ? '.' : *c;
  if (same) add_name(found, name);
  text_free(&path);
  free(name);
}

int pattern_modules(const modules *m, const modules_source *source, const char *pattern, pattern_names *found,
                    text *at) {
  const char *place;
  text names = {0}, path = {0};
  int fault = 0;
  modules_fill_place("?", pattern, &path);
  tidy(path.data, &names);
  for (size_t i = 0; fault == 0 && (place = modules_place(m, i)) != NULL; i++) {
    pattern_names files = {0};
    modules_fill_place(place, text_string(&names), &path);
    fault = pattern_files(source, path.data, &files, at);
    for (size_t n = 0; n < files.count; n++) add_module(found, place, files.items[n]);
    pattern_names_free(&files);
  }
  sort(found);
  text_free(&names);
  text_free(&path);
  return fault;
}
