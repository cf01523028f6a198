#include "queue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "copy.h"
#include "spawn.h"

static char text[32768], made[32768];

/* Copy n bytes of text to fd without the CR of each CRLF. A CR at the end
 * waits in *cr for the next call. */
static int unwire(int fd, const char *in, size_t n, int *cr)
{
  size_t len = 0, i;

  for (i = 0; i < n; ++i) {
    if (*cr && in[i] != '\n') made[len++] = '\r';
    *cr = in[i] == '\r';
    if (!*cr) made[len++] = in[i];
    if (len > sizeof made - 2) {
      if (copy_write(fd, made, len) == -1) return -1;
      len = 0;
    }
  }
  return copy_write(fd, made, len);
}

static int message_file(const struct queue *q)
{
  int fd = memfd_create("message", MFD_CLOEXEC), cr = 0;
  off_t at = q->offset;
  ssize_t n = 1;

  if (fd == -1) return -1;
  if (unwire(fd, q->head, q->headlen, &cr) == -1 || unwire(fd, q->start, q->startlen, &cr) == -1) n = -1;
  while (n > 0 && at < q->size) {
    n = pread(q->fd, text, sizeof text, at);
    if (n <= 0 || unwire(fd, text, (size_t) n, &cr) == -1) n = -1;
    at += n;
  }
  if (n > 0 && cr) n = copy_write(fd, "\r", 1);
  if (n > 0 && lseek(fd, 0, SEEK_SET) == 0) return fd;
  close(fd);
  return -1;
}

static int envelope_file(const struct queue *q)
{
  int fd = memfd_create("envelope", MFD_CLOEXEC);
  stralloc e = { 0 };
  const char *at = q->recipients, *end = at + q->recipientslen, *nl;
  int ok = stralloc_copys(&e, "F") && stralloc_catb(&e, q->sender, strlen(q->sender) + 1);

  for (; at < end && ok; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!nl) nl = end;
    ok = stralloc_append(&e, "T") && stralloc_catb(&e, at, (size_t) (nl - at)) && stralloc_0(&e);
  }
  ok = ok && stralloc_0(&e) && fd != -1 && copy_write(fd, e.s, e.len) == 1 && lseek(fd, 0, SEEK_SET) == 0;
  stralloc_free(&e);
  if (ok) return fd;
  if (fd != -1) close(fd);
  return -1;
}

/* Until it ends or time is up. */
static int await(struct spawn *p, unsigned long seconds)
{
  struct pollfd ended = { p->pidfd, POLLIN, 0 };
  long long end = clock_ms() + (long long) seconds * 1000, left;
  int code = -1;

  while ((left = end - clock_ms()) > 0)
    if (poll(&ended, 1, left > 1000000 ? 1000000 : (int) left) == 1) {
      code = spawn_reap(p);
      errno = ECHILD;
      return code < 0 ? -2 : code;
    }
  spawn_stop(p, 1000);
  errno = ETIMEDOUT;
  return -2;
}

static int feed(const struct queue *q, int message, int envelope)
{
  static stralloc path;
  extern char **environ;
  struct spawn p = { .env = environ, .fd = { message, envelope, 2, -1 }, .setuid = 1 };
  union { const char **is; char **wanted; } argv = { q->program };

  p.argv = argv.wanted;
  if (spawn_find(q->program[0], &path) != 1) return -1;
  p.path = path.s;
  return spawn_start(&p) == 1 ? await(&p, q->seconds) : -1;
}

int queue_hand(const struct queue *q)
{
  int message = message_file(q), envelope = envelope_file(q), code = -1, saved;

  if (message != -1 && envelope != -1) code = feed(q, message, envelope);
  saved = errno;
  if (message != -1) close(message);
  if (envelope != -1) close(envelope);
  errno = saved;
  return code;
}
