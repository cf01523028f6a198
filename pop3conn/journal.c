#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "copy.h"
#include "digits.h"
#include "entry.h"

#define SLACK 200            /* lines that a file may have too much */
#define WHOLE (1 << 28)      /* bytes of a file */

/* Notes --------------------------------------------------------------------- */

static size_t slot(const struct journal *j, const char *name)
{
  uint64_t h = 0xcbf29ce484222325;

  for (; *name; ++name) h = (h ^ (unsigned char) *name) * 0x100000001b3;
  return h & (j->slots - 1);
}

static int grow(struct journal *j)
{
  struct journal more = *j;
  struct note *n, *next;
  size_t i, at;

  more.slots = j->slots ? j->slots * 2 : 256;
  more.table = calloc(more.slots, sizeof *more.table);
  if (!more.table) return 0;
  for (i = 0; i < j->slots; ++i)
    for (n = j->table[i]; n; n = next) {
      next = n->next;
      at = slot(&more, n->name);
      n->next = more.table[at];
      more.table[at] = n;
    }
  free(j->table);
  *j = more;
  return 1;
}

struct note *journal_find(const struct journal *j, const char *name)
{
  struct note *n;

  for (n = j->table[slot(j, name)]; n; n = n->next)
    if (!strcmp(n->name, name)) return n;
  return 0;
}

struct note *journal_note(struct journal *j, const char *name)
{
  size_t len = strlen(name), at;
  struct note *n = journal_find(j, name);

  if (n || len > JOURNAL_NAME || (j->live >= j->slots && !grow(j))) return n;
  at = slot(j, name);
  n = calloc(1, sizeof *n + len + 1);
  if (!n) return 0;
  n->name = (char *) (n + 1);
  memcpy(n->name, name, len + 1);
  n->next = j->table[at];
  j->table[at] = n;
  ++j->live;
  return n;
}

struct note *journal_next(const struct journal *j, const struct note *n)
{
  size_t at = n ? slot(j, n->name) + 1 : 0;

  if (n && n->next) return n->next;
  while (at < j->slots && !j->table[at]) ++at;
  return at < j->slots ? j->table[at] : 0;
}

/* Files ------------------------------------------------------------------------- */

static int fail(stralloc *trouble, const char *what, const char *why)
{
  if (!stralloc_copys(trouble, what) || !stralloc_cats(trouble, why) || !stralloc_0(trouble)) trouble->len = 0;
  return -1;
}

static int broken(struct journal *j)
{
  if (!j->failed) j->failed = errno ? errno : EIO;
  errno = j->failed;
  return -1;
}

/* A new file with all that is known, in the place of the old one: whole, or not at all. */
static int rewrite(struct journal *j, const char *mailbox)
{
  char line[ENTRY_LINE];
  struct note *n;
  stralloc all = { 0 };
  int fd, ok;

  ok = stralloc_copyb(&all, line, entry_first(j, mailbox, line));
  j->lines = 0;
  for (n = journal_next(j, 0); ok && n; n = journal_next(j, n)) {
    if (n->state == JOURNAL_GONE) continue;
    ok = stralloc_catb(&all, line, entry_compose(n, line));
    ++j->lines;
  }
  fd = openat(j->dir, "journal.new", O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  ok = ok && fd != -1 && copy_write(fd, all.s, all.len) == 1 && fsync(fd) == 0 &&
       renameat(j->dir, "journal.new", j->dir, "journal") == 0 && fsync(j->dir) == 0;
  stralloc_free(&all);
  if (!ok) {
    broken(j);
    if (fd != -1) close(fd);
    return -1;
  }
  if (j->fd != -1) close(j->fd);
  j->fd = fd;
  j->dirty = 0;
  return 1;
}

/* Nobody else can have the same. */
static int begin(struct journal *j, const char *mailbox)
{
  unsigned char random[JOURNAL_TOKEN / 2];
  char *at = j->token;
  size_t i;

  if (getrandom(random, sizeof random, 0) != sizeof random) return -1;
  for (i = 0; i < sizeof random; ++i) at = digits(at, random[i], 16, 2);
  return rewrite(j, mailbox);
}

static int read_all(int fd, stralloc *data)
{
  struct stat st;

  if (fstat(fd, &st) == -1) return -1;
  if (!S_ISREG(st.st_mode) || st.st_size > WHOLE) {
    errno = EFBIG;
    return -1;
  }
  if (!stralloc_ready(data, (size_t) st.st_size + 1) || copy_from(fd, data->s, (size_t) st.st_size, 0) == -1) return -1;
  data->len = (size_t) st.st_size;
  return 1;
}

/* Each line that is whole. The next of the file's first line tells whose it is. */
static int lines(struct journal *j, char *at, char *end)
{
  char *nl;
  size_t len;
  int r;

  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    len = nl ? (size_t) (nl - at) : 0;
    if (!nl || !entry_sound(at, &len)) r = 0;
    else {
      at[len] = 0;
      r = entry_take(j, at);
    }
    if (r == -1) return -1;
    if (r == 0) ++j->damaged;
    else ++j->lines;
    if (!nl) break;
  }
  return 1;
}

/* What is damaged stays as journal.bad, for whoever wants to look at it, and nothing is
 * appended to a line that has no end. */
static int put_aside(struct journal *j, const char *mailbox)
{
  if (unlinkat(j->dir, "journal.bad", 0) == -1 && errno != ENOENT) return broken(j);
  if (linkat(j->dir, "journal", j->dir, "journal.bad", 0) == -1) return broken(j);
  return rewrite(j, mailbox);
}

static int read_file(struct journal *j, const char *mailbox, int look, stralloc *trouble)
{
  static const char other[] = "unable to use the journal: move the file away if all letters may be fetched again: ";
  stralloc data = { 0 };
  char line[ENTRY_LINE], *nl;
  const char *why;
  int r = read_all(j->fd, &data);

  if (r == -1) return fail(trouble, "unable to read the journal: ", strerror(errno));
  nl = memchr(data.s, '\n', data.len);
  why = entry_begins(data.s, nl ? (size_t) (nl - data.s) : 0, j->token);
  if (!why && memcmp(line, data.s, entry_first(j, mailbox, line))) why = "it is that of another mailbox, or damaged at its beginning";
  if (why) r = fail(trouble, other, why);
  else if (lines(j, nl + 1, data.s + data.len) == -1) r = fail(trouble, "out of memory", "");
  /* Nobody knows whether the run before has brought all of it to the disk. */
  j->dirty = 1;
  stralloc_free(&data);
  if (r == 1 && j->damaged && !look && put_aside(j, mailbox) == -1) r = fail(trouble, "unable to write the journal: ", strerror(errno));
  return r;
}

int journal_open(struct journal *j, const char *mailbox, int look, stralloc *trouble)
{
  memset(j, 0, sizeof *j);
  j->dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  j->fd = -1;
  if (j->dir == -1) return fail(trouble, "unable to open the account's directory: ", strerror(errno));
  if (!look && flock(j->dir, LOCK_EX | LOCK_NB) == -1)
    return errno == EWOULDBLOCK ? 0 : fail(trouble, "unable to lock the account: ", strerror(errno));
  if (!grow(j)) return fail(trouble, "out of memory", "");
  j->fd = openat(j->dir, "journal", O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
  if (j->fd != -1) return read_file(j, mailbox, look, trouble);
  if (errno != ENOENT) return fail(trouble, "unable to open the journal: ", strerror(errno));
  return look || begin(j, mailbox) == 1 ? 1 : fail(trouble, "unable to begin a journal: ", strerror(errno));
}

int journal_write(struct journal *j, struct note *n, enum journal_state state)
{
  char line[ENTRY_LINE];

  if (j->failed) return broken(j);
  n->state = state;
  n->time = (uint64_t) time(0);
  j->dirty = 1;
  ++j->lines;
  return copy_write(j->fd, line, entry_compose(n, line)) == 1 ? 1 : broken(j);
}

int journal_commit(struct journal *j)
{
  if (j->failed) return broken(j);
  if (!j->dirty) return 1;
  j->dirty = 0;
  return fsync(j->fd) == 0 ? 1 : broken(j);
}

int journal_tidy(struct journal *j, const char *mailbox)
{
  struct note *n;
  unsigned long known = 0;

  if (j->failed) return broken(j);
  for (n = journal_next(j, 0); n; n = journal_next(j, n)) known += n->state != JOURNAL_GONE;
  return j->lines > known * 2 + SLACK ? rewrite(j, mailbox) : 1;
}
