#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "digits.h"
#include "home.h"
#include "id.h"
#include "sha256.h"

#define PATIENCE 3000  /* milliseconds to wait for another session of the account */
#define DAY 86400
#define START 16      /* where the first record stands; nothing is at 0 */

static const char magic[8] = { 'c', 'm', '-', 'p', 'o', 'p', '3', '\n' };

/* As it stands in the file, numbers as this machine has them; then the text. */
struct record {
  char magic[8];
  struct memo memo;
  unsigned char text[MEMORY_ID];   /* memory_id() of the text */
  unsigned char check[MEMORY_ID];  /* of the bytes before it */
};

typedef char a_record_has_no_holes[sizeof(struct record) == 144 ? 1 : -1];

static void cut(struct sha256 *h, unsigned char id[MEMORY_ID])
{
  unsigned char hash[SHA256_SIZE];

  sha256_end(h, hash);
  memcpy(id, hash, MEMORY_ID);
}

void memory_id(const void *data, size_t len, unsigned char id[MEMORY_ID])
{
  struct sha256 h;

  sha256_begin(&h);
  sha256_add(&h, data, len);
  cut(&h, id);
}

static int sound(const struct record *r)
{
  unsigned char check[MEMORY_ID];

  if (memcmp(r->magic, magic, sizeof magic)) return 0;
  memory_id(r, offsetof(struct record, check), check);
  return !memcmp(check, r->check, sizeof check) && r->memo.textlen < 1UL << 40;
}

/* The file -------------------------------------------------------------------- */

static int folder(void)
{
  int fd, saved, state = home_open("state");

  if (state == -1) return -1;
  fd = home_below(state, "pop3");
  saved = errno;
  close(state);
  errno = saved;
  return fd;
}

void memory_begin(struct memory *m, const char *host, const char *port, const char *user, unsigned long limit)
{
  unsigned char id[MEMORY_ID];
  struct sha256 h;
  char *to = m->name;
  size_t i;

  sha256_begin(&h);
  sha256_add(&h, host, strlen(host) + 1);
  sha256_add(&h, port, strlen(port) + 1);
  sha256_add(&h, user, strlen(user));
  cut(&h, id);
  for (i = 0; i < sizeof id; ++i) to = digits(to, id[i], 16, 2);
  *to = 0;
  m->fd = -1;
  m->end = START;
  m->limit = limit;
}

/* 1; 0: there is none; -1 with errno. */
static int find(struct memory *m)
{
  struct stat st;
  int dir;

  if (m->fd != -1) return 1;
  dir = folder();
  if (dir == -1) return -1;
  m->fd = openat(dir, m->name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (m->fd == -1 && errno == EROFS) m->fd = openat(dir, m->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  close(dir);
  if (m->fd == -1) return errno == ENOENT ? 0 : -1;
  /* Who is asked about is not forgotten. */
  if (!fstat(m->fd, &st) && st.st_mtime < time(0) - DAY) futimens(m->fd, 0);
  return 1;
}

/* From m->end on. What is not sound there is the end. */
static void walk(struct memory *m, void (*take)(void *, const struct memo *, off_t), void *with)
{
  static _Alignas(16) char buffer[32768];
  struct record r;
  struct stat st;
  off_t from = 0;
  ssize_t n = 0;

  if (fstat(m->fd, &st) == -1) return;
  for (;;) {
    if (m->end < from || m->end + (off_t) sizeof r > from + n) {
      from = m->end;
      n = pread(m->fd, buffer, sizeof buffer, from);
      if (n < (ssize_t) sizeof r) return;
    }
    memcpy(&r, buffer + (m->end - from), sizeof r);
    if (!sound(&r) || m->end + (off_t) sizeof r + (off_t) r.memo.textlen > st.st_size) return;
    if (take) take(with, &r.memo, m->end);
    m->end += (off_t) sizeof r + (off_t) r.memo.textlen;
  }
}

int memory_walk(struct memory *m, void (*take)(void *, const struct memo *, off_t), void *with)
{
  int r = find(m);

  if (r == 1) walk(m, take, with);
  return r == -1 ? -1 : 1;
}

static int get(int fd, off_t at, struct record *r)
{
  return pread(fd, r, sizeof *r, at) == (ssize_t) sizeof *r && sound(r);
}

int memory_get(const struct memory *m, off_t at, struct memo *memo)
{
  struct record r;

  if (!get(m->fd, at, &r)) return 0;
  *memo = r.memo;
  return 1;
}

/* The id of len bytes of a file. 1, or 0: they are not there. */
static int file_id(int fd, off_t at, uint64_t len, unsigned char id[MEMORY_ID])
{
  static char buffer[32768];
  struct sha256 h;
  ssize_t n;

  sha256_begin(&h);
  for (; len; len -= (uint64_t) n, at += n) {
    n = pread(fd, buffer, len < sizeof buffer ? (size_t) len : sizeof buffer, at);
    if (n <= 0) return 0;
    sha256_add(&h, buffer, (size_t) n);
  }
  cut(&h, id);
  return 1;
}

int memory_text(const struct memory *m, off_t at, const struct memo *memo, off_t *text)
{
  unsigned char id[MEMORY_ID];
  struct record r;

  *text = at + (off_t) sizeof r;
  return get(m->fd, at, &r) && !memcmp(&r.memo, memo, sizeof *memo) &&
         file_id(m->fd, *text, memo->textlen, id) && !memcmp(id, r.text, sizeof id);
}

/* Adding ------------------------------------------------------------------------ */

static int lock(int fd)
{
  const struct timespec moment = { 0, 2000000 };
  long long end = clock_ms() + PATIENCE;

  while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
    if ((errno != EWOULDBLOCK && errno != EINTR) || clock_ms() > end) return 0;
    nanosleep(&moment, 0);
  }
  return 1;
}

/* Files of accounts that nobody asks about any more. */
static void sweep(int dir, unsigned long days)
{
  int fd = dup(dir);
  DIR *d = fd == -1 ? 0 : fdopendir(fd);
  const struct dirent *e;
  struct stat st;

  if (!d) {
    if (fd != -1) close(fd);
    return;
  }
  while ((e = readdir(d)))
    if (!fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
        st.st_mtime < time(0) - (time_t) days * DAY) unlinkat(dir, e->d_name, 0);
  closedir(d);
}

static int make(struct memory *m, unsigned long days)
{
  int dir = folder(), saved;

  if (dir == -1) return -1;
  if (days) sweep(dir, days);
  m->fd = openat(dir, m->name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  saved = errno;
  close(dir);
  errno = saved;
  return m->fd;
}

/* Write len bytes of text, or of the file in, at this place. */
static int put(int fd, off_t at, const char *text, int in, uint64_t len, off_t from)
{
  static char buffer[32768];
  const char *next = text;
  size_t want;
  ssize_t n;

  for (; len; len -= (uint64_t) n, at += n, from += n) {
    want = len < sizeof buffer || text ? (size_t) len : sizeof buffer;
    if (!text) {
      n = pread(in, buffer, want, from);
      if (n <= 0) return 0;
      want = (size_t) n;
      next = buffer;
    }
    n = pwrite(fd, next, want, at);
    if (n <= 0) return 0;
    if (text) next += n;
  }
  return 1;
}

/* With the file locked, and m->end behind its last record. */
static off_t add(struct memory *m, const struct record *r, const char *text, int in)
{
  off_t at, all = (off_t) sizeof *r + (off_t) r->memo.textlen;
  struct stat st;

  walk(m, 0, 0);
  /* Somebody has written the file anew: what is added here would be lost. */
  if (fstat(m->fd, &st) == -1 || st.st_nlink == 0) errno = ESTALE;
  else if ((unsigned long) (m->end + all) > m->limit) errno = ENOSPC;
  else if (st.st_size > m->end && ftruncate(m->fd, m->end) == -1) return 0;
  else {
    at = m->end;
    /* The text first: a record without one is never there. */
    if (put(m->fd, at + (off_t) sizeof *r, text, in, r->memo.textlen, 0) &&
        pwrite(m->fd, r, sizeof *r, at) == (ssize_t) sizeof *r) {
      m->end = at + all;
      return at;
    }
    if (ftruncate(m->fd, at) == -1) return 0;
    errno = ENOSPC;
  }
  return 0;
}

off_t memory_add(struct memory *m, const struct memo *memo, const char *text, int in, unsigned long days)
{
  struct record r = { .memo = *memo };
  off_t at;
  int found = find(m), saved;

  if (found == -1 || (found == 0 && make(m, days) == -1)) return 0;
  memcpy(r.magic, magic, sizeof magic);
  if (text) memory_id(text, memo->textlen, r.text);
  else if (!file_id(in, 0, memo->textlen, r.text)) return 0;
  memory_id(&r, offsetof(struct record, check), r.check);
  if (!lock(m->fd)) return 0;
  at = add(m, &r, text, in);
  saved = errno;
  flock(m->fd, LOCK_UN);
  errno = saved;
  return at;
}

/* Writing it anew ------------------------------------------------------------------ */

static int copy(const struct memory *m, int to, off_t *at, size_t count)
{
  struct record r;
  off_t end = START;
  size_t i;

  for (i = 0; i < count; ++i) {
    if (!at[i]) continue;
    if (!get(m->fd, at[i], &r) ||
        !put(to, end, 0, m->fd, sizeof r + r.memo.textlen, at[i])) return 0;
    at[i] = end;
    end += (off_t) sizeof r + (off_t) r.memo.textlen;
  }
  return 1;
}

int memory_keep(struct memory *m, off_t *at, size_t count)
{
  char own[ID_SIZE];
  int dir = folder(), to, good = 0;
  struct stat st;

  if (dir == -1) return 0;
  id_make(own);
  to = openat(dir, own, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (to != -1) {
    good = lock(m->fd) && !fstat(m->fd, &st) && st.st_nlink && copy(m, to, at, count) &&
           !renameat(dir, own, dir, m->name);
    if (!good) unlinkat(dir, own, 0);
    close(good ? m->fd : to);
    if (good) {
      m->fd = to;
      m->end = lseek(to, 0, SEEK_END);
    } else flock(m->fd, LOCK_UN);
  }
  close(dir);
  return good;
}
