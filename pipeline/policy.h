#ifndef CM_POLICY_H
#define CM_POLICY_H

/* The verdicts of all stages become one decision. Pure functions: the order in
 * which parallel stages end changes no result; tests/base/policy.c tries all. */

#include <stddef.h>

#include "verdict.h"

#define POLICY_NONE (-1)  /* no vote: the stage has not ended, was skipped, or is a shadow */

struct decision {
  int verdict;
  int stage;    /* whose verdict it is, the first in the file; -1: nothing was found */
};

/* The decision of count votes in the order of the file: the highest rank.
 * Whitelisted is the result if nobody has anything against the message. */
struct decision policy_merge(const int *votes, size_t count);

/* A stage is still running: can its vote no longer change the decision, because
 * one before it said accept/delete? 1 or 0. */
int policy_needless(const int *votes, size_t stage);

/* Has what the paragraphs so far decided deleted the message, so that no stage
 * is started any more? 1 or 0. */
int policy_over(const struct decision *decision);

/* Has one of the count votes whitelisted the message? 1 or 0. */
int policy_trusts(const int *votes, size_t count);

/* Is a message delivered under this verdict marked with a subject tag? */
int policy_marks(int verdict);

#endif
