#include "crew.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "pass.h"
#include "suspects.h"

#define GRACE 2          /* seconds for a scanner above its own time limit */
#define PAUSE 1000       /* ms between two tries to have scanners that do not begin */

struct scanner {
  int channel;           /* -1: this place is free */
  unsigned int serial;   /* by which the holder names it */
  pid_t pid;             /* 0: not known yet; it may not work before */
  int confined;          /* it said so */
  unsigned int generation;
  unsigned long scans;
  struct job *job;
  long long deadline;    /* of the job, or of becoming ready */
};

static const struct crew_settings *settings;
static struct scanner scanners[2 * CREW_SCANNERS];
static size_t places;                  /* of scanners, twice as many as work */
static unsigned int standing;          /* the engine that the crew knows of */
static int told_confinement;
static long long rest;                 /* until then no scanner is started: one could not even begin */

/* ---- scanners come and go ---- */

static int want_scanner(void)
{
  static unsigned int serial;
  struct scanner *s = scanners;
  int pair[2];

  while (s < scanners + places && s->channel != -1) ++s;
  if (s == scanners + places || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) return 0;
  memset(s, 0, sizeof *s);
  s->channel = pair[0];
  s->serial = ++serial;
  s->generation = standing;
  s->deadline = clock_ms() + 1000 * (long long) settings->holder.limits.seconds;
  if (engine_fork(s->serial, pair[1]) == -1) {
    close(s->channel);
    s->channel = -1;
  }
  close(pair[1]);
  return s->channel != -1;
}

static void fill_crew(void)
{
  unsigned long n = 0;
  size_t i;

  if (engine_ready() != 1 || clock_ms() < rest) return;
  for (i = 0; i < places; ++i) n += scanners[i].channel != -1 && scanners[i].generation == standing;
  for (; n < settings->scanners && want_scanner(); ++n) ;
}

/* How it ended, in words; one that still runs is killed. */
static const char *end_scanner(struct scanner *s)
{
  static char how[80];
  int status = 0;

  close(s->channel);
  s->channel = -1;
  snprintf(how, sizeof how, "ended");
  if (s->pid) engine_kill(s->pid, &status);
  if (WIFSIGNALED(status)) snprintf(how, sizeof how, "ended by signal %d", WTERMSIG(status));
  return how;
}

/* The engine knows what became of one that was asked for. */
static void forked(unsigned int serial, pid_t pid, const char *why)
{
  struct scanner *s = scanners;

  while (s < scanners + places && (s->channel == -1 || s->serial != serial)) ++s;
  if (pid <= 0) {
    dprintf(2, "unable to fork a scanner: %s\n", why);
    if (s < scanners + places) end_scanner(s);
    rest = clock_ms() + PAUSE;
  } else if (s < scanners + places) s->pid = pid;
  else engine_kill(pid, 0);  /* it was given up meanwhile */
}

/* Another engine stands: who is idle goes, who works goes after that. */
static void renew(void)
{
  struct scanner *s;

  standing = engine_generation();
  suspects_clear();
  for (s = scanners; s < scanners + places; ++s)
    if (s->channel != -1 && !s->job) end_scanner(s);
}

/* A scanner whose holder had to go before it could tell of it is nobody's, and ends
 * by itself. While one is not known yet, it could be that one. */
static void reap(void)
{
  siginfo_t child = { .si_pid = 0 };
  const struct scanner *s;

  while (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 && child.si_pid) {
    if (engine_keeps(child.si_pid)) return;
    for (s = scanners; s < scanners + places; ++s)
      if (s->channel != -1 && (!s->pid || s->pid == child.si_pid)) return;
    waitpid(child.si_pid, 0, 0);
    child.si_pid = 0;
  }
}

/* ---- what they are given, and answer ---- */

/* Learn which message it was, from another scanner: what a client sent is not
 * read by the daemon. */
static void hold_inquest(const struct job *job)
{
  struct job *j = job->inquest ? 0 : jobs_copy(job);

  if (!j) return;
  j->digest = j->inquest = 1;
  j->deadline = clock_ms() + 2000 * (long long) settings->holder.limits.seconds;
  jobs_add(j, 1);
}

static void finish(struct job *job, const char *answer)
{
  job->scanner = 0;
  job->done(job, answer);
}

/* Its scanner is lost. */
static void fail_job(struct scanner *s, const char *why)
{
  struct job *job = s->job;
  pid_t pid = s->pid;
  const char *how = end_scanner(s);

  if (!s->confined) rest = clock_ms() + PAUSE;
  if (!job) {
    if (pid) dprintf(2, "scanner %d %s\n", pid, how);
    return;
  }
  dprintf(2, "scanner %d %s, message of %lld bytes: %s\n", pid, how, job->length, why);
  hold_inquest(job);
  finish(job, why);
}

static int is_answer(const char *text, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (text[i] < ' ' || text[i] > '~') return 0;
  return !strcmp(text, "OK") || (len > 6 && !strcmp(text + len - 6, " FOUND")) ||
         (len > 6 && !strcmp(text + len - 6, " ERROR"));
}

static void take_digest(struct job *job, const char *bytes, size_t len)
{
  unsigned char digest[CLAM_DIGEST];

  if (len != sizeof digest) {
    finish(job, "unable to read ERROR");
    return;
  }
  memcpy(digest, bytes, sizeof digest);
  job->digest = 0;
  if (jobs_copied(job)) {
    if (job->inquest) suspects_add(job->length, digest);
    finish(job, "");
  } else if (suspects_poison(job->length, digest)) finish(job, "CleanMail.Poison FOUND");
  else jobs_add(job, 1);
}

static void say_confinement(const char *text)
{
  int how = *text - '0';

  if (told_confinement++) return;
  dprintf(2, "scanners reach %s%s\n", how & 2 ? "no files but their own" : "FILES OF OUR ACCOUNT (no Landlock here)",
          how & 1 ? ", in memory" : "");
}

/* Something came from a scanner, or its end. */
static void hear_scanner(struct scanner *s)
{
  char text[CLAM_ANSWER + 1];
  struct job *job = s->job;
  ssize_t r = recv(s->channel, text, CLAM_ANSWER, MSG_DONTWAIT);

  if (r == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (r <= 0) {
    fail_job(s, "scanner died ERROR");
    return;
  }
  text[r] = 0;
  if (!s->confined) {
    if (r == 1) say_confinement(text);
    else dprintf(2, "%.100s\n", text);
    s->confined = r == 1;
    return;
  }
  if (!job || (!job->digest && !is_answer(text, (size_t) r))) {
    fail_job(s, "scanner spoke nonsense ERROR");
    return;
  }
  s->job = 0;
  if (++s->scans >= settings->scans || s->generation != standing) end_scanner(s);
  if (job->digest) take_digest(job, text, (size_t) r);
  else finish(job, text);
}

/* Give what waits to who is free. */
static void dispatch(void)
{
  struct scanner *s = scanners;
  struct job *job;
  char kind;

  for (; jobs_first() && s < scanners + places; ++s) {
    if (s->channel == -1 || !s->pid || !s->confined || s->job || s->generation != standing) continue;
    job = jobs_first();
    jobs_remove(job);
    kind = job->digest ? JOB_DIGEST : JOB_SCAN;
    s->job = job;
    job->scanner = s;
    s->deadline = clock_ms() + 1000 * (long long) (settings->holder.limits.seconds + GRACE);
    if (pass_send(s->channel, &kind, 1, job->fd) == -1) {
      /* It has died meanwhile, of nothing that this job did. */
      s->job = 0;
      jobs_add(job, 1);
      fail_job(s, "");
    }
  }
}

/* ---- what others call ---- */

int crew_begin(const struct crew_settings *s)
{
  size_t i;

  settings = s;
  places = 2 * s->scanners;
  for (i = 0; i < places; ++i) scanners[i].channel = -1;
  return engine_begin(&s->holder, s->directory, forked);
}

void crew_submit(struct job *job)
{
  job->digest = suspects_length(job->length);
  job->deadline = clock_ms() + 2000 * (long long) settings->holder.limits.seconds;
  jobs_add(job, 0);
  dispatch();
}

void crew_cancel(struct job *job)
{
  struct scanner *s = job->scanner;

  if (job->queued) jobs_remove(job);
  if (!s) return;
  /* It goes on, so that a message that ends scanners is known, whoever waits. */
  s->job = jobs_copy(job);
  if (!s->job) end_scanner(s);
  job->scanner = 0;
}

size_t crew_watch(struct pollfd *polls)
{
  size_t n = ENGINE_POLLS, i;

  engine_watch(polls);
  for (i = 0; i < places; ++i) polls[n++] = (struct pollfd) { scanners[i].channel, POLLIN, 0 };
  return n;
}

static void overdue(void)
{
  long long now = clock_ms();
  struct scanner *s;
  struct job *job, *next;

  for (s = scanners; s < scanners + places; ++s)
    if (s->channel != -1 && (s->job || !s->confined) && now > s->deadline) fail_job(s, "time limit exceeded ERROR");
  for (job = jobs_first(); job; job = next) {
    next = job->next;
    if (now <= job->deadline) continue;
    jobs_remove(job);
    finish(job, "no scanner was free ERROR");
  }
  engine_overdue();
  reap();
}

void crew_serve(const struct pollfd *polls, size_t count)
{
  static long long checked;
  size_t i;

  engine_serve(polls);
  if (engine_generation() != standing) renew();
  polls += ENGINE_POLLS;
  for (i = 0; i < count - ENGINE_POLLS; ++i)
    if (polls[i].revents && scanners[i].channel == polls[i].fd) hear_scanner(scanners + i);
  if (clock_ms() >= checked + 200) {
    overdue();
    checked = clock_ms();
  }
  fill_crew();
  dispatch();
}

void crew_count(unsigned int *live, unsigned int *busy, unsigned int *waiting)
{
  const struct job *job;
  size_t i;

  *live = *busy = *waiting = 0;
  for (i = 0; i < places; ++i) {
    *live += scanners[i].channel != -1;
    *busy += scanners[i].channel != -1 && scanners[i].job;
  }
  for (job = jobs_first(); job; job = job->next) ++*waiting;
}

void crew_end(void)
{
  size_t i;

  for (i = 0; i < places; ++i)
    if (scanners[i].channel != -1) end_scanner(scanners + i);
  jobs_end();
  engine_end();
}
