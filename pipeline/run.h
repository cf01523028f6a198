#ifndef CM_RUN_H
#define CM_RUN_H

/* A message through all paragraphs of a plan. */

#include "judge.h"
#include "plan.h"
#include "policy.h"

struct run {
  const struct plan *plan;
  struct outcome *outcomes;  /* one for each stage of the plan */
  int *votes;                /* what of them counts; POLICY_NONE: nothing */
  struct decision decision;
  int message;               /* the message as the rewriters left it */
  unsigned long size;        /* its bytes */
  int changed;               /* 1: it is another than the one given */
  int loud;                  /* 1 before the run: log all that stages say */
};

/* Run the plan on the message in fd. If that is no file that can be opened
 * again it is copied into memory first. For one call in the life of a process:
 * it blocks SIGTERM, SIGHUP, SIGINT and SIGCHLD for good, limits its own
 * processor time and adopts what stages leave behind. 1: run is filled; 0: one of these
 * signals came; -1 with errno. Nothing that was started is left in any case. */
int run_message(struct run *run, const struct plan *plan, int fd);

#endif
