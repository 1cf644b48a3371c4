/*
 * string_pattern.c - Lua's patterns (manual, section 6.4.1): string.find, match, gmatch and gsub.
 *
 * The matcher calls itself only where there is something to come back to, and nothing for each character:
 * what an item repeats is found by one loop (`scan`); where what follows can begin in one place only, there
 * is no other try; and a search skips what cannot begin a match. What Lua's own counts as a nested call is
 * counted here as well, so that patterns are "too complex" for both alike. The errors are Lua's, too.
 */
#define LUA_CORE
#include "lua/fast/string_pattern.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lapi.h"
#include "lauxlib.h"
#include "lobject.h"
#include "lstate.h"
#include "lua/fast/string_slice.h"

enum {
  CAPTURES = 32,
  DEPTH = 200, /* nested calls of Lua's matcher */
  FEW = 8      /* values for which a C function has room anyway */
};

#define POSITION ((size_t)-2) /* the length of a capture `()` */

/* Of a subject or a pattern; a zero follows each. */
typedef const uint8_t *text;

typedef struct state {
  text begin, end; /* the subject */
  text pattern, pattern_end;
  lua_State *L;
  text first, behind; /* the item that every match begins with, as `prepare` found it; NULL when none does */
  bool whole;         /* which is all of the pattern, with or without a '+' */
  bool anchored;
  int level;     /* captures so far */
  uint32_t open; /* those of them that did not end yet, a bit each */
  struct {
    text at;
    size_t size;
  } capture[CAPTURES];
} state;

/* ---- items: a character, a class or a set ---- */

enum { UPPER = 1, LOWER = 2, DIGIT = 4, PUNCT = 8, SPACE = 16, CONTROL = 32, HEX = 64, ZERO = 128 };

/* What each character is. */
static const uint8_t kinds[256] = {
    [0] = CONTROL | ZERO,        [1 ... 8] = CONTROL,   [9 ... 13] = CONTROL | SPACE,
    [14 ... 31] = CONTROL,       [' '] = SPACE,         ['!' ... '/'] = PUNCT,
    ['0' ... '9'] = DIGIT | HEX, [':' ... '@'] = PUNCT, ['A' ... 'F'] = UPPER | HEX,
    ['G' ... 'Z'] = UPPER,       ['[' ... '`'] = PUNCT, ['a' ... 'f'] = LOWER | HEX,
    ['g' ... 'z'] = LOWER,       ['{' ... '~'] = PUNCT, [127] = CONTROL,
};

/* What belongs to the class of a letter. */
static const uint8_t classes[26] = {
    ['a' - 'a'] = UPPER | LOWER,
    ['c' - 'a'] = CONTROL,
    ['d' - 'a'] = DIGIT,
    ['g' - 'a'] = UPPER | LOWER | DIGIT | PUNCT,
    ['l' - 'a'] = LOWER,
    ['p' - 'a'] = PUNCT,
    ['s' - 'a'] = SPACE,
    ['u' - 'a'] = UPPER,
    ['w' - 'a'] = UPPER | LOWER | DIGIT,
    ['x' - 'a'] = HEX,
    ['z' - 'a'] = ZERO,
};

/* The class of what follows '%'; 0 when that stands for itself. */
static inline unsigned class_of(unsigned letter) {
  unsigned at = (letter | 32) - 'a';
  return at < sizeof classes ? classes[at] : 0;
}

/* Small letters are classes, capital ones are all others. */
static inline bool is_small(unsigned letter) { return (letter & 32) != 0; }

static inline bool in_class(unsigned c, unsigned letter) {
  unsigned class = class_of(letter);
  return class == 0 ? c == letter : ((kinds[c] & class) != 0) == is_small(letter);
}

/* Whether c is in the set from '[' to ']'. */
static inline bool in_set(unsigned c, text p, text last) {
  bool in = p[1] != '^';
  if (!in) p++;
  while (++p < last) {
    if (*p == '%') {
      if (in_class(c, *++p)) return in;
    } else if (p[1] == '-' && p + 2 < last) {
      p += 2;
      if (p[-2] <= c && c <= *p) return in;
    } else if (*p == c) {
      return in;
    }
  }
  return !in;
}

/* Whether c is what the item from p to before `behind` stands for. */
static bool in_item(unsigned c, text p, text behind) {
  if (*p == '.') return true;
  if (*p == '[') return in_set(c, p, behind - 1);
  return *p == '%' ? in_class(c, p[1]) : c == *p;
}

/* The first character that is in the item, or is not; `end` when there is none. */
static text scan(text s, text end, text p, text behind, bool in) {
  if (*p == '.') return in ? s : end;
  if (*p == '[') {
    while (s < end && in_set(*s, p, behind - 1) != in) s++;
    return s;
  }
  if (*p == '%') {
    unsigned letter = *++p, class = class_of(letter);
    if (class != 0) {
      in = in == is_small(letter);
      while (s < end && ((kinds[*s] & class) != 0) != in) s++;
      return s;
    }
  }
  while (s < end && (*s == *p) != in) s++;
  return s;
}

static _Noreturn void fail(state *m, const char *message) {
  luaL_error(m->L, message);
  __builtin_unreachable();
}

static _Noreturn void malformed(state *m, const char *why) {
  luaL_error(m->L, "malformed pattern (%s)", why);
  __builtin_unreachable();
}

/* What is after the set at p; a ']' that is first in it stands for itself. */
static __attribute__((noinline)) text set_end(state *m, text p) {
  if (*++p == '^') p++;
  do {
    if (l_unlikely(p == m->pattern_end)) malformed(m, "missing ']'");
    if (*p++ == '%' && p < m->pattern_end) p++;
  } while (*p != ']');
  return p + 1;
}

/* What is after the item at p. */
static inline text item_end(state *m, text p) {
  if (*p == '[') return set_end(m, p);
  if (*p != '%') return p + 1;
  if (l_unlikely(p + 1 == m->pattern_end)) malformed(m, "ends with '%'");
  return p + 2;
}

static inline bool may_be_none(unsigned suffix) { return suffix == '*' || suffix == '?' || suffix == '-'; }

/* ---- the matcher ---- */

static text match_balanced(state *m, text s, text p) {
  if (l_unlikely(p >= m->pattern_end - 1)) malformed(m, "missing arguments to '%b'");
  if (*s != *p) return NULL;
  unsigned inside = 1;
  while (++s < m->end) {
    if (*s == p[1]) {
      if (--inside == 0) return s + 1;
    } else if (*s == *p) {
      inside++;
    }
  }
  return NULL;
}

static text match_again(state *m, text s, unsigned digit) {
  unsigned i = digit - '1';
  if (l_unlikely(i >= (unsigned)m->level || (m->open >> i & 1) != 0))
    luaL_error(m->L, "invalid capture index %%%d", (int)i + 1);
  size_t size = m->capture[i].size;
  return (size_t)(m->end - s) >= size && memcmp(m->capture[i].at, s, size) == 0 ? s + size : NULL;
}

#define TOO_COMPLEX "pattern too complex"

enum { END = 256, NOTHING, ANYTHING };

/*
 * The character that every match of the pattern at p begins with; END for the end of the subject, NOTHING
 * when there is no more to match, ANYTHING when that is not easily told.
 */
static unsigned next_character(const state *m, text p, int depth) {
  if (*p == ')' && m->open != 0 && depth > 0) p++;
  if (p == m->pattern_end) return NOTHING;
  switch (*p) {
    case '$':
      if (p + 1 == m->pattern_end) return END;
      break;
    case '%':
      if (++p == m->pattern_end || (kinds[*p] & (UPPER | LOWER | DIGIT)) != 0) return ANYTHING;
      break;
    case '(':
    case ')':
    case '[':
    case '.': return ANYTHING;
    default: break;
  }
  return may_be_none(p[1]) ? ANYTHING : *p;
}

/*
 * Matches the pattern at p with the subject at s. Returns the end of the match; NULL when there is none, and
 * then level and open may be anything. `depth` is how many calls Lua's own could nest.
 */
static text match(state *m, text s, text p, int depth) {
  while (p != m->pattern_end) {
    switch (*p) {
      case '(': {
        bool position = p[1] == ')';
        int level = m->level;
        if (l_unlikely(level >= CAPTURES)) fail(m, "too many captures");
        if (l_unlikely(depth-- == 0)) fail(m, TOO_COMPLEX);
        m->capture[level].at = s;
        m->capture[level].size = POSITION;
        if (!position) m->open |= (uint32_t)1 << level;
        m->level = level + 1;
        p += position ? 2 : 1;
        continue;
      }
      case ')': {
        if (l_unlikely(m->open == 0)) fail(m, "invalid pattern capture");
        if (l_unlikely(depth-- == 0)) fail(m, TOO_COMPLEX);
        int last = 31 - __builtin_clz(m->open);
        m->capture[last].size = (size_t)(s - m->capture[last].at);
        m->open ^= (uint32_t)1 << last;
        p++;
        continue;
      }
      case '$':
        if (p + 1 == m->pattern_end) return s == m->end ? s : NULL;
        break;
      case '%':
        if (p[1] == 'b') {
          s = match_balanced(m, s, p + 2);
          if (s == NULL) return NULL;
          p += 4;
          continue;
        }
        if (p[1] == 'f') {
          p += 2;
          if (l_unlikely(*p != '[')) fail(m, "missing '[' after '%%f' in pattern");
          text behind = set_end(m, p);
          if (in_item(s == m->begin ? 0 : s[-1], p, behind) || !in_item(*s, p, behind)) return NULL;
          p = behind;
          continue;
        }
        if ((kinds[p[1]] & DIGIT) != 0) {
          s = match_again(m, s, p[1]);
          if (s == NULL) return NULL;
          p += 2;
          continue;
        }
        break;
      default: break;
    }
    text item = p, behind = item_end(m, p), least = s;
    unsigned suffix = *behind;
    p = behind + 1;
    if (suffix == '+' || suffix == '*') {
      s = scan(s, m->end, item, behind, false);
      if (s == least) {
        if (suffix == '+') return NULL;
        continue;
      }
      if (suffix == '+') least++;
    } else {
      bool in = s < m->end && in_item(*s, item, behind);
      if (suffix == '?') {
        if (!in) continue;
        s++;
      } else if (suffix == '-') {
        if (!in) continue;
      } else {
        if (!in) return NULL;
        s++;
        p = behind;
        continue;
      }
    }
    /* There may be more than one way to go on. */
    if (l_unlikely(depth-- == 0)) fail(m, TOO_COMPLEX);
    unsigned next = next_character(m, p, depth);
    int level = m->level;
    uint32_t open = m->open;
    if (suffix == '-') {
      if (next == NOTHING) continue;
      do {
        if (next == ANYTHING || *s == next) {
          text end = match(m, s, p, depth);
          if (end != NULL) return end;
          m->level = level;
          m->open = open;
        }
        s++;
      } while (s < m->end && in_item(*s, item, behind));
    } else if (next == ANYTHING || (next < END && in_item(next, item, behind))) {
      for (; s > least; s--) {
        if (next != ANYTHING && (s == m->end || *s != next)) continue;
        text end = match(m, s, p, depth);
        if (end != NULL) return end;
        m->level = level;
        m->open = open;
      }
      if (suffix == '?') depth++;
    }
  }
  return s;
}

/* Makes ready for searches. The text of '^' is not a part of the pattern when it is an anchor. */
static void prepare(state *m, lua_State *L, text s, size_t size, text p, text pattern_end, bool anchored) {
  m->L = L;
  m->begin = s;
  m->end = s + size;
  m->pattern = p;
  m->pattern_end = pattern_end;
  m->first = NULL;
  m->whole = false;
  m->anchored = anchored;
  if (anchored) return;
  text item = *p == '(' && p[1] != ')' ? p + 1 : p;
  if (item == pattern_end || *item == '(' || *item == ')' || (*item == '$' && item + 1 == pattern_end) ||
      (*item == '%' && (item[1] == 'b' || item[1] == 'f' || (kinds[item[1]] & DIGIT) != 0)))
    return;
  text behind = item_end(m, item);
  if (may_be_none(*behind)) return;
  m->first = item;
  m->behind = behind;
  m->whole = item == p && behind + (*behind == '+') == pattern_end;
}

/*
 * Looks for a match from s on, which may not end at `last`. Returns its end, and where it begins in *from;
 * NULL when there is none.
 */
static text search(state *m, text *from, text last) {
  for (text s = *from;; s++) {
    text end;
    m->level = 0;
    m->open = 0;
    if (m->first != NULL) {
      s = scan(s, m->end, m->first, m->behind, true);
      if (s == m->end) return NULL;
    }
    if (!m->whole) {
      end = match(m, s, m->pattern, DEPTH - 1);
    } else if (*m->behind == '+') {
      end = scan(s, m->end, m->first, m->behind, false);
    } else {
      end = s + 1;
    }
    if (end != NULL && end != last) {
      *from = s;
      return end;
    }
    if (s == m->end || m->anchored) return NULL;
  }
}

/* ---- captures ---- */

/* Tells a capture, or the whole match when there is none; a position is pushed, and POSITION returned. */
static size_t capture(state *m, int i, text s, text end, text *at) {
  if (i >= m->level) {
    if (l_unlikely(i != 0)) luaL_error(m->L, "invalid capture index %%%d", i + 1);
    *at = s;
    return (size_t)(end - s);
  }
  if (l_unlikely((m->open >> i & 1) != 0)) fail(m, "unfinished capture");
  *at = m->capture[i].at;
  if (m->capture[i].size == POSITION) lua_pushinteger(m->L, *at - m->begin + 1);
  return m->capture[i].size;
}

static void push_capture(state *m, int i, text s, text end) {
  text at;
  size_t size = capture(m, i, s, end, &at);
  if (size != POSITION) lua_pushlstring(m->L, (const char *)at, size);
}

/* Pushes all captures, or the whole match when there is none and s is not NULL; returns how many. */
static __attribute__((noinline)) int push_captures(state *m, text s, text end) {
  int count = m->level == 0 && s != NULL ? 1 : m->level;
  if (count > FEW) luaL_checkstack(m->L, count, "too many captures");
  for (int i = 0; i < count; i++) push_capture(m, i, s, end);
  return count;
}

/* ---- find, match and gmatch ---- */

static text check_text(lua_State *L, int argument, size_t *size) {
  return (text)luaL_checklstring(L, argument, size);
}

static bool is_plain(text p, size_t size) {
  for (text end = p + size; p < end; p++) {
    switch (*p) {
      case '^':
      case '$':
      case '*':
      case '+':
      case '?':
      case '.':
      case '(':
      case '[':
      case '%':
      case '-': return false;
      default: break;
    }
  }
  return true;
}

static inline void push_position(lua_State *L, lua_Integer position) {
  setivalue(s2v(L->top.p), position);
  L->top.p++;
}

static text find_plain(text s, size_t size, text p, size_t length) {
  if (length == 0) return s;
  if (length > size) return NULL;
  for (text last = s + (size - length); s <= last; s++) {
    s = memchr(s, *p, (size_t)(last - s) + 1);
    if (s == NULL || memcmp(s, p, length) == 0) return s;
  }
  return NULL;
}

static int find(lua_State *L, bool positions) {
  size_t size, length;
  text s = check_text(L, 1, &size), p = check_text(L, 2, &length);
  size_t begin = slice_begin(luaL_optinteger(L, 3, 1), size);
  if (begin <= size) {
    text from = s + begin;
    if (positions && (is_plain(p, length) || (lua_gettop(L) > 3 && lua_toboolean(L, 4)))) {
      from = find_plain(from, size - begin, p, length);
      if (from != NULL) {
        push_position(L, from - s + 1);
        push_position(L, from - s + (lua_Integer)length);
        return 2;
      }
    } else {
      state m;
      bool anchored = *p == '^';
      prepare(&m, L, s, size, p + anchored, p + length, anchored);
      text end = search(&m, &from, NULL);
      if (end != NULL) {
        if (!positions) return push_captures(&m, from, end);
        push_position(L, from - s + 1);
        push_position(L, end - s);
        return m.level == 0 ? 2 : 2 + push_captures(&m, NULL, NULL);
      }
    }
  }
  luaL_pushfail(L);
  return 1;
}

int pattern_find(lua_State *L) { return find(L, true); }

int pattern_match(lua_State *L) { return find(L, false); }

/* What the iterator of gmatch keeps in its third upvalue; the first two keep the strings. */
typedef struct walk {
  text begin, end, pattern, pattern_end;
  text at;   /* where to go on; after the end when there is nothing */
  text last; /* where the last match ended */
} walk;

static int next_match(lua_State *L) {
  const TValue *upvalue = &clCvalue(s2v(L->ci->func.p))->upvalue[2];
  if (l_unlikely(!ttisfulluserdata(upvalue) || uvalue(upvalue)->len != sizeof(walk))) /* debug.setupvalue */
    luaL_error(L, "userdata of a C function has been replaced");
  walk *w = (walk *)getudatamem(uvalue(upvalue));
  if (w->at > w->end) return 0;
  state m;
  prepare(&m, L, w->begin, (size_t)(w->end - w->begin), w->pattern, w->pattern_end, false);
  text from = w->at, end = search(&m, &from, w->last);
  if (end == NULL) return 0;
  w->at = w->last = end;
  return push_captures(&m, from, end);
}

int pattern_gmatch(lua_State *L) {
  size_t size, length;
  text s = check_text(L, 1, &size), p = check_text(L, 2, &length);
  size_t begin = slice_begin(luaL_optinteger(L, 3, 1), size);
  lua_settop(L, 2);
  walk *w = lua_newuserdatauv(L, sizeof *w, 0);
  *w = (walk){.begin = s, .end = s + size, .pattern = p, .pattern_end = p + length, .at = s + begin};
  lua_pushcclosure(L, next_match, 3);
  return 1;
}

/* ---- gsub ---- */

static __attribute__((noinline)) void add(luaL_Buffer *b, text s, text end) {
  size_t size = (size_t)(end - s);
  if (l_unlikely(size > b->size - b->n)) {
    luaL_addlstring(b, (const char *)s, size);
    return;
  }
  memcpy(b->b + b->n, s, size);
  b->n += size;
}

/* Adds what the text of the third argument makes of a match. */
static void add_text(state *m, luaL_Buffer *b, text s, text end) {
  size_t size;
  text from = (text)lua_tolstring(m->L, 3, &size), limit = from + size, at;
  while ((at = memchr(from, '%', (size_t)(limit - from))) != NULL) {
    add(b, from, at);
    from = at + 2;
    if (at[1] == '%') {
      add(b, at, at + 1);
    } else if (at[1] == '0') {
      add(b, s, end);
    } else if ((kinds[at[1]] & DIGIT) != 0) {
      text begin;
      size_t length = capture(m, at[1] - '1', s, end, &begin);
      if (length == POSITION) {
        luaL_addvalue(b);
      } else {
        add(b, begin, begin + length);
      }
    } else {
      fail(m, "invalid use of '%%' in replacement string");
    }
  }
  add(b, from, limit);
}

/* Adds what is put in place of a match; false when the match stays, and nothing is added. */
static bool add_value(state *m, luaL_Buffer *b, text s, text end, int type) {
  lua_State *L = m->L;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, push_captures(m, s, end), 1);
  } else if (type == LUA_TTABLE) {
    push_capture(m, 0, s, end);
    lua_gettable(L, 3);
  } else {
    add_text(m, b, s, end);
    return true;
  }
  const TValue *value = s2v(L->top.p - 1);
  if (l_isfalse(value)) {
    L->top.p--;
    return false;
  }
  if (l_unlikely(!ttisstring(value) && !ttisnumber(value)))
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  luaL_addvalue(b);
  return true;
}

int pattern_gsub(lua_State *L) {
  size_t size, length;
  text s = check_text(L, 1, &size), p = check_text(L, 2, &length), last = NULL, done = s;
  int type = lua_type(L, 3);
  lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)size + 1), count = 0;
  bool anchored = *p == '^', changed = false;
  luaL_argexpected(L,
                   type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
                   3, "string/function/table");
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  state m;
  if (most > 0) prepare(&m, L, s, size, p + anchored, p + length, anchored);
  while (count < most) {
    text end = search(&m, &s, last);
    if (end == NULL) break;
    count++;
    add(&b, done, s);
    done = s;
    if (add_value(&m, &b, s, end, type)) {
      changed = true;
      done = end;
    }
    s = last = end;
    if (anchored) break;
  }
  if (changed) {
    add(&b, done, m.end);
    luaL_pushresult(&b);
  } else {
    lua_pushvalue(L, 1);
  }
  lua_pushinteger(L, count);
  return 2;
}
