#ifndef CM_PLAN_H
#define CM_PLAN_H

/* The pipeline file, cm-pipeline(5): which stages run, in what order, and what
 * their answers mean. */

#include "owfat.h"

enum {
  PLAN_STAGES = 200,  /* stages in one file */
  PLAN_NAME   = 30,   /* letters of a name */
  PLAN_TIME   = 60,   /* seconds a stage may take where time= is not given */
  PLAN_TIMES  = 86400 /* the most that time= takes */
};
#define PLAN_MEMORY (512UL << 20)  /* bytes, where mem= is not given */

/* All pointers are into the plan's own memory. */
struct stage {
  char *name;
  char **argv;          /* the command's words, 0 behind the last */
  char **only;          /* patterns of for=, 0 behind the last; 0: none */
  char **except;        /* patterns of not-for= */
  unsigned int line;    /* where it stands in the file */
  unsigned int group;   /* number of its paragraph, from 0 without gaps */
  int rewrite, always, shadow;
  int nice;
  int onerror;          /* verdict; VERDICT_UNKNOWN for deliver */
  unsigned long max;    /* bytes of a message; 0: no limit */
  unsigned long time;   /* seconds */
  unsigned long memory; /* bytes */
  char *jail;           /* name of a profile, cm-jail(5), or 0 */
  signed char codes[256];  /* verdict that an exit code is mapped to, or -1 */
};

struct plan {
  struct stage *stages; /* in the order of the file */
  size_t count;
};

/* Read a pipeline file, looked up as control_open() does. 1: plan is filled
 * (count may be 0); 0: there is no such file; -1: it cannot be used, and error
 * says why and where, "control/pipeline:12: no command behind : ",
 * 0-terminated. plan is overwritten; what it holds is not meant to be freed. */
int plan_read(const char *file, struct plan *plan, stralloc *error);

/* Is the stage enabled for this recipient? 1 or 0. */
int plan_enabled(const struct stage *stage, const char *recipient, size_t len);

#endif
