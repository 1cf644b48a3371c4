/*
 * list.h - growing lists: an array and a count of items, without a stored capacity. The caller frees what the
 * items own.
 */
#ifndef FLARON_EDGE_LIST_H
#define FLARON_EDGE_LIST_H

#include "base/text.h"

/*
 * Makes room for one more item after `count` items. The array must have started as NULL with no items, and
 * each item must have been added this way: its capacity is always the next power of two. Items may be removed
 * from the end meanwhile. May move `items`; ends the program when memory runs out.
 */
#define LIST_ROOM(items, count) ((items) = list_room((items), (count), sizeof *(items)))

/* LIST_ROOM for items of `size` bytes; returns the array. */
static inline void *list_room(void *items, size_t count, size_t size) {
  if ((count & (count - 1)) != 0) return items;
  return memory_resize(items, (count != 0 ? 2 * count : 1) * size);
}

#endif
