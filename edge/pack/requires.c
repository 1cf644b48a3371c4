/*
 * requires.c - see requires.h. Besides the tokens it follows nesting: blocks, brackets, a pcall's
 * parentheses, expressions with `and` and `or`, and the scopes of locals named `require`.
 */
#include "pack/requires.h"

#include <ctype.h>
#include <string.h>

/* The kind of the last token: a statement begins after it; it ended a value, so that a name begins a
 * statement; neither. */
enum { BEGIN, OPERAND, OPERATOR };

/* Kinds of blocks, and of headers. */
enum { FUNCTION = 'f', CONDITION = 'c', PLAIN = 'p', HEADER_IF = 1, HEADER_LOOP = 2, HEADER_SHADOW = 4 };

/* ---- characters ---- */

static bool requires_at_end(const requires *r) { return r->at >= r->end; }

static int requires_peek(const requires *r, size_t offset) {
  return (size_t)(r->end - r->at) > offset ? (unsigned char)r->at[offset] : -1;
}

static void requires_step(requires *r) {
  if (*r->at == '\n') r->line++;
  r->at++;
}

/* The level of a long bracket that opens here ("[==[": 2); -1 if there is none. */
static int requires_long_bracket(const requires *r) {
  size_t n = 1;
  if (requires_peek(r, 0) != '[') return -1;
  while (requires_peek(r, n) == '=') n++;
  return requires_peek(r, n) == '[' ? (int)n - 1 : -1;
}

/* Skips a long bracket of `level`; `content` gets the text in it. */
static void requires_skip_long(requires *r, int level, bytes *content) {
  r->at += level + 2;
  const char *start = r->at;
  for (; !requires_at_end(r); requires_step(r)) {
    int n = 0;
    if (*r->at != ']') continue;
    while (n < level && requires_peek(r, (size_t)n + 1) == '=') n++;
    if (n == level && requires_peek(r, (size_t)n + 1) == ']') break;
  }
  *content = (bytes){(const uint8_t *)start, (size_t)(r->at - start)};
  for (int n = 0; n < level + 2 && !requires_at_end(r); n++) r->at++;
}

/* Skips white space and comments. */
static void requires_skip_space(requires *r) {
  bytes comment;
  while (!requires_at_end(r)) {
    if (isspace((unsigned char)*r->at)) {
      requires_step(r);
    } else if (requires_peek(r, 0) == '-' && requires_peek(r, 1) == '-') {
      r->at += 2;
      int level = requires_long_bracket(r);
      if (level >= 0) {
        requires_skip_long(r, level, &comment);
      } else {
        while (!requires_at_end(r) && *r->at != '\n') r->at++;
      }
    } else {
      return;
    }
  }
}

/* Skips the part of an escape that may be a line feed or a quote, which do not end the string. */
static void requires_skip_escape(requires *r) {
  requires_step(r); /* the backslash */
  if (requires_at_end(r)) return;
  int c = *r->at;
  requires_step(r);
  int next = requires_peek(r, 0);
  if (c == 'z') {
    while (!requires_at_end(r) && isspace((unsigned char)*r->at)) requires_step(r);
  } else if ((c == '\r' && next == '\n') || (c == '\n' && next == '\r')) {
    requires_step(r);
  }
}

/*
 * Skips a string that begins here; false if there is none. `content` has no data if the string has an escape,
 * since escapes are not decoded.
 */
static bool requires_read_string(requires *r, bytes *content) {
  int level = requires_long_bracket(r);
  *content = (bytes){0};
  if (level >= 0) {
    requires_skip_long(r, level, content);
    return true;
  }
  int quote = requires_peek(r, 0);
  if (quote != '"' && quote != '\'') return false;
  const char *start = ++r->at;
  bool escaped = false;
  while (!requires_at_end(r) && *r->at != quote && *r->at != '\n') {
    if (*r->at == '\\') {
      escaped = true;
      requires_skip_escape(r);
    } else {
      requires_step(r);
    }
  }
  if (!escaped) *content = (bytes){(const uint8_t *)start, (size_t)(r->at - start)};
  if (!requires_at_end(r)) requires_step(r);
  return true;
}

static bool requires_is_name(int c) { return c == '_' || (c >= 0 && isalnum(c)); }

static bool requires_is_digit(int c) { return c >= 0 && isdigit(c); }

/* Skips and returns a name or keyword; empty if there is none. */
static bytes requires_read_word(requires *r) {
  const char *start = r->at;
  if (!requires_is_digit(requires_peek(r, 0))) {
    while (requires_is_name(requires_peek(r, 0))) r->at++;
  }
  return (bytes){(const uint8_t *)start, (size_t)(r->at - start)};
}

/* Skips a number that begins here; false if there is none. */
static bool requires_read_number(requires *r) {
  if (!requires_is_digit(requires_peek(r, 0)) &&
      (requires_peek(r, 0) != '.' || !requires_is_digit(requires_peek(r, 1))))
    return false;
  for (int before = 0;
       requires_is_name(requires_peek(r, 0)) || requires_peek(r, 0) == '.' ||
       ((requires_peek(r, 0) == '-' || requires_peek(r, 0) == '+') && strchr("eEpP", before) != NULL);) {
    before = requires_peek(r, 0);
    r->at++;
  }
  return true;
}

/* ---- blocks, statements, scopes ---- */

static void requires_shadow(requires *r) {
  if (r->shadow == 0) r->shadow = r->blocks + 1;
}

/* Ends the current statement, if it is at this depth. */
static void requires_end_statement(requires *r) {
  if (r->doubt == r->depth + 1 && r->doubt_blocks == r->blocks) r->doubt = 0;
  if (r->local == 0 || r->local_depth != r->depth || r->local_blocks != r->blocks) return;
  if (!r->local_own) requires_shadow(r);
  r->local = 0;
}

static void requires_open_block(requires *r, char kind) {
  if (r->blocks < REQUIRES_DEEPEST) r->kinds[r->blocks] = kind;
  if (r->blocks >= REQUIRES_DEEPEST || kind == CONDITION) r->conditions++;
  if (r->blocks < REQUIRES_DEEPEST && kind == FUNCTION) r->functions++;
  r->blocks++;
  if (r->blocks < REQUIRES_DEEPEST) r->headers[r->blocks] = 0;
}

static void requires_close_block(requires *r) {
  if (r->blocks == 0) return;
  r->blocks--;
  char kind = r->blocks < REQUIRES_DEEPEST ? r->kinds[r->blocks] : CONDITION;
  if (kind == CONDITION) r->conditions--;
  if (kind == FUNCTION) r->functions--;
  if (r->shadow > r->blocks + 1) r->shadow = 0;
  if (r->doubt_blocks > r->blocks) r->doubt = 0;
  if (r->local_blocks > r->blocks) r->local = 0;
}

static void requires_set_header(requires *r, int header) {
  if (r->blocks < REQUIRES_DEEPEST) r->headers[r->blocks] |= (char)header;
}

/* Returns the header that is open at this level, and closes it. */
static int requires_take_header(requires *r) {
  if (r->blocks >= REQUIRES_DEEPEST) return HEADER_IF | HEADER_LOOP;
  int header = r->headers[r->blocks];
  r->headers[r->blocks] = 0;
  return header;
}

/* Whether the value that begins here is exactly Lua's `require`. */
static bool requires_is_own(const requires *from) {
  requires r = *from;
  requires_skip_space(&r);
  bytes word = requires_read_word(&r);
  if (bytes_are(word, "_G") && requires_peek(&r, 0) == '.') {
    r.at++;
    word = requires_read_word(&r);
  }
  if (!bytes_are(word, "require")) return false;
  requires_skip_space(&r);
  int next = requires_peek(&r, 0);
  return (next < 0 || strchr(".:([{\"'", next) == NULL) && !bytes_are(requires_read_word(&r), "and");
}

/* Reads a comma-separated list of names with attributes. Returns the position of `require` in it, from 1; 0 =
 * it is not there. */
static int requires_read_names(requires *r) {
  int found = 0, count = 0;
  bool more = true;
  while (more) {
    requires_skip_space(r);
    if (bytes_are(requires_read_word(r), "require")) found = count + 1;
    count++;
    requires_skip_space(r);
    if (requires_peek(r, 0) == '<') {
      while (!requires_at_end(r) && *r->at != '>') requires_step(r);
      if (!requires_at_end(r)) r->at++;
      requires_skip_space(r);
    }
    more = requires_peek(r, 0) == ',';
    if (more) r->at++;
  }
  return found;
}

/* Reads on after `function`: its name, if it has one, and its parameters. `statement`: it is a statement
 * without `local`. */
static void requires_read_function(requires *r, bool statement) {
  requires_skip_space(r);
  bytes name = requires_read_word(r);
  bool global = statement && bytes_are(name, "require");
  while (!requires_at_end(r) && *r->at != '(') { /* between there are fields, or it is not valid Lua */
    if (*r->at == '.' || *r->at == ':') global = false;
    requires_step(r);
  }
  if (!requires_at_end(r)) r->at++;
  r->replaced = r->replaced || global;
  requires_open_block(r, FUNCTION);
  if (requires_read_names(r) != 0) requires_shadow(r);
  requires_skip_space(r);
  while (requires_peek(r, 0) == '.') r->at++;
  requires_skip_space(r);
  if (requires_peek(r, 0) == ')') r->at++;
  r->last = BEGIN;
}

/* Reads on after `local`. */
static void requires_read_local(requires *r) {
  requires before = *r;
  requires_skip_space(r);
  if (bytes_are(requires_read_word(r), "function")) {
    requires_skip_space(r);
    if (bytes_are(requires_read_word(r), "require")) requires_shadow(r);
    requires_read_function(r, false);
    return;
  }
  *r = before;
  int place = requires_read_names(r);
  requires_skip_space(r);
  bool values = requires_peek(r, 0) == '=';
  if (values) r->at++;
  r->last = values ? OPERATOR : OPERAND;
  if (place == 0) return;
  if (!values) {
    requires_shadow(r);
    return;
  }
  r->local = place;
  r->local_depth = r->depth;
  r->local_blocks = r->blocks;
  r->local_own = place == 1 && requires_is_own(r);
}

/* ---- tokens ---- */

/* Handles a keyword; false if `word` is not one. */
static bool requires_note_keyword(requires *r, bytes word) {
  static const char *const words[] = {
      "and", "or",    "not", "in",  "nil",  "true",  "false",  "if",    "then",   "else",  "elseif",
      "for", "while", "do",  "end", "goto", "local", "repeat", "until", "return", "break", "function"};
  enum {
    AND,
    OR,
    NOT,
    IN,
    NIL,
    TRUE,
    FALSE,
    IF,
    THEN,
    ELSE,
    ELSEIF,
    FOR,
    WHILE,
    DO,
    END,
    GOTO,
    LOCAL,
    REPEAT,
    UNTIL,
    RETURN,
    BREAK,
    FUNC
  };
  enum { WORDS = sizeof words / sizeof *words };
  int n = 0, header;
  while (n < WORDS && !bytes_are(word, words[n])) n++;
  if (n == WORDS) return false;
  bool statement = n >= IF && (n != FUNC || r->last != OPERATOR);
  if (statement) requires_end_statement(r);
  r->last = statement ? BEGIN : OPERATOR;
  switch (n) {
    case AND:
    case OR:
      if (r->doubt != 0) break;
      r->doubt = r->depth + 1;
      r->doubt_blocks = r->blocks;
      break;
    case NIL:
    case TRUE:
    case FALSE:
    case BREAK: r->last = OPERAND; break;
    case IF: requires_set_header(r, HEADER_IF); break;
    case THEN:
      if (requires_take_header(r) & HEADER_IF) requires_open_block(r, CONDITION);
      break;
    case ELSE:
    case ELSEIF:
      if (r->shadow == r->blocks + 1) r->shadow = 0;
      break;
    case FOR: requires_set_header(r, HEADER_LOOP | (requires_read_names(r) != 0 ? HEADER_SHADOW : 0)); break;
    case WHILE: requires_set_header(r, HEADER_LOOP); break;
    case DO:
      header = requires_take_header(r);
      requires_open_block(r, header & HEADER_LOOP ? CONDITION : PLAIN);
      if (header & HEADER_SHADOW) requires_shadow(r);
      break;
    case REPEAT: requires_open_block(r, CONDITION); break;
    case END:
      requires_close_block(r);
      r->last = OPERAND;
      break;
    case UNTIL:
      requires_close_block(r);
      r->last = OPERATOR;
      break;
    case RETURN:
    case GOTO:
      r->ends = r->ends || (r->functions == 0 && (n == GOTO || r->blocks > 0));
      r->last = OPERATOR;
      break;
    case LOCAL: requires_read_local(r); break;
    case FUNC: requires_read_function(r, statement); break;
    default: break;
  }
  if (n == IF || n == WHILE || n == FOR || n == ELSEIF) r->last = OPERATOR;
  return true;
}

/* Skips a token that is not a name, string or number. */
static void requires_read_symbol(requires *r) {
  int c = requires_peek(r, 0);
  size_t n = 1;
  r->field = false;
  r->last = OPERATOR;
  switch (c) {
    case '.':
    case ':':
      while (requires_peek(r, n) == c) n++; /* "..", "..." and "::" */
      r->field = n == 1;
      if (n == 3) r->last = OPERAND;
      if (c == ':' && n == 2) {
        requires_end_statement(r);
        r->last = BEGIN;
      }
      break;
    case '(':
    case '[':
    case '{': r->depth++; break;
    case ')':
    case ']':
    case '}':
      if (r->depth-- == r->tried) r->tried = 0;
      if (r->doubt > r->depth + 1) r->doubt = 0;
      r->last = OPERAND;
      break;
    case ',':
      if (r->doubt == r->depth + 1 && r->doubt_blocks == r->blocks) r->doubt = 0;
      break;
    case ';':
      requires_end_statement(r);
      r->last = BEGIN;
      break;
    default: break;
  }
  r->at += n;
  bool next = c == ',' && r->local > 1 && r->local_depth == r->depth && r->local_blocks == r->blocks;
  if (next && --r->local == 1) r->local_own = requires_is_own(r);
}

/*
 * Reads the argument of a `require` if it is only a string; false for `require("x" .. y)`. In `pcall(require,
 * "x")` it is after the comma.
 */
static bool requires_read_argument(requires *r, bytes *name) {
  bool open = requires_peek(r, 0) == '(';
  bool passed = r->tried != 0 && requires_peek(r, 0) == ',';
  if (open || passed) {
    r->depth += open;
    r->at++;
    requires_skip_space(r);
  }
  if (!requires_read_string(r, name)) {
    if (open || passed) r->last = OPERATOR;
    return false;
  }
  requires_skip_space(r);
  return name->data != NULL &&
         (!(open || passed) || requires_peek(r, 0) == ')' || requires_peek(r, 0) == ',');
}

/*
 * Whether the source before here has `preload["name"]` or `preload.name`: a file of several modules defines
 * those that it requires.
 */
static bool requires_is_preloaded(const requires *r, bytes name) {
  static const char word[] = "preload";
  requires look = *r;
  for (look.at = r->start; look.at < r->at; look.at++) {
    look.at = memmem(look.at, (size_t)(r->at - look.at), word, sizeof word - 1);
    if (look.at == NULL) return false;
    requires key = look;
    bytes found = {0};
    key.at += sizeof word - 1;
    requires_skip_space(&key);
    int c = requires_peek(&key, 0);
    if (c != '[' && c != '.') continue;
    key.at++;
    requires_skip_space(&key);
    if (c == '.') found = requires_read_word(&key);
    if (c == '[' && !requires_read_string(&key, &found)) continue;
    if (found.data != NULL && found.size == name.size && memcmp(found.data, name.data, name.size) == 0)
      return true;
  }
  return false;
}

/* Handles a name that is neither a keyword nor a field; true if it is Lua's `require` with a constant
 * string. */
static bool requires_read_name(requires *r, bytes word, required *found) {
  bool begins = r->last != OPERATOR;
  if (begins) requires_end_statement(r);
  r->last = OPERAND;
  if (r->tried == 0 && (bytes_are(word, "pcall") || bytes_are(word, "xpcall"))) {
    requires_skip_space(r);
    if (requires_peek(r, 0) == '(') r->tried = r->depth + 1;
  }
  if (r->shadow != 0 || !bytes_are(word, "require")) return false;
  found->line = r->line;
  found->tried = r->tried != 0;
  found->maybe = r->conditions != 0 || r->doubt != 0 || r->ends || r->replaced;
  found->sure = !found->maybe && r->functions == 0;
  requires_skip_space(r);
  if (begins && requires_peek(r, 0) == '=' && requires_peek(r, 1) != '=') r->replaced = true;
  if (!requires_read_argument(r, &found->name)) return false;
  if (requires_is_preloaded(r, found->name)) found->tried = true;
  return true;
}

void requires_begin(requires *r, bytes source) {
  const char *start =
      source.size > 0 ? (const char *)source.data : ""; /* the data of an empty source may be NULL */
  *r = (requires){.start = start, .at = start, .end = start + source.size, .line = 1};
  if (requires_peek(r, 0) != '#') return; /* skip a first line for the shell */
  while (!requires_at_end(r) && *r->at != '\n') r->at++;
}

bool requires_next(requires *r, required *found) {
  for (requires_skip_space(r); !requires_at_end(r); requires_skip_space(r)) {
    bytes string, word;
    if (requires_read_string(r, &string) || requires_read_number(r)) {
      r->field = false;
      r->last = OPERAND;
      continue;
    }
    word = requires_read_word(r);
    if (word.size == 0) {
      requires_read_symbol(r);
    } else if (r->field) {
      r->field = false;
      r->last = OPERAND;
    } else if (!requires_note_keyword(r, word) && requires_read_name(r, word, found)) {
      return true;
    }
  }
  return false;
}
