#include "outgoing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "dot.h"
#include "lmtp.h"
#include "log.h"
#include "queue.h"

static _Alignas(4096) char text[32768];  /* of the file */

/* What goes out next: encoded bytes, behind them some that stand where they
 * are, then the end. */
static _Alignas(4096) char wire[65536];  /* of both mostly the first page or two are touched */
static char tail[DOT_TAIL];
static const char *behind;
static size_t wired, behindlen, tailed;

#define PIECE 1048576  /* bytes that go by sendfile at a time, each within timeoutremote */
#define EARLY 10       /* seconds for an answer to what did not go out whole */
#define UNREAD (-2)    /* our own copy of the message cannot be read */

/* 1; 0: the upstream speaks already; -1: it does not read. */
static int push(struct session *s, int more)
{
  struct smtpc *u = &s->upstream;
  union { const char *ours; void *wanted; } still = { behind };
  struct iovec v[] = { { wire, wired }, { still.wanted, behindlen }, { tail, tailed } };

  if (!wired && !behindlen && !tailed) return 1;
  if (stream_pending(&u->stream)) return 0;
  stream_limit(&u->stream, s->set.timeoutremote);
  if (stream_writev(&u->stream, v, 3, more) == -1) return -1;
  wired = behindlen = tailed = 0;
  return 1;
}

static int encode(struct session *s, struct dot *d, const char *in, size_t len)
{
  size_t made, used;
  int r;

  while (len) {
    if (sizeof wire - wired < 4096 && (r = push(s, 1)) != 1) return r;
    used = dot_encode(d, in, len, wire + wired, sizeof wire - wired, &made);
    wired += made;
    in += used;
    len -= used;
  }
  return 1;
}

/* The body through our own hands. */
static int encode_file(struct session *s, struct dot *d, const struct outgoing *o)
{
  off_t at = o->offset + (off_t) o->startlen;
  ssize_t n;
  int r = encode(s, d, o->start, o->startlen);

  if (r != 1) return r;
  while (at < o->size) {
    n = pread(o->fd, text, sizeof text, at);
    if (n == -1 && errno == EINTR) continue;
    if (n <= 0) return UNREAD;
    if ((r = encode(s, d, text, (size_t) n)) != 1) return r;
    at += n;
  }
  return 1;
}

/* The body as it is: what is in memory, then the file, by the kernel. */
static int pass(struct session *s, const struct outgoing *o)
{
  off_t at = o->offset + (off_t) o->startlen;
  int r;

  behind = o->start;
  behindlen = o->startlen;
  if (at < o->size && (r = push(s, 1)) != 1) return r;
  while (at < o->size) {
    if (stream_pending(&s->upstream.stream)) return 0;
    stream_limit(&s->upstream.stream, s->set.timeoutremote);
    if (stream_sendfile(&s->upstream.stream, o->fd, &at,
                        o->size - at < PIECE ? o->size - at : PIECE) == -1) return -1;
  }
  return 1;
}

/* All of it but what push will send, the final dot at least. */
static int body(struct session *s, const struct outgoing *o)
{
  struct dot d;
  int r;

  wired = behindlen = tailed = 0;
  dot_begin(&d, DOT_ENCODE);
  if ((r = encode(s, &d, o->head.s, o->head.len)) != 1) return r;
  r = o->plain ? pass(s, o) : encode_file(s, &d, o);
  if (r != 1) return r;
  /* The head ends a line, and so does a plain body: then only the dot is left. */
  tailed = dot_end(&d, tail);
  return 1;
}

/* Why the message did not go out whole: what the upstream said meanwhile, which
 * counts only if it is a refusal. */
static int early(struct session *s)
{
  int r = smtpc_reply(&s->upstream, EARLY);

  smtpc_close(&s->upstream);
  if (r >= 400) return r;
  log_event("upstream-lost", s->t.id, upstream_name(s->to), r == -1 ? ": lost in the message"
                                                          : ": answered before the message was out");
  return -1;
}

int outgoing_smtp(struct session *s, const struct outgoing *o, const stralloc *recipients)
{
  struct smtpc *u = &s->upstream;
  int r = body(s, o);

  /* The last moment at which nothing has happened yet. */
  if (r == 1 && !session_present(s)) {
    log_event("aborted", s->t.id, "the client went away");
    smtpc_close(u);
    return -1;
  }
  if (r == 1) r = push(s, 0);
  if (r == UNREAD) {
    log_event("trouble", s->t.id, "unable to read the message again: ", strerror(errno));
    smtpc_close(u);
    return -1;
  }
  if (r != 1) return early(s);
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
