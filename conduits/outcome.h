#ifndef CM_OUTCOME_H
#define CM_OUTCOME_H

/* What becomes of a message in qmail-queue's place, and how its caller hears of it. */

#include "item.h"

/* The codes of qmail-queue(8); those from 11 to 40 are final. */
enum {
  OUTCOME_LONG = 11, OUTCOME_REFUSED = 31, OUTCOME_MEMORY = 51, OUTCOME_LATE = 52, OUTCOME_WRITE = 53, OUTCOME_READ = 54,
  OUTCOME_CONFIGURE = 55, OUTCOME_HOME = 61, OUTCOME_AGAIN = 71, OUTCOME_BROKEN = 81, OUTCOME_WORDS = 82,
  OUTCOME_ENVELOPE = 91, OUTCOME_QUEUE = 120
};

struct outcome {
  const char **program;    /* the real queue program and its arguments */
  unsigned long seconds;   /* that it may take */
  /* Afterwards: */
  stralloc words;          /* for descriptor 6: D or Z and a text; len 0: the code says it all */
  stralloc behind;         /* what the real one answered, 0-terminated; len 0: it was not asked */
};

/* Trouble of ours, of which the log has a line: code. */
int outcome_trouble(const struct item *item, int code, const char *what, const char *why);

/* Do with the message what its result says. The exit code. With 0 it is in the hands of the
 * real queue program, or the store has it, or its deletion is on record. */
int outcome(struct item *item, struct outcome *o);

#endif
