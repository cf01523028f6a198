#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "home.h"
#include "id.h"
#include "sha256.h"

#define PAGE 4096        /* the head has one of its own */
#define NAMEMAX 60
#define PATIENCE 3000    /* milliseconds to wait for another process */
#define SLOTS 65536      /* that a key may have: bytes behind the end of the file, which are */
#define BEYOND ((off_t) 1 << 60)  /* never written, but can be locked; they begin here */

static const char magic[16] = "cleanmail state";
#define VERSION 1

/* The first bytes of the file; numbers as this machine has them. */
struct head {
  char magic[16];
  uint32_t version, cellsize;
  uint64_t buckets;
  unsigned char secret[16];
  unsigned char check[16];   /* of the bytes before it */
};

/* One cell of the file. All of it zero: free. */
struct record {
  unsigned char key[16];
  uint64_t first, last;
  uint32_t count[STATE_COUNTS];
  uint64_t check;
};

typedef char a_record_has_64_bytes[sizeof(struct record) == 64 ? 1 : -1];

/* The hash of some bytes, such as nobody can choose who does not know the secret. */
static void hash(const unsigned char *secret, const void *data, size_t len, unsigned char out[SHA256_SIZE])
{
  struct sha256 h;

  sha256_begin(&h);
  sha256_add(&h, secret, 16);
  sha256_add(&h, data, len);
  sha256_end(&h, out);
}

static uint64_t check(const struct state *s, const struct record *r)
{
  unsigned char out[SHA256_SIZE];
  uint64_t value;

  hash(s->secret, r, offsetof(struct record, check), out);
  memcpy(&value, out, sizeof value);
  return value;
}

/* The file ------------------------------------------------------------------- */

/* Is it one, and whole? 1 or 0. */
static int usable(struct state *s, int fd)
{
  unsigned char out[SHA256_SIZE];
  struct head h;
  struct stat st;

  if (pread(fd, &h, sizeof h, 0) != (ssize_t) sizeof h || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) return 0;
  hash(h.secret, &h, offsetof(struct head, check), out);
  if (memcmp(h.magic, magic, sizeof magic) || h.version != VERSION || h.cellsize != sizeof(struct record) ||
      memcmp(h.check, out, sizeof h.check) || !h.buckets || h.buckets > STATE_MOST / STATE_BUCKET ||
      (uint64_t) st.st_size != PAGE + h.buckets * STATE_BUCKET * sizeof(struct record)) return 0;
  memcpy(s->secret, h.secret, sizeof s->secret);
  s->buckets = h.buckets;
  s->fd = fd;
  return 1;
}

/* An empty one, all of its room taken on the disk now: later it could be full. */
static int fill(int fd, unsigned long cells)
{
  unsigned char out[SHA256_SIZE];
  struct head h = { .version = VERSION, .cellsize = sizeof(struct record) };
  int error;

  memcpy(h.magic, magic, sizeof magic);
  h.buckets = cells / STATE_BUCKET;
  if (getrandom(h.secret, sizeof h.secret, 0) != (ssize_t) sizeof h.secret) return -1;
  hash(h.secret, &h, offsetof(struct head, check), out);
  memcpy(h.check, out, sizeof h.check);
  error = posix_fallocate(fd, 0, (off_t) (PAGE + h.buckets * STATE_BUCKET * sizeof(struct record)));
  if (error) {
    errno = error;
    return -1;
  }
  return pwrite(fd, &h, sizeof h, 0) == (ssize_t) sizeof h && fsync(fd) == 0 ? 1 : -1;
}

/* Make it under another name and link it into place: who comes later finds it
 * whole, and of two that make it one wins. */
static int make(int dir, const char *name, unsigned long cells)
{
  char own[ID_SIZE];
  int fd, good, saved;

  id_make(own);
  fd = openat(dir, own, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd == -1) return -1;
  good = fill(fd, cells) == 1 && (linkat(dir, own, dir, name, 0) == 0 || errno == EEXIST);
  saved = errno;
  close(fd);
  unlinkat(dir, own, 0);
  errno = saved;
  return good ? 1 : -1;
}

static int put_aside(int dir, const char *name)
{
  char bad[NAMEMAX + 5];

  *stpcpy(stpcpy(bad, name), ".bad") = 0;
  return renameat(dir, name, dir, bad) == 0 || errno == ENOENT ? 1 : -1;
}

static int open_in(struct state *s, int dir, const char *name, unsigned long cells)
{
  int fd, tries;

  for (tries = 0; tries < 3; ++tries) {
    fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd != -1 && usable(s, fd)) return 1;
    if (fd == -1 && errno != ENOENT) return -1;
    if (fd != -1) {
      close(fd);
      if (put_aside(dir, name) == -1) return -1;
    }
    if (make(dir, name, cells) == -1) return -1;
  }
  errno = EBUSY;
  return -1;
}

int state_open(struct state *s, const char *name, unsigned long cells)
{
  int dir, result, saved;

  s->fd = -1;
  if (strlen(name) > NAMEMAX || strchr(name, '/') || *name == '.' || cells < STATE_LEAST || cells > STATE_MOST) {
    errno = EINVAL;
    return -1;
  }
  dir = home_open("state");
  if (dir == -1) return -1;
  result = open_in(s, dir, name, cells);
  saved = errno;
  close(dir);
  errno = saved;
  return result;
}

/* Cells ---------------------------------------------------------------------- */

static off_t where(unsigned long bucket, unsigned int place)
{
  return (off_t) (PAGE + (bucket * STATE_BUCKET + place) * sizeof(struct record));
}

/* A lock of the open file on a bucket: it goes with the process, however that ends. */
static int lock(const struct state *s, unsigned long bucket, short type)
{
  struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_start = where(bucket, 0),
                     .l_len = (off_t) (STATE_BUCKET * sizeof(struct record)) };
  const struct timespec moment = { 0, 2000000 };
  long long end = 0;

  while (fcntl(s->fd, F_OFD_SETLK, &l) == -1) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return -1;
    if (!end) end = clock_ms() + PATIENCE;
    if (clock_ms() > end) {
      errno = EBUSY;
      return -1;
    }
    nanosleep(&moment, 0);
  }
  return 1;
}

void state_leave(struct state *s, const struct cell *cell)
{
  int saved = errno;

  lock(s, cell->bucket, F_UNLCK);
  errno = saved;
}

/* The cell with this key, or the place for it: a free one, else the one used
 * longest ago. What is damaged is free. 1: found; 0. */
static int find(const struct state *s, const struct record *records, uint64_t since, struct cell *cell)
{
  const struct record *r;
  uint64_t oldest = UINT64_MAX;
  unsigned int i;

  cell->place = 0;
  for (i = 0; i < STATE_BUCKET; ++i) {
    r = records + i;
    if (r->check != check(s, r)) {
      if (oldest) cell->place = i;
      oldest = 0;
      continue;
    }
    if (!memcmp(r->key, cell->key, sizeof r->key)) {
      cell->place = i;
      if (r->last < since) return 0;
      cell->first = r->first;
      cell->last = r->last;
      memcpy(cell->count, r->count, sizeof cell->count);
      return 1;
    }
    if (r->last < oldest) {
      oldest = r->last;
      cell->place = i;
    }
  }
  return 0;
}

/* A key as it stands in its cell, and a number that is evenly spread. */
static uint64_t spread(const struct state *s, const char *key, size_t len, unsigned char name[16])
{
  unsigned char out[SHA256_SIZE];
  uint64_t number;

  hash(s->secret, key, len < STATE_KEYMAX ? len : STATE_KEYMAX, out);
  memcpy(name, out, 16);
  memcpy(&number, out + 16, sizeof number);
  return number;
}

int state_get(struct state *s, const char *key, size_t len, uint64_t since, struct cell *cell)
{
  struct record records[STATE_BUCKET];

  memset(cell, 0, sizeof *cell);
  cell->bucket = spread(s, key, len, cell->key) % s->buckets;
  if (lock(s, cell->bucket, F_WRLCK) == -1) return -1;
  if (pread(s->fd, records, sizeof records, where(cell->bucket, 0)) == (ssize_t) sizeof records)
    return find(s, records, since, cell);
  /* It was cut while it was open. */
  state_leave(s, cell);
  errno = EIO;
  return -1;
}

int state_set(struct state *s, const struct cell *cell)
{
  struct record r = { .first = cell->first, .last = cell->last };
  ssize_t w;

  memcpy(r.key, cell->key, sizeof r.key);
  memcpy(r.count, cell->count, sizeof r.count);
  r.check = check(s, &r);
  w = pwrite(s->fd, &r, sizeof r, where(cell->bucket, cell->place));
  if (w >= 0 && w != (ssize_t) sizeof r) errno = ENOSPC;
  state_leave(s, cell);
  return w == (ssize_t) sizeof r ? 1 : -1;
}

int state_next(const struct state *s, unsigned long *at, struct cell *cell)
{
  struct record r;
  ssize_t got;

  for (; *at < s->buckets * STATE_BUCKET; ++*at) {
    got = pread(s->fd, &r, sizeof r, where(*at / STATE_BUCKET, (unsigned int) (*at % STATE_BUCKET)));
    if (got == -1) return -1;
    /* Most are free, which is seen without the hash. */
    if (got != (ssize_t) sizeof r || !r.check || r.check != check(s, &r)) continue;
    memset(cell, 0, sizeof *cell);
    cell->first = r.first;
    cell->last = r.last;
    memcpy(cell->count, r.count, sizeof cell->count);
    ++*at;
    return 1;
  }
  return 0;
}

/* Where to begin is anywhere, so that of many that are there few are asked for twice. */
int state_slot(struct state *s, const char *key, size_t len, unsigned int most)
{
  unsigned char name[16];
  uint64_t place = spread(s, key, len, name) >> 20;  /* of 2^44 */
  unsigned int i, from = (unsigned int) getpid();
  struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

  if (most > SLOTS) most = SLOTS;
  for (i = 0; i < most; ++i) {
    l.l_start = BEYOND + (off_t) (place * SLOTS + (from + i) % most);
    if (fcntl(s->fd, F_OFD_SETLK, &l) == 0) return 1;
    if (errno != EAGAIN && errno != EACCES) return -1;
  }
  return 0;
}
