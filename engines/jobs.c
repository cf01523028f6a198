#include "jobs.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#define COPIES 32

static struct job *first, **last = &first;
static struct job copies[COPIES];  /* done 0: free */

void jobs_add(struct job *job, int in_front)
{
  job->queued = 1;
  job->scanner = 0;
  job->next = 0;
  if (in_front) {
    job->next = first;
    first = job;
    if (!job->next) last = &job->next;
  } else {
    *last = job;
    last = &job->next;
  }
}

void jobs_remove(struct job *job)
{
  struct job **at = &first;

  while (*at && *at != job) at = &(*at)->next;
  if (!*at) return;
  *at = job->next;
  if (last == &job->next) last = at;
  job->queued = 0;
}

struct job *jobs_first(void)
{
  return first;
}

static void forget(struct job *job, const char *answer)
{
  (void) answer;
  close(job->fd);
  job->done = 0;
}

struct job *jobs_copy(const struct job *like)
{
  struct job *j = copies;
  int fd;

  while (j < copies + COPIES && j->done) ++j;
  fd = j < copies + COPIES ? fcntl(like->fd, F_DUPFD_CLOEXEC, 3) : -1;
  if (fd == -1) return 0;
  *j = *like;
  j->fd = fd;
  j->done = forget;
  return j;
}

int jobs_copied(const struct job *job)
{
  return job->done == forget;
}

void jobs_end(void)
{
  size_t i;

  for (i = 0; i < COPIES; ++i)
    if (copies[i].done) forget(copies + i, "");
}
