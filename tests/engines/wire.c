/*
 * wire.c - see wire.h. Messages are read from standard input and written to standard output; the process ends
 * with its input.
 */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was received last, and how far it is read. */
static uint8_t *message;
static size_t message_size, message_at;

static void *wire_room(void *memory, size_t size) {
  void *there = realloc(memory, size);
  if (there == NULL) {
    fprintf(stderr, "not enough memory\n");
    exit(1);
  }
  return there;
}

/* Receives a message; returns its tag. */
static int wire_receive(void) {
  uint32_t size;
  if (fread(&size, sizeof size, 1, stdin) != 1) exit(0);
  message = wire_room(message, size + 1u);
  if (size == 0 || fread(message, size, 1, stdin) != 1) exit(0);
  message_size = size;
  message_at = 1;
  return message[0];
}

static const void *wire_take(size_t size) {
  if (size > message_size - message_at) {
    fprintf(stderr, "a message ends too early\n");
    exit(1);
  }
  const void *at = message + message_at;
  message_at += size;
  return at;
}

static int64_t wire_number(void) {
  int64_t n;
  memcpy(&n, wire_take(sizeof n), sizeof n);
  return n;
}

static const uint8_t *wire_bytes(uint32_t *size) {
  memcpy(size, wire_take(sizeof *size), sizeof *size);
  return wire_take(*size);
}

static char *wire_string(void) {
  uint32_t size;
  const uint8_t *at = wire_bytes(&size);
  char *string = wire_room(NULL, size + 1u);
  memcpy(string, at, size);
  string[size] = '\0';
  return string;
}

/* The message that is made. */
static uint8_t *made;
static size_t made_size;

static void wire_add(const void *bytes, size_t size) {
  made = wire_room(made, made_size + size + 1);
  if (size > 0) memcpy(made + made_size, bytes, size);
  made_size += size;
}

static void wire_begin(char tag) {
  made_size = 0;
  wire_add("\0\0\0\0", 4);
  wire_add(&tag, 1);
}

static void wire_add_number(int64_t n) { wire_add(&n, sizeof n); }

static void wire_add_bytes(const void *bytes, uint32_t size) {
  wire_add(&size, sizeof size);
  wire_add(bytes, size);
}

static void wire_send(void) {
  uint32_t size = (uint32_t)(made_size - 4);
  memcpy(made, &size, sizeof size);
  if (fwrite(made, made_size, 1, stdout) != 1 || fflush(stdout) != 0) exit(1);
}

int wire_parameters(const wire_import *import, const char *letters, char *to) {
  int count = 0;
  for (const char *p = strcmp(import->params, "NONE") == 0 ? "" : import->params; *p != '\0'; p++) {
    to[count++] = letters[*p != 'B' && *p != 'N'];
    if (*p == 'B') to[count++] = letters[0];
  }
  to[count] = '\0';
  return count;
}

const char *wire_serve(const wire_import *import, const uint64_t *slots, uint64_t *result) {
  wire_begin('I');
  wire_add_number(import->index);
  for (const char *p = strcmp(import->params, "NONE") == 0 ? "" : import->params; *p != '\0'; p++) {
    if (*p == 'B') {
      uint32_t at = (uint32_t)*slots++, size = (uint32_t)*slots++, all;
      const uint8_t *memory = engine_memory(&all);
      if (size > 0 && (at > all || size > all - at)) return "access outside of memory";
      wire_add_bytes(memory + (size > 0 ? at : 0), size);
    } else {
      wire_add_number(*p == 'N' ? (int32_t)*slots : (int64_t)*slots);
      slots++;
    }
  }
  wire_send();
  *result = 0;
  if (strcmp(import->result, "VOID") == 0) return NULL;
  wire_receive();
  bool present = wire_number() != 0;
  uint32_t size, at, all;
  const uint8_t *data = wire_bytes(&size);
  int64_t number = wire_number();
  if (strcmp(import->result, "I32") == 0) {
    *result = (uint32_t)number;
  } else if (present && size > 0) {
    if (!engine_alloc(size, &at)) return "alloc trapped";
    uint8_t *memory = engine_memory(&all);
    if (at != 0 && at <= all && size <= all - at) {
      memcpy(memory + at, data, size);
      *result = (uint64_t)at << 32 | size;
    }
  }
  return NULL;
}

static const char *wire_open(void) {
  size_t count = (size_t)wire_number();
  wire_import *imports = wire_room(NULL, (count + 1) * sizeof *imports);
  for (size_t i = 0; i < count; i++) {
    imports[i] = (wire_import){.index = (int64_t)i, .name = wire_string()};
    imports[i].result = wire_string();
    imports[i].params = wire_string();
  }
  uint32_t size;
  const uint8_t *wasm = wire_bytes(&size);
  uint8_t *kept = wire_room(NULL, size + 1u);
  memcpy(kept, wasm, size);
  return engine_open(imports, count, kept, size);
}

int main(void) {
  for (;;) {
    int64_t result = 0;
    const char *fault;
    if (wire_receive() == 'O') {
      fault = wire_open();
    } else {
      char *name = wire_string();
      fault = engine_call(name, &result);
      free(name);
    }
    uint32_t size = 0;
    if (fault == NULL) engine_memory(&size);
    wire_begin(fault != NULL ? 'E' : 'R');
    if (fault != NULL) {
      wire_add_bytes(fault, (uint32_t)strlen(fault));
    } else {
      wire_add_number(result);
      wire_add_number(size);
    }
    wire_send();
  }
}
