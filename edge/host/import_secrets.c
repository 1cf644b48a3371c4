/*
 * import_secrets.c - the import of `secrets`, and the way crypto finds a key by its name.
 *
 * Owns nothing: names and values are borrowed from the config. Where secrets are read from is not known
 * here. A secret that is set but empty counts as not set: it could not be handed over, and no key is it.
 */

#include "host/host.h"

bool host_secret_allowed(const host_config *config, bytes name) {
  if (config->all_secrets) return true;
  for (size_t i = 0; i < config->allowed_secret_count; i++) {
    if (bytes_are(name, config->allowed_secrets[i])) return true;
  }
  return false;
}

const host_secret *host_find_secret(const host *h, bytes name) {
  if (!host_secret_allowed(&h->config, name)) return NULL;
  for (size_t i = 0; i < h->config.secret_count; i++) {
    const host_secret *secret = &h->config.secrets[i];
    if (bytes_are(name, secret->name)) return secret->size != 0 ? secret : NULL;
  }
  return NULL;
}

/* secret_get(name) -> value */
void host_secret_get(host *h, const host_arguments *arguments, host_answer *answer) {
  const host_secret *secret = host_find_secret(h, arguments->a);
  if (secret == NULL) return;
  answer->present = true;
  answer->data = (bytes){secret->value, secret->size};
}
