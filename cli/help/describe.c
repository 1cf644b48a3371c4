/*
 * describe.c - reading help texts: see describe.h.
 *
 * A line that begins with two blanks holds a term, two blanks or more, and what it means; lines that are
 * indented further go on with that. All else is prose.
 */
#include "help/describe.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { INDENT = 2 }; /* of a term */

/* A copy of `size` bytes with a NUL behind it. */
static char *copy(const char *from, size_t size) { return memory_copy((bytes){(const uint8_t *)from, size}); }

/* The length of a term at the begin of a line: up to two blanks. */
static size_t term_size(const char *line, size_t size) {
  for (size_t i = 0; i + 1 < size; i++) {
    if (line[i] == ' ' && line[i + 1] == ' ') return i;
  }
  return size;
}

/* Reads "-o, --output F" into letter, name and value. */
static void read_option(describe_part *part) {
  const char *at = part->term;
  while (*at == '-') {
    size_t dashes = at[1] == '-' ? 2 : 1, size = strcspn(at + dashes, ", =[");
    if (dashes == 1 && size == 1) part->letter = at[1];
    if (dashes == 2 && size > 0 && part->name == NULL) part->name = copy(at + dashes, size);
    at += dashes + size;
    at += strspn(at, ", =[");
  }
  size_t size = strlen(at);
  while (size > 0 && (at[size - 1] == '.' || at[size - 1] == ']')) size--; /* "N...", "[=N]" */
  if (size > 0) part->value = copy(at, size);
}

/* Finds out what a term is, and what is in it. */
static void read_term(describe_part *part) {
  const char *term = part->term;
  size_t word = strcspn(term, " "), low = strspn(term, "abcdefghijklmnopqrstuvwxyz0123456789-");
  if (*term == '-') {
    part->kind = DESCRIBE_OPTION;
    read_option(part);
  } else if (bytes_are((bytes){(const uint8_t *)term, word}, "flaron-lua")) {
    part->kind = DESCRIBE_EXAMPLE;
  } else if (islower((unsigned char)*term) && low == word) {
    part->kind = DESCRIBE_VERB;
    part->name = copy(term, word);
    if (term[word] != '\0') part->value = memory_copy(bytes_of(term + word + 1));
  } else {
    part->kind = DESCRIBE_ARGUMENT;
    part->value = memory_copy(bytes_of(term));
  }
}

/* A part that is being read. */
typedef struct reading {
  describe_parts *parts;
  text term, words;
} reading;

/* Ends the part that is being read, if there is one. */
static void end_part(reading *r) {
  if (r->term.size > 0 || r->words.size > 0) {
    describe_parts *all = r->parts;
    all->items = memory_resize(all->items, (all->count + 1) * sizeof *all->items);
    describe_part *part = &all->items[all->count++];
    *part = (describe_part){.kind = r->term.size == 0    ? DESCRIBE_PROSE
                                    : r->words.size == 0 ? DESCRIBE_EXAMPLE
                                                         : DESCRIBE_ARGUMENT,
                            .term = memory_copy(text_bytes(&r->term)),
                            .words = memory_copy(text_bytes(&r->words))};
    if (part->kind == DESCRIBE_ARGUMENT) read_term(part);
  }
  text_clear(&r->term);
  text_clear(&r->words);
}

/* Adds words to the part, behind a blank when there are some. */
static void add_words(reading *r, const char *words, size_t size) {
  if (r->words.size > 0 && size > 0) text_add_string(&r->words, " ");
  text_add(&r->words, words, size);
}

/* Reads a line without its end. */
static void read_line(reading *r, const char *line, size_t size) {
  size_t indent = strspn(line, " ");
  if (indent >= size) {
    end_part(r);
  } else if (indent == INDENT) {
    end_part(r);
    size_t term = term_size(line + indent, size - indent), from = indent + term;
    text_add(&r->term, line + indent, term);
    from += strspn(line + from, " ");
    if (from < size) add_words(r, line + from, size - from);
  } else {
    if (indent == 0 && r->term.size > 0) end_part(r);
    add_words(r, line + indent, size - indent);
  }
}

/* Sets what a value can be; for an option, with what the usage has behind its name: "--template a|b]". */
static void read_choices(describe_part *part, const char *usage) {
  text name = {0}, choices = {0};
  text_add_string(&choices, part->value);
  if (part->kind == DESCRIBE_OPTION && part->name != NULL) {
    text_printf(&name, "--%s ", part->name);
    const char *at = strstr(usage, name.data);
    if (at != NULL) text_printf(&choices, "|%.*s", (int)strcspn(at + name.size, " ]\n"), at + name.size);
  }
  text_free(&name);
  part->choices = choices.data;
}

void describe_read(const cli_command *command, describe_parts *parts) {
  reading r = {.parts = parts};
  const char *help = command->help;
  while (*help != '\0') {
    size_t size = strcspn(help, "\n");
    read_line(&r, help, size);
    help += size;
    if (*help == '\n') help++;
  }
  end_part(&r);
  for (size_t i = 0; i < parts->count; i++) {
    if (parts->items[i].value != NULL) read_choices(&parts->items[i], command->usage);
  }
  text_free(&r.term);
  text_free(&r.words);
}

void describe_free(describe_parts *parts) {
  for (size_t i = 0; i < parts->count; i++) {
    describe_part *part = &parts->items[i];
    free(part->term);
    free(part->words);
    free(part->name);
    free(part->value);
    free(part->choices);
  }
  free(parts->items);
  *parts = (describe_parts){0};
}

/* Whether all of a word are small letters, digits and hyphens. */
static bool is_literal(const char *word, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (!islower((unsigned char)word[i]) && !isdigit((unsigned char)word[i]) && word[i] != '-') return false;
  }
  return size > 0;
}

/* Adds what one of the words that a value can be says. */
static void choose_word(const char *word, size_t size, describe_choice *choice) {
  bytes b = {(const uint8_t *)word, size};
  const char *dot = memchr(word, '.', size);
  if (bytes_are(b, "DIR")) {
    choice->folders = true;
  } else if (bytes_are(b, "F") || bytes_are(b, "FILE") || bytes_are(b, "PATH")) {
    choice->files = true;
  } else if (is_literal(word, size)) {
    text_printf(&choice->words, " %.*s", (int)size, word);
  } else if (dot != NULL && is_literal(dot + 1, size - (size_t)(dot + 1 - word))) {
    text_printf(&choice->endings, " %.*s", (int)(size - (size_t)(dot - word)), dot);
  }
}

void describe_choose(const char *value, describe_choice *choice) {
  while (*value != '\0') {
    size_t size = strcspn(value, "|[] ");
    const char *end = value + size;
    while (size > 0 && value[size - 1] == '.') size--; /* "FILE..." */
    choose_word(value, size, choice);
    value = end + strspn(end, "|[] ");
  }
}

void describe_choice_free(describe_choice *choice) {
  text_free(&choice->words);
  text_free(&choice->endings);
}
