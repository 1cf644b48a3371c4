/*
 * fetch_url_test.c - checks the allow-list of fetches (edge/host/fetch_url.c): what each item lets in, and
 * what it does not, whatever a URL looks like; and which items are traps. It fetches nothing. Prints a line
 * per failed check, then "N passed, N failed".
 */
#include "host/fetch_url.h"

#include <stdio.h>
#include <string.h>

static int passed, failed;

static void check(bool ok, const char *item, const char *said, const char *url) {
  *(ok ? &passed : &failed) += 1;
  if (!ok) printf("failed: '%s' %s '%s'\n", item, said, url);
}

/* Why a list of one item refuses a URL: "" when it does not, "no URL" when libcurl does not take it for one.
 */
static const char *refusal(const char *item, const char *url) {
  char *list[] = {(char *)item};
  host_config config = {.allowed_fetch_urls = list, .allowed_fetch_url_count = 1};
  CURLU *parsed = curl_url();
  const char *why = "no URL";
  if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_URLENCODE) == CURLUE_OK) {
    why = fetch_url_refused(&config, parsed);
  }
  curl_url_cleanup(parsed);
  check((why == NULL) == host_url_allowed(&config, url), item, "is asked twice for", url);
  return why != NULL ? why : "";
}

static void test_items(void) {
  static const struct {
    const char *item, *may[8], *may_not[12];
  } cases[] = {
      {"https://api.example.com/*",
       {"https://api.example.com/", "https://api.example.com", "HTTPS://API.Example.com:443/x?y#z",
        "https://user:pw@api.example.com/x", "https://api.example.com/a/../b",
        "https://api.example.com/x?u=..%2f"},
       {"http://api.example.com/", "https://api.example.com:8443/", "https://api.example.com.evil.com/",
        "https://api.example.com@evil.com/", "https://evil.com\\@api.example.com/",
        "https://evil.com/https://api.example.com/", "https://api.example.com\\x/",
        "https://x.api.example.com/", "https://api.example.com./"}},
      {"https://*.example.com/*",
       {"https://a.example.com/", "https://a.b.example.com/x?y", "https://A.EXAMPLE.com"},
       {"https://evil.com/.example.com/x", "https://evil.com/?.example.com/",
        "https://evil.com?.example.com/", "https://evil.com/#.example.com/",
        "https://x@evil.com/.example.com/", "https://x.example.com@evil.com/", "https://x.example.com:8443/",
        "https://example.com/", "https://evil.com:1/.example.com/", "https://evil.com%2f.example.com/",
        "https://evil.com\\.example.com/"}},
      {"https://api.example.com*",
       {"https://api.example.com/", "https://api.example.com.evil.com/"},
       {"https://api.example.com/x", "https://api.example.com@evil.com/", "https://api.example.com:8443/"}},
      {"https://*/*", {"https://a/", "https://a.b/c"}, {"http://a/", "https://a:1/", "https://[::1]/"}},
      {"https://*:*/*", {"https://a/", "https://a:1/b"}, {"http://a/"}},
      {"*://a/*", {"http://a/", "https://a/b"}, {"http://b/?://a/", "http://b/://a/", "http://a:1/"}},
      {"http*://a/*", {"http://a/", "https://a/"}, {"http://b://a/", "http://b/://a/x"}},
      {"*", {"http://a/", "https://a:1/b?c", "http://[::1]/"}, {"http://a/%2e/b"}},
      {"http*", {NULL}, {"http://a/", "https://a/"}},
      {"*a/*", {NULL}, {"http://a/", "http://b/a/"}},
      {"https://a", {"https://a", "https://a/"}, {"https://a/b", "https://a/?b"}},
      {"https://a?b=*", {"https://a/?b=c", "https://a?b="}, {"https://a/", "https://a/x?b="}},
      {"HTTPS://API.example.COM:443/X*",
       {"https://api.example.com/X", "https://API.EXAMPLE.com:443/Xy"},
       {"https://api.example.com/x"}},
      {"http://a:80/", {"http://a/"}, {"http://a:8080/"}},
      {"http://a:*/", {"http://a/", "http://a:1/"}, {"http://a:1/b"}},
      {"http://[::1]:*/*", {"http://[::1]:1/", "http://[::1]/x"}, {"http://[::2]/"}},
      {"http://u@a/*", {NULL}, {"http://u@a/", "http://a/"}},
      {"", {NULL}, {"http://a/"}},
      {"https://*a*b.*/c*d",
       {"https://ab.x/cd", "https://xayb.z/c/?d"},
       {"https://ab/cd", "https://a:1b.x/cd", "https://ab.x/c"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (size_t j = 0; j < 8 && cases[i].may[j] != NULL; j++) {
      const char *url = cases[i].may[j];
      check(*refusal(cases[i].item, url) == '\0', cases[i].item, "does not allow", url);
    }
    for (size_t j = 0; j < 12 && cases[i].may_not[j] != NULL; j++) {
      const char *url = cases[i].may_not[j];
      check(*refusal(cases[i].item, url) != '\0', cases[i].item, "allows", url);
    }
  }
}

/* What is encoded as often as a URL has room for, and what only looks as if it were. */
static void test_deep_dots(void) {
  enum { TIMES = 8000 };
  static char url[2 * TIMES + 64], *at;
  at = url + sprintf(url, "https://a/v1/%%");
  for (int i = 0; i < TIMES; i++) at += sprintf(at, "25");
  strcpy(at, "2e./x");
  check(strstr(refusal("https://a/*", url), "dot segments") != NULL, "https://a/*", "sees no dots in", url);
  strcpy(at, "2g./x");
  check(*refusal("https://a/*", url) == '\0', "https://a/*", "does not allow", url);
}

static void test_dots(void) {
  static const char *const hidden[] = {
      "%2e%2e/x",   "%2E%2e/x", ".%2e/x",   "%2e/x",   "%2e",     "..%2fx",       "..%2Fx",     "..%5cx",
      "a/..%5Cx",   "..;/x",    "..;a=b/x", ".;/x",    "..%3b/x", "%252e%252e/x", "%25252e./x", "..%252fx",
      "a%2f..%2fx", "a%5c../x", "..%00/x",  "..%20/x", "..%09",   "a%2f.",        "%2f..%2f",   "%2e%2e;x",
  };
  static const char *const plain[] = {
      "x",     "..x",     "x..",   "...",       "a.b/c",  "a%2fb", "%2ehidden", ".well-known/x",
      "a%2eb", "a;..b/c", "%20..", "%2e%2e%2e", "a%zz/b", "a%",    "%E2%80%A5", "?..%2f"};
  char url[128];
  for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
    snprintf(url, sizeof url, "https://a/v1/%s", hidden[i]);
    check(strstr(refusal("https://a/*", url), "dot segments") != NULL, "https://a/*", "sees no dots in", url);
  }
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    snprintf(url, sizeof url, "https://a/v1/%s", plain[i]);
    check(*refusal("https://a/*", url) == '\0', "https://a/*", "does not allow", url);
  }
  check(*refusal("https://a/v1/*", "https://a/v1/../x") != '\0', "https://a/v1/*", "allows",
        "https://a/v1/../x");
  check(strstr(refusal("https://a/*", "https://a/v1\\x"), "backslash") != NULL, "https://a/*", "allows",
        "v1\\x");
  check(strstr(refusal("https://a/*", "https://b\\@a/x"), "backslash") != NULL, "https://a/*", "allows",
        "b\\@a");
  check(strstr(refusal("https://a/*", "https://u:b\\@a/x"), "backslash") != NULL, "https://a/*", "allows",
        "b\\@a");
}

static void test_traps(void) {
  static const char *const traps[][2] = {
      {"https://api.example.com*",
       "also matches hosts such as api.example.com.evil.example, and no path: write "
       "'https://api.example.com/*'"},
      {"https://api.example.com*/v1/*", "also matches hosts such as api.example.com.evil.example: write"},
      {"https://api.example.com*:8443/", "api.example.com.evil.example"},
      {"https://api.*/x", "'https://api.*/x' also matches hosts such as api.evil.example"},
      {"https://*example.com/*",
       "also matches hosts such as evil-example.com: write 'https://*.example.com/*'"},
      {"https://*", "'https://*' matches hosts without a path: write 'https://*/*'"},
      {"http*", "no URL matches 'http*': it has no '://'"},
      {"*.example.com/*", "it has no '://'"},
      {"https://me@a/*", "no URL matches"},
      {"https://a/#*", "it has a '#'"},
      {"https://a\\*", "it has a '\\'"},
  };
  static const char *const good[] = {"*",
                                     "https://a/*",
                                     "https://*.a/*",
                                     "https://*/*",
                                     "https://*:*/*",
                                     "https://a:*/",
                                     "https://[::1]:*/*",
                                     "https://a",
                                     "https://a?x=*",
                                     "x",
                                     "",
                                     "*://a/*",
                                     "https://*.a.*.b/c*"};
  for (size_t i = 0; i < sizeof traps / sizeof *traps; i++) {
    text why = {0};
    bool is = fetch_url_trap(traps[i][0], &why);
    check(is && strstr(text_string(&why), traps[i][1]) != NULL, traps[i][0], text_string(&why), traps[i][1]);
    text_free(&why);
  }
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    text why = {0};
    check(!fetch_url_trap(good[i], &why) && why.size == 0, good[i], "is no trap", text_string(&why));
    text_free(&why);
  }
}

int main(void) {
  test_items();
  test_dots();
  test_deep_dots();
  test_traps();
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
