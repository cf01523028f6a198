#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define ARCH AUDIT_ARCH_RISCV64
#else
#error "confine.c does not know this processor"
#endif

/* A sanitizer looks into files and processes of its own, and reserves terabytes
 * that it never touches. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(memory_sanitizer))
#else
#define SANITIZED 0
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), ANSWER(SECCOMP_RET_ALLOW)
/* The same, unless its argument n has this bit. */
#define UNLESS(name, n, bit) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 4), \
  LOAD(args[n]), \
  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (bit), 0, 1), \
  ANSWER(SECCOMP_RET_ERRNO | EPERM), \
  ANSWER(SECCOMP_RET_ALLOW)

/* fstat() of the C library is newfstatat() of no path. */
#ifdef __NR_newfstatat
#define FSTATAT \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_newfstatat, 0, 4), \
  LOAD(args[3]), \
  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1000 /* AT_EMPTY_PATH */, 1, 0), \
  ANSWER(SECCOMP_RET_ERRNO | EPERM), \
  ANSWER(SECCOMP_RET_ALLOW),
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
  LOAD(arch), \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0), \
  ANSWER(SECCOMP_RET_KILL_PROCESS), \
  LOAD(nr), \
  ALLOW(read), ALLOW(readv), ALLOW(write), ALLOW(writev), ALLOW(lseek), ALLOW(fstat), ALLOW(close), \
  ALLOW(brk), ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), \
  UNLESS(mmap, 2, PROT_EXEC), UNLESS(mprotect, 2, PROT_EXEC), \
  ALLOW(futex), ALLOW(getrandom), ALLOW(getpid), ALLOW(gettid), \
  ALLOW(clock_gettime), ALLOW(gettimeofday), TIME \
  ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(restart_syscall), \
  ALLOW(exit), ALLOW(exit_group)
#define END FSTATAT ANSWER(SECCOMP_RET_ERRNO | EPERM)

static struct sock_filter alone[] = {
  BEGIN,
  ALLOW(pread64), ALLOW(pwrite64), ALLOW(ftruncate), ALLOW(memfd_create),
  END
};

#define TALK \
  ALLOW(sendto), ALLOW(recvfrom), ALLOW(sendmsg), ALLOW(recvmsg), ALLOW(setsockopt), ALLOW(getsockopt), \
  ALLOW(getsockname), ALLOW(getpeername), ALLOW(shutdown), POLL ALLOW(fcntl)

static struct sock_filter talking[] = { BEGIN, TALK, END };

static struct sock_filter networked[] = {
  BEGIN,
  TALK, ALLOW(connect), ALLOW(bind), ALLOW(ioctl),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 5),
  LOAD(args[0]),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
  ANSWER(SECCOMP_RET_ALLOW),
  ANSWER(SECCOMP_RET_ERRNO | EPERM),
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
static struct sock_filter filing[] = {
  BEGIN,
  ALLOW(pread64), ALLOW(pwrite64), ALLOW(ftruncate), NEWFSTATAT OLD_NAMES
  ALLOW(openat), ALLOW(mkdirat), ALLOW(unlinkat), ALLOW(statx), ALLOW(faccessat), ALLOW(faccessat2),
  ALLOW(readlinkat), ALLOW(fchmod), ALLOW(fchmodat), ALLOW(renameat), ALLOW(getdents64), ALLOW(getcwd), ALLOW(umask),
  ALLOW(fcntl), ALLOW(dup), ALLOW(dup3), ALLOW(fstatfs), ALLOW(uname), ALLOW(sysinfo), ALLOW(getuid), ALLOW(geteuid),
  ALLOW(sched_yield), ALLOW(sched_getaffinity), ALLOW(clock_nanosleep), ALLOW(recvmsg), ALLOW(sendmsg), ALLOW(sendto),
  END
};

static int limit(int resource, rlim_t most)
{
  struct rlimit now;

  if (SANITIZED && resource == RLIMIT_AS) return 0;
  if (getrlimit((unsigned int) resource, &now) == -1) return -1;
  if (now.rlim_max < most) most = now.rlim_max;
  now.rlim_cur = now.rlim_max = most;
  return setrlimit((unsigned int) resource, &now);
}

static int filter(struct sock_filter *rules, size_t count)
{
  struct sock_fprog program = { .len = (unsigned short) count, .filter = rules };

  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) return -1;
  if (SANITIZED) return 1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == -1 ? -1 : 1;
}

int confine(size_t memory, size_t file, unsigned int seconds)
{
  if (limit(RLIMIT_CORE, 0) == -1 || limit(RLIMIT_AS, memory) == -1 ||
      limit(RLIMIT_FSIZE, file) == -1 || limit(RLIMIT_CPU, seconds) == -1) return -1;
  return filter(alone, sizeof alone / sizeof *alone);
}

int confine_to_network(void)
{
  return limit(RLIMIT_CORE, 0) == -1 ? -1 : filter(networked, sizeof networked / sizeof *networked);
}

int confine_to_open(size_t memory)
{
  if (limit(RLIMIT_CORE, 0) == -1 || limit(RLIMIT_AS, memory) == -1) return -1;
  return filter(talking, sizeof talking / sizeof *talking);
}

static int put(const char *name, const char *text)
{
  int fd = open(name, O_WRONLY | O_CLOEXEC), ok;

  if (fd == -1) return 0;
  ok = write(fd, text, strlen(text)) == (ssize_t) strlen(text);
  close(fd);
  return ok;
}

/* A file system of our own in place of the directory: bounded, in memory, seen
 * by nobody, and gone with us. */
static int mount_own(const char *directory, size_t size)
{
  char text[80];
  unsigned int user = geteuid(), group = getegid();

  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1) return 0;
  snprintf(text, sizeof text, "%u %u 1", user, user);
  if (!put("/proc/self/uid_map", text)) return 0;
  put("/proc/self/setgroups", "deny");
  snprintf(text, sizeof text, "%u %u 1", group, group);
  if (!put("/proc/self/gid_map", text)) return 0;
  snprintf(text, sizeof text, "mode=700,size=%zu", size);
  return !mount("none", directory, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, text);
}

/* linux/landlock.h, which is younger than some C libraries. */
struct landlock_ruleset { uint64_t handled; };
struct landlock_beneath { uint64_t allowed; int32_t parent; } __attribute__((packed));

/* No file but those below the working directory. */
static int only_here(void)
{
  long version = syscall(SYS_landlock_create_ruleset, 0, 0, 1);
  /* All rights that this kernel knows, the newer ones REFER and TRUNCATE. */
  struct landlock_ruleset all = { version > 2 ? 0x7fff : version == 2 ? 0x3fff : 0x1fff };
  struct landlock_beneath here = { .allowed = all.handled & ~1ull };  /* not EXECUTE */
  int rules, done = 0;

  if (version < 1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) return 0;
  rules = (int) syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
  here.parent = open(".", O_PATH | O_CLOEXEC);
  if (rules != -1 && here.parent != -1)
    done = !syscall(SYS_landlock_add_rule, rules, 1, &here, 0) && !syscall(SYS_landlock_restrict_self, rules, 0);
  close(rules);
  close(here.parent);
  return done;
}

int confine_to(const char *directory, size_t memory, size_t file, unsigned int *how)
{
  *how = mount_own(directory, file) ? CONFINE_MOUNTED : 0;
  if (chdir(directory) == -1) return -1;
  if (only_here()) *how |= CONFINE_LANDLOCKED;
  if (limit(RLIMIT_CORE, 0) == -1 || limit(RLIMIT_AS, memory) == -1 || limit(RLIMIT_NOFILE, 64) == -1 ||
      limit(RLIMIT_FSIZE, file) == -1) return -1;
  return filter(filing, sizeof filing / sizeof *filing);
}
