#ifndef CM_CREW_H
#define CM_CREW_H

/* The daemon's side of its processes: one holder of the engine (two while a new
 * one loads), some scanners that it forked, and the queue of what they are to
 * look at. A scanner that dies, hangs or talks nonsense costs one answer. */

#include <poll.h>

#include "holder.h"

#define CREW_SCANNERS 64          /* most at a time */
#define CREW_POLLS (2 + 2 * CREW_SCANNERS)

struct crew_settings {
  struct holder_settings holder;
  unsigned long scanners;         /* how many work at a time */
  unsigned long scans;            /* how many a scanner does before another takes its place */
  const char *directory;          /* for temporary files */
};

/* One message to be looked at. */
struct job {
  int fd;
  long long length;
  /* Called once, unless it is cancelled: "OK", "NAME FOUND" or "WHY ERROR". */
  void (*done)(struct job *job, const char *answer);
  /* The crew's own: */
  struct job *next;
  int queued, digest, inquest;
  struct scanner *scanner;
  long long deadline;
};

/* Start the first holder; the settings stay the caller's. 1, or -1 with errno. */
int crew_begin(const struct crew_settings *settings);

/* 1: an engine stands; 0: it is being loaded; -1: it could not be, and there is none. */
int crew_ready(void);

/* Have new signatures loaded; what there is goes on until they are. */
void crew_reload(void);

/* Take a job, or give it up; its fd stays the caller's. */
void crew_submit(struct job *job);
void crew_cancel(struct job *job);

/* Into the array, what to wait for; how many. Then serve what came, and what is
 * overdue; at least once a second. */
size_t crew_watch(struct pollfd *polls);
void crew_serve(const struct pollfd *polls, size_t count);

/* "ClamAV VERSION" of the engine that stands. */
const char *crew_version(void);

/* Scanners, those of them that work, jobs that wait. */
void crew_count(unsigned int *live, unsigned int *busy, unsigned int *waiting);

/* End all processes, wait for them, and free everything. */
void crew_end(void);

#endif
