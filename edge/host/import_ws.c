/*
 * import_ws.c - the imports of `ws`: the event of this invocation, and the flare's actions on its connection.
 *
 * Messages and the close code are kept in the response, in order; the server, which has the connection, sends
 * them. Flaron documents no limits of number and size of messages: those here are our own (limits.def).
 */
#include "abi/codes.h"
#include "host/host.h"
#include "base/list.h"

/* ws_send(frame): an error when there is no connection, or the flare has closed it. */
void host_ws_send(host *h, const host_arguments *arguments, host_answer *answer) {
  host_response *r = &h->response;
  if (h->request->event.type == NULL || r->close_code != 0) {
    answer->number = WS_SEND_ERROR;
  } else if (arguments->a.size > h->config.max_ws_message) {
    answer->number = WS_TOO_LARGE;
  } else if (r->frame_count >= h->config.max_ws_sends ||
             arguments->a.size > h->config.max_ws_bytes - r->frame_bytes) {
    answer->number = WS_SEND_LIMIT;
  } else {
    LIST_ROOM(r->frames, r->frame_count);
    r->frames[r->frame_count] = (text){0};
    r->frame_bytes += arguments->a.size;
    text_add(&r->frames[r->frame_count++], arguments->a.data, arguments->a.size);
  }
}

/* ws_close_conn(code): only the first call counts. */
void host_ws_close_conn(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)answer;
  if (h->response.close_code == 0) h->response.close_code = (int)arguments->n;
}

void host_ws_conn_id(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  host_answer_bytes(answer, text_bytes(&h->request->event.conn_id));
}

void host_ws_event_type(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  host_answer_bytes(answer, bytes_of(h->request->event.type != NULL ? h->request->event.type : ""));
}

void host_ws_event_data(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  host_answer_bytes(answer, text_bytes(&h->request->event.data));
}

void host_ws_close_code(host *h, const host_arguments *arguments, host_answer *answer) {
  (void)arguments;
  answer->number = h->request->event.close_code;
}
