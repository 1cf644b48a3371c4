/*
 * conform.c - see conform.h.
 */
#include "project/conform.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

const char conform_format[] = "flaron-lua conform 1";

const char *conform_string(const json_t *probe, const char *name) {
  return json_string_value(json_object_get(probe, name));
}

/* What is wrong with a report, as a sentence in `why`; false: nothing is. */
static bool is_no_report(const json_t *report, text *why) {
  const char *is = conform_string(report, "format");
  const json_t *probes = json_object_get(report, "probes");
  if (is == NULL || strcmp(is, conform_format) != 0) {
    text_printf(why, "it is no report of this flaron-lua conform: its \"format\" is not \"%s\"",
                conform_format);
  } else if (!json_is_array(probes)) {
    text_add_string(why, "it is no report: \"probes\" is not a list");
  }
  for (size_t i = 0; why->size == 0 && i < json_array_size(probes); i++) {
    const json_t *probe = json_array_get(probes, i);
    const char *lacks = conform_string(probe, "name") == NULL ? "name"
                        : conform_string(probe, "got") == NULL && conform_string(probe, "skipped") == NULL
                            ? "got"
                            : NULL;
    if (lacks != NULL) text_printf(why, "it is no report: probe %zu has no string \"%s\"", i + 1, lacks);
  }
  return why->size != 0;
}

json_t *conform_read(const char *name, bytes content, text *error) {
  json_error_t wrong;
  text why = {0};
  const char *json = content.size != 0 ? (const char *)content.data : "";
  json_t *report = json_loadb(json, content.size, JSON_ALLOW_NUL, &wrong);
  if (report == NULL) {
    text_printf(error, "%s:%d: it is no report, which is JSON: %s", name, wrong.line, wrong.text);
  } else if (is_no_report(report, &why)) {
    text_printf(error, "%s: %s", name, text_string(&why));
    json_decref(report);
    report = NULL;
  }
  text_free(&why);
  return report;
}

/* Reads "16 in all"; false when it is something else. */
static bool read_fetches(const char *got, size_t *fetches) {
  enum { DIGITS = 4 };
  size_t digits = strspn(got, "0123456789");
  if (digits == 0 || digits > DIGITS || strcmp(got + digits, " in all") != 0) return false;
  *fetches = strtoul(got, NULL, 10);
  return true;
}

/* Has a host do what a probe got; false: it cannot. */
static bool follow_probe(const char *name, const char *got, host_config *config) {
  static const struct manner {
    const char *probe, *got;
  } manners[] = {
#define FLARON_MANNER(name, probe, got) {probe, got},
#include "host/manners.def"
#undef FLARON_MANNER
  };
  for (unsigned i = 0; i < HOST_MANNERS; i++) {
    if (strcmp(manners[i].probe, name) != 0 || strcmp(manners[i].got, got) != 0) continue;
    config->manners |= 1u << i;
    return true;
  }
  return strcmp(name, "fetch.most") == 0 && read_fetches(got, &config->max_fetch_requests);
}

bool conform_follow(const char *path, host_config *config, text *notes, text *error) {
  text content = {0};
  int fault = file_read(path, CONFORM_REPORT_MAX, &content);
  if (fault != 0) file_explain(error, path, fault, CONFORM_REPORT_MAX);
  json_t *report = fault == 0 ? conform_read(path, text_bytes(&content), error) : NULL;
  const json_t *probe;
  size_t i;
  json_array_foreach(json_object_get(report, "probes"), i, probe) {
    const char *name = conform_string(probe, "name"), *got = conform_string(probe, "got");
    const char *expected = conform_string(probe, "expected");
    if (got == NULL || follow_probe(name, got, config) || expected == NULL || strcmp(expected, got) == 0)
      continue;
    text_printf(notes, "%s: %s: '%s' is not followed: here it is '%s'\n", path, name, got, expected);
  }
  bool good = report != NULL;
  json_decref(report);
  text_free(&content);
  return good;
}
