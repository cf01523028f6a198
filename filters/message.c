#include "message.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "stage.h"

static off_t copy(void)
{
  static char bytes[65536];
  int fd = memfd_create("message", MFD_CLOEXEC);
  off_t total = 0;
  ssize_t r;

  if (fd == -1) stage_diesys("unable to copy message");
  do {
    r = read(0, bytes, sizeof bytes);
    if (r == -1 && errno != EINTR) stage_diesys("unable to read message");
    if (r > 0 && copy_write(fd, bytes, (size_t) r) == -1) stage_diesys("unable to copy message");
    if (r > 0 && (total += r) > MESSAGE_MAX) stage_die("unable to copy message: too large");
  } while (r);
  if (dup2(fd, 0) == -1) stage_diesys("unable to copy message");
  return total;
}

off_t message_file(void)
{
  struct stat st;
  off_t size;

  if (fstat(0, &st) == -1) stage_diesys("unable to read message");
  size = S_ISREG(st.st_mode) ? st.st_size : copy();
  if (lseek(0, 0, SEEK_SET) == -1) stage_diesys("unable to read message");
  return size;
}
