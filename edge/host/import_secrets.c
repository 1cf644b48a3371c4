/*
 * import_secrets.c - the import of `secrets`, and the lookup of keys by name for crypto.
 *
 * Owns nothing: names and values are borrowed from the config. It does not know where secrets are read from.
 * A secret that is set but empty counts as not set: it could not be passed to a flare, and it is not a usable
 * key.
 */

#include <ctype.h>
#include <string.h>

#include "host/host.h"

bool host_secret_allowed(const host_config *config, bytes name) {
  if (config->all_secrets) return true;
  for (size_t i = 0; i < config->allowed_secret_count; i++) {
    if (bytes_are(name, config->allowed_secrets[i])) return true;
  }
  return false;
}

/* Adds a secret's name as a word for a shell: in quotes unless it is plain, and cut if it is long. */
static void add_word(text *to, bytes name) {
  enum { SHOWN = 100 };
  bool plain = name.size != 0, cut = name.size > SHOWN;
  size_t size = cut ? SHOWN : name.size;
  for (size_t i = 0; i < size; i++)
    plain = plain && (isalnum(name.data[i]) || memchr("_-.", name.data[i], 3) != NULL);
  if (!plain) text_add_string(to, "'");
  for (size_t i = 0; i < size; i++) {
    char c = (char)name.data[i];
    text_add(to, c == '\'' || (c >= '\0' && c < ' ') || c == 0x7f ? "?" : &c, 1);
  }
  text_add_string(to, cut ? "..." : "");
  if (!plain) text_add_string(to, "'");
}

/* Warns that the flare has no secret of a name. */
static void tell_absent(host *h, bytes name, bool allowed) {
  text word = {0};
  add_word(&word, name);
  if (allowed) {
    host_withheld(h, "secret %s: not set: flaron-lua secret set %s", word.data, word.data);
  } else {
    host_withheld(h, "secret %s: not in allowed_secrets of flare.lua", word.data);
  }
  text_free(&word);
}

/* The secret of a name, allowed or not; NULL if it is not set. */
static const host_secret *find(const host_config *config, bytes name) {
  for (size_t i = 0; i < config->secret_count; i++) {
    const host_secret *secret = &config->secrets[i];
    if (bytes_are(name, secret->name) && secret->size != 0) return secret;
  }
  return NULL;
}

bool host_secret_is_set(const host_config *config, bytes name) { return find(config, name) != NULL; }

const host_secret *host_find_secret(host *h, bytes name) {
  bool allowed = host_secret_allowed(&h->config, name);
  const host_secret *secret = allowed ? find(&h->config, name) : NULL;
  if (secret == NULL) tell_absent(h, name, allowed);
  return secret;
}

void host_unset_secrets(const host_config *config, text *names) {
  for (size_t i = 0; i < config->allowed_secret_count; i++) {
    bytes name = bytes_of(config->allowed_secrets[i]);
    if (find(config, name) != NULL) continue;
    text_add_string(names, " ");
    add_word(names, name);
  }
}

/* secret_get(name) -> value */
void host_secret_get(host *h, const host_arguments *arguments, host_answer *answer) {
  const host_secret *secret = host_find_secret(h, arguments->a);
  if (secret == NULL) return;
  answer->present = true;
  answer->data = (bytes){secret->value, secret->size};
}
