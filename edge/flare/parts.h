/*
 * parts.h - the optional parts of the runtime (runtime/parts): which there are and which modules they have.
 *
 * A set of parts is a mask: bit n is part n, in the order of runtime/parts/parts.def; bit PARTS_LIBRARY + n
 * is library n of Lua, in the order of abi/libraries.def, which a flare has unless it is packed without.
 */
#ifndef FLARON_EDGE_PARTS_H
#define FLARON_EDGE_PARTS_H

#include <stdint.h>

#include "flare/runtime.h"
#include "flare/wasm.h"

enum { PARTS_LIBRARY = 24 };

/* The sets of all libraries, and of those that reach_cut takes out (runtime/start/reach.h). */
#define PARTS_LIBRARIES (0xFFFFFFFFu << PARTS_LIBRARY)
uint32_t parts_reached(void);

/* The name of library `n`; NULL after the last. The set of the library called `name`; 0 = there is none. */
const char *parts_library_name(unsigned n);
uint32_t parts_library(const char *name);

/* A Lua module of a part. Static. */
typedef struct part_module {
  const char *part, *name;
} part_module;

/* The modules of all parts, in the order of parts.def; ends with {NULL, NULL}. */
extern const part_module part_modules[];

/* The module called `name`; NULL = no part has it. */
const part_module *parts_find_module(const char *name);

/* The set of the optional part called `name`; 0 = there is none. */
uint32_t parts_named(const char *name);

/* The name of optional part `n`; NULL after the last. */
const char *parts_name(unsigned n);

/*
 * Adds the payload of a section of a runtime, as a flare with only these parts has it: functions of other
 * parts behind the last one that stays are cut off, others become traps, and their slots of the table stay
 * empty. The indices of what stays are the same. Sections other than functions, elements and code are added
 * as they are. FLARE_RUNTIME_CORE has no optional parts, nor the libraries of parts_reached.
 */
void parts_write_section(flare_runtime_kind kind, uint32_t parts, const wasm_section *section,
                         wasm_writer *body);

/* Sets the constants and variables of parts that are not in `parts` to zero. `memory` is that from address
 * `from` to `to`. */
void parts_clear_data(uint32_t parts, uint8_t *memory, uint32_t from, uint32_t to);

/* The bytes of code and of data in a runtime that only part `n` has. */
uint32_t parts_size(flare_runtime_kind kind, unsigned n);

#endif
