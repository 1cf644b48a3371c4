/*
 * import_encoding.c - the imports of `encoding`, done by base/encoding.h. A decoder that refuses its input
 * gives no answer.
 */
#include <ctype.h>
#include <string.h>

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
  for (size_t i = 0; host_does(h, HOST_DOES_UPPER_HEX) && i < h->answer.size; i++) {
    h->answer.data[i] = (char)toupper((unsigned char)h->answer.data[i]);
  }
}

/* Puts `by` in place of each `c` of a text. */
static void replace(text *t, char c, const char *by) {
  text out = {0};
  for (size_t i = 0; i < t->size; i++) {
    text_add(&out, t->data[i] == c ? by : &t->data[i], t->data[i] == c ? strlen(by) : 1);
  }
  text_free(t);
  *t = out;
}

/* encoding_hex_decode(text) -> bytes */
void host_encoding_hex_decode(host *h, const host_arguments *arguments, host_answer *answer) {
  answer_decoded(h, arguments->a, answer, hex_decode);
}

/* encoding_url_encode(bytes) -> text for a query or a form */
void host_encoding_url_encode(host *h, const host_arguments *arguments, host_answer *answer) {
  answer_encoded(h, arguments->a, answer, url_encode);
  if (!host_does(h, HOST_DOES_BLANK_AS_HEX)) return;
  replace(&h->answer, '+', "%20"); /* a '+' of the argument is %2B */
  host_answer_text(h, answer);
}

/* encoding_url_decode(text) -> bytes */
void host_encoding_url_decode(host *h, const host_arguments *arguments, host_answer *answer) {
  if (!host_does(h, HOST_DOES_KEEP_PLUS)) {
    answer_decoded(h, arguments->a, answer, url_decode);
    return;
  }
  text kept = {0};
  text_add(&kept, arguments->a.data, arguments->a.size);
  replace(&kept, '+', "%2B");
  answer_decoded(h, text_bytes(&kept), answer, url_decode);
  text_free(&kept);
}
