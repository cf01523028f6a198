#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "digits.h"
#include "escape.h"
#include "home.h"
#include "id.h"
#include "sha256.h"

/* One entry: the names of its files, the same in the store and in its tmp, and
 * what was written. */
struct work {
  int dir, tmp;
  char env[ID_SIZE + 4], eml[ID_SIZE + 4];
  int made;                /* how many of the two there are in tmp */
  unsigned long size;
  char hash[SHA256_HEX];
};

static int line(stralloc *text, const char *key, const char *value, size_t len)
{
  return stralloc_cats(text, key) && stralloc_append(text, " ") &&
         escape_cat(text, value, len, "") && stralloc_append(text, "\n");
}

static int words(stralloc *text, const char *key, const char *value)
{
  return line(text, key, value, strlen(value));
}

/* What ends it is the mark that all of it is there. */
static int about(stralloc *text, const struct store *e, const struct work *w)
{
  char now[DIGITS_TIME], size[24];
  const char *rcpt = e->recipients;
  size_t len;

  digits_time(now);
  *digits(size, w->size, 10, 1) = 0;
  text->len = 0;
  if (!words(text, "time", now) || !words(text, "id", e->id) || !words(text, "port", e->port) ||
      !words(text, "verdict", e->verdict) || !words(text, "stage", e->stage) ||
      !words(text, "reason", e->reason) || !words(text, "sender", e->sender)) return 0;
  for (; *rcpt; rcpt += len + !!rcpt[len]) {
    len = strcspn(rcpt, "\n");
    if (!line(text, "recipient", rcpt, len)) return 0;
  }
  return words(text, "size", size) && words(text, "sha256", w->hash) && stralloc_cats(text, "end\n");
}

static int create(struct work *w, const char *name)
{
  int fd = openat(w->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  w->made += fd != -1;
  return fd;
}

/* Bring what was written to fd to the disk. */
static int finish(int fd, int good)
{
  int saved;

  if (good && fsync(fd) == -1) good = 0;
  saved = errno;
  if (close(fd) == -1) return -1;
  errno = saved;
  return good ? 1 : -1;
}

static int write_about(struct work *w, const struct store *e)
{
  static stralloc text;
  int fd = create(w, w->env), good;

  if (fd == -1) return -1;
  good = about(&text, e, w);
  if (!good) errno = ENOMEM;
  return finish(fd, good && copy_write(fd, text.s, text.len) == 1);
}

/* 1, or 0 with errno. */
static int hash_and_write(struct work *w, int from, int to)
{
  static char piece[65536];
  struct sha256 hash;
  ssize_t r;

  sha256_begin(&hash);
  for (w->size = 0;; w->size += (unsigned long) r) {
    r = read(from, piece, sizeof piece);
    if (r == -1 && errno == EINTR) r = 0;
    else if (r <= 0) break;
    sha256_add(&hash, piece, (size_t) r);
    if (copy_write(to, piece, (size_t) r) == -1) return 0;
  }
  sha256_endhex(&hash, w->hash);
  if (!r && !w->size) errno = EIO;
  return !r && w->size;
}

static int write_message(struct work *w, int message)
{
  int fd = create(w, w->eml);

  return fd == -1 ? -1 : finish(fd, hash_and_write(w, message, fd));
}

/* A message is in the store when its .eml is, so that one comes last. */
static int publish(const struct work *w)
{
  if (linkat(w->tmp, w->env, w->dir, w->env, 0) == -1) return -1;
  if (linkat(w->tmp, w->eml, w->dir, w->eml, 0) == -1) {
    unlinkat(w->dir, w->env, 0);
    return -1;
  }
  if (fsync(w->dir) == 0) return 1;
  unlinkat(w->dir, w->eml, 0);
  unlinkat(w->dir, w->env, 0);
  return -1;
}

static int put(struct work *w, int message, const struct store *e)
{
  int result, saved;

  *stpcpy(stpcpy(w->env, e->id), ".env") = 0;
  *stpcpy(stpcpy(w->eml, e->id), ".eml") = 0;
  result = write_message(w, message);
  if (result == 1) result = write_about(w, e);
  if (result == 1) result = publish(w);
  saved = errno;
  if (w->made > 0) unlinkat(w->tmp, w->eml, 0);
  if (w->made > 1) unlinkat(w->tmp, w->env, 0);
  errno = saved;
  return result;
}

int store_keep(int dir, const struct quota *quota, int fd, const struct store *entry)
{
  struct work w = { .dir = dir };
  unsigned long size;
  off_t at = lseek(fd, 0, SEEK_CUR);
  struct stat st;
  int result, saved;

  if (!id_valid(entry->id)) {
    errno = EINVAL;
    return -1;
  }
  if (fstat(fd, &st) == -1) return -1;
  size = S_ISREG(st.st_mode) && at != -1 && st.st_size > at ? (unsigned long) (st.st_size - at) : 0;
  w.tmp = home_below(dir, "tmp");
  if (w.tmp == -1) return -1;
  result = quota_take(dir, quota, size);
  if (result == 1 && (result = put(&w, fd, entry)) == -1) {
    saved = errno;
    quota_give(dir, size);
    errno = saved;
  }
  saved = errno;
  close(w.tmp);
  errno = saved;
  return result;
}

int store_put(int fd, const struct store *entry)
{
  struct quota quota;
  int dir, result, saved;

  if (quota_read(&quota) == -1) return -1;
  dir = home_open("store");
  if (dir == -1) return -1;
  result = store_keep(dir, &quota, fd, entry);
  saved = errno;
  close(dir);
  errno = saved;
  return result;
}
