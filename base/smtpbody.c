#include "smtpbody.h"

#include <errno.h>
#include <unistd.h>

#include "dot.h"

static char text[32768];  /* of the file */

/* What goes out next: a head that needs no encoding, or encoded bytes; behind them some
 * that stand where they are, then the end. */
static char wire[65536];  /* of both mostly the first page or two are touched */
static char tail[DOT_TAIL];
static const char *head, *behind;
static size_t headlen, wired, behindlen, tailed;

#define PIECE 1048576  /* bytes that go by sendfile at a time, each within the time */
#define EARLY 10       /* seconds for an answer to what did not go out whole */

/* 1; 0: the upstream speaks already; -1: it does not read. */
static int push(struct smtpc *u, unsigned long seconds, int more)
{
  union { const char *ours; void *wanted; } first = { head }, still = { behind };
  struct iovec v[] = { { first.wanted, headlen }, { wire, wired }, { still.wanted, behindlen }, { tail, tailed } };

  if (!headlen && !wired && !behindlen && !tailed) return 1;
  if (stream_pending(&u->stream)) return 0;
  stream_limit(&u->stream, seconds);
  if (stream_writev(&u->stream, v, 4, more) == -1) return -1;
  headlen = wired = behindlen = tailed = 0;
  return 1;
}

static int encode(struct smtpc *u, unsigned long seconds, struct dot *d, const char *in, size_t len)
{
  size_t made, used;
  int r;

  while (len) {
    if (sizeof wire - wired < 4096 && (r = push(u, seconds, 1)) != 1) return r;
    used = dot_encode(d, in, len, wire + wired, sizeof wire - wired, &made);
    wired += made;
    in += used;
    len -= used;
  }
  return 1;
}

/* The body through our own hands. */
static int encode_file(struct smtpc *u, unsigned long seconds, struct dot *d, const struct outgoing *o)
{
  off_t at = o->offset + (off_t) o->startlen;
  ssize_t n;
  int r = encode(u, seconds, d, o->start, o->startlen);

  if (r != 1) return r;
  while (at < o->size) {
    n = pread(o->fd, text, sizeof text, at);
    if (n == -1 && errno == EINTR) continue;
    if (n <= 0) return SMTPBODY_UNREAD;
    if ((r = encode(u, seconds, d, text, (size_t) n)) != 1) return r;
    at += n;
  }
  return 1;
}

/* The body as it is: what is in memory, then the file, by the kernel. */
static int pass(struct smtpc *u, unsigned long seconds, const struct outgoing *o)
{
  off_t at = o->offset + (off_t) o->startlen;
  int r;

  behind = o->start;
  behindlen = o->startlen;
  if (at < o->size && (r = push(u, seconds, 1)) != 1) return r;
  while (at < o->size) {
    if (stream_pending(&u->stream)) return 0;
    stream_limit(&u->stream, seconds);
    if (stream_sendfile(&u->stream, o->fd, &at,
                        o->size - at < PIECE ? o->size - at : PIECE) == -1) return -1;
  }
  return 1;
}

/* Mostly it is on its way as it stands. */
static int head_of(struct smtpc *u, unsigned long seconds, struct dot *d, const struct outgoing *o)
{
  const char *piece;
  size_t n;

  if (!o->head.len) return 1;
  if (dot_next(d, o->head.s, o->head.len, &piece, &n) == o->head.len && piece == o->head.s && n == o->head.len) {
    head = o->head.s;
    headlen = n;
    return 1;
  }
  dot_begin(d, DOT_ENCODE);
  return encode(u, seconds, d, o->head.s, o->head.len);
}

int smtpbody_send(struct smtpc *u, const struct outgoing *o, unsigned long seconds)
{
  struct dot d;
  int r;

  headlen = wired = behindlen = tailed = 0;
  dot_begin(&d, DOT_ENCODE);
  if ((r = head_of(u, seconds, &d, o)) != 1) return r;
  r = o->plain ? pass(u, seconds, o) : encode_file(u, seconds, &d, o);
  if (r != 1) return r;
  /* The head ends a line, and so does a plain body: then only the dot is left. */
  tailed = dot_end(&d, tail);
  return 1;
}

int smtpbody_end(struct smtpc *u, unsigned long seconds)
{
  return push(u, seconds, 0);
}

int smtpbody_early(struct smtpc *u)
{
  int r = smtpc_reply(u, EARLY);

  smtpc_close(u);
  if (r >= 400) return r;
  u->trouble = r == -1 ? "lost in the message" : "answered before the message was out";
  return -1;
}
