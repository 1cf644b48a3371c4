/*
 * list.h - lists that grow: an array and the number of its items, without a capacity of its own. What items
 * own is their owner's business.
 */
#ifndef FLARON_EDGE_LIST_H
#define FLARON_EDGE_LIST_H

#include "base/text.h"

/*
 * Makes room after `count` items for one more, in an array that was NULL with no items at first and had each
 * item added this way: there is always room up to the next power of two. Items may be taken off the end
 * meanwhile. `items` is moved; ends the program when memory runs out.
 */
#define LIST_ROOM(items, count) ((items) = list_room((items), (count), sizeof *(items)))

/* LIST_ROOM for items of `size` bytes; returns the array. */
static inline void *list_room(void *items, size_t count, size_t size) {
  if ((count & (count - 1)) != 0) return items;
  return memory_resize(items, (count != 0 ? 2 * count : 1) * size);
}

#endif
