/*
 * abi.h - `flaron/v1` as C functions, and the exports of a flare for the host.
 *
 * The prototypes are made from abi.def. Only bindings/ and runtime/ include this, never native code. codes.h
 * has the error codes.
 */
#ifndef FLARON_ABI_H
#define FLARON_ABI_H

#include <stddef.h>
#include <stdint.h>

/* A host answer: pointer << 32 | length of a block that the host got from our `alloc`; 0 = no answer. */
typedef uint64_t abi_packed;

#define ABI_RESULT_VOID void
#define ABI_RESULT_I32 int32_t
#define ABI_RESULT_PACKED abi_packed
#define ABI_PARAMS_NONE void
#define ABI_PARAMS_N int32_t
#define ABI_PARAMS_B const char *, size_t
#define ABI_PARAMS_BB const char *, size_t, const char *, size_t
#define ABI_PARAMS_BBN const char *, size_t, const char *, size_t, int32_t
#define ABI_PARAMS_BL const char *, size_t, int64_t

/* With a length of 0 the pointer has no meaning. */
#define FLARON_IMPORT(result, name, params, flags, absent)        \
  __attribute__((import_module("flaron/v1"), import_name(#name))) \
  ABI_RESULT_##result name(ABI_PARAMS_##params);
#include "abi/abi.def"
#undef FLARON_IMPORT

/* The result of handle_request, in its high half. */
enum abi_action { ABI_RESPOND = 1, ABI_TRANSFORM = 2, ABI_PASS_THROUGH = 3 };

/* Marks an export of the flare. */
#define ABI_EXPORT(name) __attribute__((export_name(#name)))

#endif
