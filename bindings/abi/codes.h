/*
 * codes.h - the numbers of codes.def: SPARK_QUOTA, PLASMA_BAD_KEY, WS_SEND_LIMIT...
 */
#ifndef FLARON_CODES_H
#define FLARON_CODES_H

enum {
#define FLARON_SPARK_CODE(number, name, text) SPARK_##name = number,
#define FLARON_PLASMA_CODE(number, name, text) PLASMA_##name = number,
#define FLARON_WS_CODE(number, name, text) WS_##name = number,
#include "abi/codes.def"
#undef FLARON_SPARK_CODE
#undef FLARON_PLASMA_CODE
#undef FLARON_WS_CODE
};

#endif
