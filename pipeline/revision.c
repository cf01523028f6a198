#include "revision.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "owfat.h"

static int callers;  /* the caller's descriptor of the message */

/* A message that is no file becomes one that nobody can change. */
static int take_copy(struct run *r)
{
  int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  off_t size;

  if (fd == -1 || copy_rest(r->message, fd) == -1) return -1;
  size = lseek(fd, 0, SEEK_CUR);
  if (size == -1 || copy_seal(fd) == -1) return -1;
  r->message = fd;
  r->size = (unsigned long) size;
  return 1;
}

int revision_take(struct run *r, int fd)
{
  struct stat st;

  r->message = callers = fd;
  if (fstat(fd, &st) == -1) return -1;
  if (!S_ISREG(st.st_mode)) return take_copy(r);
  r->size = (unsigned long) st.st_size;
  return 1;
}

/* Open what this descriptor has open; -1 with errno. The way to it is looked up once. */
static int again(int fd)
{
  static int dir = -1;
  char name[FMT_ULONG + 1];

  if (dir == -1 && (dir = openat(AT_FDCWD, "/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC)) == -1) return -1;
  name[fmt_ulong(name, (unsigned long) fd)] = 0;
  return openat(dir, name, O_RDONLY | O_CLOEXEC);
}

int revision_open(struct run *r)
{
  int fd = again(r->message);

  if (fd != -1) return fd;
  if (lseek(r->message, 0, SEEK_SET) == -1 || take_copy(r) == -1) return -1;
  return again(r->message);
}

/* Has the rewriter written what it read? If not even that can be found out, no. */
static int same(int old, int new, unsigned long size)
{
  static char was[32768], is[32768];
  unsigned long at = 0;
  ssize_t n;

  while (at < size) {
    /* A small message needs no more than a page of either. */
    n = pread(old, was, at ? sizeof was : 4096, (off_t) at);
    if (n < 1 || pread(new, is, (size_t) n, (off_t) at) != n || memcmp(was, is, (size_t) n)) return 0;
    at += (unsigned long) n;
  }
  return 1;
}

void revision_replace(struct run *r, int fd, unsigned long size)
{
  if (size == r->size && same(r->message, fd, size)) {
    close(fd);
    return;
  }
  r->changed = 1;
  if (r->message != callers) close(r->message);
  r->message = fd;
  r->size = size;
}
