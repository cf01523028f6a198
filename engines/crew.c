#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "pass.h"
#include "suspects.h"

#define GRACE 2          /* seconds for a scanner above its own time limit */
#define PAUSE 1000       /* ms between two tries to get back an engine, or scanners that do not begin */
#define SPARE 32
#define LEAVING 16

struct holder {
  pid_t pid;             /* 0: none */
  int channel, ready;
};

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
static struct holder holder, successor;
static struct scanner scanners[2 * CREW_SCANNERS];
static struct job *first, **last = &first;
static unsigned int generation;        /* of the engine that stands */
static int told_confinement;
static long long retry;                /* when to try again to have an engine; 0: no need */
static long long rest;                 /* until then no scanner is started: one could not even begin */
static char version[CLAM_ANSWER];
static struct job spare[SPARE];        /* jobs of our own; fd -1: free */
static pid_t leaving[LEAVING];         /* children that will end by themselves */
static size_t places;                  /* of scanners, twice as many as work */

/* ---- processes ---- */

static int start_holder(struct holder *h)
{
  int pair[2];

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) return -1;
  h->pid = fork();
  if (!h->pid) holder_run(pair[1], settings->directory, &settings->holder);
  close(pair[1]);
  h->channel = pair[0];
  h->ready = 0;
  if (h->pid != -1) return 1;
  close(h->channel);
  h->pid = 0;
  return -1;
}

static void kill_child(pid_t pid, int *status)
{
  kill(pid, SIGKILL);
  while (waitpid(pid, status, 0) == -1 && errno == EINTR) ;
}

/* A holder without a channel frees its engine and ends, in its own time. */
static void end_holder(struct holder *h)
{
  size_t i = 0;

  if (!h->pid) return;
  close(h->channel);
  while (i < LEAVING && leaving[i]) ++i;
  if (i < LEAVING) leaving[i] = h->pid;
  else kill_child(h->pid, 0);
  h->pid = 0;
}

static void see_off(void)
{
  size_t i;

  for (i = 0; i < LEAVING; ++i)
    if (leaving[i] && waitpid(leaving[i], 0, WNOHANG) > 0) leaving[i] = 0;
}

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
  s->generation = generation;
  s->deadline = clock_ms() + 1000 * (long long) settings->holder.limits.seconds;
  if (pass_send(holder.channel, &s->serial, sizeof s->serial, pair[1]) == -1) {
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

  if (!holder.ready || clock_ms() < rest) return;
  for (i = 0; i < places; ++i) n += scanners[i].channel != -1 && scanners[i].generation == generation;
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
  if (s->pid) kill_child(s->pid, &status);
  if (WIFSIGNALED(status)) snprintf(how, sizeof how, "ended by signal %d", WTERMSIG(status));
  return how;
}

/* ---- jobs ---- */

static void enqueue(struct job *job, int in_front)
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

static void dequeue(struct job *job)
{
  struct job **at = &first;

  while (*at && *at != job) at = &(*at)->next;
  if (!*at) return;
  *at = job->next;
  if (last == &job->next) last = at;
  job->queued = 0;
}

/* A job of our own is over. */
static void spare_done(struct job *job, const char *answer)
{
  (void) answer;
  close(job->fd);
  job->fd = -1;
}

/* One for the same message; 0: there are too many. */
static struct job *spare_job(const struct job *like)
{
  struct job *j = spare;

  while (j < spare + SPARE && j->fd != -1) ++j;
  if (j == spare + SPARE) return 0;
  *j = *like;
  j->fd = fcntl(like->fd, F_DUPFD_CLOEXEC, 3);
  j->done = spare_done;
  return j->fd == -1 ? 0 : j;
}

/* Learn which message it was, from another scanner: what a client sent is not
 * read by the daemon. */
static void hold_inquest(const struct job *job)
{
  struct job *j = job->inquest ? 0 : spare_job(job);

  if (!j) return;
  j->digest = j->inquest = 1;
  j->deadline = clock_ms() + 2000 * (long long) settings->holder.limits.seconds;
  enqueue(j, 1);
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
  if (job->done == spare_done) {
    if (job->inquest) suspects_add(job->length, digest);
    finish(job, "");
  } else if (suspects_poison(job->length, digest)) finish(job, "CleanMail.Poison FOUND");
  else enqueue(job, 1);
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
  if (++s->scans >= settings->scans || s->generation != generation) end_scanner(s);
  if (job->digest) take_digest(job, text, (size_t) r);
  else finish(job, text);
}

/* Give what waits to who is free. */
static void dispatch(void)
{
  struct scanner *s = scanners;
  struct job *job;
  char kind;

  for (; first && s < scanners + places; ++s) {
    if (s->channel == -1 || !s->pid || !s->confined || s->job || s->generation != generation) continue;
    job = first;
    dequeue(job);
    kind = job->digest ? JOB_DIGEST : JOB_SCAN;
    s->job = job;
    job->scanner = s;
    s->deadline = clock_ms() + 1000 * (long long) (settings->holder.limits.seconds + GRACE);
    if (pass_send(s->channel, &kind, 1, job->fd) == -1) {
      /* It has died meanwhile, of nothing that this job did. */
      s->job = 0;
      enqueue(job, 1);
      fail_job(s, "");
    }
  }
}

/* ---- holders ---- */

static void succeed(const char *text)
{
  struct scanner *s;

  dprintf(2, "engine stands: %.*s, %s\n", (int) strcspn(text, "\n"), text, text + strcspn(text, "\n") + 1);
  snprintf(version, sizeof version, "%.*s", (int) strcspn(text, "\n"), text);
  end_holder(&holder);
  holder = successor;
  successor.pid = 0;
  holder.ready = 1;
  retry = 0;
  ++generation;
  suspects_clear();
  for (s = scanners; s < scanners + places; ++s)
    if (s->channel != -1 && !s->job) end_scanner(s);
  fill_crew();
}

static void lose(struct holder *h, const char *why)
{
  if (h->ready) dprintf(2, "engine lost\n");
  else dprintf(2, "unable to load signatures: %s\n", why);
  close(h->channel);
  kill_child(h->pid, 0);
  h->pid = 0;
  h->ready = 0;
  if (!holder.pid) retry = clock_ms() + PAUSE;
}

static void forked(const struct note *n)
{
  struct scanner *s = scanners;

  while (s < scanners + places && (s->channel == -1 || s->serial != n->serial)) ++s;
  if (n->pid <= 0) {
    dprintf(2, "unable to fork a scanner: %s\n", n->text);
    if (s < scanners + places) end_scanner(s);
    rest = clock_ms() + PAUSE;
  } else if (s < scanners + places) s->pid = n->pid;
  else kill_child(n->pid, 0);  /* it was given up meanwhile */
}

static void hear_holder(struct holder *h)
{
  struct note n;
  ssize_t r = recv(h->channel, &n, sizeof n, MSG_DONTWAIT);

  if (r == -1 && (errno == EAGAIN || errno == EINTR)) return;
  n.text[sizeof n.text - 1] = 0;
  if (r != (ssize_t) sizeof n) lose(h, h->ready ? "" : "the process died");
  else if (n.kind == NOTE_FAILED) lose(h, n.text);
  else if (n.kind == NOTE_LOADED && h == &successor) succeed(n.text);
  else if (n.kind == NOTE_FORKED && h == &holder) forked(&n);
  else if (n.kind == NOTE_CHANGED && h == &holder) crew_reload();
}

/* ---- what others call ---- */

int crew_begin(const struct crew_settings *s)
{
  size_t i;

  settings = s;
  places = 2 * s->scanners;
  for (i = 0; i < places; ++i) scanners[i].channel = -1;
  for (i = 0; i < SPARE; ++i) spare[i].fd = -1;
  return start_holder(&successor);
}

int crew_ready(void)
{
  return holder.ready ? 1 : successor.pid ? 0 : -1;
}

void crew_reload(void)
{
  if (!successor.pid && start_holder(&successor) == -1) dprintf(2, "unable to fork: %s\n", strerror(errno));
}

void crew_submit(struct job *job)
{
  job->digest = suspects_length(job->length);
  job->deadline = clock_ms() + 2000 * (long long) settings->holder.limits.seconds;
  enqueue(job, 0);
  dispatch();
}

void crew_cancel(struct job *job)
{
  struct scanner *s = job->scanner;

  if (job->queued) dequeue(job);
  if (!s) return;
  /* It goes on, so that a message that ends scanners is known, whoever waits. */
  s->job = spare_job(job);
  if (!s->job) end_scanner(s);
  job->scanner = 0;
}

size_t crew_watch(struct pollfd *polls)
{
  size_t n = 0, i;

  polls[n++] = (struct pollfd) { holder.pid ? holder.channel : -1, POLLIN, 0 };
  polls[n++] = (struct pollfd) { successor.pid ? successor.channel : -1, POLLIN, 0 };
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
  for (job = first; job; job = next) {
    next = job->next;
    if (now <= job->deadline) continue;
    dequeue(job);
    finish(job, "no scanner was free ERROR");
  }
  if (retry && now > retry) {
    retry = now + PAUSE;
    crew_reload();
  }
  see_off();
}

void crew_serve(const struct pollfd *polls, size_t count)
{
  static long long checked;
  size_t i;

  if (holder.pid && polls[0].fd == holder.channel && polls[0].revents) hear_holder(&holder);
  if (successor.pid && polls[1].fd == successor.channel && polls[1].revents) hear_holder(&successor);
  for (i = 2; i < count; ++i)
    if (polls[i].revents && scanners[i - 2].channel == polls[i].fd) hear_scanner(scanners + i - 2);
  if (clock_ms() >= checked + 200) {
    overdue();
    checked = clock_ms();
  }
  fill_crew();
  dispatch();
}

const char *crew_version(void)
{
  return version;
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
  for (job = first; job; job = job->next) ++*waiting;
}

void crew_end(void)
{
  size_t i;

  for (i = 0; i < places; ++i)
    if (scanners[i].channel != -1) end_scanner(scanners + i);
  for (i = 0; i < SPARE; ++i)
    if (spare[i].fd != -1) close(spare[i].fd);
  end_holder(&holder);
  if (successor.pid) {
    close(successor.channel);
    kill_child(successor.pid, 0);
  }
  for (i = 0; i < LEAVING; ++i)
    while (leaving[i] && waitpid(leaving[i], 0, 0) == -1 && errno == EINTR) ;
}
