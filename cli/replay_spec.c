/*
 * replay_spec.c - see replay_spec.h. The spec is written by scripts/testing/spec.lua.
 */
#include "replay_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "check/check.h"
#include "own_flare.h"

bool replay_spec_clean(const recording *r, recording *clean, text *error) {
  text content = {0};
  if (record_hides_all(r)) {
    text_add_string(error, "so much of it is made of secrets that all is hidden");
    return false;
  }
  record_write(r, false, &content, NULL);
  bool good = record_read(clean, text_bytes(&content), error);
  text_free(&content);
  return good;
}

/* What the flare that writes the spec consists of. */
typedef struct parts {
  text main, record;
} parts;

/* modules_source.read */
static int read_part(void *data, const char *path, text *out) {
  static const char manifest[] = "return { memory = \"2048M\", assets = { \"record\" } }";
  const parts *p = data;
  bool main = strcmp(path, "main.lua") == 0;
  if (strcmp(path, "flare.lua") == 0) {
    text_add_string(out, manifest);
  } else if (main || strcmp(path, "record") == 0) {
    const text *part = main ? &p->main : &p->record;
    text_add(out, part->data, part->size);
  } else {
    return ENOENT;
  }
  return 0;
}

/* Adds what the spec loads from the project's folder, where specs run: the name of the main script or of the
 * packed flare; of a folder its main.lua, where it has one. */
static void add_loaded(const char *input, text *to) {
  const char *slash = strrchr(input, '/'), *name = slash != NULL ? slash + 1 : input;
  const char *dot = strrchr(name, '.');
  bool file = dot != NULL && (strcmp(dot, ".lua") == 0 || strcmp(dot, ".wasm") == 0);
  text main = {0};
  text_printf(&main, "%s/main.lua", input);
  text_add_string(to, file ? name : access(text_string(&main), F_OK) == 0 ? "main.lua" : ".");
  text_free(&main);
}

bool replay_spec_make(const recording *clean, const char *input, text *spec, text *error) {
  enum { CPU_MS = 20000 };
  parts p = {{0}, {0}};
  text loaded = {0};
  const bytes *script = embedded_find("scripts/testing/spec.lua");
  modules_source source = {read_part, &p, NULL};
  add_loaded(input, &loaded);
  text_add_string(&p.main, "path = ");
  check_quote(&p.main, text_bytes(&loaded));
  text_add_string(&p.main, "\n");
  text_add(&p.main, script->data, script->size);
  record_write(clean, false, &p.record, NULL);
  bool good = own_flare_run(&source, CPU_MS, spec, error);
  text_free(&p.main);
  text_free(&p.record);
  text_free(&loaded);
  return good;
}
