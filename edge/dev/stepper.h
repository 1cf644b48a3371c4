/*
 * stepper.h - answers what the page asks of the steps of an invocation (debug/steps.h), on a thread of its
 * own, since it may take a second. One question at a time is answered; of those that wait only the newest is
 * kept.
 */
#ifndef FLARON_EDGE_STEPPER_H
#define FLARON_EDGE_STEPPER_H

#include "debug/steps.h"
#include "server/pool.h"

typedef struct stepper stepper;

/* A question with all that it needs. Owned; begin with {0}. */
typedef struct stepper_question {
  text key;          /* what is asked, in whole: equal keys have equal answers */
  pool_flare *flare; /* a reference */
  text packed;       /* the invocation: history_read */
  text method, url;  /* of its request */
  steps_kind kind;
  uint64_t event, before;
  int level;
  text name, text;
  bool backwards;
} stepper_question;

typedef enum stepper_state {
  STEPPER_UNKNOWN, /* it was not asked, or other questions came between */
  STEPPER_LATER,   /* ask again in a moment */
  STEPPER_READY,   /* the answer was added */
  STEPPER_FAILED   /* a sentence was added */
} stepper_state;

/* All functions are called on one thread, the page's. */
stepper *stepper_new(void);

/* Looks for the answer to a key. */
stepper_state stepper_find(stepper *s, bytes key, text *answer);

/* Asks; takes the question over, and drops one that waits. */
void stepper_ask(stepper *s, stepper_question *q);

void stepper_question_free(stepper_question *q);

/* Frees it, after the question that is being answered. */
void stepper_free(stepper *s);

#endif
