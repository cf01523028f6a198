#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "owfat.h"

#define WAIT 600  /* tenths of a second */

static int open_directory(const char *name, const char *file)
{
  static stralloc path;

  if (!stralloc_copyb(&path, name, (size_t) (file - name)) || !stralloc_cats(&path, ".") ||
      !stralloc_0(&path)) {
    errno = ENOMEM;
    return -1;
  }
  return open(path.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int replace_lock(struct replace *r, const char *name)
{
  const char *slash = strrchr(name, '/');
  size_t len;
  int i;

  r->file = slash ? slash + 1 : name;
  len = strlen(r->file);
  if (!len || len + 6 > sizeof r->fresh) {
    errno = len ? ENAMETOOLONG : EISDIR;
    return -1;
  }
  r->fresh[0] = '.';
  memcpy(r->fresh + 1, r->file, len);
  memcpy(r->fresh + 1 + len, ".new", 5);

  r->dir = open_directory(name, r->file);
  if (r->dir == -1) return -1;
  for (i = 0; flock(r->dir, LOCK_EX | LOCK_NB) == -1; ++i) {
    if ((errno != EWOULDBLOCK && errno != EINTR) || i >= WAIT) return -1;
    poll(0, 0, 100);
  }
  return 1;
}

static int inherit(const struct replace *r)
{
  struct stat old, fresh;

  if (fstatat(r->dir, r->file, &old, 0) == -1) return errno == ENOENT ? 1 : -1;
  if (fstat(r->fd, &fresh) == -1) return -1;
  if ((old.st_uid != fresh.st_uid || old.st_gid != fresh.st_gid) &&
      fchown(r->fd, old.st_uid, old.st_gid) == -1) return -1;
  return fchmod(r->fd, old.st_mode & 07777) == -1 ? -1 : 1;
}

int replace_open(struct replace *r)
{
  if (unlinkat(r->dir, r->fresh, 0) == -1 && errno != ENOENT) return -1;
  r->fd = openat(r->dir, r->fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (r->fd == -1) return -1;
  if (inherit(r) == 1) return 1;
  replace_abort(r);
  return -1;
}

int replace_commit(struct replace *r)
{
  if (fsync(r->fd) == -1 || renameat(r->dir, r->fresh, r->dir, r->file) == -1) return -1;
  return fsync(r->dir) == -1 ? -1 : 1;
}

void replace_abort(struct replace *r)
{
  int saved = errno;

  unlinkat(r->dir, r->fresh, 0);
  errno = saved;
}
