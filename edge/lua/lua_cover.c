/*
 * lua_cover.c - see lua_cover.h. All counts of this process are kept here; specs run in one thread.
 */
#include "lua/lua_cover.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/list.h"

typedef struct cover_file {
  char *name;
  uint64_t *counts; /* by line */
  size_t lines;
} cover_file;

typedef struct project {
  struct project *next;
  char *folder;
  text map;
  engine_watcher watcher;
  cover_file *files;
  size_t file_count;
  size_t latest; /* the file of the last line: mostly that of the next one too */
} project;

static bool on;
static project *projects;

int lua_cover_on(lua_State *L) {
  (void)L;
  on = true;
  return 0;
}

/* The place of a file in the project's list, which it is added to when it is new. */
static size_t find_file(project *p, bytes name) {
  if (p->latest < p->file_count && bytes_are(name, p->files[p->latest].name)) return p->latest;
  for (size_t i = 0; i < p->file_count; i++) {
    if (bytes_are(name, p->files[i].name)) return i;
  }
  LIST_ROOM(p->files, p->file_count);
  p->files[p->file_count] = (cover_file){.name = memory_copy(name)};
  return p->file_count++;
}

/* engine_watcher.line */
static void count(void *data, bytes source, int line) {
  enum { STEP = 256 };
  project *p = data;
  if (source.size < 2 || source.data[0] != '@' || line <= 0) return; /* what `load` made has no file */
  p->latest = find_file(p, (bytes){source.data + 1, source.size - 1});
  cover_file *f = &p->files[p->latest];
  size_t n = (size_t)line;
  if (n >= f->lines) {
    size_t lines = n + STEP;
    f->counts = memory_resize(f->counts, lines * sizeof *f->counts);
    memset(f->counts + f->lines, 0, (lines - f->lines) * sizeof *f->counts);
    f->lines = lines;
  }
  f->counts[n]++;
}

/* The folder of the project at `path`: of a main script, or a folder. To be freed. */
static char *folder_of(const char *path) {
  struct stat about;
  size_t size = strlen(path);
  if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode)) {
    const char *slash = strrchr(path, '/');
    size = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
  }
  while (size > 1 && path[size - 1] == '/') size--;
  return size == 0 ? memory_copy(bytes_of(".")) : memory_copy((bytes){(const uint8_t *)path, size});
}

const engine_watcher *lua_cover_begin(const char *path, pack_options *options) {
  if (!on || path == NULL || options->strip) return NULL;
  char *folder = folder_of(path);
  project *p = projects;
  while (p != NULL && strcmp(p->folder, folder) != 0) p = p->next;
  if (p == NULL) {
    p = memory_get(sizeof *p);
    *p = (project){.next = projects, .folder = memory_copy(bytes_of(folder)), .watcher = {count, p}};
    projects = p;
  }
  free(folder);
  text_clear(&p->map);
  options->map = &p->map;
  options->watcher = &p->watcher;
  return &p->watcher;
}

int lua_cover_report(lua_State *L) {
  lua_Integer n = 0;
  lua_newtable(L);
  for (const project *p = projects; p != NULL; p = p->next) {
    lua_createtable(L, 0, 3);
    lua_pushstring(L, p->folder);
    lua_setfield(L, -2, "folder");
    lua_pushlstring(L, text_string(&p->map), p->map.size);
    lua_setfield(L, -2, "map");
    lua_newtable(L);
    for (size_t i = 0; i < p->file_count; i++) {
      lua_newtable(L);
      for (size_t line = 1; line < p->files[i].lines; line++) {
        if (p->files[i].counts[line] == 0) continue;
        lua_pushinteger(L, (lua_Integer)p->files[i].counts[line]);
        lua_rawseti(L, -2, (lua_Integer)line);
      }
      lua_setfield(L, -2, p->files[i].name);
    }
    lua_setfield(L, -2, "files");
    lua_rawseti(L, -2, ++n);
  }
  return 1;
}
