#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same numbers on all processors. */
enum { CREATE = 444, ADD = 445, RESTRICT = 446, VERSION = 1, BENEATH = 1, PORT = 2 };

#define OF_A_FILE (LANDLOCK_EXECUTE | LANDLOCK_WRITE | LANDLOCK_READ | LANDLOCK_TRUNCATE | LANDLOCK_DEVICE)

int landlock_level(void)
{
  long level = syscall(CREATE, 0, 0, VERSION);

  return level < 0 ? 0 : (int) level;
}

struct landlock landlock_all(int level)
{
  struct landlock all = { 0 };

  if (level > 0) all.files = level < 2 ? 0x1fff : level < 3 ? 0x3fff : level < 5 ? 0x7fff : 0xffff;
  if (level > 3) all.net = 3;
  if (level > 5) all.scope = 3;
  return all;
}

int landlock_make(const struct landlock *all)
{
  return (int) syscall(CREATE, all, sizeof *all, 0);
}

int landlock_path(int rules, const char *path, uint64_t rights)
{
  struct { uint64_t rights; int32_t fd; } __attribute__((packed)) rule = { rights, -1 };
  long done;
  int directory = 2, saved;

  rule.fd = open(path, O_PATH | O_CLOEXEC);
  if (rule.fd == -1) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
  done = syscall(ADD, rules, BENEATH, &rule, 0);
  if (done == -1 && errno == EINVAL) {
    rule.rights &= OF_A_FILE;
    directory = 1;
    done = syscall(ADD, rules, BENEATH, &rule, 0);
  }
  saved = errno;
  close(rule.fd);
  errno = saved;
  if (done == -1) return errno == EBADFD ? 0 : -1;
  return directory;
}

int landlock_port(int rules, unsigned int port)
{
  struct { uint64_t rights, port; } rule = { 2, port };

  return syscall(ADD, rules, PORT, &rule, 0) == -1 ? -1 : 1;
}

int landlock_enter(int rules)
{
  if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == -1) return -1;
  return syscall(RESTRICT, rules, 0) == -1 ? -1 : 1;
}

int landlock_guard(void)
{
  /* To rename into another directory is forbidden by every domain, as soon as one within
   * it has anything to say about files, unless it says that it is allowed. */
  static const struct landlock signals = { LANDLOCK_REFER, 0, 2 };
  int rules = landlock_make(&signals), done, saved;

  if (rules == -1) return 0;
  done = landlock_path(rules, "/", LANDLOCK_REFER) == -1 ? -1 : landlock_enter(rules);
  saved = errno;
  close(rules);
  errno = saved;
  return done;
}
