#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"

volatile sig_atomic_t stream_stopped;

static const int *second;

static void stop(int signal)
{
  int saved = errno;

  (void) signal;
  stream_stopped = 1;
  shutdown(0, SHUT_RD);
  if (second) shutdown(*second, SHUT_RD);
  errno = saved;
}

void stream_signals(const int *other)
{
  struct sigaction a = { .sa_handler = SIG_IGN };

  second = other;
  sigaction(SIGPIPE, &a, 0);
  a.sa_handler = stop;
  sigaction(SIGTERM, &a, 0);
}

enum { RECEIVE, SEND };
#define SLACK 1000  /* milliseconds that a limit in the kernel may be off */

void stream_begin(struct stream *s, int in, int out, char *buffer, size_t size,
                  unsigned long seconds)
{
  struct timeval t = { (time_t) seconds, 0 };

  memset(s, 0, sizeof *s);
  s->in = in;
  s->out = out;
  s->buffer = buffer;
  s->size = size;
  s->waits[RECEIVE] = (long) seconds * 1000;
  s->waits[SEND] = -2 * SLACK;  /* the kernel has not been told */
  s->socket = !setsockopt(in, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

void stream_limit(struct stream *s, unsigned long seconds)
{
  s->whole = (long long) seconds * 1000;
  s->deadline = -1;
}

/* How long the next read or write may wait, in milliseconds. What mostly is all at once
 * asks for no time: the deadline counts from the first piece on. */
static long long left_to(struct stream *s)
{
  long long now;

  if (s->deadline < 0) {
    s->deadline = 0;
    return s->whole;
  }
  now = clock_about();
  if (!s->deadline) s->deadline = now + s->whole;
  return s->deadline - now;
}

/* Let the next read or write wait so long. 1, or -1 with errno. */
static int ready(struct stream *s, int direction)
{
  long long left = left_to(s);
  struct pollfd p;
  struct timeval t;
  int r;

  if (left <= 0) {
    errno = ETIMEDOUT;
    return -1;
  }
  if (s->socket) {
    if (s->waits[direction] <= left + SLACK && s->waits[direction] >= left - SLACK) return 1;
    t.tv_sec = left / 1000;
    t.tv_usec = left % 1000 * 1000;
    if (setsockopt(direction == SEND ? s->out : s->in, SOL_SOCKET,
                   direction == SEND ? SO_SNDTIMEO : SO_RCVTIMEO, &t, sizeof t)) return -1;
    s->waits[direction] = left;
    return 1;
  }
  p.fd = direction == SEND ? s->out : s->in;
  p.events = direction == SEND ? POLLOUT : POLLIN;
  r = poll(&p, 1, left > 1000000 ? 1000000 : (int) left);
  if (r == 0) errno = ETIMEDOUT;
  return r > 0 ? 1 : -1;
}

/* Whether to try again after -1 with errno. A first wait that ended in the kernel was the whole. */
static int again(const struct stream *s)
{
  if (errno == EINTR) return !(s->stops && stream_stopped);
  if (errno != EAGAIN) return 0;
  if (s->deadline && clock_about() < s->deadline) return 1;
  errno = ETIMEDOUT;
  return 0;
}

ssize_t stream_fill(struct stream *s)
{
  ssize_t r;

  if (s->pos) {
    memmove(s->buffer, s->buffer + s->pos, s->len - s->pos);
    s->len -= s->pos;
    s->pos = 0;
  }
  if (s->len == s->size) {
    errno = EMSGSIZE;
    return -1;
  }
  do {
    if (s->stops && stream_stopped) {
      errno = EINTR;
      return -1;
    }
    r = ready(s, RECEIVE) == 1 ? read(s->in, s->buffer + s->len, s->size - s->len) : -1;
  } while (r == -1 && again(s));
  if (r == 0 && s->stops && stream_stopped) {
    errno = EINTR;
    return -1;
  }
  if (r > 0) {
    s->len += (size_t) r;
    s->got += (size_t) r;
  }
  return r;
}

int stream_line(struct stream *s, size_t max, char **line, size_t *len)
{
  size_t seen = 0;
  char *nl;
  ssize_t r;

  for (;;) {
    nl = memchr(s->buffer + s->pos + seen, '\n', s->len - s->pos - seen);
    if (nl) break;
    seen = s->len - s->pos;
    if (seen > max + 1) {
      errno = EMSGSIZE;
      return -1;
    }
    r = stream_fill(s);
    if (r <= 0) return (int) r;
  }
  *line = s->buffer + s->pos;
  *len = (size_t) (nl - *line);
  if (*len && nl[-1] == '\r') --*len;
  if (*len > max) {
    errno = EMSGSIZE;
    return -1;
  }
  s->pos = (size_t) (nl + 1 - s->buffer);
  return 1;
}

/* What of the pieces is left when n bytes have gone out. */
static void advance(struct msghdr *m, size_t n)
{
  for (; m->msg_iovlen && n >= m->msg_iov->iov_len; ++m->msg_iov, --m->msg_iovlen) n -= m->msg_iov->iov_len;
  if (!m->msg_iovlen) return;
  m->msg_iov->iov_base = (char *) m->msg_iov->iov_base + n;
  m->msg_iov->iov_len -= n;
}

/* A single piece, which most are, is less work for the kernel. */
static ssize_t push(int fd, const struct msghdr *m, int flags)
{
  return m->msg_iovlen == 1 ? send(fd, m->msg_iov->iov_base, m->msg_iov->iov_len, flags) : sendmsg(fd, m, flags);
}

/* Mostly there is room, and nobody waits. */
static ssize_t emit(struct stream *s, const struct msghdr *m, int flags)
{
  ssize_t r;

  if (!s->socket) return ready(s, SEND) == 1 ? writev(s->out, m->msg_iov, (int) m->msg_iovlen) : -1;
  r = push(s->out, m, flags | MSG_DONTWAIT);
  if (r == -1 && errno == EAGAIN && ready(s, SEND) == 1) r = push(s->out, m, flags);
  if (r == -1 && errno == ENOTSOCK) {
    s->socket = 0;
    errno = EINTR;
  }
  return r;
}

int stream_writev(struct stream *s, struct iovec *v, size_t count, int more)
{
  struct msghdr m = { .msg_iov = v };
  ssize_t r = 0;

  m.msg_iovlen = (__typeof__(m.msg_iovlen)) count;  /* int or size_t, as the C library has it */
  for (advance(&m, 0); m.msg_iovlen; advance(&m, (size_t) r)) {
    r = emit(s, &m, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (r == -1 && errno != EINTR && !again(s)) return -1;
    if (r == -1) r = 0;
    s->sent += (size_t) r;
  }
  return 1;
}

int stream_write(struct stream *s, const char *data, size_t len, int more)
{
  union { const char *ours; void *wanted; } base = { data };
  struct iovec v = { base.wanted, len };

  return stream_writev(s, &v, 1, more);
}

int stream_sendfile(struct stream *s, int fd, off_t *offset, off_t count)
{
  ssize_t r;

  while (count) {
    r = ready(s, SEND) == 1 ? sendfile(s->out, fd, offset, (size_t) count) : -1;
    if (r == -1 && (errno == EINTR || again(s))) continue;
    if (r == 0) errno = EIO;
    if (r <= 0) return -1;
    count -= r;
    s->sent += (size_t) r;
  }
  return 1;
}

int stream_pending(const struct stream *s)
{
  char c;

  return s->pos < s->len || recv(s->in, &c, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

int stream_present(const struct stream *s)
{
  char c;
  ssize_t r = recv(s->in, &c, 1, MSG_PEEK | MSG_DONTWAIT);

  if (r == 0) return s->pos < s->len ? -1 : 0;
  return r > 0 || errno == EAGAIN || errno == ENOTSOCK;
}

#define LINGER 1048576  /* bytes that are read, and */
#define PARTING 2       /* seconds that are waited, of who was cut off */

void stream_part(struct stream *s)
{
  unsigned long long most = s->got + LINGER;

  shutdown(s->out, SHUT_WR);
  stream_limit(s, PARTING);
  do s->pos = s->len;
  while (s->got < most && stream_fill(s) > 0);
}
