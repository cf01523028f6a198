#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "jail.h"
#include "landlock.h"
#include "surroundings.h"

/* Bytes of a file that a stage may write above twice the message: of a new message, and of
 * what a check remembers, such as the greylist, of 8 MiB. */
enum { MESSAGE = 1 << 20, STATE = 16 << 20 };

static unsigned long inherited;  /* seconds of processor time that are our limit; 0: unknown */

void job_limit(const struct plan *plan)
{
  struct rlimit limit;
  unsigned long most = PLAN_TIME;
  size_t i;

  for (i = 0; i < plan->count; ++i)
    if (plan->stages[i].time > most) most = plan->stages[i].time;
  /* As a stage of another pipeline we may have been given less: that stays. */
  if (getrlimit(RLIMIT_CPU, &limit) || limit.rlim_max < most) return;
  limit.rlim_cur = limit.rlim_max = most;
  if (!setrlimit(RLIMIT_CPU, &limit)) inherited = most;
}

static struct jail jail = { .rules = -1 };
static stralloc trouble;  /* 0-terminated; empty: what errno says */

static int make(struct job *j)
{
  /* The stage before may have moved the offset, even without a word. */
  if (j->made) return lseek(j->report, 0, SEEK_SET) == -1 ? -1 : 1;
  j->report = memfd_create("report", MFD_CLOEXEC);
  if (j->report == -1) return -1;
  if (pipe2(j->log, O_CLOEXEC) == -1) {
    close(j->report);
    return -1;
  }
  if (fcntl(j->log[0], F_SETFL, O_NONBLOCK) == -1) {
    close(j->report);
    close(j->log[0]);
    close(j->log[1]);
    return -1;
  }
  return j->made = 1;
}

/* What of its jail is made before it starts. */
static int imprison(struct spawn *s, const char *profile)
{
  static int level = -1;
  static stralloc path;
  int open[2];

  if (level == -1) level = landlock_level();
  surroundings_open(open);
  if (spawn_find(s->argv[0], &path) == -1 ||
      jail_make(&jail, profile, &path, level, open, &trouble) == -1) return -1;
  s->path = path.s;
  s->more[0] = open[0];
  s->more[1] = open[1];
  s->enter = jail_enter;
  s->with = &jail;
  return 1;
}

static int prepare(struct job *j, int message, char *const *env)
{
  struct spawn *s = &j->spawn;

  if (make(j) == -1) return -1;
  if (j->stage->rewrite && (j->output = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING)) == -1)
    return -1;
  memset(s, 0, sizeof *s);
  s->argv = j->stage->argv;
  s->env = env;
  s->fd[0] = message;
  s->fd[1] = j->stage->rewrite ? j->output : j->report;
  s->fd[2] = j->log[1];
  s->fd[3] = j->stage->rewrite ? j->report : -1;
  s->memory = j->stage->memory;
  if (j->stage->time != inherited) s->cpu = j->stage->time;
  s->filesize = j->filesize;
  s->nice = j->stage->nice;
  s->unwatched = s->calm = 1;
  return j->stage->jail ? imprison(s, j->stage->jail) : 1;
}

int job_start(struct job *j, const struct stage *stage, int message, unsigned long size,
              char *const *env, long until)
{
  int result, saved;

  j->stage = stage;
  j->output = -1;
  j->text.len = 0;
  j->dropped = 0;
  j->filesize = 2 * size + (stage->rewrite ? MESSAGE : STATE);
  j->started = clock_ms();
  j->until = until;
  j->time = until - j->started;
  j->needless = 0;
  trouble.len = 0;
  result = prepare(j, message, env);
  if (result == 1) result = spawn_start(&j->spawn);
  saved = errno;
  if (stage->jail) jail_end(&jail);
  close(message);
  if (result == -1 && j->output != -1) close(j->output);
  errno = saved;
  if (result == 1) j->state = JOB_RUNNING;
  return result;
}

const char *job_trouble(void)
{
  return trouble.len ? trouble.s : strerror(errno);
}

ssize_t job_drain(struct job *j)
{
  static char bytes[JOB_LOG];
  size_t room;
  ssize_t r = read(j->log[0], bytes, sizeof bytes);

  if (r <= 0) return r;
  room = JOB_LOG - j->text.len;
  if (room > (size_t) r) room = (size_t) r;
  if (!stralloc_catb(&j->text, bytes, room)) room = 0;
  j->dropped += (size_t) r - room;
  return r;
}

void job_end(struct job *j)
{
  int first = j->state == JOB_RUNNING;

  spawn_kill(&j->spawn, first ? SIGTERM : SIGKILL);
  j->state = first ? JOB_ASKED : JOB_KILLED;
  j->until = clock_ms() + (first ? JOB_GRACE : JOB_LAST);
}

void job_abandon(struct job *j)
{
  j->state = JOB_IDLE;
  j->made = 0;  /* it may still write into them */
}

int job_over(struct job *j)
{
  ssize_t got, r;

  if (!spawn_ended(&j->spawn, j->state != JOB_RUNNING, &j->code)) return 0;
  /* So much a pipe holds; who was left behind may fill it again and again. */
  for (got = 0; got < JOB_LOG && (r = job_drain(j)) > 0; got += r) ;
  return 1;
}

ssize_t job_report(struct job *j, char *bytes, size_t len)
{
  ssize_t r = pread(j->report, bytes, len, 0);

  return r && ftruncate(j->report, 0) == -1 ? -1 : r;
}
