#include "ask.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "dial.h"
#include "stage.h"

#define PATIENCE 60   /* seconds where no deadline is given */
#define LINE     4096

void ask_refuse(const struct ask *a, const char *why)
{
  stage_die("no answer of ", a->whom, ": ", why);
}

static const char *error(void)
{
  return errno == ETIMEDOUT ? "not in time" : errno == EMSGSIZE ? "an endless line" : strerror(errno);
}

void ask_begin(struct ask *a, const char *whom, const char *address)
{
  long long until = stage_until(PATIENCE), left = until - clock_ms();
  unsigned long seconds = left < 1000 ? 1 : (unsigned long) left / 1000;
  int fd = dial(address, seconds);

  a->whom = whom;
  if (fd == -1) stage_die("unable to reach ", whom, " at ", address, ": ", strerror(errno));
  signal(SIGPIPE, SIG_IGN);  /* of sendfile; a write error says more */
  stream_begin(&a->stream, fd, fd, a->buffer, sizeof a->buffer, seconds);
  a->stream.deadline = until;
}

void ask_send(struct ask *a, const stralloc *head, off_t size)
{
  off_t at = 0;

  if (stream_write(&a->stream, head->s, head->len, size > 0) == -1 ||
      stream_sendfile(&a->stream, 0, &at, size) == -1)
    stage_die("unable to ask ", a->whom, ": ", error());
}

size_t ask_line(struct ask *a, char **line)
{
  size_t len;

  switch (stream_line(&a->stream, LINE, line, &len)) {
    case 0: ask_refuse(a, "cut short");
    case -1: ask_refuse(a, error());
  }
  if (memchr(*line, 0, len)) ask_refuse(a, "a line with a NUL");
  (*line)[len] = 0;
  return len;
}

/* Let something be unread. 1, or 0: the end. */
static int fill(struct ask *a)
{
  ssize_t r = a->stream.pos < a->stream.len ? 1 : stream_fill(&a->stream);

  if (r == -1) ask_refuse(a, error());
  return r > 0;
}

static void take(struct ask *a, size_t len, stralloc *out)
{
  if (!stralloc_catb(out, a->buffer + a->stream.pos, len)) stage_nomem();
  a->stream.pos += len;
}

void ask_take(struct ask *a, size_t len, stralloc *out)
{
  size_t n;

  for (; len; len -= n) {
    if (!fill(a)) ask_refuse(a, "cut short");
    n = a->stream.len - a->stream.pos;
    if (n > len) n = len;
    take(a, n, out);
  }
}

void ask_end(struct ask *a)
{
  if (fill(a)) ask_refuse(a, "more than it announced");
  close(a->stream.in);
}
