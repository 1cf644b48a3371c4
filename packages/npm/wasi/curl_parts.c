/*
 * curl_parts.c - two functions of libcurl that its URLs call and that are in files which do much
 * more: what a scheme is, and the parts of a login. Compiled with libcurl's own headers.
 */
#include "curl_setup.h"
#include "urldata.h"
#include "url.h"
#include "strcase.h"

/* The memory functions that libcurl's files call. */
curl_malloc_callback Curl_cmalloc = malloc;
curl_free_callback Curl_cfree = free;
curl_realloc_callback Curl_crealloc = realloc;
curl_strdup_callback Curl_cstrdup = strdup;
curl_calloc_callback Curl_ccalloc = calloc;

const struct Curl_handler *Curl_builtin_scheme(const char *scheme, size_t size) {
  static const struct Curl_handler schemes[] = {{.scheme = "http", .defport = PORT_HTTP},
                                                {.scheme = "https", .defport = PORT_HTTPS},
                                                {.scheme = "ftp", .defport = PORT_FTP},
                                                {.scheme = "ftps", .defport = PORT_FTPS},
                                                {.scheme = "file"}};
  if (size == CURL_ZERO_TERMINATED) size = strlen(scheme);
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    if (strlen(schemes[i].scheme) == size && strncasecompare(schemes[i].scheme, scheme, size))
      return &schemes[i];
  }
  return NULL;
}

/* A copy of a part; NULL: there is none. */
static char *copy(const char *part, size_t size) {
  char *made = part != NULL ? calloc(1, size + 1) : NULL;
  if (made != NULL) memcpy(made, part, size);
  return made;
}

/* No scheme here has options in its login. */
CURLcode Curl_parse_login_details(const char *login, const size_t size, char **user, char **password,
                                  char **options) {
  const char *colon = memchr(login, ':', size);
  size_t user_size = colon != NULL ? (size_t)(colon - login) : size;
  (void)options;
  *user = copy(login, user_size);
  *password = copy(colon != NULL ? colon + 1 : NULL, size - user_size - (colon != NULL));
  return *user != NULL && (colon == NULL || *password != NULL) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}
