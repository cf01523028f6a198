#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"

void spool_begin(struct spool *s, const char *top, size_t len)
{
  memset(s, 0, sizeof *s);
  s->fd = -1;
  s->memory = 1;
  s->top = top;
  s->toplen = len;
  s->wait = "";
  s->size = (off_t) len;
}

/* It has grown too large for memory: move it to the disk, by the kernel. */
static int move(struct spool *s)
{
  static stralloc folder;
  int fd;

  if (control_line("control/spool", &folder) == -1) return -1;
  fd = openat(AT_FDCWD, folder.len ? folder.s : SPOOL_FOLDER, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd == -1) return -1;
  if (lseek(s->fd, 0, SEEK_SET) == -1 || copy_rest(s->fd, fd) == -1) {
    close(fd);
    return -1;
  }
  close(s->fd);
  s->fd = fd;
  s->memory = 0;
  return 1;
}

static int flush(struct spool *s)
{
  union { const char *out; void *in; } top = { s->top }, wait = { s->wait };
  struct iovec v[2] = { { top.in, s->toplen }, { wait.in, s->waiting } };
  ssize_t r;

  if (s->fd == -1) s->fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (s->fd == -1 || (s->memory && s->size > SPOOL_MEMORY && move(s) == -1)) return -1;
  while (v[0].iov_len + v[1].iov_len) {
    r = writev(s->fd, v, 2);
    if (r == -1 && errno == EINTR) continue;
    if (r == -1) return -1;
    if ((size_t) r < v[0].iov_len) {
      v[0].iov_base = (char *) v[0].iov_base + r;
      v[0].iov_len -= (size_t) r;
    } else {
      r -= (ssize_t) v[0].iov_len;
      v[0].iov_len = 0;
      v[1].iov_base = (char *) v[1].iov_base + r;
      v[1].iov_len -= (size_t) r;
    }
  }
  s->toplen = s->waiting = 0;
  return 1;
}

/* What is on top waits for the first bytes below it. */
int spool_flush(struct spool *s)
{
  return s->waiting ? flush(s) : 1;
}

int spool_write(struct spool *s, const char *data, size_t len)
{
  if (s->waiting && data != s->wait + s->waiting && spool_flush(s) == -1) return -1;
  if (!s->waiting) s->wait = data;
  s->waiting += len;
  s->size += (off_t) len;
  return 1;
}

static int again(int fd)
{
  char name[20 + FMT_ULONG] = "/proc/self/fd/";

  name[14 + fmt_ulong(name + 14, (unsigned long) fd)] = 0;
  return openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
}

/* A file on the disk has no seals, and whoever runs as our account can give itself the right
 * to write. But before it is opened for that, or truncated, a lease on it is broken, and the
 * kernel remembers for us. The lease is on a description of its own, which nobody else has; and
 * there is none while we could write ourselves. It needs no signal: SIGURG is one that nobody
 * hears who does not listen. */
static int watch(struct spool *s)
{
  int fd;

  if (s->lease) return 1;
  if (fchmod(s->fd, 0400)) return -1;
  fd = again(s->fd);
  if (fd == -1) return errno == ENOENT ? 1 : -1;  /* there is no /proc */
  close(s->fd);
  s->fd = fd;
  fd = again(fd);
  if (fd == -1) return -1;
  if (!fcntl(fd, F_SETSIG, SIGURG) && !fcntl(fd, F_SETLEASE, F_RDLCK)) {
    s->lease = fd;
    return 1;
  }
  close(fd);
  /* Not every file system has leases; EAGAIN: somebody can write. */
  return errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS ? 1 : -1;
}

int spool_untouched(const struct spool *s)
{
  return !s->lease || fcntl(s->lease, F_GETLEASE) == F_RDLCK;
}

int spool_end(struct spool *s, int file)
{
  size_t top = s->toplen, wait = s->waiting;
  int whole = s->fd == -1;

  if (whole && !file) return 1;
  if (flush(s) == -1) return -1;
  if (whole) s->toplen = top, s->waiting = wait;
  if ((s->memory ? fcntl(s->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) : watch(s)) == -1)
    return -1;
  return lseek(s->fd, 0, SEEK_SET) == -1 ? -1 : 1;
}

int spool_whole(const struct spool *s)
{
  return (off_t) (s->toplen + s->waiting) == s->size;
}

void spool_drop(struct spool *s)
{
  if (s->fd != -1) close(s->fd);
  if (s->lease) close(s->lease);
  s->fd = -1;
  s->lease = 0;
  s->size = 0;
}
