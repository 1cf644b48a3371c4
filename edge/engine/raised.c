/*
 * raised.c - see raised.h.
 */
#include "engine/raised.h"

#include <string.h>

/*
 * Whether the last calls are those of the runtime after an error (runtime/start/entry.c): it logs the error,
 * then makes the response the 500 of a failure, or closes the connection.
 */
static bool ended_by_error(const host *h, bool is_request) {
  static const host_import request[] = {HOST_log_error, HOST_resp_set_status, HOST_resp_header_set,
                                        HOST_resp_body_set};
  static const host_import event[] = {HOST_log_error, HOST_ws_close_conn};
  const host_import *calls = is_request ? request : event;
  size_t count = is_request ? sizeof request / sizeof *request : sizeof event / sizeof *event;
  if (h->call_count < count) return false;
  for (size_t i = 0; i < count; i++) {
    if (h->recent[(h->call_count - count + i) % HOST_RECENT].import != calls[i]) return false;
  }
  return is_request ? host_is_failure(&h->response) : h->response.close_code == HOST_WS_FAILED;
}

bool raised_is_likely(const host *h, bool is_request, bytes *message) {
  const host_response *r = &h->response;
  static const char mark[] = "stack traceback:";
  if (!ended_by_error(h, is_request)) return false;
  *message = bytes_of("the error is not in the log, which was full");
  if (h->log_lines > h->config.max_log_lines || r->line_count == 0) return true;
  *message = text_bytes(&r->lines[r->line_count - 1].line);
  return message->size == h->config.max_log_line ||
         memmem(message->data, message->size, mark, sizeof mark - 1) != NULL ||
         bytes_are(*message, "not enough memory") || bytes_are(*message, "error in error handling");
}
