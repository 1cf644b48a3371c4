/*
 * options.c - see options.h.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "base/size.h"
#include "base/list.h"
#include "help/help.h"

/* The words of a command while they are read. */
typedef struct reading {
  const cli_command *self;
  void *to;
  cli_list words; /* those that are not options */
  bool passes;    /* there is a row CLI_REST */
  uint64_t seen;  /* bit n: row n */
} reading;

int options_misuse(const cli_command *self, const char *format, ...) {
  const char *name = self->name, *blank = *name != '\0' ? " " : "";
  text message = {0}, usage = {0};
  va_list arguments;
  va_start(arguments, format);
  text_vprintf(&message, format, arguments);
  va_end(arguments);
  help_add_short_usage(self, &usage);
  cli_note("flaron-lua%s%s: %s\nusage: %s; see flaron-lua%s%s --help\n", blank, name, text_string(&message),
           text_string(&usage), blank, name);
  text_free(&message);
  text_free(&usage);
  return CLI_MISUSED;
}

static void options_add_word(cli_list *list, const char *word) {
  LIST_ROOM(list->items, list->count);
  list->items[list->count++] = word;
}

void cli_list_free(cli_list *list) {
  free(list->items);
  *list = (cli_list){0};
}

/* Where a row's value goes. */
static void *options_place(const reading *r, const cli_option *o) { return (char *)r->to + o->at; }

static bool options_has_seen(const reading *r, const cli_option *o) {
  return r->seen >> (o - r->self->options) & 1;
}

/* Adds "bash, zsh or fish" for "bash zsh fish". */
static void options_add_choice(text *to, const char *words) {
  for (const char *at = words, *next; *at != '\0'; at = next) {
    size_t size = strcspn(at, " ");
    next = at + size + strspn(at + size, " ");
    text_printf(to, "%s%.*s", at == words ? "" : *next != '\0' ? ", " : " or ", (int)size, at);
  }
}

/* ---- values ---- */

static bool options_read_time(const char *word, int64_t *ns) {
  const int64_t day = INT64_C(24) * 60 * 60 * CLOCK_NS_PER_S;
  char *end;
  errno = 0;
  long long n = strtoll(word, &end, 10);
  int64_t unit = strcmp(end, "ms") == 0 ? CLOCK_NS_PER_MS : strcmp(end, "s") == 0 ? CLOCK_NS_PER_S : 0;
  if (errno != 0 || *word < '0' || *word > '9' || unit == 0 || n > day / unit) return false;
  *ns = n * unit;
  return true;
}

/* Adds ": did you mean 'WORD'?" for the one of `words` (NULL: there are none) that is near `value`, or
 * nothing. */
static void options_add_nearest(text *to, const char *words, const char *value) {
  nearest n = {.name = value};
  text word = {0};
  for (const char *at = words != NULL ? words : ""; *at != '\0'; at += strspn(at, " ")) {
    size_t size = strcspn(at, " ");
    text_clear(&word);
    text_add(&word, at, size);
    nearest_try(&n, text_string(&word));
    at += size;
  }
  nearest_add(&n, to);
  text_free(&word);
}

/* Says that an option does not take a value. */
static int options_refuse_value(const reading *r, const cli_option *o, const char *value) {
  text takes = {0}, range = {0};
  if (o->takes != NULL) {
    text_add_string(&takes, o->takes);
  } else if (o->offer.words != NULL) {
    options_add_choice(&takes, o->offer.words);
  } else if (o->kind == CLI_TIME) {
    text_add_string(&takes, "a time such as 80ms or 2s");
    text_add_string(&range, " (at most 86400s)");
  } else if (o->unit != NULL) {
    text_printf(&takes, "a number of %s", o->unit);
    text_printf(&range, " (from %ld to %ld)", o->low, o->high);
  } else {
    text_printf(&takes, "a number from %ld to %ld", o->low, o->high);
  }
  options_add_nearest(&range, o->offer.words, value);
  options_misuse(r->self, "--%s takes %s, not '%s'%s", o->name, takes.data, value, text_string(&range));
  text_free(&takes);
  text_free(&range);
  return CLI_MISUSED;
}

/* Takes an option; `value` is NULL when it has none. */
static int options_take(reading *r, const cli_option *o, const char *value) {
  void *at = options_place(r, o);
  bool good =
      (o->good == NULL || o->good(value)) && (o->offer.words == NULL || cli_has_word(o->offer.words, value));
  r->seen |= UINT64_C(1) << (o - r->self->options);
  switch (o->kind) {
    case CLI_FLAG: *(bool *)at = true; break;
    case CLI_MODE: *(int *)at = o->id; break;
    case CLI_WORD: *(const char **)at = value; break;
    case CLI_WORDS: options_add_word(at, value); break;
    case CLI_NUMBER: good = cli_read_number(value, o->low, o->high, at); break;
    case CLI_SIZE: good = size_read(value, (uint32_t)o->low, (uint32_t)o->high, at); break;
    case CLI_TIME: good = options_read_time(value, at); break;
    case CLI_HELP: help_print(r->self); return CLI_DONE;
    default: break;
  }
  return good ? CLI_GO_ON : options_refuse_value(r, o, value);
}

/* ---- options ---- */

/* Says that an option is unknown, and which was perhaps meant. */
static int options_refuse_option(const reading *r, const char *word, const cli_option *meant) {
  text plain = {0};
  size_t dashes = strspn(word, "-");
  text_add(&plain, word + dashes, strcspn(word + dashes, "="));
  nearest n = {.name = text_string(&plain), .found = meant != NULL ? meant->name : NULL};
  for (const cli_option *o = r->self->options; o->kind != CLI_END; o++) {
    if (!cli_is_option(o) || o->name == NULL) continue;
    nearest_try(&n, o->name);
    bool lacks_one =
        plain.size == 2 && strlen(o->name) == 3 && o->name[0] == n.name[0] && o->name[2] == n.name[1];
    if (n.found == NULL && lacks_one) n.found = o->name; /* "--fx": too short to be near anything */
  }
  bool guessed = n.found != NULL;
  options_misuse(r->self, "unknown option '%s'%s%s%s", word, guessed ? ": did you mean '--" : "",
                 guessed ? n.found : "", guessed ? "'?" : "");
  text_free(&plain);
  return CLI_MISUSED;
}

/* Takes an option with the value that is the next word. */
static int options_take_next(reading *r, const cli_option *o, const char *spelled, const char *next) {
  if (next != NULL || (o->lacks != NULL && *o->lacks == '\0'))
    return options_take(r, o, next != NULL ? next : "");
  if (o->lacks != NULL) return options_misuse(r->self, "%s lacks %s", spelled, o->lacks);
  text choice = {0};
  if (o->offer.words != NULL) text_add_string(&choice, ": ");
  if (o->offer.words != NULL) options_add_choice(&choice, o->offer.words);
  options_misuse(r->self, "option '%s' lacks its value%s", spelled, text_string(&choice));
  text_free(&choice);
  return CLI_MISUSED;
}

/*
 * Finds the option with a name of `size` bytes, or the only one whose name begins so. NULL when there is
 * none, or several, whose names `several` gets.
 */
static const cli_option *options_find_name(const reading *r, const char *name, size_t size, text *several) {
  const cli_option *found = NULL;
  size_t count = 0;
  for (const cli_option *o = r->self->options; o->kind != CLI_END; o++) {
    if (!cli_is_option(o) || o->name == NULL || strncmp(o->name, name, size) != 0) continue;
    bool exact = o->name[size] == '\0';
    if (exact) count = 0;
    if (exact) text_clear(several);
    text_printf(several, "%s--%s", count > 0 ? " or " : "", o->name);
    count++;
    found = o;
    if (exact) break;
  }
  return count == 1 ? found : NULL;
}

/* Takes "--name", "--name=value" or "--name" and its value, which is the next word; `used`: it is. */
static int options_take_long(reading *r, const char *word, const char *next, bool *used) {
  const char *name = word + 2;
  size_t size = strcspn(name, "=");
  const char *value = name[size] == '=' ? name + size + 1 : NULL;
  text several = {0};
  int status;
  const cli_option *o = options_find_name(r, name, size, &several);
  *used = o != NULL && o->value != NULL && value == NULL;
  if (r->passes && (o == NULL || strlen(o->name) != size)) { /* in full, or it is somebody else's */
    options_add_word(&r->words, word);
    status = CLI_GO_ON;
    *used = false;
  } else if (o == NULL && several.size > 0) {
    status = options_misuse(r->self, "option '%s' is ambiguous: %s", word, several.data);
  } else if (o == NULL) {
    status = options_refuse_option(r, word, NULL);
  } else if (o->value == NULL && value != NULL) {
    status = options_misuse(r->self, "option '--%s' takes no value, and not '%s'", o->name, value);
  } else if (*used) {
    text_clear(&several);
    text_printf(&several, "--%s", o->name);
    status = options_take_next(r, o, several.data, next);
  } else {
    status = options_take(r, o, value);
  }
  text_free(&several);
  return status;
}

static const cli_option *options_find_letter(const reading *r, char letter) {
  for (const cli_option *o = r->self->options; o->kind != CLI_END; o++) {
    if (o->letter == letter) return o;
  }
  return NULL;
}

/* Takes "-x", "-xVALUE", "-x" and its value, which is the next word, or several as "-xy"; `used`: it is. */
static int options_take_letters(reading *r, const char *word, const char *next, bool *used) {
  int status = CLI_GO_ON;
  for (const char *at = word + 1; *at != '\0' && status == CLI_GO_ON; at++) {
    const cli_option *o = options_find_letter(r, *at);
    if (r->passes && (o == NULL || (word[2] != '\0' && o->value == NULL))) {
      options_add_word(&r->words, word);
      break;
    }
    if (o == NULL) {
      text several = {0};
      status = options_refuse_option(r, word, options_find_name(r, word + 1, strlen(word + 1), &several));
      text_free(&several);
    } else if (o->value == NULL) {
      status = options_take(r, o, NULL);
    } else if (at[1] != '\0') {
      return options_take(r, o, at + 1);
    } else {
      *used = true;
      return options_take_next(r, o, (char[]){'-', *at, '\0'}, next);
    }
  }
  return status;
}

/* ---- the other words ---- */

/* Takes the verb and the words after it. */
static int options_take_verb(reading *r) {
  const cli_option *found = NULL;
  const char *word = r->words.count > 0 ? r->words.items[0] : NULL;
  text names = {0}, expected = {0};
  nearest n = {.name = word};
  for (const cli_option *o = r->self->options; o->kind == CLI_VERB; o++) {
    text_printf(&names, "%s%s", names.size > 0 ? " " : "", o->name);
    if (word != NULL && strcmp(o->name, word) == 0) found = o;
    if (word != NULL) nearest_try(&n, o->name);
  }
  options_add_choice(&expected, names.data);
  text_add_string(&expected, " is expected");
  if (word != NULL) text_printf(&expected, ", not '%s'", word);
  nearest_add(&n, &expected);
  size_t count = word != NULL ? r->words.count - 1 : 0;
  int status = CLI_GO_ON;
  if (found == NULL) {
    status = options_misuse(r->self, "%s", expected.data);
  } else if (count < (size_t)found->low || count > (size_t)found->high) {
    status = options_misuse(r->self, "%s takes %s; %zu word%s there", found->name, found->takes, count,
                            count == 1 ? " is" : "s are");
  } else {
    cli_call *call = options_place(r, found);
    call->verb = found->id;
    call->count = count;
    for (size_t i = 0; i < count; i++) call->words[i] = r->words.items[i + 1];
  }
  for (const cli_option *o = r->self->options; status == CLI_GO_ON && o->kind != CLI_END; o++) {
    if (!options_has_seen(r, o) || o->verb == NULL || cli_has_word(o->verb, found->name)) continue;
    text_clear(&expected);
    options_add_choice(&expected, o->verb);
    status = options_misuse(r->self, "--%s goes with %s", o->name, expected.data);
  }
  text_free(&names);
  text_free(&expected);
  return status;
}

/* Takes the arguments. */
static int options_take_arguments(reading *r) {
  const cli_option *first = r->self->options;
  size_t least = 0, most = 0, count = r->words.count;
  for (const cli_option *o = first; o->kind == CLI_ARGUMENT; o++) {
    least += (size_t)o->low;
    most++;
  }
  if (count < least || count > most) {
    return options_misuse(r->self, "%s expected, not %zu", r->self->expected, count);
  }
  for (size_t i = 0; i < count; i++) *(const char **)options_place(r, &first[i]) = r->words.items[i];
  return CLI_GO_ON;
}

/* Whether options stand with those that give them a meaning. */
static int options_check_company(const reading *r) {
  text unused = {0};
  for (const cli_option *o = r->self->options; o->kind != CLI_END; o++) {
    if (!options_has_seen(r, o) || o->with == NULL ||
        options_has_seen(r, options_find_name(r, o->with, strlen(o->with), &unused)))
      continue;
    text_free(&unused);
    return options_misuse(r->self, "--%s is for --%s", o->name, o->with);
  }
  text_free(&unused);
  return CLI_GO_ON;
}

int options_read(const cli_command *self, int argc, char **argv, void *to) {
  reading r = {.self = self, .to = to};
  int status = CLI_GO_ON;
  bool ended = false;
  const cli_option *rest = NULL;
  for (const cli_option *o = self->options; o->kind != CLI_END; o++) {
    if (o->kind == CLI_REST) rest = o;
  }
  r.passes = rest != NULL;
  for (int i = 1; i < argc && status == CLI_GO_ON; i++) {
    const char *word = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
    bool used = false;
    if (ended || word[0] != '-' || word[1] == '\0' || isdigit((unsigned char)word[1])) {
      options_add_word(&r.words, word);
    } else if (word[1] != '-') {
      status = options_take_letters(&r, word, next, &used);
    } else if (word[2] != '\0' || r.passes) {
      status = options_take_long(&r, word, next, &used);
    } else {
      ended = true;
    }
    i += used;
  }
  if (status == CLI_GO_ON && rest != NULL) {
    *(cli_list *)options_place(&r, rest) = r.words;
    r.words = (cli_list){0};
  } else if (status == CLI_GO_ON) {
    status = self->options->kind == CLI_VERB ? options_take_verb(&r) : options_take_arguments(&r);
  }
  if (status == CLI_GO_ON) status = options_check_company(&r);
  for (const cli_option *o = self->options; status != CLI_GO_ON && o->kind != CLI_END; o++) {
    if (o->kind == CLI_WORDS || o->kind == CLI_REST) cli_list_free(options_place(&r, o));
  }
  cli_list_free(&r.words);
  return status;
}
