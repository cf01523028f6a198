#include "trap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "home.h"
#include "maildir.h"
#include "owfat.h"

#define LEFT 86400  /* seconds after which what is in tmp is nobody's any more */
#define FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static const char name[] = "trap";

/* Are there so many files? 1; 0; -1 with errno. */
static int full(int base, unsigned long most)
{
  int fd = openat(base, "trap/new", FLAGS);
  DIR *d = fd == -1 ? 0 : fdopendir(fd);
  const struct dirent *e;

  if (!d) return -1;
  while (most && (e = readdir(d))) most -= *e->d_name != '.';
  closedir(d);
  return !most;
}

static int put(struct maildir *m, int message)
{
  int fd = maildir_begin(m), good, saved;

  if (fd == -1) return -1;
  good = copy_rest(message, fd) == 1;
  saved = errno;
  if (maildir_finish(fd) == 1 && good && maildir_show(m) == 1) return 1;
  if (!good) errno = saved;
  saved = errno;
  maildir_undo(m);
  errno = saved;
  return -1;
}

int trap_put(int fd, unsigned long most)
{
  struct maildir m = { .base = home_open("state") };
  int r;

  if (m.base == -1) return -1;
  memcpy(m.dir, name, sizeof name);
  r = maildir_make(m.base, name) == -1 ? -1 : full(m.base, most);
  if (!r) r = put(&m, fd);
  else if (r == 1) r = 0;
  close(m.base);
  return r;
}

static stralloc spool;

static const char *below(const char *what)
{
  static stralloc path;

  if (!stralloc_copys(&path, control_home()) || !stralloc_cats(&path, "/state/trap/") ||
      !stralloc_cats(&path, what) || !stralloc_0(&path)) return "";
  return path.s;
}

int trap_open(const char **path)
{
  const char *where = below("new");
  int fd = open(where, FLAGS);

  if (fd == -1) return -1;
  if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
    close(fd);
    return errno == EWOULDBLOCK ? 0 : -1;
  }
  if (!stralloc_copys(&spool, where) || !stralloc_0(&spool)) {
    errno = ENOMEM;
    return -1;
  }
  *path = spool.s;
  return 1;
}

void trap_clean(void)
{
  int fd = open(below("tmp"), FLAGS);
  DIR *d = fd == -1 ? 0 : fdopendir(fd);
  const struct dirent *e;
  struct stat st;

  while (d && (e = readdir(d)))
    if (*e->d_name != '.' && !fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) && st.st_mtime + LEFT < time(0))
      unlinkat(fd, e->d_name, 0);
  if (d) closedir(d);
}
