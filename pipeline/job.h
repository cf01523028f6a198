#ifndef CM_JOB_H
#define CM_JOB_H

/* One stage at work: its process, its files, its clock. A job is used again
 * for the stages of later paragraphs, so that its files need not be made anew. */

#include "plan.h"
#include "spawn.h"

enum {
  JOB_LOG   = 65536,  /* bytes of descriptor 2 that are kept */
  JOB_GRACE = 200,    /* milliseconds between SIGTERM and SIGKILL */
  JOB_LAST  = 2000    /* milliseconds between SIGKILL and giving it up */
};

/* ASKED and KILLED: job_end() has sent SIGTERM and then SIGKILL. */
enum job_state { JOB_IDLE, JOB_RUNNING, JOB_ASKED, JOB_KILLED };

struct job {
  const struct stage *stage;
  enum job_state state;
  struct spawn spawn;
  int made;                /* 1: report and log are open */
  int report;              /* memory files for the report and the new message */
  int output;              /* -1: none */
  int log[2];              /* a pipe; its reading end does not block */
  stralloc text;           /* what came through it */
  unsigned long dropped;   /* bytes that did not fit into text */
  unsigned long filesize;  /* what it may write into one file */
  long started, until;     /* milliseconds of clock_ms() */
  long time;               /* milliseconds it was given */
  int needless;            /* 1: ended because its answer changes nothing */
  int code;                /* that it ended with, or a negated signal */
};

/* Limit the processor time of this process to that of the stage that has most,
 * and no less than PLAN_TIME, so that most stages need no limit of their own. */
void job_limit(const struct plan *plan);

/* Start the stage on a message of size bytes; message, a descriptor of its own,
 * is closed here. until: when its time is over. 1; -1 with errno, job is idle. */
int job_start(struct job *job, const struct stage *stage, int message, unsigned long size,
              char *const *env, long until);

/* Why job_start() failed. */
const char *job_trouble(void);

/* Take what came on its descriptor 2: some bytes, so many; 0 at its end, -1: there is nothing now. */
ssize_t job_drain(struct job *job);

/* Time is over, or the answer is no longer wanted: first SIGTERM, on the next
 * call SIGKILL. until becomes the time of the next call. */
void job_end(struct job *job);

/* Not even SIGKILL ended the process: leave it to the kernel. */
void job_abandon(struct job *job);

/* Has the process ended? Then it is reaped, its exit code or negated signal is in code, and
 * the rest of its descriptor 2 taken; what one that ended by itself left behind is for
 * spawn_strays(). 1 or 0. */
int job_over(struct job *job);

/* Copy at most len bytes of the report, from its beginning. The number, or -1
 * with errno. The next stage finds the file empty. */
ssize_t job_report(struct job *job, char *bytes, size_t len);

#endif
