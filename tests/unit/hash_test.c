/*
 * hash_test.c - runtime/lua/lstring_hash.c: it spreads keys as scripts have them evenly over the slots of a
 * table, depends on every byte, on the length and on the seed, and reads nothing beyond a string; keys that
 * were chosen to collide by one seed do not by another. Ends with "N passed, N failed".
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned int luaS_hash(const char *string, size_t size, unsigned int seed);

static int passed, failed;

static void check(bool holds, const char *what, unsigned seed) {
  if (holds) {
    passed++;
  } else {
    failed++;
    printf("not so with seed %x: %s\n", seed, what);
  }
}

/* The hash of a copy of its own, after which the sanitizer sees a read. */
static unsigned hash(const char *string, size_t size, unsigned seed) {
  char *copy = malloc(size != 0 ? size : 1);
  memcpy(copy, string, size);
  unsigned h = luaS_hash(copy, size, seed);
  free(copy);
  return h;
}

/* `count` keys of `format` in as many slots: a look-up compares 1.5 keys on average where chance rules. */
static void spreads(const char *format, unsigned count, unsigned seed) {
  unsigned *slots = calloc(count, sizeof *slots), longest = 0;
  double compared = 0;
  for (unsigned i = 0; i < count; i++) {
    char key[64];
    unsigned size = (unsigned)snprintf(key, sizeof key, format, i, i);
    unsigned n = ++slots[hash(key, size, seed) & (count - 1)];
    compared += n;
    if (n > longest) longest = n;
  }
  free(slots);
  check(compared / count < (count < 1000 ? 2 : 1.6) && longest < 14, format, seed);
}

/* Keys whose hashes by `seed` have the same low bits, beside how `other` seeds spread them over as many
 * places. */
static void parts(const char *format, unsigned seed, const unsigned *other, size_t others) {
  enum { KEYS = 512, KEY = 64 };
  static char keys[KEYS][KEY];
  size_t count = 0;
  for (unsigned i = 0; count < KEYS; i++) {
    size_t size = (size_t)snprintf(keys[count], KEY, format, i, i * 2654435761u);
    if (luaS_hash(keys[count], size, seed) % KEYS == 0) count++;
  }
  for (size_t o = 0; o < others; o++) {
    unsigned places[KEYS] = {0}, longest = 0;
    for (size_t i = 0; i < KEYS; i++) {
      unsigned n = ++places[luaS_hash(keys[i], strlen(keys[i]), other[o]) % KEYS];
      if (n > longest) longest = n;
    }
    check(other[o] == seed ? longest == KEYS : longest < 12, "keys chosen by another seed spread", other[o]);
  }
}

int main(void) {
  static const unsigned seeds[] = {0, 1, 2, 0x12345678, 0xDEADBEEF, 0xFFFFFFFE, 0xFFFFFFFF};
  static const char *const formats[] = {"%u",
                                        "k%x",
                                        "item_%08u_name",
                                        "https://example.com/%u",
                                        "%08x%08x",
                                        "%u of a string of more than forty bytes %u"};
  for (size_t s = 0; s < sizeof seeds / sizeof *seeds; s++) {
    unsigned seed = seeds[s];
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) spreads(formats[f], 1u << 16, seed);
    spreads("%c", 256, seed);
    char text[80];
    for (size_t size = 0; size < sizeof text; size++) {
      memset(text, 'a', sizeof text);
      unsigned plain = hash(text, size, seed);
      check(plain != hash(text, size + 1, seed) && plain != hash(text, size, seed ^ 0x80),
            "length and seed count", seed);
      bool all = true;
      for (size_t i = 0; i < size; i++) {
        text[i] ^= (char)0x80;
        all = all && hash(text, size, seed) != plain;
        text[i] ^= (char)0x80;
      }
      check(all, "each byte counts", seed);
    }
  }
  enum { SEEDS = sizeof seeds / sizeof *seeds };
  for (size_t s = 0; s < SEEDS; s++) {
    parts("%u", seeds[s], seeds, SEEDS);
    parts("%08x%08x", seeds[s], seeds, SEEDS);
    parts("%08x of a string of more than forty bytes %08x", seeds[s], seeds, SEEDS);
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
