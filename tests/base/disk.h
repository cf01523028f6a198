#ifndef CM_DISK_H
#define CM_DISK_H

/* For tests of what must be on disk: a $CM_HOME of the test's own, and calls
 * that write down what reaches the disk in which order, and fail on request. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char disk_home[] = "/tmp/cm-disk.XXXXXX";
static char disk_log[200];  /* f: a file synced, d: a directory synced, l: a link made, u: unlinked */
static int disk_fail;       /* the call, counted from 1, that fails with EIO; 0: none */
static int disk_calls;

static inline int disk_note(char what)
{
  size_t len = strlen(disk_log);

  if (len < sizeof disk_log - 1) disk_log[len] = what;
  if (++disk_calls != disk_fail) return 0;
  errno = EIO;
  return -1;
}

int fsync(int fd)
{
  struct stat st;

  if (disk_note(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'd' : 'f')) return -1;
  return (int) syscall(SYS_fsync, fd);
}

int linkat(int from, const char *name, int to, const char *other, int flags)
{
  if (disk_note('l')) return -1;
  return (int) syscall(SYS_linkat, from, name, to, other, flags);
}

int unlinkat(int dir, const char *name, int flags)
{
  disk_note('u');
  return (int) syscall(SYS_unlinkat, dir, name, flags);
}

static inline void disk_begin(int fail)
{
  memset(disk_log, 0, sizeof disk_log);
  disk_calls = 0;
  disk_fail = fail;
}

static inline void disk_setup(void)
{
  if (!mkdtemp(disk_home) || setenv("CM_HOME", disk_home, 1)) exit(111);
}

static inline const char *disk_path(const char *name)
{
  static char path[400];

  *path = 0;
  strcat(strcat(strcat(path, disk_home), "/"), name);
  return path;
}

/* The bytes of a file below the home, 0-terminated; "" if there is none. */
static inline const char *disk_read(const char *name)
{
  static char bytes[200000];
  int fd = open(disk_path(name), O_RDONLY);
  ssize_t r = fd == -1 ? 0 : read(fd, bytes, sizeof bytes - 1);

  if (fd != -1) close(fd);
  bytes[r > 0 ? r : 0] = 0;
  return bytes;
}

/* What `ls -A` says of a directory below the home, on one line. */
static inline const char *disk_list(const char *name)
{
  static char text[2000];
  char command[500] = "ls -A ";
  FILE *ls = popen(strcat(strcat(command, disk_path(name)), " 2>&1 | tr '\\n' ' '"), "r");
  size_t r = ls ? fread(text, 1, sizeof text - 1, ls) : 0;

  if (ls) pclose(ls);
  text[r] = 0;
  return text;
}

static inline void disk_remove_below(const char *name)
{
  char command[500] = "rm -rf ";

  if (system(strcat(command, disk_path(name)))) exit(111);
}

static inline void disk_remove(void)
{
  disk_remove_below("");
}

#endif
