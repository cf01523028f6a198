/* confined [open | forked | alone | DIRECTORY]: what confine_to_network(),
 * confine_to_open(), confine_forked(), confine() or confine_to() leaves to a process, one forbidden call a line that worked
 * all the same; for tests. */

#include "confine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name) { #name, SYS_##name }

static const struct { const char *name; long number; } calls[] = {
  CALL(openat), CALL(openat2), CALL(execve), CALL(execveat), CALL(clone), CALL(clone3), CALL(kill),
  CALL(tkill), CALL(tgkill), CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev),
  CALL(unlinkat), CALL(mkdirat), CALL(renameat2), CALL(linkat), CALL(symlinkat), CALL(fchmodat),
  CALL(fchownat), CALL(truncate), CALL(ftruncate), CALL(statx), CALL(getdents64), CALL(faccessat),
  CALL(chdir), CALL(chroot), CALL(mount), CALL(umount2), CALL(pivot_root), CALL(unshare), CALL(setns),
  CALL(bpf), CALL(perf_event_open), CALL(keyctl), CALL(add_key), CALL(request_key),
  CALL(memfd_create), CALL(userfaultfd), CALL(io_uring_setup), CALL(inotify_init1),
  CALL(socketpair), CALL(listen), CALL(accept4), CALL(setuid), CALL(setgid), CALL(prctl), CALL(mknodat), CALL(prlimit64),
  CALL(setrlimit), CALL(shmget), CALL(msgget), CALL(semget), CALL(mq_open), CALL(pidfd_open),
  CALL(init_module), CALL(reboot), CALL(swapon), CALL(settimeofday), CALL(personality), CALL(dup)
};

/* What two of them need. */
static const char *const files[] = { "openat", "unlinkat", "mkdirat", "fchmodat", "ftruncate", "statx", "getdents64",
                                     "faccessat", "dup" };
static const char *const memory[] = { "ftruncate", "memfd_create" };

static int among(const char *name, const char *const *list, size_t count)
{
  size_t i;

  for (i = 0; i < count; ++i)
    if (!strcmp(name, list[i])) return 1;
  return 0;
}

static int opens(int domain, int type)
{
  int fd = socket(domain, type, 0);

  if (fd >= 0) close(fd);
  return fd >= 0;
}

int main(int argc, char **argv)
{
  int no_network = argc > 1, alone = argc > 1 && !strcmp(argv[1], "alone");
  int forked = argc > 1 && !strcmp(argv[1], "forked");
  const char *directory = argc > 1 && *argv[1] == '/' ? argv[1] : 0;
  unsigned int how;
  size_t i;
  int done;

  puts("begin");
  fflush(stdout);
  if (directory) done = confine_to(directory, 64ul << 20, 1ul << 20, &how);
  else if (forked) done = confine_to_fork(64ul << 20) == 1 ? confine_forked() : -1;
  else if (alone) done = confine(64ul << 20, 1ul << 20, 10);
  else done = no_network ? confine_to_open(64ul << 20) : confine_to_network();
  if (done == -1) return 111;
  for (i = 0; i < sizeof calls / sizeof *calls; ++i)
    if ((!alone || !among(calls[i].name, memory, sizeof memory / sizeof *memory)) &&
        (!directory || !among(calls[i].name, files, sizeof files / sizeof *files)) &&
        (syscall(calls[i].number, -1L, -1L, -1L, -1L, -1L, -1L) != -1 || errno != EPERM))
      puts(calls[i].name);
  if (forked && fork() != -1) puts("fork");
  if (opens(AF_INET, SOCK_DGRAM) == no_network || opens(AF_INET6, SOCK_STREAM) == no_network)
    puts(no_network ? "a socket" : "no socket");
  if (opens(AF_UNIX, SOCK_STREAM) || opens(AF_NETLINK, SOCK_RAW) || opens(AF_PACKET, SOCK_RAW))
    puts("another socket");
  puts("end");
  return 0;
}
