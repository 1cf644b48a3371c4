/*
 * collide.c - makes keys that collide in the tables of a flare, as an attacker with its sources could.
 *
 *   collide FOLDER COUNT BITS SIZE
 *
 * Prints COUNT keys of SIZE bytes (at least 8), one per line, whose hashes with the flare's public seed
 * (edge/pack/pack.c) have the same lowest BITS bits. The project must have no flare.lua. Uses no secret and
 * runs no flare.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flare/flare.h"
#include "pack/bundle.h"
#include "pack/pack.h"

unsigned int luaS_hash(const char *string, size_t size, unsigned int seed); /* runtime/lua/lstring_hash.c */

/* The seed of the flare that is packed from the folder. */
static unsigned seed_of(const char *folder) {
  modules_source source = {modules_read_file, (void *)folder, NULL};
  modules found = {0};
  text bundle = {0}, all = {0}, error = {0};
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned seed;
  if (!pack_find_files(&source, NULL, &(manifest){0}, &found, &error)) {
    fprintf(stderr, "collide: %s\n", text_string(&error));
    exit(1);
  }
  pack_bundle(&found, false, &bundle);
  text_add_string(&all, flare_runtime_hash());
  text_add(&all, bundle.data, bundle.size);
  EVP_Digest(all.data, all.size, digest, NULL, EVP_sha256(), NULL);
  memcpy(&seed, digest, sizeof seed);
  modules_free(&found);
  text_free(&bundle);
  text_free(&all);
  return seed;
}

int main(int argc, char **argv) {
  static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  enum { COUNTED = 8, DIGIT_BITS = 6, KEY = 256 };
  char key[KEY];
  if (argc != 5) {
    fputs("usage: collide FOLDER COUNT BITS SIZE\n", stderr);
    return 2;
  }
  unsigned long count = strtoul(argv[2], NULL, 10), size = strtoul(argv[4], NULL, 10);
  unsigned mask = (1u << strtoul(argv[3], NULL, 10)) - 1, seed = seed_of(argv[1]);
  if (size < COUNTED || size >= sizeof key) {
    fprintf(stderr, "collide: keys have 8 to %d bytes, not %lu\n", KEY - 1, size);
    return 2;
  }
  memset(key, 'k', size);
  for (uint64_t n = 0; count > 0; n++) {
    int changed = (n & 63) != 0 ? 1 : COUNTED; /* this runs some 100 million times */
    for (int i = 0; i < changed; i++) key[size - 1 - (size_t)i] = digits[n >> (i * DIGIT_BITS) & 63];
    if ((luaS_hash(key, size, seed) & mask) != 0) continue;
    printf("%.*s\n", (int)size, key);
    count--;
  }
  return 0;
}
