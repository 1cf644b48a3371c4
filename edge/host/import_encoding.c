/*
 * import_encoding.c - the imports of `encoding`, done by base/encoding.h. A decoder that refuses its input
 * gives no answer.
 */
#include "base/encoding.h"
#include "host/host.h"

/* Answers the encoded argument. */
static void answer_encoded(host *h, bytes from, host_answer *answer, void (*encoder)(text *, bytes)) {
  text_clear(&h->answer);
  encoder(&h->answer, from);
  host_answer_text(h, answer);
}

/* Answers the decoded argument; nothing if the decoder refuses it. */
static void answer_decoded(host *h, bytes from, host_answer *answer, bool (*decoder)(text *, bytes)) {
  text_clear(&h->answer);
  if (decoder(&h->answer, from)) host_answer_text(h, answer);
}

/* encoding_base64_encode(bytes) -> standard base64, padded */
void host_encoding_base64_encode(host *h, const host_arguments *arguments, host_answer *answer) {
  answer_encoded(h, arguments->a, answer, base64_encode);
}

/* encoding_base64_decode(text) -> bytes */
void host_encoding_base64_decode(host *h, const host_arguments *arguments, host_answer *answer) {
  answer_decoded(h, arguments->a, answer, base64_decode);
}

/* encoding_hex_encode(bytes) -> lower-case hex */
void host_encoding_hex_encode(host *h, const host_arguments *arguments, host_answer *answer) {
  answer_encoded(h, arguments->a, answer, hex_encode);
}

/* encoding_hex_decode(text) -> bytes */
void host_encoding_hex_decode(host *h, const host_arguments *arguments, host_answer *answer) {
  answer_decoded(h, arguments->a, answer, hex_decode);
}

/* encoding_url_encode(bytes) -> text for a query or a form */
void host_encoding_url_encode(host *h, const host_arguments *arguments, host_answer *answer) {
  answer_encoded(h, arguments->a, answer, url_encode);
}

/* encoding_url_decode(text) -> bytes */
void host_encoding_url_decode(host *h, const host_arguments *arguments, host_answer *answer) {
  answer_decoded(h, arguments->a, answer, url_decode);
}
