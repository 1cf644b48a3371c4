/*
 * string_pattern.c - Lua's patterns (manual, section 6.4.1): string.find, match, gmatch and gsub.
 *
 * The matcher recurses only where it may have to backtrack, and never for a single character: one loop
 * (`scan`) finds the repetitions of an item; if the rest of the pattern can begin only at one character, only
 * places with that character are tried; and a search skips places where no match can begin. Nested calls are
 * counted as in Lua's matcher, so that the same patterns are "too complex". The errors are Lua's, too.
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
  FEW = 8      /* values that always fit on a C function's stack */
};

#define POSITION ((size_t)-2) /* the length of a capture `()` */

/* A pointer into a subject or a pattern, which both end with a zero. */
typedef const uint8_t *text;

typedef struct state {
  text begin, end; /* the subject */
  text pattern, pattern_end;
  lua_State *L;
  text first,
      behind; /* the item that every match begins with, as `prepare` found it; NULL if there is none */
  bool whole; /* `first`, perhaps with a '+', is the whole pattern */
  bool anchored;
  int level;     /* number of captures so far */
  uint32_t open; /* a bit for each capture that has not ended yet */
  struct {
    text at;
    size_t size;
  } capture[CAPTURES];
} state;

/* ---- items: a character, a class or a set ---- */

enum { UPPER = 1, LOWER = 2, DIGIT = 4, PUNCT = 8, SPACE = 16, CONTROL = 32, HEX = 64, ZERO = 128 };

/* The kinds of each character. */
static const uint8_t kinds[256] = {
    [0] = CONTROL | ZERO,        [1 ... 8] = CONTROL,   [9 ... 13] = CONTROL | SPACE,
    [14 ... 31] = CONTROL,       [' '] = SPACE,         ['!' ... '/'] = PUNCT,
    ['0' ... '9'] = DIGIT | HEX, [':' ... '@'] = PUNCT, ['A' ... 'F'] = UPPER | HEX,
    ['G' ... 'Z'] = UPPER,       ['[' ... '`'] = PUNCT, ['a' ... 'f'] = LOWER | HEX,
    ['g' ... 'z'] = LOWER,       ['{' ... '~'] = PUNCT, [127] = CONTROL,
};

/* The kinds of characters in the class of each letter. */
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

/* The class of a letter after '%'; 0 if the character stands for itself. */
static inline unsigned pattern_class_of(unsigned letter) {
  unsigned at = (letter | 32) - 'a';
  return at < sizeof classes ? classes[at] : 0;
}

/* A small letter is a class, a capital letter its complement. */
static inline bool pattern_is_small(unsigned letter) { return (letter & 32) != 0; }

static inline bool pattern_in_class(unsigned c, unsigned letter) {
  unsigned class = pattern_class_of(letter);
  return class == 0 ? c == letter : ((kinds[c] & class) != 0) == pattern_is_small(letter);
}

/* Whether c is in the set from '[' to ']'. */
static inline bool pattern_in_set(unsigned c, text p, text last) {
  bool in = p[1] != '^';
  if (!in) p++;
  while (++p < last) {
    if (*p == '%') {
      if (pattern_in_class(c, *++p)) return in;
    } else if (p[1] == '-' && p + 2 < last) {
      p += 2;
      if (p[-2] <= c && c <= *p) return in;
    } else if (*p == c) {
      return in;
    }
  }
  return !in;
}

/* Whether c matches the item from p to before `behind`. */
static bool pattern_in_item(unsigned c, text p, text behind) {
  if (*p == '.') return true;
  if (*p == '[') return pattern_in_set(c, p, behind - 1);
  return *p == '%' ? pattern_in_class(c, p[1]) : c == *p;
}

/* The first character that matches (`in`) or does not match the item; `end` if there is none. */
static text pattern_scan(text s, text end, text p, text behind, bool in) {
  if (*p == '.') return in ? s : end;
  if (*p == '[') {
    while (s < end && pattern_in_set(*s, p, behind - 1) != in) s++;
    return s;
  }
  if (*p == '%') {
    unsigned letter = *++p, class = pattern_class_of(letter);
    if (class != 0) {
      in = in == pattern_is_small(letter);
      while (s < end && ((kinds[*s] & class) != 0) != in) s++;
      return s;
    }
  }
  while (s < end && (*s == *p) != in) s++;
  return s;
}

static _Noreturn void pattern_fail(state *m, const char *message) {
  luaL_error(m->L, message);
  __builtin_unreachable();
}

static _Noreturn void pattern_malformed(state *m, const char *why) {
  luaL_error(m->L, "malformed pattern (%s)", why);
  __builtin_unreachable();
}

/* The end of the set at p; a ']' that is first in it stands for itself. */
static __attribute__((noinline)) text set_end(state *m, text p) {
  if (*++p == '^') p++;
  do {
    if (l_unlikely(p == m->pattern_end)) pattern_malformed(m, "missing ']'");
    if (*p++ == '%' && p < m->pattern_end) p++;
  } while (*p != ']');
  return p + 1;
}

/* The end of the item at p. */
static inline text pattern_item_end(state *m, text p) {
  if (*p == '[') return set_end(m, p);
  if (*p != '%') return p + 1;
  if (l_unlikely(p + 1 == m->pattern_end)) pattern_malformed(m, "ends with '%'");
  return p + 2;
}

static inline bool pattern_may_be_none(unsigned suffix) {
  return suffix == '*' || suffix == '?' || suffix == '-';
}

/* ---- the matcher ---- */

static text pattern_match_balanced(state *m, text s, text p) {
  if (l_unlikely(p >= m->pattern_end - 1)) pattern_malformed(m, "missing arguments to '%b'");
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

static text pattern_match_again(state *m, text s, unsigned digit) {
  unsigned i = digit - '1';
  if (l_unlikely(i >= (unsigned)m->level || (m->open >> i & 1) != 0))
    luaL_error(m->L, "invalid capture index %%%d", (int)i + 1);
  size_t size = m->capture[i].size;
  return (size_t)(m->end - s) >= size && memcmp(m->capture[i].at, s, size) == 0 ? s + size : NULL;
}

#define TOO_COMPLEX "pattern too complex"

enum { END = 256, NOTHING, ANYTHING };

/*
 * The character that every match of the pattern at p begins with; END for the end of the subject, NOTHING if
 * there is no more to match, ANYTHING if it is not easily known.
 */
static unsigned pattern_next_character(const state *m, text p, int depth) {
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
  return pattern_may_be_none(p[1]) ? ANYTHING : *p;
}

/*
 * Matches the pattern at p with the subject at s. Returns the end of the match; NULL if there is none, and
 * then level and open are undefined. `depth` is the number of further calls that Lua's matcher could nest.
 */
static text pattern_match_at(state *m, text s, text p, int depth) {
  while (p != m->pattern_end) {
    switch (*p) {
      case '(': {
        bool position = p[1] == ')';
        int level = m->level;
        if (l_unlikely(level >= CAPTURES)) pattern_fail(m, "too many captures");
        if (l_unlikely(depth-- == 0)) pattern_fail(m, TOO_COMPLEX);
        m->capture[level].at = s;
        m->capture[level].size = POSITION;
        if (!position) m->open |= (uint32_t)1 << level;
        m->level = level + 1;
        p += position ? 2 : 1;
        continue;
      }
      case ')': {
        if (l_unlikely(m->open == 0)) pattern_fail(m, "invalid pattern capture");
        if (l_unlikely(depth-- == 0)) pattern_fail(m, TOO_COMPLEX);
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
          s = pattern_match_balanced(m, s, p + 2);
          if (s == NULL) return NULL;
          p += 4;
          continue;
        }
        if (p[1] == 'f') {
          p += 2;
          if (l_unlikely(*p != '[')) pattern_fail(m, "missing '[' after '%%f' in pattern");
          text behind = set_end(m, p);
          if (pattern_in_item(s == m->begin ? 0 : s[-1], p, behind) || !pattern_in_item(*s, p, behind))
            return NULL;
          p = behind;
          continue;
        }
        if ((kinds[p[1]] & DIGIT) != 0) {
          s = pattern_match_again(m, s, p[1]);
          if (s == NULL) return NULL;
          p += 2;
          continue;
        }
        break;
      default: break;
    }
    text item = p, behind = pattern_item_end(m, p), least = s;
    unsigned suffix = *behind;
    p = behind + 1;
    if (suffix == '+' || suffix == '*') {
      s = pattern_scan(s, m->end, item, behind, false);
      if (s == least) {
        if (suffix == '+') return NULL;
        continue;
      }
      if (suffix == '+') least++;
    } else {
      bool in = s < m->end && pattern_in_item(*s, item, behind);
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
    /* From here there may be several ways to continue. */
    if (l_unlikely(depth-- == 0)) pattern_fail(m, TOO_COMPLEX);
    unsigned next = pattern_next_character(m, p, depth);
    int level = m->level;
    uint32_t open = m->open;
    if (suffix == '-') {
      if (next == NOTHING) continue;
      do {
        if (next == ANYTHING || *s == next) {
          text end = pattern_match_at(m, s, p, depth);
          if (end != NULL) return end;
          m->level = level;
          m->open = open;
        }
        s++;
      } while (s < m->end && pattern_in_item(*s, item, behind));
    } else if (next == ANYTHING || (next < END && pattern_in_item(next, item, behind))) {
      for (; s > least; s--) {
        if (next != ANYTHING && (s == m->end || *s != next)) continue;
        text end = pattern_match_at(m, s, p, depth);
        if (end != NULL) return end;
        m->level = level;
        m->open = open;
      }
      if (suffix == '?') depth++;
    }
  }
  return s;
}

/* Prepares for searches. `p` is after the '^' of an anchored pattern. */
static void pattern_prepare(state *m, lua_State *L, text s, size_t size, text p, text pattern_end,
                            bool anchored) {
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
  text behind = pattern_item_end(m, item);
  if (pattern_may_be_none(*behind)) return;
  m->first = item;
  m->behind = behind;
  m->whole = item == p && behind + (*behind == '+') == pattern_end;
}

/*
 * Looks for a match from *from on that does not end at `last`. Returns its end, and sets *from to its start;
 * NULL if there is none.
 */
static text pattern_search(state *m, text *from, text last) {
  for (text s = *from;; s++) {
    text end;
    m->level = 0;
    m->open = 0;
    if (m->first != NULL) {
      s = pattern_scan(s, m->end, m->first, m->behind, true);
      if (s == m->end) return NULL;
    }
    if (!m->whole) {
      end = pattern_match_at(m, s, m->pattern, DEPTH - 1);
    } else if (*m->behind == '+') {
      end = pattern_scan(s, m->end, m->first, m->behind, false);
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

/* Finds a capture, or the whole match if there are no captures: sets *at and returns the size. For a position
 * capture, pushes the position and returns POSITION. */
static size_t pattern_capture(state *m, int i, text s, text end, text *at) {
  if (i >= m->level) {
    if (l_unlikely(i != 0)) luaL_error(m->L, "invalid capture index %%%d", i + 1);
    *at = s;
    return (size_t)(end - s);
  }
  if (l_unlikely((m->open >> i & 1) != 0)) pattern_fail(m, "unfinished capture");
  *at = m->capture[i].at;
  if (m->capture[i].size == POSITION) lua_pushinteger(m->L, *at - m->begin + 1);
  return m->capture[i].size;
}

static void pattern_push_capture(state *m, int i, text s, text end) {
  text at;
  size_t size = pattern_capture(m, i, s, end, &at);
  if (size != POSITION) lua_pushlstring(m->L, (const char *)at, size);
}

/* Pushes all captures, or the whole match if there are none and s is not NULL; returns the number pushed. */
static __attribute__((noinline)) int push_captures(state *m, text s, text end) {
  int count = m->level == 0 && s != NULL ? 1 : m->level;
  if (count > FEW) luaL_checkstack(m->L, count, "too many captures");
  for (int i = 0; i < count; i++) pattern_push_capture(m, i, s, end);
  return count;
}

/* ---- find, match and gmatch ---- */

static text pattern_check_text(lua_State *L, int argument, size_t *size) {
  return (text)luaL_checklstring(L, argument, size);
}

static bool pattern_is_plain(text p, size_t size) {
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

static inline void pattern_push_position(lua_State *L, lua_Integer position) {
  setivalue(s2v(L->top.p), position);
  L->top.p++;
}

static text pattern_find_plain(text s, size_t size, text p, size_t length) {
  if (length == 0) return s;
  if (length > size) return NULL;
  for (text last = s + (size - length); s <= last; s++) {
    s = memchr(s, *p, (size_t)(last - s) + 1);
    if (s == NULL || memcmp(s, p, length) == 0) return s;
  }
  return NULL;
}

static int pattern_find_any(lua_State *L, bool positions) {
  size_t size, length;
  text s = pattern_check_text(L, 1, &size), p = pattern_check_text(L, 2, &length);
  size_t begin = slice_begin(luaL_optinteger(L, 3, 1), size);
  if (begin <= size) {
    text from = s + begin;
    if (positions && (pattern_is_plain(p, length) || (lua_gettop(L) > 3 && lua_toboolean(L, 4)))) {
      from = pattern_find_plain(from, size - begin, p, length);
      if (from != NULL) {
        pattern_push_position(L, from - s + 1);
        pattern_push_position(L, from - s + (lua_Integer)length);
        return 2;
      }
    } else {
      state m;
      bool anchored = *p == '^';
      pattern_prepare(&m, L, s, size, p + anchored, p + length, anchored);
      text end = pattern_search(&m, &from, NULL);
      if (end != NULL) {
        if (!positions) return push_captures(&m, from, end);
        pattern_push_position(L, from - s + 1);
        pattern_push_position(L, end - s);
        return m.level == 0 ? 2 : 2 + push_captures(&m, NULL, NULL);
      }
    }
  }
  luaL_pushfail(L);
  return 1;
}

int pattern_find(lua_State *L) { return pattern_find_any(L, true); }

int pattern_match(lua_State *L) { return pattern_find_any(L, false); }

/* The state of gmatch's iterator, in its third upvalue; the first two are the strings. */
typedef struct walk {
  text begin, end, pattern, pattern_end;
  text at;   /* where to continue; after the end = finished */
  text last; /* end of the last match */
} walk;

static int pattern_next_match(lua_State *L) {
  const TValue *upvalue = &clCvalue(s2v(L->ci->func.p))->upvalue[2];
  if (l_unlikely(!ttisfulluserdata(upvalue) ||
                 uvalue(upvalue)->len != sizeof(walk))) /* a script may change it by debug.setupvalue */
    luaL_error(L, "userdata of a C function has been replaced");
  walk *w = (walk *)getudatamem(uvalue(upvalue));
  if (w->at > w->end) return 0;
  state m;
  pattern_prepare(&m, L, w->begin, (size_t)(w->end - w->begin), w->pattern, w->pattern_end, false);
  text from = w->at, end = pattern_search(&m, &from, w->last);
  if (end == NULL) return 0;
  w->at = w->last = end;
  return push_captures(&m, from, end);
}

int pattern_gmatch(lua_State *L) {
  size_t size, length;
  text s = pattern_check_text(L, 1, &size), p = pattern_check_text(L, 2, &length);
  size_t begin = slice_begin(luaL_optinteger(L, 3, 1), size);
  lua_settop(L, 2);
  walk *w = lua_newuserdatauv(L, sizeof *w, 0);
  *w = (walk){.begin = s, .end = s + size, .pattern = p, .pattern_end = p + length, .at = s + begin};
  lua_pushcclosure(L, pattern_next_match, 3);
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

/* Adds the replacement of a match by gsub's third argument, a string. */
static void pattern_add_text(state *m, luaL_Buffer *b, text s, text end) {
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
      size_t length = pattern_capture(m, at[1] - '1', s, end, &begin);
      if (length == POSITION) {
        luaL_addvalue(b);
      } else {
        add(b, begin, begin + length);
      }
    } else {
      pattern_fail(m, "invalid use of '%%' in replacement string");
    }
  }
  add(b, from, limit);
}

/* Adds the replacement of a match; false, with nothing added, if the match stays. */
static bool pattern_add_value(state *m, luaL_Buffer *b, text s, text end, int type) {
  lua_State *L = m->L;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, push_captures(m, s, end), 1);
  } else if (type == LUA_TTABLE) {
    pattern_push_capture(m, 0, s, end);
    lua_gettable(L, 3);
  } else {
    pattern_add_text(m, b, s, end);
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
  text s = pattern_check_text(L, 1, &size), p = pattern_check_text(L, 2, &length), last = NULL, done = s;
  int type = lua_type(L, 3);
  lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)size + 1), count = 0;
  bool anchored = *p == '^', changed = false;
  luaL_argexpected(L,
                   type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
                   3, "string/function/table");
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  state m;
  if (most > 0) pattern_prepare(&m, L, s, size, p + anchored, p + length, anchored);
  while (count < most) {
    text end = pattern_search(&m, &s, last);
    if (end == NULL) break;
    count++;
    add(&b, done, s);
    done = s;
    if (pattern_add_value(&m, &b, s, end, type)) {
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
