/*
 * answer.h - reads what an agent answers (scripts/debug/agent.lua), in a flare or in the program of a spec,
 * as the structures of debugger.h. `left` is what has not been read yet; what is missing reads as empty or 0.
 */
#ifndef FLARON_EDGE_ANSWER_H
#define FLARON_EDGE_ANSWER_H

#include "debug/debugger.h"

/* Adds the next field to a text. */
void answer_text(bytes *left, text *to);

/* The next variable, which the caller frees. */
void answer_variable(bytes *left, debugger_variable *variable);

/* All frames of an answer; `frames` is empty before, and the caller's to free. */
void answer_frames(bytes left, debugger_frames *frames);

void answer_scopes(bytes left, debugger_scopes *scopes);

#endif
