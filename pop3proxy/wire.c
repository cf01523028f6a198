#include "wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static char text[32768];  /* of a file */
static char out[65536];   /* of both mostly the first page or two are touched */
static size_t filled;

void wire_begin(struct wire *w, struct session *s)
{
  memset(w, 0, sizeof *w);
  w->session = s;
  dot_begin(&w->dot, DOT_ENCODE);
  filled = 0;
}

void wire_limit(struct wire *w, unsigned long lines)
{
  w->top = 1;
  w->left = lines;
}

/* What is queued, what is encoded, and what stands where it is. */
static void push(struct wire *w, const char *tail, size_t taillen, int more)
{
  struct session *s = w->session;
  union { const char *ours; void *wanted; } plain = { w->plain }, last = { tail };
  struct iovec v[] = { { s->out.s, s->out.len }, { out, filled }, { plain.wanted, w->plainlen },
                       { last.wanted, taillen } };

  if (w->failed) return;
  stream_limit(&s->client, s->set.timeoutpop3d);
  if (stream_writev(&s->client, v, 4, more) == -1) w->failed = 1;
  s->out.len = filled = w->plainlen = 0;
}

/* Of n encoded bytes those that TOP wants: up to the last line of the body that
 * it asks for. */
static size_t wanted(struct wire *w, const char *p, size_t n)
{
  size_t i;

  if (!w->top) return n;
  if (w->ended) return 0;
  for (i = 0; i < n; ++i) {
    if (p[i] != '\n') {
      ++w->line;
      continue;
    }
    if (w->body) --w->left;
    else if (w->line <= 1) w->body = 1;
    w->line = 0;
    if (w->body && !w->left) {
      w->ended = 1;
      return i + 1;
    }
  }
  return n;
}

void wire_text(struct wire *w, const char *in, size_t len)
{
  size_t used, made;

  while (len && !w->ended && !w->failed) {
    if (sizeof out - filled < 4096) push(w, 0, 0, 1);
    used = dot_encode(&w->dot, in, len, out + filled, sizeof out - filled, &made);
    filled += wanted(w, out + filled, made);
    in += used;
    len -= used;
  }
}

void wire_file(struct wire *w, int fd, off_t at, off_t len)
{
  ssize_t n;

  for (; len > 0 && !w->ended && !w->failed; at += n, len -= n) {
    n = pread(fd, text, len < (off_t) sizeof text ? (size_t) len : sizeof text, at);
    if (n == -1 && errno == EINTR) n = 0;
    else if (n <= 0) w->failed = 1;
    else wire_text(w, text, (size_t) n);
  }
}

void wire_plain(struct wire *w, const char *in, size_t len, int fd, off_t at, off_t end)
{
  struct session *s = w->session;

  w->plain = in;
  w->plainlen = len;
  if (at >= end) return;
  push(w, 0, 0, 1);
  stream_limit(&s->client, s->set.timeoutpop3d);
  if (!w->failed && stream_sendfile(&s->client, fd, &at, end - at) == -1) w->failed = 1;
}

int wire_end(struct wire *w)
{
  char tail[DOT_TAIL];
  /* What was cut ends a line; so does a plain rest. */
  size_t n = w->ended ? 3 : dot_end(&w->dot, tail);

  if (w->ended) memcpy(tail, ".\r\n", 3);
  push(w, tail, n, 0);
  if (!w->failed) return 1;
  w->session->out.len = 0;
  w->session->over = 1;
  return -1;
}

/* The dots that encoding adds are none that a client counts. */
int wire_size(const char *in, size_t len, int fd, off_t end, uint64_t *size)
{
  int start = 1;
  struct dot d;
  size_t used, made, i;
  off_t at = 0;
  ssize_t n = 0;
  char tail[DOT_TAIL];

  *size = 0;
  dot_begin(&d, DOT_ENCODE);
  for (;;) {
    if (!len && fd != -1 && at < end) {
      n = pread(fd, text, sizeof text, at);
      if (n <= 0) return 0;
      at += n;
      in = text;
      len = (size_t) n;
    }
    if (!len) break;
    used = dot_encode(&d, in, len, out, sizeof out, &made);
    for (i = 0; i < made; ++i) {
      *size += !(start && out[i] == '.');
      start = out[i] == '\n';
    }
    in += used;
    len -= used;
  }
  *size += dot_end(&d, tail) - 3;
  return 1;
}
