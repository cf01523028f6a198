#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "chatter.h"
#include "clock.h"
#include "control.h"
#include "landlock.h"
#include "revision.h"
#include "surroundings.h"
#include "telling.h"

enum {
  PATIENCE = 180000,  /* ms for everything where CM_DEADLINE is not given */
  MARGIN   = 500      /* ms before CM_DEADLINE that are for those who wait for us */
};

static struct job *jobs; /* as many as there are stages */
static size_t used;      /* jobs of this paragraph */
static int signals;      /* readable when we are to stop and when a child ends */
static long deadline;    /* of clock_ms() */
static long epoch;       /* ms, what to add to that for the time of day */
static const char *id;

/* Room for all stages of the plan. */
static int ready(struct run *r, const struct plan *plan)
{
  size_t i;

  r->plan = plan;
  jobs = calloc(plan->count + 1, sizeof *jobs);
  r->outcomes = calloc(plan->count + 1, sizeof *r->outcomes);
  r->votes = calloc(plan->count + 1, sizeof *r->votes);
  if (!jobs || !r->outcomes || !r->votes) return -1;
  for (i = 0; i < plan->count; ++i) r->votes[i] = POLICY_NONE;
  return 1;
}

/* All that can go wrong with ourselves: 1, or -1 with errno. */
static int prepare(struct run *r, const struct plan *plan)
{
  const char *given = getenv("CM_DEADLINE");
  struct timespec t = clock_day();
  unsigned long end;
  sigset_t set;

  if (ready(r, plan) == -1) return -1;
  job_limit(plan);
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGCHLD);
  signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  sigaddset(&set, SIGPIPE);  /* a log that nobody reads any more ends nothing */
  sigprocmask(SIG_BLOCK, &set, 0);
  if (signals == -1 || spawn_adopt() == -1) return -1;

  deadline = clock_ms();
  epoch = (long) t.tv_sec * 1000 + t.tv_nsec / 1000000 - deadline;
  deadline += PATIENCE;
  if (given && control_scan(given, strlen(given), &end) && end < 1UL << 40)
    deadline = (long) end * 1000 - MARGIN - epoch;

  id = getenv("CM_ID");
  if (!id || !*id) id = "-";
  r->decision = policy_merge(0, 0);
  surroundings_hold();
  if (surroundings_envelope(plan) == -1) return -1;
  /* Whoever waits for us runs as the same account as the stages. */
  switch (landlock_guard()) {
    case -1: return -1;
    case 1: spawn_enclosed();
  }
  return 1;
}

/* Why is the stage not to be run? 0: it is. */
static const char *skip(const struct run *r, const struct stage *s, int trusted)
{
  if (policy_over(&r->decision)) return "skipped-deleted";
  if (!surroundings_enabled(s)) return "skipped-disabled";
  if (trusted && !s->always) return "skipped-whitelisted";
  if (s->max && r->size > s->max) return "skipped-size";
  return 0;
}

/* What the stages before this one have declared, for it to read. */
static int pass_on(const struct run *r)
{
  static stralloc fields;

  fields.len = 0;
  return telling_fields(r, &fields) && surroundings_fields(&fields) == 1;
}

/* Start the stage, or know why not. */
static int begin(struct run *r, const struct stage *s, struct outcome *o)
{
  long now = clock_last(), until = now + (long) s->time * 1000;
  char *const *env;
  int message;

  if (until > deadline) until = deadline;
  if (until <= now) return judge_broken(o, s, "no time left", 0, "");
  if (!pass_on(r)) return 0;
  env = surroundings_environment((unsigned long) (until + epoch) / 1000, s->jail != 0);
  if (!env) return errno == ELOOP && judge_broken(o, s, "too many pipelines within pipelines", 0, "");
  message = revision_open(r);
  if (message != -1 && job_start(jobs + used, s, message, r->size, env, until) == 1) {
    ++used;
    return 1;
  }
  return judge_broken(o, s, "unable to start ", 0, s->argv[0]) && stralloc_cats(&o->cause, ": ") &&
         stralloc_cats(&o->cause, job_trouble());
}

/* What is known of a stage now counts, and its words go to the log. */
static void settle(struct run *r, const struct stage *s, struct outcome *o, const struct job *j)
{
  static const stralloc nothing;

  r->votes[s - r->plan->stages] = s->shadow || o->skipped ? POLICY_NONE : o->vote;
  if (o->skipped || o->verdict != VERDICT_BROKEN) o->cause.len = 0;
  chatter_write(id, s->name, j ? &j->text : &nothing, j ? j->dropped : 0, &o->cause, r->loud);
}

/* The new message becomes the message, if there is one. */
static int replace(struct run *r, const struct job *j, struct outcome *o)
{
  unsigned long size = 0;
  int ok = o->verdict == VERDICT_BROKEN || judge_output(o, j, r->message, &size);

  if (!size || j->stage->shadow) close(j->output);
  else revision_replace(r, j->output, size);
  return ok;
}

/* The process of a job has ended. */
static int finish(struct run *r, struct job *j)
{
  static char report[ANSWER_MAX];
  struct outcome *o = r->outcomes + (j->stage - r->plan->stages);
  ssize_t len;
  int ok;

  o->code = j->code;
  o->ms = (unsigned long) (clock_last() - j->started);
  if (j->needless) o->skipped = "skipped-deleted";
  len = job_report(j, report, sizeof report);
  ok = len != -1 && answer_read(&o->answer, report, (size_t) len) && judge_code(o, j);
  if (j->stage->rewrite) {
    spawn_strays();
    ok = ok && replace(r, j, o);
  }
  j->state = JOB_IDLE;
  settle(r, j->stage, o, j);
  return ok;
}

static int give_up(struct run *r, struct job *j)
{
  struct outcome *o = r->outcomes + (j->stage - r->plan->stages);

  job_abandon(j);
  if (!judge_broken(o, j->stage, "cannot be killed", 0, "")) return 0;
  settle(r, j->stage, o, j);
  return 1;
}

/* End those whose time is over and those that nobody needs any more. */
static int urge(struct run *r)
{
  long now = clock_last();
  struct job *j;

  for (j = jobs; j < jobs + used; ++j) {
    if (j->state == JOB_IDLE) continue;
    if (j->state == JOB_RUNNING && policy_needless(r->votes, (size_t) (j->stage - r->plan->stages)))
      j->needless = 1;
    else if (j->until > now) continue;
    if (j->state != JOB_KILLED) job_end(j);
    else if (!give_up(r, j)) return 0;
  }
  return 1;
}

enum event { NOMEMORY = -1, TOLD, DONE, WORKING };

/* Which signals came? TOLD to stop, or children to look after. */
static enum event told(void)
{
  struct signalfd_siginfo info[8];
  ssize_t i, r;

  do {
    r = read(signals, info, sizeof info);
    for (i = 0; i < r / (ssize_t) sizeof *info; ++i)
      if (info[i].ssi_signo != SIGCHLD) return TOLD;
  } while (r == sizeof info);
  return WORKING;
}

/* Wait for something to happen in this paragraph, and deal with it. The time is asked for when
 * that is over, as it is when a stage is started. */
static enum event wait_for(struct run *run)
{
  struct pollfd p[1 + PLAN_STAGES];
  struct job *j;
  long wait, first = deadline + JOB_LAST;
  nfds_t n = 1;
  int r;

  p[0] = (struct pollfd) { signals, POLLIN, 0 };
  for (j = jobs; j < jobs + used; ++j) {
    if (j->state == JOB_IDLE) continue;
    if (j->until < first) first = j->until;
    p[n++] = (struct pollfd) { j->log[0], POLLIN, 0 };
  }
  if (n == 1) return DONE;
  wait = first - clock_last();
  r = poll(p, n, wait < 0 ? 0 : wait > 1000000 ? 1000000 : (int) wait);
  clock_ms();
  if (r > 0) {
    if (p[0].revents && told() == TOLD) return TOLD;
    for (n = 1, j = jobs; j < jobs + used; ++j) {
      if (j->state == JOB_IDLE) continue;
      if (p[n++].revents) job_drain(j);
      if (p[0].revents && job_over(j) && !finish(run, j)) return NOMEMORY;
    }
  }
  return urge(run) ? WORKING : NOMEMORY;
}

/* The stages from first up to end, side by side. */
static enum event paragraph(struct run *r, size_t first, size_t end)
{
  int trusted = policy_trusts(r->votes, first);
  const struct stage *s = r->plan->stages + first;
  struct outcome *o = r->outcomes + first;
  enum event event = WORKING;
  size_t before;

  used = 0;
  for (; first < end; ++first, ++s, ++o) {
    o->code = JUDGE_NOCODE;
    o->skipped = skip(r, s, trusted);
    before = used;
    if (o->skipped) continue;
    if (!begin(r, s, o)) return NOMEMORY;
    if (used == before) settle(r, s, o, 0);
  }
  while (event == WORKING) event = wait_for(r);
  if (used && event == DONE) spawn_strays();
  r->decision = policy_merge(r->votes, end);
  return event;
}

static void kill_all(void)
{
  struct job *j;

  for (j = jobs; j < jobs + used; ++j)
    if (j->state != JOB_IDLE) spawn_kill(&j->spawn, SIGKILL);
  for (j = jobs; j < jobs + used; ++j)
    if (j->state != JOB_IDLE) spawn_reap(&j->spawn);
  spawn_strays();
}

int run_message(struct run *r, const struct plan *plan, int fd)
{
  enum event event = DONE;
  size_t first, end;

  if (prepare(r, plan) == -1 || revision_take(r, fd) == -1) return -1;
  for (first = 0; event == DONE && first < plan->count; first = end) {
    for (end = first; end < plan->count && plan->stages[end].group == plan->stages[first].group; ++end) ;
    event = paragraph(r, first, end);
  }
  if (event == DONE) return 1;
  kill_all();
  errno = ENOMEM;
  return event == TOLD ? 0 : -1;
}
