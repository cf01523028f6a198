#include "data.h"

#include <errno.h>
#include <string.h>

#include "behind.h"
#include "deliver.h"
#include "dot.h"
#include "filter.h"
#include "log.h"
#include "received.h"
#include "record.h"
#include "verdict.h"

#define LINEMAX 65536    /* bytes of a line; RFC 5321, 4.5.3.1.6: 998 */
#define SLOWEST 500      /* bytes a second that a client must reach ... */
#define PATIENCE 5       /* ... after this part of control/timeoutsmtpd: a minute of five */

static int too_slow(const struct session *s, unsigned long long start, long long began)
{
  long long took = clock_ms() - began;

  return took > (long long) (s->set.timeoutsmtpd * 1000 / PATIENCE) &&
         (long long) (s->client.got - start) * 1000 / took < SLOWEST;
}

/* Read up to the end of data into the spool; what is over the limit is read and
 * forgotten. 1: all of it. 0: no room, errno. -1: the client is lost, errno. */
static int receive(struct session *s, struct dot *d)
{
  struct stream *c = &s->client;
  struct spool *m = &s->t.message;
  unsigned long long start = c->got;
  long long began = clock_ms();
  const char *piece;
  size_t used, n;
  int keep = 1, trouble = 0;

  dot_begin(d, s->set.normalize ? DOT_NORMALIZE : DOT_REFUSE);
  while (!d->ended) {
    if (c->pos == c->len) {
      if (keep && spool_flush(m) == -1) keep = 0, trouble = errno;
      stream_limit(c, s->set.timeoutsmtpd);
      switch (stream_fill(c)) {
        case -1: return -1;
        case 0: errno = 0; return -1;
      }
      if (too_slow(s, start, began)) {
        errno = ETIMEDOUT;
        return -1;
      }
      behind_awake(s);
    }
    used = dot_next(d, c->buffer + c->pos, c->len - c->pos, &piece, &n);
    c->pos += used;
    if (s->set.databytes && d->size > s->set.databytes) keep = 0;
    if (n && keep && spool_write(m, piece, n) == -1) keep = 0, trouble = errno;
  }
  if (keep && spool_end(m, s->set.filters) == -1) trouble = errno;
  errno = trouble;
  return !trouble;
}

static unsigned long hops(const struct header *h)
{
  struct field f = { 0 };
  unsigned long n = 0;

  while (header_next(h, &f)) n += field_is(&f, "Received") || field_is(&f, "Delivered-To");
  return n;
}

static int read_header(struct transaction *t)
{
  const struct spool *m = &t->message;

  return spool_whole(m) ? header_take(&t->header, m->top, m->toplen, m->wait, m->waiting)
                        : header_read(&t->header, m->fd);
}

/* What is wrong with the message as it came: the reply, or 0. */
static const char *fault(struct session *s, const struct dot *d)
{
  struct transaction *t = &s->t;

  if (s->set.databytes && d->size > s->set.databytes) return "552 5.3.4 the message is too large";
  if (d->bare && !s->set.normalize) return "550 5.5.2 a line ends in a lone CR or LF, which may hide a second message";
  if (d->longest > LINEMAX) return "554 5.6.0 a line is too long";
  switch (read_header(t)) {
    case 0: return "554 5.3.4 the header is too large";
    case -1: return "451 4.3.0 unable to read the message again; try again later";
  }
  if (hops(&t->header) > s->set.maxhops) return "554 5.4.6 too many hops: the message goes in a circle";
  return 0;
}

/* A message that was read, and no filter will see. */
static void refuse(struct session *s, const char *reply)
{
  struct result *r = &s->t.result;

  r->verdict = *reply == '4' ? VERDICT_DEFER : VERDICT_REJECT;
  if (!stralloc_copys(&r->text, !strncmp(reply, "552", 3) ? "reject/delete, too large" :
                                verdict_name(r->verdict)) || !stralloc_0(&r->text) ||
      !stralloc_copys(&r->reason, reply + 4) || !stralloc_0(&r->reason)) s->over = 1;
  session_reply(s, reply);
}

/* The client went away, or was too slow, before the message was complete or
 * before we had an answer: nothing is delivered. */
static void gone(struct session *s, int error)
{
  struct result *r = &s->t.result;

  r->verdict = VERDICT_DEFER;
  if (!stralloc_copys(&r->text, "delete, client disconnected") || !stralloc_0(&r->text)) s->over = 1;
  log_event("aborted", s->t.id, error == ETIMEDOUT ? "the client is too slow" :
            error == EINTR ? "this server is going down" : "the client went away");
  if (error == EINTR) session_reply(s, "421 4.3.2 this server is going down; try again later");
  else if (error == ETIMEDOUT) session_reply(s, "421 4.4.2 too slow; goodbye");
  s->over = 1;
}

/* Envelope and header of a message, for who watches the log. */
static void tell(const struct transaction *t)
{
  static stralloc text;
  static const char *const names[] = { "From", "To", "Subject" };
  stralloc value = { 0 };
  struct field f = { 0 };
  size_t i;

  text.len = 0;
  while (header_next(&t->header, &f))
    for (i = 0; i < sizeof names / sizeof *names; ++i)
      if (field_is(&f, names[i]) && field_unfold(&f, &value)) {
        if (!stralloc_cats(&text, names[i]) || !stralloc_cats(&text, ": ") ||
            !stralloc_catb(&text, value.s, value.len > 500 ? 500 : value.len) ||
            !stralloc_cats(&text, "; ")) break;
      }
  stralloc_free(&value);
  log_text("message", t->id, t->sender.text, text.s, text.len);
}

static void judge(struct session *s)
{
  struct transaction *t = &s->t;
  int r;

  if (s->set.level & LOG_EXTENDED) tell(t);
  if (t->mended && s->set.level & LOG_EXTENDED) log_event("mended", t->id, "it had a lone CR or LF");
  r = filter_run(s);
  /* Without filters no time has passed, and SMTP looks once more before its dot. */
  if (r == 1 && s->set.filters && !session_present(s)) {
    errno = stream_stopped ? EINTR : 0;
    r = -1;
  }

  if (r == -1) gone(s, errno);
  else {
    if (s->set.level & LOG_EXTENDED) log_event("decision", t->id, t->result.text.s);
    deliver(s);
  }
}

/* Of several recipients none is named, nor one that other servers could not read. */
static int top(struct session *s)
{
  const struct transaction *t = &s->t;
  struct received r = {
    .helo = s->helo.s, .ip = s->ip, .host = s->host, .me = s->set.me.s, .id = t->id, .with = session_protocol(s),
    .tls = s->tls, .recipient = t->recipients.s, .length = t->count == 1 && !t->utf8 ? t->recipients.len - 1 : 0
  };

  return received(&r, &s->t.top);
}

void data_take(struct session *s)
{
  struct transaction *t = &s->t;
  const char *reply;
  struct dot d;
  int r;

  if (!top(s)) {
    session_reply(s, "452 4.3.1 no room for a message; try again later");
    return;
  }
  spool_begin(&t->message, t->top.s, t->top.len);
  session_reply(s, "354 go ahead");
  if (session_flush(s) == -1) return;

  r = receive(s, &d);
  if (r == -1) gone(s, errno);
  else {
    t->plain = dot_plain(&d);
    t->mended = d.bare;
    reply = r ? fault(s, &d) : "452 4.3.1 no room for the message; try again later";
    if (!r) log_event("trouble", t->id, "unable to keep the message: ", strerror(errno));
    if (reply) refuse(s, reply);
    else judge(s);
  }
  if (session_flush(s) == -1 && t->class == '2')
    log_event("ack-lost", t->id, "the client did not hear that it was accepted");
  record(s);
}
