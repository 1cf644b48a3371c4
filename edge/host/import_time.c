/*
 * import_time.c - the import of `time`: the clock, in the formats a flare may ask for.
 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "host/host.h"

int64_t host_now_ns(const host *h) {
  if (h->config.now_ns != 0) return h->config.now_ns;
  return clock_ns(CLOCK_REALTIME) + h->config.skew_ns;
}

/* timestamp({"format"}): an unknown format is rfc3339. */
void host_timestamp(host *h, const host_arguments *arguments, host_answer *answer) {
  json_t *args = json_loadb((const char *)arguments->a.data, arguments->a.size, 0, NULL);
  const char *format = json_string_value(json_object_get(args, "format"));
  if (format == NULL) format = "rfc3339";
  int64_t ns = host_now_ns(h);
  time_t seconds = (time_t)(ns / CLOCK_NS_PER_S);
  struct tm utc;
  char digits[64];
  text_clear(&h->answer);
  if (strcmp(format, "unix") == 0) {
    text_printf(&h->answer, "%" PRId64, ns / CLOCK_NS_PER_S);
  } else if (strcmp(format, "ms") == 0) {
    text_printf(&h->answer, "%" PRId64, ns / CLOCK_NS_PER_MS);
  } else if (strcmp(format, "ns") == 0) {
    text_printf(&h->answer, "%" PRId64, ns);
  } else if (gmtime_r(&seconds, &utc) != NULL) {
    bool http = strcmp(format, "http") == 0;
    strftime(digits, sizeof digits, http ? "%a, %d %b %Y %H:%M:%S GMT" : "%Y-%m-%dT%H:%M:%SZ", &utc);
    text_add_string(&h->answer, digits);
    bool in_ms =
        host_does(h, strcmp(format, "iso8601") == 0 ? HOST_DOES_ISO8601_IN_MS : HOST_DOES_RFC3339_IN_MS);
    if (in_ms && !http) {
      h->answer.size--; /* the Z */
      text_printf(&h->answer, ".%03dZ", (int)(ns % CLOCK_NS_PER_S / CLOCK_NS_PER_MS));
    }
  }
  json_decref(args);
  host_answer_text(h, answer);
}
