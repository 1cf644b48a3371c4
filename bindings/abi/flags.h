/*
 * flags.h - what is true of an import, for the flags of abi.def.
 */
#ifndef FLARON_ABI_FLAGS_H
#define FLARON_ABI_FLAGS_H

enum abi_flag {
  ABI_PLAIN = 0,
  ABI_WAITS = 1,         /* it may wait long: for another machine */
  ABI_WAITS_BRIEFLY = 2, /* it may wait a little: for a disk, or a lock */
  ABI_OUTPUT = 4,        /* it tells the host something, and is told nothing */
  ABI_LOG = 8,           /* that is a line of the log */
  ABI_PURE = 16,         /* its answer follows from its arguments */
  ABI_LOCAL = 32 /* its answer follows from the request or the connection, or it does something to that */
};

#endif
