/*
 * fetch_url.c - the allow-list of fetches: see fetch_url.h.
 */
#include "host/fetch_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "base/glob.h"

char *fetch_url_part(CURLU *url, CURLUPart which, unsigned flags) {
  char *part = NULL;
  return curl_url_get(url, which, &part, flags) == CURLUE_OK ? part : NULL;
}

/* Whether a part of two URLs is equal, case ignored; a missing port is the scheme's default. */
static bool same_part(CURLU *a, CURLU *b, CURLUPart which) {
  char *of_a = fetch_url_part(a, which, CURLU_DEFAULT_PORT);
  char *of_b = fetch_url_part(b, which, CURLU_DEFAULT_PORT);
  bool same = of_a != NULL && of_b != NULL && strcasecmp(of_a, of_b) == 0;
  curl_free(of_a);
  curl_free(of_b);
  return same;
}

bool fetch_url_same_origin(CURLU *a, CURLU *b) {
  return same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
         same_part(a, b, CURLUPART_PORT);
}

/* ---- items ---- */

/* A star does not match the characters that end a scheme or a host. */
static const glob_rule scheme_rule = {"/?#@:\\", true}, authority_rule = {"/?#@:\\", true},
                       path_rule = {"", false};

/* The parts of an item, borrowed: before "://", up to the path, and the rest. */
typedef struct item {
  bytes scheme, authority, path;
} item;

/* Splits an item into its parts; false if it has no "://". */
static bool split(const char *string, item *parts) {
  const char *mark = strstr(string, "://");
  if (mark == NULL) return false;
  const char *authority = mark + 3;
  size_t size = strcspn(authority, "/?#\\");
  parts->scheme = (bytes){(const uint8_t *)string, (size_t)(mark - string)};
  parts->authority = (bytes){(const uint8_t *)authority, size};
  parts->path = bytes_of(authority + size);
  return true;
}

/* Whether an item matches a URL, which is split like an item. `default_port`: ":443" or ":80", or "" if the
 * URL names its port. */
static bool item_matches(const char *string, const item *url, const char *default_port) {
  item parts;
  if (strcmp(string, "*") == 0) return true;
  if (!split(string, &parts) || !glob_matches(parts.scheme, url->scheme, scheme_rule)) return false;
  text authority = {0}, path = {0};
  text_add(&authority, url->authority.data, url->authority.size);
  bool good = glob_matches(parts.authority, text_bytes(&authority), authority_rule);
  if (!good && *default_port != '\0') {
    text_add_string(&authority, default_port);
    good = glob_matches(parts.authority, text_bytes(&authority), authority_rule);
  }
  if (parts.path.size == 0 || *parts.path.data != '/') text_add_string(&path, "/");
  text_add(&path, parts.path.data, parts.path.size);
  good = good && glob_matches(text_bytes(&path), url->path, path_rule);
  text_free(&authority);
  text_free(&path);
  return good;
}

/* ---- paths ---- */

/* Decodes each `%XX`, and each `%XX` that the decoding makes, in one pass: it checks for an escape after
 * every byte written. */
static void decode_all(text *path) {
  size_t end = 0;
  for (size_t i = 0; i < path->size; i++) {
    path->data[end++] = path->data[i];
    while (end >= 3 && path->data[end - 3] == '%') {
      int high = hex_value((uint8_t)path->data[end - 2]), low = hex_value((uint8_t)path->data[end - 1]);
      if (high < 0 || low < 0) break;
      end -= 2;
      path->data[end - 1] = (char)(high << 4 | low);
    }
  }
  path->size = end;
}

/*
 * Whether a path has a segment that is "." or "..", for servers that read a backslash as a slash, or ignore
 * the part of a segment after a semicolon, a blank or a control character.
 */
static bool has_dots(const text *path) {
  for (size_t i = 0; i < path->size;) {
    size_t dots = 0;
    while (i + dots < path->size && path->data[i + dots] == '.') dots++;
    uint8_t next = i + dots < path->size ? (uint8_t)path->data[i + dots] : '/';
    if ((dots == 1 || dots == 2) && (next <= ' ' || strchr("/\\;", next) != NULL)) return true;
    while (i < path->size && path->data[i] != '/' && path->data[i] != '\\') i++;
    i++;
  }
  return false;
}

/*
 * Whether a server may find dot segments in a path, however often it decodes the path: decode_all leaves no
 * escaped dot or separator. libcurl has resolved the plain dot segments.
 */
static bool has_hidden_dots(const char *path) {
  text decoded = {0};
  text_add_string(&decoded, path);
  decode_all(&decoded);
  bool found = has_dots(&decoded);
  text_free(&decoded);
  return found;
}

/* ---- URLs ---- */

/*
 * The URL as it is compared with the list: what libcurl will request, so with `..` resolved and without
 * default port, user name and fragment, in which another host could be hidden.
 */
static char *plain_url(CURLU *url) {
  CURLU *plain = curl_url_dup(url);
  curl_url_set(plain, CURLUPART_USER, NULL, 0);
  curl_url_set(plain, CURLUPART_PASSWORD, NULL, 0);
  curl_url_set(plain, CURLUPART_OPTIONS, NULL, 0);
  curl_url_set(plain, CURLUPART_FRAGMENT, NULL, 0);
  char *string = fetch_url_part(plain, CURLUPART_URL, CURLU_NO_DEFAULT_PORT);
  curl_url_cleanup(plain);
  return string;
}

/* Whether an item of the list matches a URL. */
static bool listed(const host_config *config, CURLU *url) {
  char *plain = plain_url(url), *port = fetch_url_part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  item parts;
  bool found = false;
  if (plain != NULL && split(plain, &parts)) {
    const char *default_port = port != NULL                                                ? ""
                               : bytes_same_ignoring_case(parts.scheme, bytes_of("https")) ? ":443"
                                                                                           : ":80";
    for (size_t i = 0; i < config->allowed_fetch_url_count && !found; i++) {
      found = item_matches(config->allowed_fetch_urls[i], &parts, default_port);
    }
  }
  curl_free(plain);
  curl_free(port);
  return found;
}

/* Whether one of the parts before the query has a backslash. */
static bool has_backslash(CURLU *url) {
  static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_PATH};
  bool found = false;
  for (size_t i = 0; i < sizeof parts / sizeof *parts && !found; i++) {
    char *part = fetch_url_part(url, parts[i], 0);
    found = part != NULL && strchr(part, '\\') != NULL;
    curl_free(part);
  }
  return found;
}

const char *fetch_url_refused(const host_config *config, CURLU *url) {
  if (config->all_fetch_urls) return NULL;
  if (!listed(config, url)) return "not in allowed_fetch_urls";
  if (has_backslash(url))
    return "not in allowed_fetch_urls: it has a backslash, which servers read as a slash";
  char *path = fetch_url_part(url, CURLUPART_PATH, 0);
  bool hidden = path == NULL || has_hidden_dots(path);
  curl_free(path);
  return hidden ? "not in allowed_fetch_urls: its path has dot segments, as servers may read it" : NULL;
}

bool host_url_allowed(const host_config *config, const char *url) {
  CURLU *parsed = curl_url();
  bool allowed = curl_url_set(parsed, CURLUPART_URL, url, CURLU_URLENCODE) == CURLUE_OK &&
                 fetch_url_refused(config, parsed) == NULL;
  curl_url_cleanup(parsed);
  return allowed;
}

/* ---- traps ---- */

static bool has_character(bytes b, char c) { return b.size != 0 && memchr(b.data, c, b.size) != NULL; }

bool fetch_url_trap(const char *string, text *why) {
  item parts;
  if (strcmp(string, "*") == 0) return false;
  if (!split(string, &parts)) {
    if (strchr(string, '*') == NULL)
      return false; /* not a trap: the author sees at once that it matches nothing */
    text_printf(why, "no URL matches '%s': it has no '://', which '*' does not stand for", string);
    return true;
  }
  bytes host = parts.authority;
  const uint8_t *end = host.size != 0 ? memchr(host.data, *host.data == '[' ? ']' : ':', host.size) : NULL;
  if (end != NULL) host.size = (size_t)(end - host.data);
  const char *scheme = (const char *)parts.scheme.data, *name = (const char *)host.data;
  int scheme_size = (int)parts.scheme.size, size = (int)host.size;
  if (has_character(parts.authority, '@')) {
    text_printf(why, "no URL matches '%s': a user name in front of '@' is no part of what is compared",
                string);
  } else if (strchr(string, '#') != NULL || strchr(string, '\\') != NULL) {
    text_printf(why, "no URL matches '%s': it has a '%c'", string, strchr(string, '#') != NULL ? '#' : '\\');
  } else if (size > 1 && name[size - 1] == '*') {
    int fixed = size - 1;
    bool open = name[fixed - 1] == '.';
    text_printf(why, "'%s' also matches hosts such as %.*s%sevil.example%s", string, fixed, name,
                open ? "" : ".", parts.path.size == 0 ? ", and no path" : "");
    if (!open) text_printf(why, ": write '%.*s://%.*s/*'", scheme_size, scheme, fixed, name);
  } else if (size > 1 && name[0] == '*' && name[1] != '.') {
    text_printf(why, "'%s' also matches hosts such as evil-%.*s: write '%.*s://*.%s'", string, size - 1,
                name + 1, scheme_size, scheme, name + 1);
  } else if (size == 1 && *name == '*' && parts.path.size == 0) {
    text_printf(why, "'%s' matches hosts without a path: write '%s/*'", string, string);
  } else {
    return false;
  }
  return true;
}
