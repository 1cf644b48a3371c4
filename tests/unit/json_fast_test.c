/*
 * json_fast_test.c - compares edge/base/json_fast.c with Jansson: on objects that are right, that are broken
 * at every byte, and that are changed at random; and on strings of all kinds of bytes. Prints a line per
 * failed check, then "N passed, N failed".
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_bytes.h"
#include "base/json_fast.h"
#include "random.h"

enum { LONG = 5000 }; /* what json_load_object does not leave to Jansson alone */

static int passed, failed;

static void check(bool good, const char *what, bytes b) {
  *(good ? &passed : &failed) += 1;
  if (!good) printf("failed: %s: %.*s\n", what, (int)(b.size < 300 ? b.size : 300), (const char *)b.data);
}

/* Whether both make the same of some JSON, or both refuse it. */
static void compare(bytes json) {
  json_t *expected = json_loadb((const char *)json.data, json.size, JSON_ALLOW_NUL, NULL);
  json_t *found = json_load_object(json, NULL);
  if (!json_is_object(expected)) {
    json_decref(expected);
    expected = NULL;
  }
  bool same = expected == NULL ? found == NULL : found != NULL && json_equal(expected, found);
  check(same, expected == NULL ? "taken, but Jansson refuses it" : "not as Jansson has it", json);
  json_decref(expected);
  json_decref(found);
}

/* Objects with blanks in front, so that they are long. */
static const char *const objects[] = {
    "{}",
    " { } ",
    "{\"a\":\"b\"}",
    "{\"a\" : \"b\" , \"c\" : 1, \"d\":[1,2,{\"e\":\"}\"}], \"f\":null,\"g\":true , \"h\":{}}",
    "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\u0000\"}",
    "{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\",\"\xc3\xa9\":\"\"}",
    "{\"a\":\"1\",\"a\":\"2\"}",
    "{\"n\":-1.5e3,\"m\":12345678901234567890}",
    "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\ude00x\"}",
    "{\"a\":\"\\ud83d\\u0041\"}",
    "{\"\\u0000\":\"\"}",
    "{\"a\":\"\xff\"}",
    "{\"a\":\"\xed\xa0\x80\"}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"b\",}",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":\"b\"}x",
    "{\"a\":\"b\"}}",
    "{\"a\":[}",
    "{\"a\":]}",
    "{\"a\":1 2}",
    "{\"a\":tru}",
    "{'a':1}",
    "[]",
    "\"a\"",
    "{\"a\":\"b\\x\"}",
    "{\"a\":\"b\\u12g4\"}",
};

static void add_blanks(text *to) { memset(text_room(to, LONG), ' ', LONG); }

int main(void) {
  enum { CHANGES = 400, STRINGS = 3000, LONGEST = 40 };
  text json = {0}, found = {0}, expected = {0};
  for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
    size_t size = strlen(objects[i]);
    for (size_t cut = 0; cut <= size; cut++) {
      text_clear(&json);
      add_blanks(&json);
      text_add(&json, objects[i], size - cut);
      compare(text_bytes(&json));
    }
    for (int n = 0; n < CHANGES; n++) {
      static const char likely[] = "{}[]:,\"\\u0123456789abcdef \n\xff\xc3\xa9\x80";
      text_clear(&json);
      add_blanks(&json);
      text_add(&json, objects[i], size);
      uint64_t word = random_bits();
      json.data[LONG + word % size] = likely[(word >> 32) % (sizeof likely - 1)];
      compare(text_bytes(&json));
    }
  }
  for (int n = 0; n < STRINGS; n++) {
    uint8_t some[LONGEST];
    size_t size = random_bits() % LONGEST;
    bool ascii = n % 2 == 0;
    for (size_t i = 0; i < size; i++) some[i] = (uint8_t)(random_bits() & (ascii ? 0x7f : 0xff));
    text_clear(&found);
    text_clear(&expected);
    json_add_string(&found, (bytes){some, size});
    json_t *string = json_stringn((const char *)some, size);
    if (string != NULL) {
      json_add_to(&expected, string, JSON_ENCODE_ANY);
      check(found.size == expected.size && memcmp(found.data, expected.data, found.size) == 0, "written",
            text_bytes(&found));
    } else {
      json_t *again = json_loadb(found.data, found.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
      check(json_is_string(again), "not JSON", text_bytes(&found));
      json_decref(again);
    }
  }
  text_free(&json);
  text_free(&found);
  text_free(&expected);
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
