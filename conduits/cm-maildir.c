/* cm-maildir: stands in qmail-queue's place and delivers into maildirs, one for
 * each recipient address. All recipients get the message, or the caller hears
 * an error. It knows no users, aliases or forwarding. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "maildir.h"

/* The codes of qmail-queue(8); its callers take those below 41 for final. */
enum {
  TOO_LONG = 11, NO_MEMORY = 51, TIMEOUT = 52, CANNOT_WRITE = 53, CANNOT_READ = 54,
  NO_HOME = 61, NO_MAILDIR = 62, CALLED_WRONGLY = 81, BAD_ENVELOPE = 91
};

#define ADDRESS_MAX 1003  /* bytes, as in qmail-queue */
#define RECIPIENTS_MAX 20000
#define LIFETIME 86400    /* seconds; what is older in tmp may be deleted by others */

struct delivery {
  const char *address;
  struct maildir to;
};

static struct {
  stralloc text;  /* F sender 0 T recipient 0 ... 0 */
  const char *sender;
  struct delivery *deliveries;
  size_t count;
} envelope;

static size_t begun;  /* so many deliveries have a file in tmp or new */
static char bytes[65536];

static void undo(void)
{
  while (begun) maildir_undo(&envelope.deliveries[--begun].to);
}

static void expire(int sig)
{
  (void) sig;
  undo();
  _exit(TIMEOUT);
}

/* Nobody keeps what was delivered before the trouble; the reason survives. */
static int undone(int code)
{
  int saved = errno;

  undo();
  errno = saved;
  return code;
}

static size_t read_more(size_t have)
{
  ssize_t r;

  do r = read(0, bytes + have, sizeof bytes - have); while (r == -1 && errno == EINTR);
  if (r == -1) diesys(CANNOT_READ, "unable to read message");
  return (size_t) r;
}

/* Write what bytes holds and all that follows with CRLF as LF. */
static void convert(int to, size_t len)
{
  static char lines[sizeof bytes + 1];
  size_t i, n;
  int cr = 0;

  for (; len; len = read_more(0)) {
    for (i = n = 0; i < len; ++i) {
      if (cr && bytes[i] != '\n') lines[n++] = '\r';
      cr = bytes[i] == '\r';
      if (!cr) lines[n++] = bytes[i];
    }
    if (copy_write(to, lines, n) == -1) diesys(CANNOT_WRITE, "unable to write message");
  }
  if (cr && copy_write(to, "\r", 1) == -1) diesys(CANNOT_WRITE, "unable to write message");
}

/* The message in a file that can be read for each recipient from *start on:
 * descriptor 0 itself, unless it is a pipe or its lines end in CRLF. */
static int message(int base, off_t *start)
{
  size_t len = 0, r;
  const char *nl;
  int spool, crlf;

  *start = lseek(0, 0, SEEK_CUR);
  do {
    r = read_more(len);
    len += r;
    nl = memchr(bytes, '\n', len);
  } while (r && !nl && len < sizeof bytes);
  if (!len) die(CANNOT_READ, "unable to read message: it is empty");

  crlf = nl && nl > bytes && nl[-1] == '\r';
  if (*start != -1 && !crlf) return 0;
  spool = maildir_spool(base);
  if (spool == -1) diesys(CANNOT_WRITE, "unable to write message");
  *start = 0;
  if (crlf) convert(spool, len);
  else if (copy_write(spool, bytes, len) == -1 || copy_rest(0, spool) == -1)
    diesys(CANNOT_WRITE, "unable to write message");
  return spool;
}

/* Read descriptor 1 up to the empty item that ends the envelope. */
static void read_envelope(void)
{
  stralloc *text = &envelope.text;
  size_t item = 0;
  const char *end;
  ssize_t r;

  for (;;) {
    if (!stralloc_readyplus(text, 65536)) die(NO_MEMORY, "out of memory");
    r = read(1, text->s + text->len, 65536);
    if (r == -1 && errno == EINTR) continue;
    if (r == -1) diesys(CANNOT_READ, "unable to read envelope");
    if (!r) die(BAD_ENVELOPE, "envelope without an end");
    text->len += (size_t) r;
    while ((end = memchr(text->s + item, 0, text->len - item))) {
      if (end == text->s + item) return;
      if (end - (text->s + item) > ADDRESS_MAX + 1) die(TOO_LONG, "address too long");
      if (item && ++envelope.count > RECIPIENTS_MAX) die(TOO_LONG, "too many recipients");
      item = (size_t) (end - text->s) + 1;
    }
    if (text->len - item > ADDRESS_MAX + 1) die(TOO_LONG, "address too long");
  }
}

/* Nothing from an envelope makes a line of its own in a header. */
static void defang(char *address)
{
  for (; *address; ++address)
    if ((unsigned char) *address < ' ' || *address == 127) *address = '_';
}

static int by_name(const void *a, const void *b)
{
  return strcmp(((const struct delivery *) a)->to.dir, ((const struct delivery *) b)->to.dir);
}

static void parse_envelope(int base)
{
  struct delivery *d;
  char *item = envelope.text.s;
  size_t i, kept = 0;

  if (*item != 'F' || !envelope.count) die(BAD_ENVELOPE, "envelope without sender or recipient");
  envelope.deliveries = calloc(envelope.count, sizeof *d);
  if (!envelope.deliveries) die(NO_MEMORY, "out of memory");
  envelope.sender = item + 1;
  for (d = envelope.deliveries; ; ++d) {
    defang(item);
    item += strlen(item) + 1;
    if (!*item) break;
    if (*item != 'T') die(BAD_ENVELOPE, "envelope with a strange item");
    d->address = item + 1;
    d->to.base = base;
    if (!maildir_name(d->address, d->to.dir)) die(TOO_LONG, "unusable address: ", d->address);
  }
  d = envelope.deliveries;
  qsort(d, envelope.count, sizeof *d, by_name);
  for (i = 0; i < envelope.count; ++i)
    if (!i || by_name(d + i, d + i - 1)) d[kept++] = d[i];
  envelope.count = kept;
}

/* The message with its two lines on top into tmp, and to the disk. */
static int stage(struct delivery *d, int from, off_t start)
{
  static stralloc top;
  int fd = maildir_begin(&d->to), saved;

  if (fd == -1) return -1;
  ++begun;
  top.len = 0;
  if (!stralloc_cats(&top, "Return-Path: <") || !stralloc_cats(&top, envelope.sender) ||
      !stralloc_cats(&top, ">\nDelivered-To: ") || !stralloc_cats(&top, d->address) ||
      !stralloc_cats(&top, "\n")) die(undone(NO_MEMORY), "out of memory");
  if (copy_write(fd, top.s, top.len) == 1 && lseek(from, start, SEEK_SET) != -1 &&
      copy_rest(from, fd) == 1) return maildir_finish(fd);
  saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

static void deliver(int base, int from, off_t start)
{
  struct delivery *d, *end = envelope.deliveries + envelope.count;

  for (d = envelope.deliveries; d < end; ++d) {
    if (maildir_make(base, d->to.dir) == -1)
      diesys(undone(NO_MAILDIR), "unable to make maildir ", d->to.dir);
    if (stage(d, from, start) == -1)
      diesys(undone(CANNOT_WRITE), "unable to write into maildir ", d->to.dir);
  }
  if (fsync(base) == -1) diesys(undone(CANNOT_WRITE), "unable to sync");
  for (d = envelope.deliveries; d < end; ++d)
    if (maildir_show(&d->to) == -1)
      diesys(undone(CANNOT_WRITE), "unable to deliver into maildir ", d->to.dir);
  for (d = envelope.deliveries; d < end; ++d)
    if (maildir_sync(&d->to) == -1)
      diesys(undone(CANNOT_WRITE), "unable to sync maildir ", d->to.dir);
}

int main(int argc, char **argv)
{
  int base, from;
  off_t start;

  errmsg_iam("cm-maildir");
  if (argc != 2) die(CALLED_WRONGLY, "usage: cm-maildir DIR");
  umask(077);
  signal(SIGALRM, expire);
  alarm(LIFETIME);

  base = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base == -1) diesys(NO_HOME, "unable to open ", argv[1]);
  from = message(base, &start);
  read_envelope();
  parse_envelope(base);
  deliver(base, from, start);
  return 0;
}
