#include "home.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "trust.h"

#define FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* A directory that was opened for nothing but its path cannot be synced itself. */
static int sync_path(int parent)
{
  int fd = openat(parent, ".", FLAGS), r;

  if (fd == -1) return -1;
  r = fsync(fd);
  close(fd);
  return r;
}

int home_below(int parent, const char *name)
{
  int fd = openat(parent, name, FLAGS);

  if (fd >= 0 || errno != ENOENT) return fd;
  if (mkdirat(parent, name, 0700) == -1 && errno != EEXIST) return -1;
  if ((fcntl(parent, F_GETFL) & O_PATH ? sync_path(parent) : fsync(parent)) == -1) return -1;
  return openat(parent, name, FLAGS);
}

/* What others can rename or put there is not relied on; whose it is does not matter to root,
 * who does not work there but looks after it. */
static int relied(int home, int dir)
{
  struct stat suite, st;

  if (fstat(home, &suite) == -1 || fstat(dir, &st) == -1) return 0;
  if (!trust_above(&suite, &suite) && (!trust_why(&st, &suite) || (!(st.st_mode & S_IWOTH) && !geteuid()))) return 1;
  errno = EPERM;
  return 0;
}

int home_open(const char *name)
{
  /* Who is in a jail may not list it. */
  int fd, saved, home = openat(AT_FDCWD, control_home(), O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (home == -1) return -1;
  fd = home_below(home, name);
  if (fd != -1 && !relied(home, fd)) {
    saved = errno;
    close(fd);
    errno = saved;
    fd = -1;
  }
  saved = errno;
  close(home);
  errno = saved;
  return fd;
}

int home_become(int dir)
{
  struct stat st;

  if (geteuid()) return 1;
  if (fstat(dir, &st) == -1) return -1;
  if (!st.st_uid) return 1;
  return setgroups(0, 0) == -1 || setgid(st.st_gid) == -1 || setuid(st.st_uid) == -1 ? -1 : 1;
}
