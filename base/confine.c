#include "confine.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "landlock.h"
#include "rlimit.h"
#include "seccomp.h"

#define ALLOW(name) SECCOMP_EQUAL(__NR_##name, 0, 1), SECCOMP_ANSWER(SECCOMP_ALLOW)
/* The same, unless its argument n has this bit. */
#define UNLESS(name, n, bit) \
  SECCOMP_EQUAL(__NR_##name, 0, 4), \
  SECCOMP_LOAD(SECCOMP_ARGUMENT(n)), \
  SECCOMP_BITS((bit), 0, 1), \
  SECCOMP_ANSWER(SECCOMP_FAIL(EPERM)), \
  SECCOMP_ANSWER(SECCOMP_ALLOW)

/* fstat() of the C library is newfstatat() of no path. */
#ifdef __NR_newfstatat
#define FSTATAT \
  SECCOMP_EQUAL(__NR_newfstatat, 0, 4), \
  SECCOMP_LOAD(SECCOMP_ARGUMENT(3)), \
  SECCOMP_BITS(0x1000 /* AT_EMPTY_PATH */, 1, 0), \
  SECCOMP_ANSWER(SECCOMP_FAIL(EPERM)), \
  SECCOMP_ANSWER(SECCOMP_ALLOW),
#else
#define FSTATAT
#endif

#ifdef __NR_time
#define TIME ALLOW(time),
#else
#define TIME
#endif

#ifdef __NR_poll
#define POLL ALLOW(poll), ALLOW(ppoll),
#else
#define POLL ALLOW(ppoll),
#endif

#define BEGIN \
  SECCOMP_LOAD(SECCOMP_ARCH), \
  SECCOMP_EQUAL(SECCOMP_OURS, 1, 0), \
  SECCOMP_ANSWER(SECCOMP_KILL), \
  SECCOMP_LOAD(SECCOMP_NUMBER), \
  ALLOW(read), ALLOW(readv), ALLOW(write), ALLOW(writev), ALLOW(pwritev2), ALLOW(lseek), ALLOW(fstat), ALLOW(close), \
  ALLOW(brk), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), \
  UNLESS(mmap, 2, PROT_EXEC), UNLESS(mprotect, 2, PROT_EXEC), \
  ALLOW(futex), ALLOW(getrandom), ALLOW(getpid), ALLOW(gettid), \
  ALLOW(clock_gettime), ALLOW(gettimeofday), TIME \
  ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(restart_syscall), \
  ALLOW(exit), ALLOW(exit_group)
#define END FSTATAT SECCOMP_ANSWER(SECCOMP_FAIL(EPERM))

static const struct seccomp_step alone[] = {
  BEGIN,
  ALLOW(pread64), ALLOW(pwrite64), ALLOW(ftruncate), ALLOW(memfd_create),
  END
};

#define TALK \
  ALLOW(sendto), ALLOW(recvfrom), ALLOW(sendmsg), ALLOW(recvmsg), ALLOW(setsockopt), ALLOW(getsockopt), \
  ALLOW(getsockname), ALLOW(getpeername), ALLOW(shutdown), POLL ALLOW(fcntl)

static const struct seccomp_step talking[] = { BEGIN, TALK, END };

/* A copy of the process in the same spaces, and no thread. */
#define STRANGE (CLONE_VM | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
static const struct seccomp_step forking[] = {
  BEGIN, TALK, UNLESS(clone, 0, STRANGE), ALLOW(wait4), UNLESS(prlimit64, 0, 0xffffffffu) /* its own */, END
};

static const struct seccomp_step networked[] = {
  BEGIN,
  TALK, ALLOW(connect), ALLOW(bind), ALLOW(ioctl),
  SECCOMP_EQUAL(__NR_socket, 0, 5),
  SECCOMP_LOAD(SECCOMP_ARGUMENT(0)),
  SECCOMP_EQUAL(AF_INET, 1, 0),
  SECCOMP_EQUAL(AF_INET6, 0, 1),
  SECCOMP_ANSWER(SECCOMP_ALLOW),
  SECCOMP_ANSWER(SECCOMP_FAIL(EPERM)),
  END
};

#ifdef __NR_newfstatat
#define NEWFSTATAT ALLOW(newfstatat),
#else
#define NEWFSTATAT
#endif

/* With files: where, says Landlock; and talking on an open socket. */
#ifdef __NR_open
#define OLD_NAMES \
  ALLOW(open), ALLOW(mkdir), ALLOW(rmdir), ALLOW(unlink), ALLOW(stat), ALLOW(lstat), ALLOW(access), \
  ALLOW(readlink), ALLOW(chmod), ALLOW(rename), ALLOW(dup2),
#else
#define OLD_NAMES
#endif
static const struct seccomp_step filing[] = {
  BEGIN,
  ALLOW(pread64), ALLOW(pwrite64), ALLOW(ftruncate), NEWFSTATAT OLD_NAMES
  ALLOW(openat), ALLOW(mkdirat), ALLOW(unlinkat), ALLOW(statx), ALLOW(faccessat), ALLOW(faccessat2),
  ALLOW(readlinkat), ALLOW(fchmod), ALLOW(fchmodat), ALLOW(renameat), ALLOW(getdents64), ALLOW(getcwd), ALLOW(umask),
  ALLOW(fcntl), ALLOW(dup), ALLOW(dup3), ALLOW(fstatfs), ALLOW(uname), ALLOW(sysinfo), ALLOW(getuid), ALLOW(geteuid),
  ALLOW(sched_yield), ALLOW(sched_getaffinity), ALLOW(clock_nanosleep), ALLOW(recvmsg), ALLOW(sendmsg), ALLOW(sendto),
  END
};

static int filter(const struct seccomp_step *steps, size_t count)
{
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) return -1;
  return SECCOMP_SANITIZED ? 1 : seccomp_enter(steps, count);
}

int confine(size_t memory, size_t file, unsigned int seconds)
{
  if (rlimit_lower(RLIMIT_CORE, 0) == -1 || rlimit_lower(RLIMIT_AS, memory) == -1 ||
      rlimit_lower(RLIMIT_FSIZE, file) == -1 || rlimit_lower(RLIMIT_CPU, seconds) == -1) return -1;
  return filter(alone, sizeof alone / sizeof *alone);
}

int confine_to_network(void)
{
  return rlimit_lower(RLIMIT_CORE, 0) == -1 ? -1 : filter(networked, sizeof networked / sizeof *networked);
}

int confine_to_open(size_t memory)
{
  if (rlimit_lower(RLIMIT_CORE, 0) == -1 || rlimit_lower(RLIMIT_AS, memory) == -1) return -1;
  return filter(talking, sizeof talking / sizeof *talking);
}

int confine_to_fork(size_t memory)
{
  if (rlimit_lower(RLIMIT_CORE, 0) == -1 || rlimit_lower(RLIMIT_AS, memory) == -1) return -1;
  return filter(forking, sizeof forking / sizeof *forking);
}

/* The filter is there already, and a second one would cost more than the fork. */
int confine_forked(void)
{
  return rlimit_lower(RLIMIT_NPROC, 0);
}

/* A file system of our own in place of the directory: bounded, in memory, seen
 * by nobody, and gone with us. */
static int mount_own(const char *directory, size_t size)
{
  char text[80];

  if (!apart(CLONE_NEWNS)) return 0;
  snprintf(text, sizeof text, "mode=700,size=%zu", size);
  return !mount("none", directory, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, text);
}

/* No file but those below the working directory, and none to run. */
static int only_here(void)
{
  struct landlock all = landlock_all(landlock_level());
  int rules, done;

  if (!all.files || (rules = landlock_make(&all)) == -1) return 0;
  done = landlock_path(rules, ".", all.files & ~(uint64_t) LANDLOCK_EXECUTE) > 0 && landlock_enter(rules) == 1;
  close(rules);
  return done;
}

int confine_to(const char *directory, size_t memory, size_t file, unsigned int *how)
{
  *how = mount_own(directory, file) ? CONFINE_MOUNTED : 0;
  if (chdir(directory) == -1) return -1;
  if (only_here()) *how |= CONFINE_LANDLOCKED;
  if (rlimit_lower(RLIMIT_CORE, 0) == -1 || rlimit_lower(RLIMIT_AS, memory) == -1 || rlimit_lower(RLIMIT_NOFILE, 64) == -1 ||
      rlimit_lower(RLIMIT_FSIZE, file) == -1) return -1;
  return filter(filing, sizeof filing / sizeof *filing);
}
