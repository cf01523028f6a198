#include "incoming.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "dot.h"
#include "ledger.h"
#include "log.h"
#include "maillog.h"
#include "notice.h"
#include "peer.h"
#include "setting.h"
#include "sha256.h"
#include "store.h"
#include "verdict.h"

#define WHOLE 1800000  /* milliseconds until a message is there */
#define REST 1048576   /* bytes of one that is too large that are read, and as many as it may have */

void incoming_begin(struct session *s, struct incoming *t)
{
  spool_drop(&t->message);
  spool_drop(&t->filtered);
  id_make(t->id);
  t->began = clock_ms();
  t->header_only = t->plain = 0;
  t->notice.len = t->stored.len = t->recipients.len = 0;
  t->result.text.len = t->result.stage.len = t->result.reason.len = t->result.trace.len = 0;
  t->header.raw.len = t->header.end = t->header.body = 0;
  t->bytes[0] = s->client.got;
  t->bytes[1] = s->client.sent;
  t->bytes[2] = s->server.stream.got;
  t->bytes[3] = s->server.stream.sent;
}

int incoming_patience(struct session *s)
{
  long long now = clock_about();
  int r;

  if (now - s->told < (long long) s->set.keepalive * 1000) return 1;
  s->told = now;
  r = (s->begun || stralloc_cats(&s->out, "+OK\r\n")) && stralloc_cats(&s->out, "X-CleanMail-Wait: ") &&
      stralloc_number(&s->out, s->set.keepalive) && stralloc_cats(&s->out, "\r\n");
  if (!r) s->over = 1;
  s->begun = 1;
  return r && session_flush(s) == 1 ? 1 : -1;
}

/* Reading ------------------------------------------------------------------------- */

static int gone(struct session *s, const char *why)
{
  pop3c_fail(&s->server, why);
  session_lost(s);
  if (!s->begun) session_reply(s, "-ERR [SYS/TEMP] the server of this mailbox is lost; try again later");
  return -1;
}

/* More bytes of the server, while the client hears a line from time to time. 1 or -1. */
static int more(struct session *s, long long end)
{
  struct stream *c = &s->server.stream;
  long long last = clock_about();
  ssize_t n;

  for (;;) {
    stream_limit(c, s->set.keepalive < s->set.timeoutremote ? s->set.keepalive : s->set.timeoutremote);
    n = stream_fill(c);
    if (n > 0 && clock_about() < end) return incoming_patience(s);
    if (n >= 0) return gone(s, n ? "sends without an end" : "closed the connection");
    if (errno != ETIMEDOUT) return gone(s, "lost the connection");
    if (clock_about() - last >= (long long) s->set.timeoutremote * 1000) return gone(s, "did not answer in time");
    if (incoming_patience(s) == -1) return -1;
  }
}

static int refuse(struct session *s, const char *reply)
{
  /* Behind +OK there is no way to say so. */
  if (s->begun) s->over = 1;
  else session_reply(s, reply);
  return s->over ? -1 : 0;
}

int incoming_read(struct session *s, struct incoming *t, int file)
{
  struct stream *c = &s->server.stream;
  long long end = clock_about() + WHOLE;
  unsigned long max = s->set.databytes;
  const char *piece;
  struct sha256 h;
  struct dot d;
  size_t n;
  int keep = 1, trouble = 0;

  spool_begin(&t->message, "", 0);
  sha256_begin(&h);
  dot_begin(&d, DOT_NORMALIZE);
  while (!d.ended) {
    if (c->pos == c->len) {
      if (keep && spool_flush(&t->message) == -1) keep = 0, trouble = errno;
      if (more(s, end) == -1) return -1;
    }
    c->pos += dot_next(&d, c->buffer + c->pos, c->len - c->pos, &piece, &n);
    if (max && d.size > max) keep = 0;
    if (max && d.size > max * 2 + REST) return gone(s, "sends without an end");
    if (!n || !keep) continue;
    sha256_add(&h, piece, n);
    if (spool_write(&t->message, piece, n) == -1) keep = 0, trouble = errno;
  }
  sha256_end(&h, t->hash);
  t->plain = dot_plain(&d);
  if (keep && spool_end(&t->message, file) == -1) trouble = errno;
  if (max && d.size > max) return refuse(s, "-ERR [SYS/PERM] the message is larger than this proxy takes");
  if (!trouble) return 1;
  log_event("trouble", t->id, "unable to keep the message: ", strerror(trouble));
  return refuse(s, "-ERR [SYS/TEMP] no room for the message; try again later");
}

int incoming_header(struct incoming *t)
{
  const struct spool *m = &t->message;
  int r = spool_whole(m) ? header_take(&t->header, m->top, m->toplen, m->wait, m->waiting)
                         : header_read(&t->header, m->fd);

  if (r == 0) errno = EFBIG;
  return r == 1;
}

/* Judging ------------------------------------------------------------------------- */

static enum decision_end watch(void *with, int pidfd, long long end)
{
  struct session *s = with;
  long long now, next = clock_ms() + (long long) s->set.keepalive * 1000;
  struct pollfd p[2] = { { pidfd, POLLIN, 0 }, { s->client.in, POLLRDHUP, 0 } };
  struct timespec left;
  sigset_t none;
  int r;

  sigemptyset(&none);
  for (;;) {
    now = clock_ms();
    if (now >= end) return DECISION_LATE;
    if (incoming_patience(s) == -1) return DECISION_GONE;
    next = s->told + (long long) s->set.keepalive * 1000 + 20;
    if (next > end) next = end;
    if (next <= now) next = now + 20;
    left.tv_sec = (time_t) ((next - now) / 1000);
    left.tv_nsec = (long) ((next - now) % 1000 * 1000000);
    r = stream_stopped ? -1 : ppoll(p, 2, &left, &none);
    if (stream_stopped) return DECISION_STOPPED;
    if (r <= 0) continue;
    if (p[0].revents) return DECISION_ENDED;
    if (!stream_present(&s->client)) return DECISION_GONE;
    p[1].fd = -1;  /* it has only closed its own half, with commands still to be read */
  }
}

/* Whose mail it is, as an address. */
static int addressed(const struct session *s, stralloc *to)
{
  return stralloc_copys(to, s->user.len ? s->user.s : "unknown") &&
         (strchr(s->user.len ? s->user.s : "", '@') || (stralloc_append(to, "@") && stralloc_cats(to, s->to->host))) &&
         stralloc_append(to, "\n") && stralloc_0(to) && --to->len;
}

/* 1, or 0. */
static int store(struct incoming *t)
{
  struct store entry = {
    .id = t->id, .port = peer_port(), .verdict = verdict_name(t->result.verdict),
    .stage = t->result.stage.s, .reason = t->result.reason.s, .sender = t->hop.sender.s, .recipients = t->recipients.s
  };

  if (lseek(t->message.fd, 0, SEEK_SET) != -1 && store_put(t->message.fd, &entry) == 1)
    return stralloc_copys(&t->stored, "store/") && stralloc_cats(&t->stored, t->id) &&
           stralloc_cats(&t->stored, ".eml") && stralloc_0(&t->stored);
  log_event("trouble", t->id, "unable to store the message: ", strerror(errno));
  return 0;
}

static int delete(struct incoming *t)
{
  struct ledger entry = {
    .id = t->id, .port = peer_port(), .verdict = verdict_name(t->result.verdict),
    .sender = t->hop.sender.s, .recipients = t->recipients.s, .stage = t->result.stage.s,
    .reason = t->result.reason.s, .size = (unsigned long) t->message.size
  };

  if (ledger_deleted(&entry) == 1) return 1;
  log_event("trouble", t->id, "unable to record the deletion: ", strerror(errno));
  return 0;
}

/* There is nobody to refuse: what would be refused is as if it were accepted. */
static int carry_out(struct session *s, struct incoming *t)
{
  int verdict = t->result.verdict;

  if (verdict_delivers(verdict)) return 1;
  if (verdict == VERDICT_DEFER) return 0;
  return (verdict_redirects(verdict) ? store(t) : delete(t)) && notice_make(s, t);
}

static int nomemory(struct session *s)
{
  s->over = 1;
  return -1;
}

int incoming_judge(struct session *s, struct incoming *t)
{
  struct decision d = {
    .pipeline = SETTING_PIPELINE, .id = t->id, .proto = "POP3", .auth = s->user.len ? s->user.s : "", .tls = "", .elsewhere = 1,
    .recipients = &t->recipients, .message = &t->message, .deadline = s->set.deadline, .watch = watch, .with = s
  };
  int r;

  if (!addressed(s, &t->recipients)) return nomemory(s);
  if (!incoming_header(t) || !hop_find(&t->header, s->user.len ? s->user.s : "", &t->hop)) {
    log_event("trouble", t->id, "unable to read the header: ", strerror(errno));
    return 0;
  }
  d.sender = t->hop.sender.s;
  d.helo = t->hop.helo.s;
  d.ip = t->hop.ip.s;
  d.host = t->hop.host.s;
  d.body = t->header.body;
  r = decision_run(&d, &t->result, &t->filtered, &t->header_only);
  if (r == 0) return nomemory(s);
  if (r == -1) {
    log_event("aborted", t->id, errno == EINTR ? "this server is going down" : "the client went away");
    if (errno == EINTR && !s->begun) session_reply(s, "-ERR [SYS/TEMP] this proxy is going down");
    s->over = 1;
    return -1;
  }
  if (s->set.level & LOG_EXTENDED) log_event("decision", t->id, t->result.text.s);
  return carry_out(s, t);
}

int incoming_give_up(struct session *s, struct incoming *t)
{
  return t->message.fd != -1 && t->header.end && t->result.text.len && store(t) && notice_make(s, t);
}

void incoming_record(struct session *s, struct incoming *t, const char *reply)
{
  struct result *r = &t->result;
  struct maillog row = {
    .id = t->id, .port = peer_port(), .protocol = "POP3", .ip = s->ip, .host = s->host,
    .helo = t->hop.helo.s, .sender = t->hop.sender.s, .recipients = t->recipients.len ? t->recipients.s : "",
    .verdict = r->text.len ? r->text.s : "defer", .stage = r->stage.len ? r->stage.s : "",
    .reason = r->reason.len ? r->reason.s : "", .trace = r->trace.len ? r->trace.s : "", .reply = reply,
    .upstream = s->to->host, .stored = t->stored.len ? t->stored.s : "", .size = (unsigned long) t->message.size,
    .client_in = (unsigned long) (s->client.got - t->bytes[0]),
    .client_out = (unsigned long) (s->client.sent - t->bytes[1]),
    .upstream_in = (unsigned long) (s->server.stream.got - t->bytes[2]),
    .upstream_out = (unsigned long) (s->server.stream.sent - t->bytes[3]),
    .ms = (unsigned long) (clock_ms() - t->began)
  };

  if (t->header.end && !maillog_header(&row, &t->header)) s->over = 1;
  maillog_append(&row);
}
