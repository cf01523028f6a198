#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "digits.h"
#include "utf8.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8  /* Linux 4.14, of pipes 6.4 */
#endif

/* On the stack, which has pages already: an idle session pays for each. */
struct line {
  size_t used;
  char s[LOG_MAX];
};

static int plain(unsigned char ch)
{
  return ch >= ' ' && ch < 127 && ch != '\\';
}

static void add(struct line *l, const char *text, size_t len)
{
  static const char hex[] = "0123456789abcdef";
  unsigned char ch;
  size_t n, room;
  char *to;

  for (; len; text += n, len -= n) {
    ch = (unsigned char) *text;
    if (l->used + 5 > sizeof l->s) return;
    to = l->s + l->used;
    room = sizeof l->s - 4 - l->used;
    if (room > len) room = len;
    for (n = 0; n < room && plain((unsigned char) text[n]); ++n) to[n] = text[n];
    l->used += n;
    if (n) continue;
    if (ch > 127 && (n = utf8_length(text, len)) && utf8_shows(text, n)) {
      memcpy(l->s + l->used, text, n);
      l->used += n;
    } else {
      n = 1;
      l->s[l->used++] = '\\';
      l->s[l->used++] = 'x';
      l->s[l->used++] = hex[ch >> 4];
      l->s[l->used++] = hex[ch & 15];
    }
  }
}

static void begin(struct line *l, const char *event, const char *id)
{
  l->used = 0;
  add(l, event, strlen(event));
  add(l, " ", 1);
  add(l, id, strlen(id));
}

/* How descriptor 2 is written to, as far as is known. */
static enum { BOLD, CAREFUL, FREELY } way;
static long long patience = LOG_PATIENCE;
static unsigned long dropped;
static int torn;  /* half a line has gone through */

static int is_file(void)
{
  struct stat st;

  return fstat(2, &st) == 0 && S_ISREG(st.st_mode);
}

/* As much as goes without waiting: bytes, or -1 with errno. O_NONBLOCK would be for all
 * processes that have this pipe, and those that are not ours do not expect it. A kernel
 * that cannot say for one write that it shall not wait is asked before; a file makes
 * nobody wait, though a file system may say EAGAIN where it is not certain of that. */
static ssize_t attempt(const char *s, size_t len)
{
  struct pollfd p = { 2, POLLOUT, 0 };
  struct iovec v = { (void *) (size_t) s, len };
  ssize_t r;
  int error;

  if (way == BOLD) {
    r = syscall(SYS_pwritev2, 2, &v, 1UL, -1L, -1L, RWF_NOWAIT);
    if (r != -1 || errno == EINTR) return r;
    error = errno;
    way = is_file() ? FREELY : error == EAGAIN ? BOLD : CAREFUL;
    errno = error;
    if (way == BOLD) return -1;
  }
  if (way == CAREFUL && poll(&p, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return write(2, s, len);
}

/* 1, or 0 if it cannot be written. Who has waited long enough does not wait again. */
static int put(const char *s, size_t len)
{
  struct pollfd p = { 2, POLLOUT, 0 };
  long long began;
  ssize_t r;
  int waited = 0;

  while (len) {
    r = attempt(s, len);
    if (r > 0) {
      torn = len > (size_t) r;
      s += r;
      len -= (size_t) r;
      continue;
    }
    if (r == -1 && errno == EINTR) continue;
    if (r == 0 || errno != EAGAIN || patience <= 0) return 0;
    began = clock_ms();
    poll(&p, 1, (int) patience);
    patience -= clock_ms() - began;
    waited = 1;
  }
  if (!waited) patience = LOG_PATIENCE;
  return 1;
}

/* How many lines there were that could not be written: before the next one that can. */
static int confess(void)
{
  static const char words[] = "dropped - ";
  char line[80], *at = line;

  if (!dropped) return 1;
  if (torn) *at++ = '\n';
  memcpy(at, words, sizeof words - 1);
  at = digits(at + sizeof words - 1, dropped, 10, 1);
  *at++ = '\n';
  if (!put(line, (size_t) (at - line))) return 0;
  dropped = 0;
  return 1;
}

static void end(struct line *l)
{
  l->s[l->used++] = '\n';
  if (!confess() || !put(l->s, l->used)) ++dropped;
}

unsigned long log_dropped(void)
{
  confess();
  return dropped;
}

void log_event_internal(const char *event, const char *id, ...)
{
  const char *part;
  struct line l;
  va_list parts;

  begin(&l, event, id);
  add(&l, " ", 1);
  va_start(parts, id);
  while ((part = va_arg(parts, const char *))) add(&l, part, strlen(part));
  va_end(parts);
  end(&l);
}

void log_text(const char *event, const char *id, const char *mark, const char *text, size_t len)
{
  struct line l;

  begin(&l, event, id);
  add(&l, " ", 1);
  add(&l, mark, strlen(mark));
  add(&l, " ", 1);
  add(&l, text, len);
  end(&l);
}
