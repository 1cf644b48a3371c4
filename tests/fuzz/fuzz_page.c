/*
 * fuzz_page.c - what is asked under /__flaron/: "METHOD PATH QUERY" in a line, the body after it. An answer
 * is JSON unless it is one of the page's files, and what is not 200 says why.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "dev/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes what stands before the first `mark` from the front of `rest`. */
static bytes take(bytes *rest, char mark) {
  const uint8_t *end = rest->size > 0 ? memchr(rest->data, mark, rest->size) : NULL;
  bytes word = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->size};
  size_t taken = word.size + (end != NULL);
  *rest = (bytes){rest->data + taken, rest->size - taken};
  return word;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static page *p;
  static page_options options = {.name = "fuzz"};
  if (p == NULL) {
    text error = {0};
    options.store = store_open(NULL, &error);
    p = page_new(&options);
  }
  bytes rest = {data, size};
  bytes line = take(&rest, '\n'), method = take(&line, ' '), path = take(&line, ' ');
  control_answer answer = {200, "application/json", {0}};
  if (page_control(p, method, path, line, rest, &answer) && strcmp(answer.type, "application/json") == 0) {
    json_t *json = json_loadb(text_string(&answer.body), answer.body.size, JSON_ALLOW_NUL, NULL);
    if (json == NULL || (answer.status == 200) != (json_object_get(json, "error") == NULL)) abort();
    json_decref(json);
  }
  text_free(&answer.body);
  return 0;
}
