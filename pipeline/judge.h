#ifndef CM_JUDGE_H
#define CM_JUDGE_H

/* From the end of a stage's process to its verdict. What is not understood is
 * broken, and on-error then decides. */

#include "answer.h"
#include "job.h"
#include "policy.h"

#define JUDGE_NOCODE 1000  /* no exit code: the stage never ran */

/* What became of one stage. */
struct outcome {
  const char *skipped;   /* why it was not run, as the trace says it; 0: it was */
  int verdict;           /* what its exit code means; VERDICT_BROKEN: nothing */
  int vote;              /* that, with on-error applied */
  int code;              /* exit code, negated signal or JUDGE_NOCODE */
  unsigned long ms;      /* how long it took */
  stralloc cause;        /* why it is broken */
  struct answer answer;
};

/* The stage is broken; the cause is the text with the number (0: none) and
 * more behind it. 1, or 0 without memory, as the other two. */
int judge_broken(struct outcome *outcome, const struct stage *stage, const char *text,
                 unsigned long number, const char *more);

/* Judge by outcome->code and the answer, and by how the job came to its end. */
int judge_code(struct outcome *outcome, const struct job *job);

/* Is what a rewriter wrote a message, and as whole as the old one? Broken if not. *size:
 * its bytes, or 0 if there is to be no new message, also because the old one is. */
int judge_output(struct outcome *outcome, const struct job *job, int old, unsigned long *size);

#endif
