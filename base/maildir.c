#include "maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "digits.h"

#define TRIES 8
#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* The path of something within a maildir, below base. */
struct path {
  char text[MAILDIR_DIR + MAILDIR_NAME];
};

static const char *path(struct path *p, const char *dir, const char *name)
{
  stpcpy(stpcpy(stpcpy(p->text, dir), "/"), name);
  return p->text;
}

static int plain(unsigned char c, int first)
{
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("@_+=-", c) ||
         (c == '.' && !first);
}

int maildir_name(const char *address, char dir[MAILDIR_DIR])
{
  char *end = dir + MAILDIR_DIR - 1, *to = dir;
  unsigned char c;
  int as_is;

  for (; (c = (unsigned char) *address); ++address) {
    if (c >= 'A' && c <= 'Z') c |= 32;
    as_is = plain(c, to == dir);
    if (end - to < (as_is ? 1 : 3)) return 0;
    if (as_is) {
      *to++ = (char) c;
    } else {
      *to++ = '%';
      to = digits(to, c, 16, 2);
    }
  }
  *to = 0;
  return to != dir;
}

/* A unique name behind prefix: seconds, microseconds, process, sequence, host,
 * in which / and : may not occur. */
static void unique(char name[MAILDIR_NAME], const char *prefix)
{
  static unsigned long sequence;
  static struct utsname host;
  struct timespec now;
  const char *from;
  char *end = name + MAILDIR_NAME - 5;

  if (!*host.nodename && uname(&host) == -1) memcpy(host.nodename, "localhost", 10);
  clock_gettime(CLOCK_REALTIME, &now);
  name = stpcpy(name, prefix);
  name = stpcpy(digits(name, (unsigned long) now.tv_sec, 10, 1), ".M");
  name = stpcpy(digits(name, (unsigned long) now.tv_nsec / 1000, 10, 1), "P");
  name = stpcpy(digits(name, (unsigned long) getpid(), 10, 1), "Q");
  name = stpcpy(digits(name, sequence++, 10, 1), ".");
  for (from = host.nodename; *from && name < end; ++from) {
    if (*from == '/') name = stpcpy(name, "\\057");
    else if (*from == ':') name = stpcpy(name, "\\072");
    else *name++ = *from;
  }
  *name = 0;
}

int maildir_finish(int fd)
{
  int result = fsync(fd), saved = errno;

  if (close(fd) == -1) return -1;
  errno = saved;
  return result == -1 ? -1 : 1;
}

/* fsync a directory below base by name. 1 or -1. */
static int settle(int base, const char *name)
{
  int fd = openat(base, name, DIRECTORY);

  return fd == -1 ? -1 : maildir_finish(fd);
}

/* The empty maildir under a name that no address has, and on disk. */
static int prepare(int base, const char *dir)
{
  static const char *const parts[] = { "tmp", "new", "cur" };
  struct path p;
  size_t i;

  if (mkdirat(base, dir, 0700) == -1) return -1;
  for (i = 0; i < 3; ++i)
    if (mkdirat(base, path(&p, dir, parts[i]), 0700) == -1) return -1;
  return settle(base, dir);
}

static void discard(int base, const char *dir)
{
  static const char *const parts[] = { "tmp", "new", "cur", "" };
  struct path p;
  size_t i;

  for (i = 0; i < 4; ++i) unlinkat(base, path(&p, dir, parts[i]), AT_REMOVEDIR);
}

int maildir_make(int base, const char *dir)
{
  char fresh[MAILDIR_NAME];
  struct stat st;
  int saved;

  if (fstatat(base, dir, &st, 0) == 0) return 1;
  if (errno != ENOENT) return -1;
  unique(fresh, ".");
  if (prepare(base, fresh) == 1 && renameat(base, fresh, base, dir) == 0) return 1;
  saved = errno;
  discard(base, fresh);
  errno = saved;
  /* Another process was faster; a directory that is not empty is not replaced. */
  return errno == EEXIST || errno == ENOTEMPTY ? 1 : -1;
}

int maildir_spool(int base)
{
  char name[MAILDIR_NAME];
  int fd = openat(base, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

  if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR)) return fd;
  unique(name, ".");
  fd = openat(base, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd != -1) unlinkat(base, name, 0);
  return fd;
}

int maildir_begin(struct maildir *m)
{
  struct path p;
  int fd, tries = 0;

  do {
    unique(m->name, "tmp/");
    fd = openat(m->base, path(&p, m->dir, m->name),
                O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  } while (fd == -1 && errno == EEXIST && ++tries < TRIES);
  return fd;
}

int maildir_show(struct maildir *m)
{
  struct path from, to;

  path(&from, m->dir, m->name);
  memcpy(m->name, "new", 3);
  path(&to, m->dir, m->name);
  if (linkat(m->base, from.text, m->base, to.text, 0) == -1) {
    memcpy(m->name, "tmp", 3);
    return -1;
  }
  /* What stays in tmp harms nobody. */
  unlinkat(m->base, from.text, 0);
  return 1;
}

int maildir_sync(const struct maildir *m)
{
  struct path p;

  return settle(m->base, path(&p, m->dir, "new"));
}

void maildir_undo(const struct maildir *m)
{
  struct path p;

  unlinkat(m->base, path(&p, m->dir, m->name), 0);
}
