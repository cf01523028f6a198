#ifndef CM_JOBS_H
#define CM_JOBS_H

/* The messages that wait to be looked at, in order. */

struct scanner;

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

/* Put it at the end, or in front; take it out. */
void jobs_add(struct job *job, int in_front);
void jobs_remove(struct job *job);

/* The first; its next is the second. 0: none waits. */
struct job *jobs_first(void);

/* A job for the same message that no client waits for; 0: there are too many. Its
 * done closes it. */
struct job *jobs_copy(const struct job *like);
int jobs_copied(const struct job *job);

/* Close all copies. */
void jobs_end(void);

#endif
