/*
 * lines.c - see lines.h. The one file that knows libedit. Without it, or where standard input is no terminal,
 * lines are read as they are.
 */
#include "repl/lines.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "base/file.h"
#include "cli.h"

#ifdef HAVE_LIBEDIT
#include <histedit.h>
#endif

enum { HISTORY_LINES = 1000, HISTORY_MAX = 4 << 20 };

struct lines {
  const char *file, *prompt;
  lines_complete *complete;
  void *data;
  volatile sig_atomic_t *interrupted;
  bool typed;
#ifdef HAVE_LIBEDIT
  EditLine *edit;
  History *history;
#endif
};

#ifdef HAVE_LIBEDIT

/* ---- history ---- */

/* Whether the file of the history is there as a link, which leads to who knows where: then it is not used. */
static bool is_link(const char *path) {
  struct stat about;
  return lstat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

static void read_history(lines *l) {
  text content = {0};
  HistEvent event;
  if (l->file != NULL && !is_link(l->file)) file_read(l->file, HISTORY_MAX, &content);
  for (char *at = content.data, *end; at != NULL && (end = strchr(at, '\n')) != NULL; at = end + 1) {
    *end = '\0';
    if (*at != '\0') history(l->history, &event, H_ENTER, at);
  }
  text_free(&content);
}

/* Writes the history; where it cannot be written, it is forgotten. */
static void write_history(lines *l) {
  text content = {0};
  HistEvent event;
  if (l->file == NULL || is_link(l->file)) return;
  for (int more = history(l->history, &event, H_LAST); more >= 0; more = history(l->history, &event, H_PREV))
    text_printf(&content, "%s\n", event.str);
  if (content.size > 0) cli_write_private_file(l->file, text_bytes(&content));
  text_free(&content);
}

/* ---- editing ---- */

static lines *lines_of(EditLine *edit) {
  void *l = NULL;
  el_get(edit, EL_CLIENTDATA, &l);
  return l;
}

static char *prompt_of(EditLine *edit) { return (char *)lines_of(edit)->prompt; }

/* Reads a character for libedit: 1, 0 at the end, -1 on SIGINT. */
static int read_character(EditLine *edit, wchar_t *character) {
  lines *l = lines_of(edit);
  mbstate_t state = {0};
  char c;
  for (;;) {
    ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR && !*l->interrupted) continue;
    if (n <= 0) return (int)n;
    size_t used = mbrtowc(character, &c, 1, &state);
    if (used == (size_t)-1) {
      *character = L'?';
      return 1;
    }
    if (used != (size_t)-2) return 1;
  }
}

/* How many bytes all lines of `words` have in common at their start; `count` gets how many lines there are.
 */
static size_t common_of(const char *words, size_t *count) {
  size_t common = strcspn(words, "\n");
  *count = 0;
  for (const char *at = words; *at != '\0'; ++*count) {
    size_t size = strcspn(at, "\n"), same = 0;
    while (same < common && same < size && at[same] == words[same]) same++;
    common = same;
    at += size + (at[size] == '\n');
  }
  return common;
}

static int terminal_width(void) {
  struct winsize size;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0 ? size.ws_col : 80;
}

/* Shows words in as many columns as fit. */
static void list_words(const char *words, int width) {
  enum { SHOWN = 200 };
  int longest = 0, count = 0;
  for (const char *at = words; *at != '\0';) {
    int size = (int)strcspn(at, "\n");
    if (size > longest) longest = size;
    at += size + (at[size] == '\n');
  }
  int columns = width / (longest + 2) > 0 ? width / (longest + 2) : 1;
  for (const char *at = words; *at != '\0' && count < SHOWN; count++) {
    int size = (int)strcspn(at, "\n");
    if (count % columns == 0) putchar('\n');
    cli_print("%-*.*s", longest + 2, size, at);
    at += size + (at[size] == '\n');
  }
  puts(count < SHOWN ? "" : "...");
  fflush(stdout);
}

/* The key Tab. */
static unsigned char on_tab(EditLine *edit, int key) {
  lines *l = lines_of(edit);
  const LineInfo *info = el_line(edit);
  bytes line = {(const uint8_t *)info->buffer, (size_t)(info->cursor - info->buffer)};
  text answer = {0};
  unsigned char result = CC_ERROR;
  size_t count;
  (void)key;
  l->complete(l->data, line, &answer);
  const char *words = strchr(text_string(&answer), '\n');
  if (words != NULL && words[1] != '\0') {
    size_t typed = (size_t)(words - answer.data), common = common_of(++words, &count);
    char *rest = memory_copy((bytes){(const uint8_t *)words + typed, common > typed ? common - typed : 0});
    if (*rest != '\0') {
      result = el_insertstr(edit, rest) == 0 ? CC_REFRESH : CC_ERROR;
    } else if (count > 1) {
      list_words(words, terminal_width());
      result = CC_REDISPLAY;
    }
    free(rest);
  }
  text_free(&answer);
  return result;
}

static void begin_editing(lines *l) {
  HistEvent event;
  setlocale(LC_CTYPE, "");
  l->history = history_init();
  l->edit = el_init("flaron-lua", stdin, stdout, stderr);
  if (l->edit == NULL || l->history == NULL) return;
  history(l->history, &event, H_SETSIZE, HISTORY_LINES);
  history(l->history, &event, H_SETUNIQUE, 1);
  el_set(l->edit, EL_CLIENTDATA, l);
  el_set(l->edit, EL_PROMPT, prompt_of);
  el_set(l->edit, EL_SIGNAL, 0);
  el_set(l->edit, EL_EDITOR, "emacs");
  el_set(l->edit, EL_HIST, history, l->history);
  el_set(l->edit, EL_ADDFN, "flaron-complete", "completes a name", on_tab);
  el_set(l->edit, EL_BIND, "^I", "flaron-complete", NULL);
  el_set(l->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
  el_source(l->edit, NULL); /* the user's ~/.editrc */
  el_set(l->edit, EL_GETCFN, read_character);
  read_history(l);
}

/* lines_read by libedit. */
static lines_kind read_edited(lines *l, text *line) {
  HistEvent event;
  int count = 0;
  el_resize(l->edit);
  const char *typed = el_gets(l->edit, &count);
  if (typed == NULL || count <= 0) {
    putchar('\n');
    return *l->interrupted ? LINES_INTERRUPTED : LINES_END;
  }
  size_t size = strcspn(typed, "\n");
  text_add(line, typed, size);
  if (strspn(typed, " \t\n") < (size_t)count) history(l->history, &event, H_ENTER, text_string(line));
  return LINES_LINE;
}

static void end_editing(lines *l) {
  if (l->edit != NULL && l->history != NULL) write_history(l);
  if (l->edit != NULL) el_end(l->edit);
  if (l->history != NULL) history_end(l->history);
}

static bool edits(const lines *l) { return l->edit != NULL && l->history != NULL; }

#else

static void begin_editing(lines *l) { (void)l; }
static void end_editing(lines *l) { (void)l; }
static bool edits(const lines *l) { return l == NULL; }
static lines_kind read_edited(lines *l, text *line) { return (void)l, (void)line, LINES_END; }

#endif

lines *lines_open(const char *history, lines_complete *complete, void *data,
                  volatile sig_atomic_t *interrupted) {
  lines *l = memory_get(sizeof *l);
  l->file = history;
  l->complete = complete;
  l->data = data;
  l->interrupted = interrupted;
  l->typed = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  if (l->typed) begin_editing(l);
  return l;
}

bool lines_are_typed(const lines *l) { return l->typed; }

/* lines_read of lines as they come. */
static lines_kind read_plain(lines *l, text *line) {
  if (l->typed) fputs(l->prompt, stdout);
  fflush(stdout);
  for (int c; (c = getc(stdin)) != '\n';) {
    char byte = (char)c;
    if (line->size == LINES_MOST) return LINES_TOO_LONG;
    if (c == EOF) {
      bool ended = !ferror(stdin);
      clearerr(stdin);
      if (!ended && *l->interrupted) return LINES_INTERRUPTED;
      return line->size > 0 ? LINES_LINE : LINES_END;
    }
    text_add(line, &byte, 1);
  }
  return LINES_LINE;
}

lines_kind lines_read(lines *l, const char *prompt, text *line) {
  l->prompt = prompt;
  return edits(l) ? read_edited(l, line) : read_plain(l, line);
}

void lines_close(lines *l) {
  end_editing(l);
  free(l);
}
