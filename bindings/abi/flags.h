/*
 * flags.h - the properties of imports, for the flags column of abi.def.
 */
#ifndef FLARON_ABI_FLAGS_H
#define FLARON_ABI_FLAGS_H

enum abi_flag {
  ABI_PLAIN = 0,
  ABI_WAITS = 1,         /* it may wait long: for another machine */
  ABI_WAITS_BRIEFLY = 2, /* it may wait a little: for a disk, or a lock */
  ABI_OUTPUT = 4,        /* it only passes something to the host and has no answer */
  ABI_LOG = 8,           /* its argument is a line of the log */
  ABI_PURE = 16,         /* its answer depends only on its arguments */
  ABI_LOCAL =
      32 /* its answer depends only on the request or the connection, or it acts upon the connection */
};

#endif
