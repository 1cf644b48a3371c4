/*
 * dap_wire.c - see dap_wire.h.
 */
#include "debug/dap_wire.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/http.h"
#include "base/json_bytes.h"
#include "base/json_fast.h"

static const char head_end[] = "\r\n\r\n";
enum { HEAD_END = sizeof head_end - 1, LINE_END = 2 };

/* Reads the value of Content-Length; false after a sentence in `why`. */
static bool wire_read_length(bytes value, size_t *length, text *why) {
  uint64_t n;
  if (!http_read_length(value, &n)) {
    text_add_string(why, "Content-Length is not a number of bytes");
    return false;
  }
  if (n > DAP_BODY_MAX) text_printf(why, "a message is longer than %d bytes", DAP_BODY_MAX);
  *length = (size_t)n;
  return n <= DAP_BODY_MAX;
}

/* Reads the lines of a head, without the empty one. False after a sentence in `why`. */
static bool wire_read_head(bytes head, size_t *length, text *why) {
  bool found = false;
  for (size_t at = 0, size; at < head.size; at += size + LINE_END) {
    const uint8_t *line = head.data + at;
    const uint8_t *end = memmem(line, head.size - at, head_end, LINE_END);
    size = end != NULL ? (size_t)(end - line) : head.size - at;
    const uint8_t *colon = memchr(line, ':', size);
    if (colon == NULL || !http_is_token((bytes){line, (size_t)(colon - line)})) {
      text_add_string(why, "a line of a message's head is no \"Name: value\"");
      return false;
    }
    if (!bytes_same_ignoring_case((bytes){line, (size_t)(colon - line)}, bytes_of("Content-Length")))
      continue;
    if (found) {
      text_add_string(why, "a message has two Content-Length");
      return false;
    }
    found = true;
    if (!wire_read_length(http_trimmed((bytes){colon + 1, (size_t)(line + size - (colon + 1))}), length, why))
      return false;
  }
  if (!found) text_add_string(why, "a message has no Content-Length");
  return found;
}

dap_wire_frame dap_wire_read(bytes input, size_t *used, bytes *body, text *why) {
  size_t looked = input.size < DAP_HEAD_MAX ? input.size : DAP_HEAD_MAX, length = 0;
  const uint8_t *end = looked > 0 ? memmem(input.data, looked, head_end, HEAD_END) : NULL;
  if (end == NULL && looked < DAP_HEAD_MAX) return DAP_FRAME_MORE;
  if (end == NULL) {
    text_printf(why, "a message's head is longer than %d bytes", DAP_HEAD_MAX);
    return DAP_FRAME_REFUSED;
  }
  size_t head = (size_t)(end - input.data);
  if (!wire_read_head((bytes){input.data, head}, &length, why)) return DAP_FRAME_REFUSED;
  if (input.size - head - HEAD_END < length) return DAP_FRAME_MORE;
  *body = (bytes){input.data + head + HEAD_END, length};
  *used = head + HEAD_END + length;
  return DAP_FRAME_WHOLE;
}

void dap_wire_fill(dap_wire *w) {
  enum { PIECE = 65536 };
  if (w->used > 0) {
    memmove(w->input.data, w->input.data + w->used, w->input.size - w->used);
    w->input.size -= w->used;
    w->used = 0;
  }
  size_t before = w->input.size;
  ssize_t got = read(w->in, text_room(&w->input, PIECE), PIECE);
  w->input.size = before + (got > 0 ? (size_t)got : 0);
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) w->ended = true;
}

dap_taken dap_wire_take(dap_wire *w, json_t **message, text *why) {
  size_t left = w->input.size - w->used, used;
  bytes input = {(const uint8_t *)text_string(&w->input) + w->used, left}, body;
  dap_wire_frame frame = dap_wire_read(input, &used, &body, why);
  if (frame == DAP_FRAME_MORE && !w->ended) return DAP_TAKEN_NONE;
  if (frame == DAP_FRAME_MORE && left == 0) return DAP_TAKEN_END;
  if (frame == DAP_FRAME_MORE) text_add_string(why, "the client ended in the middle of a message");
  if (frame != DAP_FRAME_WHOLE) return DAP_TAKEN_REFUSED;
  w->used += used;
  *message = json_load_object(body, why);
  return *message != NULL ? DAP_TAKEN_MESSAGE : DAP_TAKEN_REFUSED;
}

/* Writes all of `b`, or finds that nobody reads. */
static void wire_write_all(dap_wire *w, bytes b) {
  enum { PATIENCE_MS = 10000 };
  for (size_t at = 0; at < b.size && !w->deaf;) {
    ssize_t put = write(w->out, b.data + at, b.size - at);
    if (put > 0) {
      at += (size_t)put;
    } else if (put < 0 && errno == EAGAIN) {
      w->deaf = poll(&(struct pollfd){w->out, POLLOUT, 0}, 1, PATIENCE_MS) == 0;
    } else if (put >= 0 || errno != EINTR) {
      w->deaf = true;
    }
  }
}

void dap_wire_write(dap_wire *w, json_t *message) {
  text body = {0}, frame = {0};
  json_object_set_new(message, "seq", json_integer(++w->sent));
  json_add_to(&body, message, JSON_COMPACT);
  text_printf(&frame, "Content-Length: %zu\r\n\r\n", body.size);
  text_add(&frame, body.data, body.size);
  wire_write_all(w, text_bytes(&frame));
  text_free(&body);
  text_free(&frame);
}

void dap_wire_free(dap_wire *w) { text_free(&w->input); }
