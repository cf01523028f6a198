#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "digits.h"
#include "escape.h"
#include "home.h"
#include "id.h"

/* The names of one entry's files, the same in store/ and store/tmp/. */
struct names {
  char env[ID_SIZE + 4], eml[ID_SIZE + 4];
};

static int line(stralloc *text, const char *key, const char *value, size_t len)
{
  return stralloc_cats(text, key) && stralloc_append(text, " ") &&
         escape_cat(text, value, len, "") && stralloc_append(text, "\n");
}

static int about(stralloc *text, const struct store *e)
{
  char now[DIGITS_TIME];
  const char *rcpt = e->recipients;
  size_t len;

  digits_time(now);
  text->len = 0;
  if (!line(text, "time", now, strlen(now)) || !line(text, "id", e->id, strlen(e->id)) ||
      !line(text, "port", e->port, strlen(e->port)) ||
      !line(text, "verdict", e->verdict, strlen(e->verdict)) ||
      !line(text, "stage", e->stage, strlen(e->stage)) ||
      !line(text, "reason", e->reason, strlen(e->reason)) ||
      !line(text, "sender", e->sender, strlen(e->sender))) return 0;
  for (; *rcpt; rcpt += len + !!rcpt[len]) {
    len = strcspn(rcpt, "\n");
    if (!line(text, "recipient", rcpt, len)) return 0;
  }
  return 1;
}

static int create(int dir, const char *name)
{
  return openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
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

static int write_about(int fd, const struct store *e)
{
  static stralloc text;
  int good = about(&text, e);

  if (!good) errno = ENOMEM;
  return finish(fd, good && copy_write(fd, text.s, text.len) == 1);
}

static int write_message(int tmp, const struct names *names, int message)
{
  int fd = create(tmp, names->eml), good;

  if (fd == -1) return -1;
  good = copy_rest(message, fd) == 1;
  if (good && lseek(fd, 0, SEEK_CUR) < 1) {
    good = 0;
    errno = EIO;
  }
  return finish(fd, good);
}

/* A message is in the store when its .eml is, so that one comes last. */
static int publish(int dir, int tmp, const struct names *names)
{
  if (linkat(tmp, names->env, dir, names->env, 0) == -1) return -1;
  if (linkat(tmp, names->eml, dir, names->eml, 0) == -1) {
    unlinkat(dir, names->env, 0);
    return -1;
  }
  if (fsync(dir) == 0) return 1;
  unlinkat(dir, names->eml, 0);
  unlinkat(dir, names->env, 0);
  return -1;
}

static int put(int dir, int tmp, int message, const struct store *e)
{
  struct names names;
  int env, result, saved;

  *stpcpy(stpcpy(names.env, e->id), ".env") = 0;
  *stpcpy(stpcpy(names.eml, e->id), ".eml") = 0;
  env = create(tmp, names.env);
  if (env == -1) return -1;
  result = write_about(env, e);
  if (result == 1) result = write_message(tmp, &names, message);
  if (result == 1) result = publish(dir, tmp, &names);
  saved = errno;
  unlinkat(tmp, names.eml, 0);
  unlinkat(tmp, names.env, 0);
  errno = saved;
  return result;
}

int store_put(int fd, const struct store *entry)
{
  int dir, tmp, result, saved;

  if (!id_valid(entry->id)) {
    errno = EINVAL;
    return -1;
  }
  dir = home_open("store");
  if (dir == -1) return -1;
  tmp = home_below(dir, "tmp");
  result = tmp == -1 ? -1 : put(dir, tmp, fd, entry);
  saved = errno;
  if (tmp != -1) close(tmp);
  close(dir);
  errno = saved;
  return result;
}
