/*
 * formats.c - see formats.h.
 */
#include "check/formats.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/json_bytes.h"
#include "cli.h"

/* Adds the path of a finding's file; `none` where it is of no file. */
static void add_path(text *to, const check_finding *f, const char *prefix, const char *none) {
  text_printf(to, "%s%s", f->file != NULL ? prefix : "", f->file != NULL ? f->file : none);
}

/* ---- github: workflow commands, a line each ---- */

/* Adds a text as a value of a command: %, line ends and, in properties, what divides them stand as %XX. */
static void add_command_text(text *to, const char *from, bool property) {
  for (; *from != '\0'; from++) {
    if (*from == '%' || *from == '\r' || *from == '\n' || (property && (*from == ':' || *from == ','))) {
      text_printf(to, "%%%02X", (unsigned char)*from);
    } else {
      text_add(to, from, 1);
    }
  }
}

static void print_github(const check_findings *findings, const char *prefix) {
  static const char *const commands[] = {"error", "warning", "notice"};
  for (size_t i = 0; i < findings->count; i++) {
    const check_finding *f = &findings->items[i];
    text line = {0}, path = {0};
    add_path(&path, f, prefix, "");
    text_printf(&line, "::%s title=flaron-lua check", commands[f->level]);
    if (f->file != NULL) text_add_string(&line, ",file=");
    if (f->file != NULL) add_command_text(&line, path.data, true);
    if (f->line > 0) text_printf(&line, ",line=%ld", f->line);
    if (f->column > 0) text_printf(&line, ",col=%ld", f->column);
    text_add_string(&line, "::");
    add_command_text(&line, f->message, false);
    cli_print("%s\n", line.data);
    text_free(&line);
    text_free(&path);
  }
}

/* ---- sarif: version 2.1.0 ---- */

static json_t *sarif_result(const check_finding *f, const char *prefix) {
  text path = {0};
  json_t *result = json_pack("{s:s, s:s, s:{s:o}}", "ruleId", check_level_name(f->level), "level",
                             check_level_name(f->level), "message", "text", json_shown(bytes_of(f->message)));
  if (f->file != NULL) {
    add_path(&path, f, prefix, "");
    json_t *place = json_pack("{s:{s:o}}", "artifactLocation", "uri", json_shown(text_bytes(&path)));
    if (f->line > 0) {
      json_t *region = json_pack("{s:I}", "startLine", (json_int_t)f->line);
      if (f->column > 0) json_object_set_new(region, "startColumn", json_integer(f->column));
      json_object_set_new(place, "region", region);
    }
    json_object_set_new(result, "locations", json_pack("[{s:o}]", "physicalLocation", place));
  }
  text_free(&path);
  return result;
}

static void print_sarif(const check_findings *findings, const char *prefix) {
  json_t *results = json_array(), *rules = json_array();
  text out = {0};
  for (size_t i = 0; i < findings->count; i++)
    json_array_append_new(results, sarif_result(&findings->items[i], prefix));
  for (check_level level = CHECK_ERROR; level <= CHECK_NOTE; level++) {
    const char *name = check_level_name(level);
    json_array_append_new(rules,
                          json_pack("{s:s, s:{s:s}}", "id", name, "defaultConfiguration", "level", name));
  }
  json_t *log = json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:o}]}", "$schema",
                          "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs", "tool",
                          "driver", "name", "flaron-lua check", "version", FLARON_LUA_VERSION, "rules", rules,
                          "results", results);
  json_add_to(&out, log, JSON_INDENT(2));
  text_add_string(&out, "\n");
  cli_print_bytes(text_bytes(&out));
  text_free(&out);
}

/* ---- junit: a test case for each finding ---- */

/* Adds a text as XML, which has no control characters. */
static void add_xml(text *to, const char *from) {
  text harmless = {0};
  text_add_harmless(&harmless, bytes_of(from), "");
  text_add_markup(to, text_bytes(&harmless));
  text_free(&harmless);
}

/* Errors are failures; warnings and notes are what a test wrote. */
static void print_junit(const check_findings *findings, const char *prefix) {
  text out = {0};
  size_t errors = check_findings_count(findings, CHECK_ERROR),
         cases = findings->count > 0 ? findings->count : 1;
  text_printf(
      &out,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\">\n"
      "  <testsuite name=\"flaron-lua check\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
      cases, errors, cases, errors);
  if (findings->count == 0)
    text_add_string(&out, "    <testcase classname=\"check\" name=\"finds nothing\"/>\n");
  for (size_t i = 0; i < findings->count; i++) {
    const check_finding *f = &findings->items[i];
    text path = {0};
    add_path(&path, f, prefix, "project");
    text_add_string(&out, "    <testcase classname=\"check\" name=\"");
    add_xml(&out, path.data);
    if (f->line > 0) text_printf(&out, ":%ld", f->line);
    if (f->column > 0) text_printf(&out, ":%ld", f->column);
    text_printf(&out, "\" file=\"");
    add_xml(&out, path.data);
    text_printf(&out, "\">\n      <%s", f->level == CHECK_ERROR ? "failure message=\"" : "system-out");
    if (f->level == CHECK_ERROR) add_xml(&out, f->message);
    text_printf(&out, "%s>%s: ", f->level == CHECK_ERROR ? "\"" : "", check_level_name(f->level));
    add_xml(&out, f->message);
    text_printf(&out, "</%s>\n    </testcase>\n", f->level == CHECK_ERROR ? "failure" : "system-out");
    text_free(&path);
  }
  text_add_string(&out, "  </testsuite>\n</testsuites>\n");
  cli_print_bytes(text_bytes(&out));
  text_free(&out);
}

bool check_format_is_document(const char *format) {
  return strcmp(format, "sarif") == 0 || strcmp(format, "junit") == 0;
}

void check_format_print(const char *format, const check_findings *findings, const char *prefix) {
  if (strcmp(format, "github") == 0) {
    print_github(findings, prefix);
  } else if (strcmp(format, "sarif") == 0) {
    print_sarif(findings, prefix);
  } else {
    print_junit(findings, prefix);
  }
}
