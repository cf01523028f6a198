#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define ONCE 0x7ffff000  /* the most that Linux moves in one call */
#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

static ssize_t file_to_file(int from, int to)
{
  return copy_file_range(from, 0, to, 0, ONCE, 0);
}

static ssize_t file_to_any(int from, int to)
{
  return sendfile(to, from, 0, ONCE);
}

static ssize_t pipe_to_any(int from, int to)
{
  return splice(from, 0, to, 0, ONCE, SPLICE_F_MOVE);
}

static ssize_t any_to_any(int from, int to)
{
  static char bytes[65536];
  ssize_t r = read(from, bytes, sizeof bytes);

  return r > 0 && copy_write(to, bytes, (size_t) r) == -1 ? -1 : r;
}

static ssize_t (*const ways[])(int from, int to) = {
  file_to_file, file_to_any, pipe_to_any, any_to_any
};
#define LAST (sizeof ways / sizeof *ways - 1)

int copy_rest(int from, int to)
{
  size_t way = 0;
  int moved = 0;
  ssize_t r;

  for (;;) {
    r = ways[way](from, to);
    if (r > 0) moved = 1;
    else if (r == -1 && errno == EINTR) continue;
    /* A first 0 may come from a file without a size, as in /proc, which only read can copy. */
    else if (r == 0 && (moved || way == LAST)) return 1;
    else if (r == 0) way = LAST;
    else if (way == LAST) return -1;
    /* What one way cannot do may be the kind of descriptor; the last one knows the true error.
     * These three are about the bytes and must not be tried again. */
    else if (errno == EIO || errno == ENOSPC || errno == EDQUOT) return -1;
    else ++way;
  }
}

int copy_write(int to, const char *bytes, size_t len)
{
  ssize_t w;

  while (len) {
    w = write(to, bytes, len);
    if (w == -1 && errno == EINTR) continue;
    if (w == -1) return -1;
    bytes += w;
    len -= (size_t) w;
  }
  return 1;
}

int copy_from(int from, char *bytes, size_t len, off_t at)
{
  ssize_t r;

  while (len) {
    r = pread(from, bytes, len, at);
    if (r == -1 && errno == EINTR) continue;
    if (!r) errno = EIO;
    if (r < 1) return -1;
    bytes += r;
    at += r;
    len -= (size_t) r;
  }
  return 1;
}

int copy_line(int to, const char *line, size_t len)
{
  ssize_t w;

  do w = write(to, line, len); while (w == -1 && errno == EINTR);
  if (w == -1) return -1;
  if ((size_t) w == len) return 1;
  if (copy_write(to, "\n", 1) == 1) errno = ENOSPC;
  return -1;
}

int copy_sealed(int fd)
{
  int has = fcntl(fd, F_GET_SEALS);

  return has != -1 && (has & SEALS) == SEALS;
}

int copy_seal(int fd)
{
  if (!fcntl(fd, F_ADD_SEALS, SEALS)) return 1;
  if (errno != EPERM) return -1;
  if (copy_sealed(fd)) return 1;
  errno = EPERM;
  return -1;
}
