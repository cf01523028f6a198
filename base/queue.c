#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "copy.h"
#include "reply.h"
#include "setting.h"
#include "spawn.h"
#include "spool.h"
#include "upstream.h"
#include "verdict.h"

#define WORDS 1000  /* bytes that are read of what it says, and */
#define ROOM 65536  /* that it can say */

static char text[32768], made[32768];

/* Add n bytes of text without the CR of each CRLF, or as they are. A CR at the end
 * waits in *cr for the next call. */
static int unwire(struct spool *to, const char *in, size_t n, int raw, int *cr)
{
  size_t len = 0, i;

  for (i = 0; i < n; ++i) {
    if (*cr && in[i] != '\n') made[len++] = '\r';
    *cr = in[i] == '\r' && !raw;
    if (!*cr) made[len++] = in[i];
    if (len > sizeof made - 2) {
      if (spool_write(to, made, len) == -1 || spool_flush(to) == -1) return -1;
      len = 0;
    }
  }
  return spool_write(to, made, len) == -1 ? -1 : spool_flush(to);
}

/* Only the beginning of the message stands in memory if it is large. */
static int message_file(const struct queue *q)
{
  struct spool s;
  int cr = 0, ok;
  off_t at = q->offset;
  ssize_t n = 1;

  spool_begin(&s, "", 0);
  ok = unwire(&s, q->head, q->headlen, q->raw, &cr) == 1 && unwire(&s, q->start, q->startlen, q->raw, &cr) == 1;
  while (ok && at < q->size) {
    n = pread(q->fd, text, sizeof text, at);
    ok = n > 0 && unwire(&s, text, (size_t) n, q->raw, &cr) == 1;
    at += n;
  }
  if (ok && cr) ok = spool_write(&s, "\r", 1) == 1 && spool_flush(&s) == 1;
  if (ok && lseek(s.fd, 0, SEEK_SET) == 0) return s.fd;
  spool_drop(&s);
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

/* What it says on 6 goes into a file that cannot grow. */
static int words_file(void)
{
  int fd = memfd_create("words", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (fd == -1 || (!ftruncate(fd, ROOM) && !fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK))) return fd;
  close(fd);
  return -1;
}

/* Its first bytes that are none. */
static int take_words(int fd, stralloc *said)
{
  char words[WORDS];
  ssize_t n = pread(fd, words, sizeof words, 0);

  return n >= 0 && stralloc_copyb(said, words, strnlen(words, (size_t) n)) && stralloc_0(said);
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

static int feed(const struct queue *q, int message, int envelope, int words)
{
  static stralloc path;
  extern char **environ;
  struct spawn p = { .env = environ, .fd = { message, envelope, 2, -1 }, .more = { 0, 0, words }, .setuid = 1 };
  union { const char **is; char **wanted; } argv = { q->program };

  p.argv = argv.wanted;
  if (spawn_find(q->program[0], &path) != 1) return -1;
  p.path = path.s;
  return spawn_start(&p) == 1 ? await(&p, q->seconds) : -1;
}

int queue_hand(const struct queue *q)
{
  int message = message_file(q), envelope = envelope_file(q), words = words_file(), code = -1, saved;

  if (message != -1 && envelope != -1 && words != -1) code = feed(q, message, envelope, words);
  saved = errno;
  if (code >= 0 && !take_words(words, q->said)) q->said->len = 0;
  if (words != -1) close(words);
  if (message != -1) close(message);
  if (envelope != -1) close(envelope);
  errno = saved;
  return code;
}

/* The codes of qmail-queue(8), and what a client is told; of those between 11 and 40
 * that are not here, and of all others, the last two lines. */
static const struct { int code; const char *words; } refusals[] = {
  { 11,  "5.1.3 an address is too long for the mail system behind this one" },
  { 115, "5.1.3 an address is too long for the mail system behind this one" },
  { 51,  "4.3.0 the mail system behind this one is out of memory" },
  { 52,  "4.3.0 the mail system behind this one took too long" },
  { 53,  "4.3.0 the mail system behind this one could not write the message" },
  { 54,  "4.3.0 the mail system behind this one could not read the message" },
  { 55,  "4.3.0 the mail system behind this one could not read its configuration" },
  { 56,  "4.3.0 the mail system behind this one has trouble with the network" },
  { 71,  "4.3.0 the mail system behind this one refuses the message for now" },
  { 72,  "4.4.1 the mail system behind this one could not connect in time" },
  { 73,  "4.4.1 the mail system behind this one could not connect" },
  { 74,  "4.4.2 the mail system behind this one lost its connection" },
  { -5,  "5.3.0 the mail system behind this one refuses the message" },
  { -4,  "4.3.0 the message cannot be taken now" },
};

int queue_program(const char ***program, stralloc *trouble)
{
  static struct upstream u;
  static stralloc file, line;
  int r = control_line("control/queue", &file);

  if (r == -1) return setting_trouble(trouble, "queue", strerror(errno));
  if (!stralloc_copys(&line, "queue ") || !stralloc_cats(&line, r ? file.s : "/var/qmail/bin/qmail-queue") ||
      !stralloc_0(&line)) return setting_trouble(trouble, "queue", strerror(ENOMEM));
  if (!upstream_line(&u, line.s, &file)) return setting_trouble(trouble, "queue", file.s);
  *program = u.program;
  return 1;
}

const char *queue_refusal(int code, const stralloc *said)
{
  static stralloc line;
  int group = code >= 11 && code <= 40 ? -5 : -4;
  size_t i;

  if (code == 82 && said->len > 2 && (*said->s == 'D' || *said->s == 'Z')) {
    line.len = 0;
    if (reply_reason(*said->s == 'D' ? VERDICT_REJECT : VERDICT_DEFER, said->s + 1, said->len - 2, &line) &&
        stralloc_0(&line)) return line.s;
  }
  for (i = 0; refusals[i].code != code && refusals[i].code != group; ++i) ;
  return refusals[i].words;
}
