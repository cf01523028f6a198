#include "release.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "digits.h"
#include "escape.h"
#include "ledger.h"
#include "send.h"

#define RELMAX 4194304  /* bytes of an ID.rel */

/* ID.rel: "TIME STEP ADDRESS" for each step. The last step of an address counts. */
static const char *const steps[] = { "unsent", "sending", "doubt", "released", "noted" };
enum { UNSENT, SENDING, DOUBT, RELEASED, NOTED, NEVER };

static struct { int fd; stralloc text; } rel = { .fd = -1 };

static int open_rel(int dir, const char *id, int create)
{
  char name[ID_SIZE + 4];

  *stpcpy(stpcpy(name, id), ".rel") = 0;
  return openat(dir, name, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);
}

/* Of the message before, and with its lock. */
static void drop(void)
{
  if (rel.fd != -1) close(rel.fd);
  rel.fd = -1;
}

/* Locks of the open file, gone with its process: looking whether there is one is in
 * nobody's way. 1: taken; 0: another process has it; -1 with errno. */
static int hold(int fd)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return 1;
  return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

static int held(int fd)
{
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

  return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static int read_rel(int fd)
{
  char piece[4096];
  off_t at = 0;
  ssize_t r;

  rel.text.len = 0;
  if (!stralloc_ready(&rel.text, 1)) return 0;
  for (; (r = pread(fd, piece, sizeof piece, at)); at += r > 0 ? r : 0) {
    if (r == -1 && errno == EINTR) continue;
    if (r == -1) return 0;
    errno = at > RELMAX ? EFBIG : ENOMEM;
    if (at > RELMAX || !stralloc_catb(&rel.text, piece, (size_t) r)) return 0;
  }
  return 1;
}

/* The last step of an address, written as in the file. Half a line is none. */
static int step(const stralloc *address)
{
  const char *line = rel.text.s, *end = line + rel.text.len, *nl, *word, *value;
  int found = NEVER, i;

  for (; line < end && (nl = memchr(line, '\n', (size_t) (end - line))); line = nl + 1) {
    if (nl - line < DIGITS_TIME) continue;
    word = line + DIGITS_TIME;
    value = memchr(word, ' ', (size_t) (nl - word));
    if (!value || (size_t) (nl - value - 1) != address->len ||
        memcmp(value + 1, address->s, address->len)) continue;
    for (i = 0; i < NEVER; ++i)
      if ((size_t) (value - word) == strlen(steps[i]) && !memcmp(word, steps[i], strlen(steps[i]))) found = i;
  }
  return found;
}

/* Write that this step is taken for all these addresses, and wait for the disk. 1 or 0. */
static int take(int which, const stralloc *addresses)
{
  static stralloc lines;
  const char *at = addresses->s, *end, *nl;
  char now[DIGITS_TIME];

  if (!addresses->len) return 1;
  end = at + addresses->len;
  digits_time(now);
  lines.len = 0;
  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!stralloc_cats(&lines, now) || !stralloc_append(&lines, " ") || !stralloc_cats(&lines, steps[which]) ||
        !stralloc_append(&lines, " ") || !escape_cat(&lines, at, (size_t) (nl - at), "") ||
        !stralloc_append(&lines, "\n")) return 0;
  }
  return copy_line(rel.fd, lines.s, lines.len) == 1 && fsync(rel.fd) == 0;
}

/* The next recipient of a list, as it is and as the file has it. 1; 0: no more. -1: no memory. */
static int next(const char **at, const char **address, size_t *len, stralloc *escaped)
{
  if (!**at) return 0;
  *address = *at;
  *len = strcspn(*at, "\n");
  *at += *len + !!(*at)[*len];
  escaped->len = 0;
  return stralloc_ready(escaped, 1) && escape_cat(escaped, *address, *len, "") ? 1 : -1;
}

/* All of the list whose last step is between these. 1 or 0. */
static int those(const char *list, int from, int to, stralloc *found)
{
  static stralloc escaped;
  const char *address;
  size_t len;
  int r, s;

  found->len = 0;
  while ((r = next(&list, &address, &len, &escaped)) == 1) {
    s = step(&escaped);
    if (s >= from && s <= to && (!stralloc_catb(found, address, len) || !stralloc_append(found, "\n"))) return 0;
  }
  return r == 0 && stralloc_ready(found, 1);
}

int release_state(int dir, const struct stored *s)
{
  static stralloc done, doubt, all;
  int fd = open_rel(dir, s->id, 0), good, busy;

  if (fd == -1) return errno == ENOENT ? RELEASE_NONE : -1;
  busy = held(fd);
  good = read_rel(fd) && those(s->recipients.s, RELEASED, NOTED, &done) &&
         those(s->recipients.s, SENDING, DOUBT, &doubt) && those(s->recipients.s, UNSENT, NEVER, &all);
  close(fd);
  if (!good) return -1;
  if (busy) return RELEASE_BUSY;
  if (doubt.len) return RELEASE_DOUBT;
  return !done.len ? RELEASE_NONE : done.len == all.len ? RELEASE_DONE : RELEASE_PARTLY;
}

int release_hold(int dir, const char *id)
{
  drop();
  rel.fd = open_rel(dir, id, 0);
  return rel.fd != -1 ? hold(rel.fd) : errno == ENOENT ? 1 : -1;
}

/* Open, lock and read ID.rel; it is on disk, and begins a new line. 1; 0: a
 * process is at it, -1 with errno. */
static int begin(int dir, const struct stored *s)
{
  struct stat st;
  int r;

  drop();
  rel.fd = open_rel(dir, s->id, 1);
  r = rel.fd == -1 ? -1 : hold(rel.fd);
  if (r != 1) return r;
  if (fstat(rel.fd, &st) == -1 || fsync(dir) == -1 || !read_rel(rel.fd)) return -1;
  errno = ENOENT;
  if (!st.st_nlink) return -1;
  if (rel.text.len && rel.text.s[rel.text.len - 1] != '\n') return copy_write(rel.fd, "\n", 1);
  return 1;
}

static int ledger(const struct stored *s, const stralloc *to, const char *action, const char *reason)
{
  static stralloc list;
  struct ledger line = { .id = s->id, .port = s->port, .verdict = s->verdict, .sender = s->sender,
                         .stage = *s->stage ? s->stage : "-", .reason = reason, .size = s->size,
                         .action = action };

  if (!to->len) return 1;
  if (!stralloc_copy(&list, to) || !stralloc_0(&list)) return 0;
  line.recipients = list.s;
  return ledger_deleted(&line) == 1;
}

/* What a process that died could not write any more. 1 or 0. */
static int mend(const struct stored *s, const char *list)
{
  static stralloc to;

  if (!those(list, RELEASED, RELEASED, &to) ||
      !ledger(s, &to, "released from the store", "its process ended early") || !take(NOTED, &to)) return 0;
  return those(list, SENDING, SENDING, &to) &&
         ledger(s, &to, "in doubt of release", "its process ended early") && take(DOUBT, &to) &&
         read_rel(rel.fd);
}

static int before(struct send *s)
{
  return take(SENDING, &s->accepted);
}

static int number(const char *name, unsigned long *value, unsigned long usual)
{
  *value = usual;
  return control_number(name, value) != -1;
}

static int hand_over(int message, const struct stored *s, const stralloc *to, struct send *m)
{
  static struct upstreams upstreams;
  static struct routes routes;
  static stralloc me, trouble;

  m->upstreams = &upstreams;
  m->routes = &routes;
  m->message = message;
  m->sender = s->sender;
  m->recipients = to;
  m->before = before;
  if (control_line("control/me", &me) != 1 && !(stralloc_copys(&me, "localhost") && stralloc_0(&me)))
    return SEND_LATER;
  m->me = me.s;
  if (upstream_read(&upstreams, &trouble) && route_open(&routes, me.s, &trouble)) {
    if (number("control/timeoutconnect", &m->connect, 30) && number("control/timeoutremote", &m->reply, 300))
      return send_message(m);
    if (!stralloc_copys(&trouble, "a time-out is not a number") || !stralloc_0(&trouble)) return SEND_LATER;
  }
  if (!stralloc_copy(&m->answer, &trouble)) m->answer.len = 0;
  return SEND_LATER;
}

static int why_is(stralloc *why, const char *text, const char *more)
{
  return stralloc_copys(why, text) && stralloc_cats(why, more) && stralloc_0(why);
}

/* "ADDRESS: WHY" for each of the list. 1 or 0. */
static int each(const stralloc *list, const char *answer, stralloc *refused)
{
  const char *at = list->s, *end = at + list->len, *nl;
  int ok = 1;

  for (; at < end && ok; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    ok = stralloc_catb(refused, at, (size_t) (nl - at)) && stralloc_cats(refused, ": ") &&
         stralloc_cats(refused, answer) && stralloc_append(refused, "\n");
  }
  return ok;
}

/* Send it to those of these who go one way, and write down what became of it. */
static int part(int message, const struct stored *s, const stralloc *to, int only, stralloc *why,
                stralloc *refused, stralloc *others)
{
  static struct send m;
  const char *answer;
  int r, good;

  m.group.len = m.others.len = m.accepted.len = m.refused.len = 0;
  r = hand_over(message, s, to, &m);
  answer = m.answer.len ? m.answer.s : "";
  if (!stralloc_cat(refused, &m.refused) || !why_is(why, answer, "") || !stralloc_copy(others, &m.others)) return -1;
  if (r == SEND_REFUSED || r == SEND_LATER) {
    /* Where there are other ways it has to be said who did not get it on this one. */
    if ((!only || others->len) && !m.refused.len && !each(&m.group, answer, refused)) return -1;
    if (m.accepted.len && !take(UNSENT, &m.accepted)) return -1;
    return RELEASE_FAILED;
  }
  if (r == SEND_DOUBT) {
    good = take(DOUBT, &m.accepted) && ledger(s, &m.accepted, "in doubt of release", answer);
    return good ? RELEASE_DOUBT : -1;
  }
  good = take(RELEASED, &m.accepted) && ledger(s, &m.accepted, "released from the store", answer) &&
         take(NOTED, &m.accepted);
  if (!good) return -1;
  return m.accepted.len == m.group.len ? RELEASE_DONE : RELEASE_PARTLY;
}

/* All ways, one behind the other. What was not done everywhere was done partly; where
 * there is doubt, it stays, and nothing more is sent. */
static int deliver(int message, const struct stored *s, stralloc *to, stralloc *why, stralloc *refused)
{
  static stralloc others, last;
  int r, all = -1;

  for (;;) {
    r = part(message, s, to, all == -1, why, refused, &others);
    if (r == -1 || r == RELEASE_DOUBT) return r;
    /* The reason that is told is that of the failure. */
    if (r != RELEASE_DONE && !stralloc_copy(&last, why)) return -1;
    all = all == -1 || all == r ? r : RELEASE_PARTLY;
    if (!others.len) break;
    if (!stralloc_copy(to, &others)) return -1;
  }
  return all == RELEASE_DONE || stralloc_copy(why, &last) ? all : -1;
}

/* The bytes must still be those that were stored. */
static int message_of(int dir, const struct stored *s)
{
  int fd = stored_open(dir, s->id, ".eml");

  if (fd == -1 || stored_verify(fd, s) == 1) return fd;
  close(fd);
  errno = EBADMSG;
  return -1;
}

/* With its file held: who of the list is to get it, and what came of that. */
static int held_release(int message, const struct stored *s, const char *list, int again,
                        stralloc *why, stralloc *refused)
{
  static stralloc to, more;

  if (!mend(s, s->recipients.s) || (list != s->recipients.s && !mend(s, list)) ||
      !those(list, SENDING, DOUBT, &more)) return -1;
  if (more.len && !again) return why_is(why, "it may have been released already", "") ? RELEASE_DOUBT : -1;
  if (!those(list, UNSENT, again ? DOUBT : UNSENT, &to)) return -1;
  if (!those(list, NEVER, NEVER, &more) || !stralloc_cat(&to, &more)) return -1;
  if (!to.len) return why_is(why, "it was released before", "") ? RELEASE_DONE : -1;
  return deliver(message, s, &to, why, refused);
}

int release(int dir, const struct stored *s, const char *address, int again,
            stralloc *why, stralloc *refused)
{
  static stralloc only;
  const char *list = s->recipients.s;
  int r, saved, message;

  refused->len = 0;
  if (address) {
    if (!stralloc_copys(&only, address) || !stralloc_cats(&only, "\n") || !stralloc_0(&only)) return -1;
    list = only.s;
  }
  message = message_of(dir, s);
  if (message == -1) return -1;
  r = begin(dir, s);
  if (r == 1) r = held_release(message, s, list, again, why, refused);
  else if (r == 0) r = why_is(why, "another process releases it", "") ? RELEASE_BUSY : -1;
  saved = errno;
  close(message);
  drop();
  errno = saved;
  return r;
}
