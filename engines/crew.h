#ifndef CM_CREW_H
#define CM_CREW_H

/* The scanners that the engine forks, and what they are given to look at. One
 * that dies, hangs or talks nonsense costs one answer. */

#include <poll.h>

#include "engine.h"
#include "jobs.h"

#define CREW_SCANNERS 64          /* most at a time */
#define CREW_POLLS (ENGINE_POLLS + 2 * CREW_SCANNERS)

struct crew_settings {
  struct holder_settings holder;
  unsigned long scanners;         /* how many work at a time */
  unsigned long scans;            /* how many a scanner does before another takes its place */
  const char *directory;          /* for temporary files */
};

/* Begin with a first engine; the settings stay the caller's. 1, or -1 with errno. */
int crew_begin(const struct crew_settings *settings);

/* Take a job, or give it up; its fd stays the caller's. */
void crew_submit(struct job *job);
void crew_cancel(struct job *job);

/* Into the array, what to wait for; how many. Then serve what came, and what is
 * overdue; at least once a second. */
size_t crew_watch(struct pollfd *polls);
void crew_serve(const struct pollfd *polls, size_t count);

/* Scanners, those of them that work, jobs that wait. */
void crew_count(unsigned int *live, unsigned int *busy, unsigned int *waiting);

/* End all processes, wait for them, and free everything. */
void crew_end(void);

#endif
