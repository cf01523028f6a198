#include "quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "digits.h"
#include "ledger.h"
#include "stored.h"

#define DAY 86400
#define COUNTED 3600   /* seconds after which the store is counted anew */
#define PATIENCE 10000 /* milliseconds to wait for another process */
#define BATCH 100      /* the part of the limit that goes at once */
#define LITTER DAY     /* seconds after which a file that nobody finished is nobody's */

struct usage {
  int fd;
  unsigned long files, bytes, when;  /* when: counted, seconds since 1970; 0: never */
};

int quota_read(struct quota *q)
{
  q->days = q->size = 0;
  q->files = QUOTA_FILES;
  q->age = QUOTA_AGE;
  q->ledger = 1;
  return control_number("control/storedays", &q->days) == -1 ||
         control_number("control/storefiles", &q->files) == -1 ||
         control_number("control/storesize", &q->size) == -1 ||
         control_number("control/storeage", &q->age) == -1 ? -1 : 1;
}

int quota_word(struct quota *q, const char *word)
{
  const struct { const char *name; unsigned long *value; } known[] = {
    { "days", &q->days }, { "files", &q->files }, { "size", &q->size }, { "age", &q->age }
  };
  size_t len = strcspn(word, "="), i;

  for (i = 0; word[len] && i < sizeof known / sizeof *known; ++i)
    if (strlen(known[i].name) == len && !memcmp(known[i].name, word, len))
      return control_scan(word + len + 1, strlen(word + len + 1), known[i].value);
  return 0;
}

/* The counter ---------------------------------------------------------------- */

#define DIGIT 20                 /* of each number */
#define RECORD (3 * (DIGIT + 1)) /* "FILES BYTES WHEN\n" */

static int lock(int fd)
{
  const struct timespec moment = { 0, 5000000 };
  long long end = clock_ms() + PATIENCE;

  while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
    if (errno != EWOULDBLOCK && errno != EINTR) return -1;
    if (clock_ms() > end) {
      errno = EBUSY;
      return -1;
    }
    nanosleep(&moment, 0);
  }
  return 1;
}

/* Lock and read the file; one that is not as we write it counts as none. */
static int begin(int dir, struct usage *u)
{
  unsigned long *to[3] = { &u->files, &u->bytes, &u->when };
  char text[RECORD + 1];
  size_t i, good = 0;

  u->files = u->bytes = u->when = 0;
  u->fd = openat(dir, "usage", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (u->fd == -1) return -1;
  if (lock(u->fd) == -1) {
    i = (size_t) errno;
    close(u->fd);
    errno = (int) i;
    return -1;
  }
  if (pread(u->fd, text, RECORD + 1, 0) != RECORD) return 1;
  for (i = 0; i < 3; ++i) good += control_scan(text + i * (DIGIT + 1), DIGIT, to[i]) ? 1 : 0;
  if (good < 3) u->when = 0;
  return 1;
}

/* Write it back, if it is known. Where it cannot be written it must not stay as it was. */
static void end(struct usage *u)
{
  char text[RECORD], *at = text;
  int saved = errno;

  if (u->when) {
    at = digits(at, u->files, 10, DIGIT);
    *at++ = ' ';
    at = digits(at, u->bytes, 10, DIGIT);
    *at++ = ' ';
    at = digits(at, u->when, 10, DIGIT);
    *at = '\n';
  }
  if (!u->when || pwrite(u->fd, text, RECORD, 0) != RECORD)
    if (ftruncate(u->fd, 0) == -1) errno = saved;
  close(u->fd);
  errno = saved;
}

/* What goes ------------------------------------------------------------------ */

/* Seconds since the message came, which its id tells; 0 if that is in the future. */
static unsigned long old(const char *id, unsigned long now)
{
  unsigned long then = 0;

  if (!control_scan(id, strcspn(id, "."), &then)) return 0;
  return then < now ? now - then : 0;
}

static unsigned long size(int dir, const char *id)
{
  char name[ID_SIZE + 4];
  struct stat st;

  *stpcpy(stpcpy(name, id), ".eml") = 0;
  return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ? 0 : (unsigned long) st.st_size;
}

/* Tell the ledger; the last of many lines brings all to the disk. */
static int tell(int dir, const char *id, int last)
{
  static struct stored s;
  struct ledger line = stored_ledger(id, stored_read(dir, id, &s) == 1 ? &s : 0, "expired from the store");

  line.size = size(dir, id);
  return last ? ledger_deleted(&line) : ledger_note(&line);
}

/* How many of the oldest have to go for so many more bytes. u counts what is
 * left. -1: too many of them are too young. */
static long going(int dir, const struct quota *q, struct usage *u, const struct storedid *e, long n,
                  unsigned long bytes, unsigned long now)
{
  int full = (q->files && u->files + !!bytes > q->files) || (q->size && u->bytes + bytes > q->size);
  unsigned long files = q->files - (full ? q->files / BATCH : 0);
  unsigned long most = q->size - (full ? q->size / BATCH : 0);
  unsigned long age;
  long i;

  for (i = 0; i < n; ++i) {
    if (!e[i].message) continue;
    age = old(e[i].id, now);
    if (!(q->days && age > q->days * DAY) && !(q->files && u->files + !!bytes > files) &&
        !(q->size && u->bytes + bytes > most)) break;
    if (!(q->days && age > q->days * DAY) && age < q->age) break;
    --u->files;
    u->bytes -= size(dir, e[i].id);
  }
  full = (q->files && u->files + !!bytes > q->files) || (q->size && u->bytes + bytes > q->size);
  return full && bytes ? -1 - i : i;
}

static int evict(int dir, const struct quota *q, const struct storedid *e, long n, struct swept *s)
{
  long i, last = -1;

  for (i = 0; i < n; ++i) if (e[i].message) last = i;
  for (i = 0; q->ledger && i <= last; ++i)
    if (e[i].message && tell(dir, e[i].id, i == last) == -1) return -1;
  for (i = 0; i <= last; ++i) {
    if (!e[i].message) continue;
    if (stored_remove(dir, e[i].id) == -1) return -1;
    ++s->gone;
  }
  return 1;
}

/* Files in tmp that nobody has touched for long. */
static void tidy(int dir, unsigned long now, struct swept *s)
{
  int fd = openat(dir, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *d = fd == -1 ? 0 : fdopendir(fd);
  struct dirent *f;
  struct stat st;

  if (!d) {
    if (fd != -1) close(fd);
    return;
  }
  while ((f = readdir(d)))
    if (*f->d_name != '.' && !fstatat(fd, f->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
        !S_ISDIR(st.st_mode) && (unsigned long) st.st_mtime + LITTER < now &&
        !unlinkat(fd, f->d_name, 0)) ++s->litter;
  closedir(d);
}

/* Read the whole store, and make room. 1; 0: there is none; -1 with errno. */
static int count(int dir, const struct quota *q, struct usage *u, unsigned long bytes, struct swept *s)
{
  unsigned long now = (unsigned long) time(0);
  struct storedid *e;
  long i, n = stored_ids(dir, &e), go;
  int result;

  if (n == -1) return -1;
  u->files = u->bytes = 0;
  for (i = 0; i < n; ++i) {
    if (e[i].message) {
      ++u->files;
      u->bytes += size(dir, e[i].id);
    } else if (old(e[i].id, now) > LITTER && stored_remove(dir, e[i].id) == 1) ++s->litter;
  }
  tidy(dir, now, s);
  go = going(dir, q, u, e, n, bytes, now);
  result = evict(dir, q, e, go < 0 ? -1 - go : go, s);
  free(e);
  u->when = result == -1 ? 0 : now;
  if (result == -1) return -1;
  return go >= 0;
}

int quota_take(int dir, const struct quota *q, unsigned long bytes)
{
  unsigned long now = (unsigned long) time(0);
  struct swept s = { 0 };
  struct usage u;
  int result = 1;

  if (!bytes) bytes = 1;
  if (q->size && bytes > q->size) {
    errno = EDQUOT;
    return -1;
  }
  if (begin(dir, &u) == -1) return -1;
  if (!u.when || now < u.when || now - u.when > COUNTED ||
      (q->files && u.files + 1 > q->files) || (q->size && u.bytes + bytes > q->size))
    result = count(dir, q, &u, bytes, &s);
  if (result == 1) {
    ++u.files;
    u.bytes += bytes;
  } else if (!result) errno = EDQUOT;
  end(&u);
  return result == 1 ? 1 : -1;
}

void quota_give(int dir, unsigned long bytes)
{
  struct usage u;

  if (!bytes) bytes = 1;
  if (begin(dir, &u) == -1) return;
  if (u.files) --u.files;
  u.bytes -= u.bytes < bytes ? u.bytes : bytes;
  end(&u);
}

int quota_sweep(int dir, const struct quota *q, struct swept *s)
{
  struct usage u;
  int result;

  memset(s, 0, sizeof *s);
  if (begin(dir, &u) == -1) return -1;
  result = count(dir, q, &u, 0, s);
  s->files = u.files;
  s->bytes = u.bytes;
  end(&u);
  return result;
}
