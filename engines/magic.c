#include "magic.h"

#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What has modules of its own here, or what no mail needs. */
#define FLAGS (MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | \
               MAGIC_NO_CHECK_CDF | MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_TOKENS)

static void *database;
static size_t size;
static magic_t cookie;

/* Map the file NAME.mgc. 1, or -1 with errno. */
static int map(const char *name, size_t len)
{
  char path[4096];
  struct stat st;
  int fd;

  if (snprintf(path, sizeof path, "%.*s.mgc", (int) len, name) >= (int) sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd == -1) return -1;
  if (fstat(fd, &st) == -1 || !st.st_size) database = MAP_FAILED;
  else database = mmap(0, (size_t) st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  close(fd);
  if (database == MAP_FAILED) return -1;
  size = (size_t) st.st_size;
  return 1;
}

/* The library has a list of places, with colons between them. */
int magic_prepare(void)
{
  const char *path = magic_getpath(0, 0);
  size_t len;

  errno = ENOENT;
  for (; path; path = path[len] ? path + len + 1 : 0) {
    len = strcspn(path, ":");
    if (len && map(path, len) == 1) return 1;
  }
  return -1;
}

const char *magic_type(const char *bytes, size_t len)
{
  if (!cookie) {
    cookie = magic_open(FLAGS);
    if (!cookie || magic_load_buffers(cookie, &database, &size, 1) == -1) return 0;
  }
  return magic_buffer(cookie, bytes, len);
}
