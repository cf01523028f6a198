#include "outgoing.h"

#include <errno.h>
#include <string.h>

#include "lmtp.h"
#include "log.h"
#include "queue.h"

int outgoing_smtp(struct session *s, const struct outgoing *o, const stralloc *recipients)
{
  struct smtpc *u = &s->upstream;
  int r = smtpbody_send(u, o, s->set.timeoutremote);

  /* The last moment at which nothing has happened yet. */
  if (r == 1 && !session_present(s)) {
    log_event("aborted", s->t.id, "the client went away");
    smtpc_close(u);
    return -1;
  }
  if (r == 1) r = smtpbody_end(u, s->set.timeoutremote);
  if (r == SMTPBODY_UNREAD) {
    log_event("trouble", s->t.id, "unable to read the message again: ", strerror(errno));
    smtpc_close(u);
    return -1;
  }
  if (r != 1) {
    r = smtpbody_early(u);
    if (r == -1) log_event("upstream-lost", s->t.id, upstream_name(s->to), ": ", u->trouble);
    return r;
  }
  if (u->lmtp) return lmtp_answers(s, recipients);
  r = smtpc_reply(u, s->set.timeoutremote);
  if (r != -1 && (s->set.level & LOG_DETAILED)) log_text("upstream", s->t.id, "<", u->text.s, u->text.len);
  if (r >= 300 && r < 400) {
    u->trouble = "gave the wrong kind of answer";
    r = -1;
  }
  if (r == -1) log_event("indoubt", s->t.id, upstream_name(s->to), ": ", u->trouble,
                         " after the whole message had gone out");
  return r;
}

/* A program behind us ----------------------------------------------------- */

int outgoing_queue(struct session *s, const struct outgoing *o, const char *sender,
                   const stralloc *recipients)
{
  static stralloc words;
  struct queue q = {
    .program = s->to->program, .head = o->head.s, .headlen = o->head.len, .start = o->start,
    .startlen = o->startlen, .fd = o->fd, .offset = o->offset + (off_t) o->startlen, .size = o->size,
    .sender = sender, .recipients = recipients->s, .recipientslen = recipients->len,
    .seconds = s->set.timeoutremote, .said = &words
  };
  int code = queue_hand(&q);
  stralloc *said = &s->t.answered;

  if (code >= 0) {
    s->t.words = code ? queue_refusal(code, &words) : "";
    if (!stralloc_copys(said, "exit code ") || !stralloc_number(said, (unsigned long) code) ||
        (code && (!stralloc_cats(said, ": ") || !stralloc_cats(said, s->t.words))) || !stralloc_0(said)) s->over = 1;
    return !code ? 250 : *s->t.words == '5' ? 554 : 451;
  }
  if (code == -2)
    log_event("indoubt", s->t.id, s->to->program[0], errno == ETIMEDOUT ? ": did not end in time" : ": crashed",
              " with the whole message in its hands");
  else
    log_event("trouble", s->t.id, "unable to hand the message to ", s->to->program[0], ": ", strerror(errno));
  return -1;
}
