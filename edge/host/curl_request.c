/*
 * curl_request.c - see curl_request.h.
 */
#include "host/curl_request.h"

#include "base/http.h"

bool curl_request_owns(bytes name) {
  return http_is_of_connection(name) || bytes_same_ignoring_case(name, bytes_of("content-length")) ||
         bytes_same_ignoring_case(name, bytes_of("expect"));
}

/* Keeps the last line, since curl_slist_append would walk the list each time. */
void curl_lines_add(curl_lines *lines, const char *line) {
  struct curl_slist *one = curl_slist_append(NULL, line);
  if (one == NULL) memory_get(SIZE_MAX); /* says that the machine is out of memory */
  if (lines->last == NULL) {
    lines->first = one;
  } else {
    lines->last->next = one;
  }
  lines->last = one;
}

/* For libcurl "Name:" means "do not add this header", and "Name;" is a header without a value. */
void curl_lines_add_header(curl_lines *lines, const host_pair *header) {
  text line = {0};
  text_printf(&line, header->value_size != 0 ? "%s: %s" : "%s;", header->name, header->value);
  curl_lines_add(lines, line.data);
  text_free(&line);
}

void curl_lines_begin(curl_lines *lines, const host_pairs *headers) {
  if (host_pairs_find(headers, bytes_of("accept")) == NULL) curl_lines_add(lines, "Accept:");
  if (host_pairs_find(headers, bytes_of("content-type")) == NULL) curl_lines_add(lines, "Content-Type:");
  curl_lines_add(lines, "Expect:");
}

void curl_request_set_method(CURL *curl, const text *method, const text *body) {
  bytes name = text_bytes(method);
  if (bytes_are(name, "HEAD")) {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  bool usual = bytes_are(name, "POST") || bytes_are(name, "PUT") || bytes_are(name, "PATCH");
  if (usual || body->size != 0) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->size);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text_string(body));
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, text_string(method));
}
