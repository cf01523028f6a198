#include "settle.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "amend.h"
#include "clock.h"
#include "control.h"
#include "log.h"
#include "reply.h"
#include "setting.h"
#include "verdict.h"

static const char *heard;  /* what the client hears of us, for the mail log */

/* Answers ------------------------------------------------------------------------ */

static void refuse(struct milter *m, const char *reply)
{
  static stralloc line;
  const char *p;
  int ok = 1;

  heard = reply;
  /* Sendmail takes what it gets for a format, so that servers have two for one. */
  for (line.len = 0, p = reply; ok && *p; ++p)
    ok = stralloc_append(&line, p) && (*p != '%' || stralloc_append(&line, p));
  if (ok && stralloc_0(&line)) milter_say(m, MILTER_REPLY, line.s, line.len);
  else milter_say(m, *reply == '5' ? 'r' : MILTER_TEMPFAIL, "", 0);
}

static void later(struct milter *m, const char *why)
{
  static stralloc line;

  if (stralloc_copys(&line, "451 4.3.0 ") && stralloc_cats(&line, why) && stralloc_cats(&line, "; try again later (") &&
      stralloc_cats(&line, m->item.id) && stralloc_cats(&line, ")") && stralloc_0(&line)) refuse(m, line.s);
  else milter_say(m, MILTER_TEMPFAIL, "", 0);
}

/* The refusal or deferral that the verdict is. */
static void decided(struct milter *m)
{
  static stralloc line;
  const struct result *r = &m->item.result;

  if (reply_text(r->verdict, r->stage.s, r->reason.s, m->item.id, &line) == 1 && stralloc_0(&line)) refuse(m, line.s);
  else refuse(m, verdict_refuses(r->verdict) ? "550 5.7.1 message refused" : "451 4.7.1 please try again later");
}

static int hold(struct milter *m)
{
  const struct result *r = &m->item.result;
  const char *why = *r->reason.s ? r->reason.s : r->text.s;

  errno = EOPNOTSUPP;
  if (m->offer.actions & OFFER_HOLD) milter_say(m, MILTER_HOLD, why, strlen(why) + 1);
  return (m->offer.actions & OFFER_HOLD) && !m->over;
}

/* Verdicts ----------------------------------------------------------------------- */

/* done: the changes that the server is told of, and that it may forget by what we say last. */
static void hand_on(struct milter *m, int done)
{
  heard = "";
  if (done) milter_say(m, MILTER_ACCEPT, "", 0);
  else {
    log_event("trouble", m->item.id, "unable to change the message: ", strerror(errno));
    later(m, "the message cannot be taken now");
  }
}

/* What is refused has no recipients any more whom the server could send it to: it goes into the
 * store. */
static void redirect(struct milter *m)
{
  static stralloc where;
  int refuses = verdict_refuses(m->item.result.verdict);

  if (!refuses && control_line("control/quarantine", &where) != 1) {
    log_event("trouble", m->item.id, "control/quarantine names no address and no store");
    later(m, "the message cannot be taken now");
  } else if (!refuses && !strcmp(where.s, "hold")) hand_on(m, amend_message(m) && hold(m));
  else if (!refuses && strcmp(where.s, "store")) hand_on(m, amend_message(m) && amend_recipients(m, where.s));
  else if (!item_store(&m->item)) later(m, "no room to keep the message");
  else if (refuses) decided(m);
  else milter_say(m, MILTER_DISCARD, "", 0);
}

static void carry_out(struct milter *m)
{
  int verdict = m->item.result.verdict;

  if (verdict_delivers(verdict)) hand_on(m, amend_message(m));
  else if (verdict_redirects(verdict)) redirect(m);
  else if (verdict != VERDICT_DELETE) decided(m);
  else if (item_delete(&m->item)) milter_say(m, MILTER_DISCARD, "", 0);
  else later(m, "the message cannot be taken now");
}

/* Judging ------------------------------------------------------------------------ */

/* The server hears that it is not forgotten, and its clock begins anew. */
static enum decision_end watch(void *with, int pidfd, long long end)
{
  struct milter *m = with;
  struct pollfd p[2] = { { pidfd, POLLIN, 0 }, { m->server.in, POLLRDHUP, 0 } };
  long long every = (long long) m->keepalive * 1000, next = clock_ms() + every, now, until;
  struct timespec left;
  sigset_t none;

  sigemptyset(&none);
  for (;;) {
    now = clock_ms();
    if (now >= end) return DECISION_LATE;
    if (now >= next) {
      next = now + every;
      milter_say(m, MILTER_PROGRESS, "", 0);
      if (milter_flush(m) == -1) return DECISION_GONE;
    }
    until = next < end ? next : end;
    left.tv_sec = (time_t) ((until - now) / 1000);
    left.tv_nsec = (long) ((until - now) % 1000 * 1000000);
    if (!stream_stopped && ppoll(p, 2, &left, &none) > 0) {
      if (p[0].revents) return DECISION_ENDED;
      return DECISION_GONE;
    }
    if (stream_stopped) return DECISION_STOPPED;
  }
}

/* A message that no filter will see. */
static void unseen(struct milter *m, const char *result, int verdict, const char *reply)
{
  struct result *r = &m->item.result;

  r->verdict = verdict;
  if (!stralloc_copys(&r->text, result) || !stralloc_0(&r->text) || !stralloc_copys(&r->reason, reply + 4) ||
      !stralloc_0(&r->reason)) m->over = 1;
  refuse(m, reply);
}

/* 1: there is an answer. 0: there is nobody for one. */
static int judge(struct milter *m)
{
  struct item *i = &m->item;
  int r;

  i->watch = watch;
  i->with = m;
  r = item_judge(i, SETTING_PIPELINE, m->filters, m->deadline);
  if (r == -1 && errno != EINTR) {
    log_event("aborted", i->id, "the mail server went away");
    m->over = 1;
    return 0;
  }
  if (r == 1) {
    if (m->level & LOG_EXTENDED) log_event("decision", i->id, i->result.text.s);
    carry_out(m);
    return 1;
  }
  m->over = 1;
  if (r == -1) unseen(m, "defer", VERDICT_DEFER, "451 4.3.2 this filter is going down; try again later");
  return r == -1;
}

void settle(struct milter *m)
{
  static stralloc queued;
  struct item *i = &m->item;
  const char *id = macros_find(&m->macros, "i");
  int answered = 1, ours;

  heard = "";
  if (m->trouble) {
    log_event("trouble", i->id, "unable to keep the message: ", strerror(m->trouble));
    unseen(m, "defer", VERDICT_DEFER, "452 4.3.1 no room for the message; try again later");
  } else if (m->large) {
    unseen(m, "reject/delete, too large", VERDICT_REJECT, "552 5.3.4 the message or its header is too large");
  } else answered = judge(m);
  if (!answered) return;
  ours = !*heard && !verdict_delivers(i->result.verdict);
  if (milter_flush(m) == -1 && ours) log_event("ack-lost", i->id, "the mail server did not hear that it was taken");
  if (!stralloc_copys(&queued, *id ? "queue id " : "") || !stralloc_cats(&queued, id) || !stralloc_0(&queued)) m->over = 1;
  else item_record(i, heard, queued.s);
}
