/*
 * json_bytes.c - see json_bytes.h.
 */
#include "base/json_bytes.h"

#include <jansson.h>

#include "base/encoding.h"

json_t *json_of_bytes(bytes b) {
  json_t *json = json_stringn(b.size != 0 ? (const char *)b.data : "", b.size);
  if (json != NULL) return json;
  text encoded = {0};
  base64_encode(&encoded, b);
  json = json_pack("{s:s}", "base64", text_string(&encoded));
  text_free(&encoded);
  return json;
}

json_t *json_shown(bytes b) {
  json_t *string = json_stringn((const char *)b.data, b.size);
  if (string != NULL) return string;
  text copy = {0};
  for (size_t i = 0; i < b.size; i++) text_add(&copy, b.data[i] < 0x80 ? (const char *)&b.data[i] : "?", 1);
  string = json_stringn(text_string(&copy), copy.size);
  text_free(&copy);
  return string;
}

bool json_to_bytes(const json_t *value, text *to) {
  if (json_is_string(value)) {
    text_add(to, json_string_value(value), json_string_length(value));
    return true;
  }
  const json_t *base64 = json_object_get(value, "base64");
  return json_is_string(base64) &&
         base64_decode(to, (bytes){(const uint8_t *)json_string_value(base64), json_string_length(base64)});
}

/* json_dump_callback: adds Jansson's output to a text. */
static int add(const char *data, size_t size, void *to) {
  text_add(to, data, size);
  return 0;
}

void json_add_to(text *to, json_t *value, size_t flags) {
  json_dump_callback(value, add, to, flags);
  json_decref(value);
}
