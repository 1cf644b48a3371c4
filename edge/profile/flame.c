/*
 * flame.c - see flame.h.
 */
#include "profile/flame.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { WIDTH = 1200, MARGIN = 10, ROW = 17, HEAD = 44, FOOT = 10 };

/* The width of a letter of the monospaced font, and of the narrowest box that is drawn, in units of the
 * SVG. */
static const double letter = 6.65, narrowest = 0.3;

/* A profile with values computed once. */
typedef struct view {
  const profile *profile;
  text *labels;    /* of each function */
  uint32_t *total; /* samples of each node and its descendants */
  text *out;
} view;

/* Replaces bytes that are not UTF-8 and control characters by '?'. */
static void make_readable(text *t) {
  for (size_t i = 0, size; i < t->size; i += size) {
    uint32_t code;
    size = utf8_read(t->data + i, t->size - i, &code);
    /* characters that XML 1.0 forbids or discourages */
    bool control =
        size != 0 && (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xFFFE || code == 0xFFFF);
    if (size != 0 && !control) continue;
    size = 1;
    t->data[i] = '?';
  }
}

static view view_make(const profile *p, text *out) {
  view v = {.profile = p, .out = out};
  v.labels = memory_get(PROFILE_FUNCTIONS * sizeof *v.labels);
  v.total = memory_get(p->node_count * sizeof *v.total);
  for (size_t i = 0; i < PROFILE_FUNCTIONS; i++) {
    if (!p->functions[i].used) continue;
    profile_describe(&p->functions[i], &v.labels[i]);
    make_readable(&v.labels[i]);
  }
  for (uint32_t n = p->node_count; n-- > 0;) {
    v.total[n] += p->nodes[n].self;
    if (n > 0) v.total[p->nodes[n].parent] += v.total[n];
  }
  return v;
}

static void view_free(view *v) {
  for (size_t i = 0; i < PROFILE_FUNCTIONS; i++) text_free(&v->labels[i]);
  free(v->labels);
  free(v->total);
}

static const text *label_of(const view *v, uint32_t node) {
  return &v->labels[v->profile->nodes[node].function];
}

static double percent(const view *v, uint32_t samples) {
  return v->total[0] != 0 ? 100.0 * samples / v->total[0] : 0;
}

/* ---- the flame graph ---- */

/* Adds as much of a label as fits into `width`, or nothing. */
static void add_clipped(text *out, const text *label, double width) {
  size_t room = width > 2 * letter ? (size_t)(width / letter) : 0, letters = 0, size = 0, clipped = 0;
  for (; size < label->size; size++) {
    if (((uint8_t)label->data[size] & 0xc0) == 0x80) continue; /* a continuation byte of UTF-8 */
    if (room != 0 && letters == room - 1) clipped = size;
    letters++;
  }
  if (letters <= room) {
    text_add_markup(out, text_bytes(label));
  } else if (room >= 4) {
    text_add_markup(out, (bytes){(const uint8_t *)label->data, clipped});
    text_add_string(out, "\xe2\x80\xa6");
  }
}

/* The number of rows of a node and its descendants. */
static int height_of(const view *v, uint32_t node, double scale) {
  int most = 0;
  for (uint32_t n = v->profile->nodes[node].child; n != 0; n = v->profile->nodes[n].next) {
    int height = v->total[n] * scale >= narrowest ? height_of(v, n, scale) : 0;
    if (height > most) most = height;
  }
  return most + 1;
}

static void draw_box(const view *v, uint32_t node, double x, double y, double scale) {
  static const char kinds[] = {
      [PROFILE_LUA] = 'l', [PROFILE_C] = 'c', [PROFILE_HOST] = 'h', [PROFILE_OTHER] = 'o'};
  const profile_node *n = &v->profile->nodes[node];
  const text *label = label_of(v, node);
  double width = v->total[node] * scale;
  text_printf(v->out, "<g><title>");
  text_add_markup(v->out, text_bytes(label));
  text_printf(v->out, "\n%u samples, %.1f %%; %u of its own, %.1f %%</title>", v->total[node],
              percent(v, v->total[node]), n->self, percent(v, n->self));
  text_printf(v->out, "<rect class=\"%c\" x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\"/>",
              kinds[v->profile->functions[n->function].kind], x, y, width > 1 ? width - 0.5 : width, ROW - 1);
  text_printf(v->out, "<text x=\"%.2f\" y=\"%.0f\">", x + 3, y + ROW - 5);
  add_clipped(v->out, label, width - 6);
  text_add_string(v->out, "</text></g>\n");
}

/* A child that is to be drawn. */
typedef struct child {
  const text *label;
  uint32_t node;
} child;

static int by_label(const void *a, const void *b) {
  const child *one = a, *other = b;
  int order = strcmp(text_string(one->label), text_string(other->label));
  return order != 0 ? order : one->node < other->node ? -1 : 1;
}

static void draw(const view *v, uint32_t node, double x, double y, double scale) {
  const profile_node *nodes = v->profile->nodes;
  size_t count = 0;
  draw_box(v, node, x, y, scale);
  for (uint32_t n = nodes[node].child; n != 0; n = nodes[n].next) count++;
  if (count == 0) return;
  child *children = memory_get(count * sizeof *children);
  count = 0;
  for (uint32_t n = nodes[node].child; n != 0; n = nodes[n].next)
    children[count++] = (child){label_of(v, n), n};
  qsort(children, count, sizeof *children, by_label);
  for (size_t i = 0; i < count; i++) {
    double width = v->total[children[i].node] * scale;
    if (width >= narrowest) draw(v, children[i].node, x, y - ROW, scale);
    x += width;
  }
  free(children);
}

void flame_svg(const profile *p, const char *title, text *out) {
  static const char style[] =
      "<style>\n"
      "svg{background:#fff}text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#111}"
      ".t{font-size:15px}.n{fill:#555}\n"
      ".l{fill:#f3a65c}.c{fill:#dccb4d}.h{fill:#7db5e6}.o{fill:#c9c9c9}g:hover rect{stroke:#000}\n"
      "@media(prefers-color-scheme:dark){svg{background:#1b1b1b}text{fill:#eee}.n{fill:#aaa}\n"
      ".l{fill:#9c4f10}.c{fill:#6e6312}.h{fill:#1f5a8f}.o{fill:#4a4a4a}g:hover rect{stroke:#fff}}\n"
      "</style>\n";
  view v = view_make(p, out);
  text head = {0};
  double scale = v.total[0] != 0 ? (double)(WIDTH - 2 * MARGIN) / v.total[0] : 0;
  int rows = height_of(&v, 0, scale), height = HEAD + rows * ROW + FOOT;
  text_add_string(&head, title);
  make_readable(&head);
  text_printf(out,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n",
              WIDTH, height, WIDTH, height);
  text_add_string(out, style);
  text_printf(out, "<text class=\"t\" x=\"%d\" y=\"18\">", MARGIN);
  text_add_markup(out, text_bytes(&head));
  text_printf(out, "</text>\n<text class=\"n\" x=\"%d\" y=\"35\">", MARGIN);
  text_printf(out, "%u samples; orange: Lua, yellow: C of the runtime, blue: the host</text>\n", v.total[0]);
  draw(&v, 0, MARGIN, HEAD + (rows - 1) * ROW, scale);
  text_add_string(out, "</svg>\n");
  text_free(&head);
  view_free(&v);
}

/* ---- folded stacks ---- */

static void add_stack(const view *v, uint32_t node) {
  if (node != 0) {
    add_stack(v, v->profile->nodes[node].parent);
    text_add_string(v->out, ";");
  }
  const text *label = label_of(v, node);
  for (size_t i = 0; i < label->size; i++) text_add(v->out, label->data[i] == ';' ? "," : &label->data[i], 1);
}

void flame_folded(const profile *p, text *out) {
  view v = view_make(p, out);
  for (uint32_t n = 0; n < p->node_count; n++) {
    if (p->nodes[n].self == 0) continue;
    add_stack(&v, n);
    text_printf(out, " %u\n", p->nodes[n].self);
  }
  view_free(&v);
}

/* ---- the table ---- */

/* A function's samples: its own, and those of all stacks that contain it, each counted once. */
typedef struct sum {
  uint32_t function, self, total, seen;
} sum;

static int by_samples(const void *a, const void *b) {
  const sum *one = a, *other = b;
  if (one->self != other->self) return one->self > other->self ? -1 : 1;
  if (one->total != other->total) return one->total > other->total ? -1 : 1;
  return one->function < other->function ? -1 : 1;
}

void flame_table(const profile *p, int most, text *out) {
  view v = view_make(p, out);
  sum *sums = memory_get(PROFILE_FUNCTIONS * sizeof *sums);
  for (uint32_t i = 0; i < PROFILE_FUNCTIONS; i++) sums[i].function = i;
  for (uint32_t n = 0; n < p->node_count; n++) {
    uint32_t self = p->nodes[n].self;
    sums[p->nodes[n].function].self += self;
    for (uint32_t at = n; self != 0; at = p->nodes[at].parent) {
      sum *s = &sums[p->nodes[at].function];
      if (s->seen != n + 1) s->total += self;
      s->seen = n + 1;
      if (at == 0) break;
    }
  }
  qsort(sums, PROFILE_FUNCTIONS, sizeof *sums, by_samples);
  text_add_string(out, "  self   total\n");
  for (int i = 0; i < most && i < PROFILE_FUNCTIONS && sums[i].self != 0; i++) {
    text_printf(out, "%5.1f%%  %5.1f%%  %s\n", percent(&v, sums[i].self), percent(&v, sums[i].total),
                text_string(&v.labels[sums[i].function]));
  }
  free(sums);
  view_free(&v);
}
