#include "deliver.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "again.h"
#include "behind.h"
#include "control.h"
#include "ledger.h"
#include "log.h"
#include "onward.h"
#include "outgoing.h"
#include "peer.h"
#include "prepare.h"
#include "reply.h"
#include "store.h"
#include "verdict.h"

static void say(struct session *s, const char *code, const char *text)
{
  static stralloc line;

  if (!stralloc_copys(&line, code) || !stralloc_cats(&line, text) || !stralloc_cats(&line, " (") ||
      !stralloc_cats(&line, s->t.id) || !stralloc_cats(&line, ")") || !stralloc_0(&line)) {
    s->over = 1;
    return;
  }
  session_reply(s, line.s);
}

/* The client's answer by the verdict: a refusal, or an acknowledgement of ours. */
static void decided(struct session *s)
{
  const struct result *r = &s->t.result;
  static stralloc line;

  if (reply_text(r->verdict, r->stage.s, r->reason.s, s->t.id, &line) == 1 && stralloc_0(&line)) {
    session_reply(s, line.s);
    return;
  }
  /* What is done is done: without an answer the client would have it done again. */
  log_event("trouble", s->t.id, "unable to make the reply: ", strerror(errno));
  if (verdict_refuses(r->verdict)) say(s, "550 ", "5.7.1 message refused");
  else if (r->verdict == VERDICT_DEFER) say(s, "451 ", "4.7.1 please try again later");
  else say(s, "250 ", "2.0.0 message accepted");
}

static void later(struct session *s, int room)
{
  if (!room) say(s, "452 ", "4.3.1 no room to keep the message; try again later");
  else say(s, "451 ", "4.3.0 the message cannot be taken now; try again later");
}

/* What goes out: the pipeline's message; or ours, with the header that the
 * pipeline made of it or with the result on top. */
static int outgoing(const struct session *s, struct outgoing *o)
{
  const struct transaction *t = &s->t;
  struct prepare p = {
    .message = &t->message, .plain = t->plain, .header = &t->header, .result = &t->result, .filtered = &t->filtered,
    .header_only = t->header_only, .id = t->id, .sender = t->sender.text, .recipients = &t->recipients
  };

  return prepare(&p, o);
}

/* Hand the message to the upstream for these recipients, in the transaction
 * that it is in. The code of its answer, or -1. */
static int commit(struct session *s, const stralloc *recipients)
{
  static struct outgoing o;
  struct transaction *t = &s->t;
  int r;

  if (!outgoing(s, &o)) return -1;
  if (!s->to->host) return outgoing_queue(s, &o, t->sender.text, recipients);
  r = behind_ask(s, "DATA", 4);
  if (r == 354) {
    r = outgoing_smtp(s, &o, recipients);
    t->told = 0;
  } else if (r != -1 && r < 400) {
    /* No text has gone out, so this 2xx is none for the message. */
    log_event("upstream-lost", t->id, upstream_name(s->to), ": gave the wrong kind of answer to DATA");
    r = -1;
  }
  if (r != -1 && (!stralloc_copyb(&t->answered, s->upstream.text.s, s->upstream.text.len) ||
                  !stralloc_0(&t->answered))) s->over = 1;
  if (r >= 200 && r < 300) return 250;
  if (r >= 400 && r != 421) return r;
  smtpc_close(&s->upstream);
  return -1;
}

/* The recipients that are no traps, a line each. 1 or 0. */
static int others(const struct session *s, stralloc *to)
{
  const char *at = s->t.recipients.s, *end = at + s->t.recipients.len, *nl;
  int ok = 1;

  for (to->len = 0; ok && at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!settings_traps(&s->set, at, (size_t) (nl - at))) ok = stralloc_catb(to, at, (size_t) (nl + 1 - at));
  }
  return ok;
}

static void hand_on(struct session *s)
{
  static stralloc to;
  const stralloc *recipients = s->t.traps ? &to : &s->t.recipients;
  int r;

  if (s->t.traps && s->t.traps == s->t.count) {
    /* No stage has taken what is in a trap, and behind it there is nobody. */
    say(s, "550 ", "5.1.1 no such user");
    return;
  }
  r = (s->t.traps && !others(s, &to)) || !again(s, 1) ? -1 : commit(s, recipients);
  if (verdict_refuses(s->t.result.verdict)) {
    if (r == -1 || r / 100 == 4) later(s, 1);
    else decided(s);
  } else if (r == -1) later(s, 1);
  else if (s->to->host) behind_relay(s);
  else if (r == 250) decided(s);
  else say(s, r == 554 ? "554 " : "451 ", s->t.words);
}

/* The transaction that the upstream is in becomes one for the quarantine. */
static int readdress(struct session *s, const char *address)
{
  static stralloc line;

  if (!onward_redirect(s, address)) return 0;
  if (!s->to->host) return 1;
  if ((!s->t.mail.len && !behind_compose(s, s->t.params)) || !stralloc_copys(&line, "RCPT TO:<") ||
      !stralloc_cats(&line, address) || !stralloc_cats(&line, ">")) return 0;
  s->t.told = 1;
  return again(s, 0) && behind_ask(s, "RSET", 4) == 250 && behind_repeat(s) == 250 &&
         behind_ask(s, line.s, line.len) / 10 == 25;
}

/* 1; 0: it cannot be; -1: there is no room. */
static int store(struct session *s)
{
  struct transaction *t = &s->t;
  struct store entry = {
    .id = t->id, .port = peer_port(), .verdict = verdict_name(t->result.verdict),
    .stage = t->result.stage.s, .reason = t->result.reason.s,
    .sender = t->sender.text, .recipients = t->recipients.s
  };
  int r;

  if (lseek(t->message.fd, 0, SEEK_SET) == -1 || store_put(t->message.fd, &entry) != 1) {
    r = errno == EDQUOT || errno == ENOSPC ? -1 : 0;
    log_event("trouble", t->id, "unable to store the message: ", strerror(errno));
    return r;
  }
  if (!stralloc_copys(&t->stored, "store/") || !stralloc_cats(&t->stored, t->id) ||
      !stralloc_cats(&t->stored, ".eml") || !stralloc_0(&t->stored)) s->over = 1;
  return 1;
}

static void redirect(struct session *s)
{
  static stralloc where, to;

  int done = 0;

  if (control_line("control/quarantine", &where) != 1)
    log_event("trouble", s->t.id, "control/quarantine names no address and no store");
  else if (!strcmp(where.s, "store")) done = store(s);
  else {
    done = stralloc_copyb(&to, where.s, where.len) && stralloc_append(&to, "\n") &&
           readdress(s, where.s) && commit(s, &to) == 250;
    if (!done) log_event("trouble", s->t.id, "the quarantine address did not take the message");
  }
  if (done == 1) decided(s);
  else later(s, done != -1);
}

static void delete(struct session *s)
{
  struct transaction *t = &s->t;
  struct ledger entry = {
    .id = t->id, .port = peer_port(), .verdict = verdict_name(t->result.verdict),
    .sender = t->sender.text, .recipients = t->recipients.s, .stage = t->result.stage.s,
    .reason = t->result.reason.s, .size = (unsigned long) t->message.size
  };

  if (ledger_deleted(&entry) == 1) decided(s);
  else {
    log_event("trouble", t->id, "unable to record the deletion: ", strerror(errno));
    later(s, 1);
  }
}

void deliver(struct session *s)
{
  int verdict = s->t.result.verdict;

  if (verdict_delivers(verdict)) hand_on(s);
  else if (verdict_redirects(verdict)) redirect(s);
  else if (verdict == VERDICT_DELETE) delete(s);
  else decided(s);
}
