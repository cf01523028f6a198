/* probe: the names of what a program in a jail must not be able to do.
 * probe NAME PID DIRECTORY PORT: try it, against the process, the directory of files
 * "file" and "other", and the server on 127.0.0.1. 0: it worked; 1: refused; 2: it failed
 * in another way, which is said. What is answered by SIGSYS is refused, too. */

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static pid_t victim;
static const char *directory;
static unsigned short port;
static char byte[64];

static const char *in(const char *name)
{
  static char path[2][4096];
  static int n;

  snprintf(path[n ^= 1], sizeof *path, "%s/%s", directory, name);
  return path[n];
}

static const char *of_victim(const char *name)
{
  static char path[64];

  snprintf(path, sizeof path, "/proc/%d/%s", (int) victim, name);
  return path;
}

static long at(const char *path, int flags) { return open(path, flags | O_NONBLOCK, 0600); }
static long call(long number, long a, long b, long c) { return syscall(number, a, b, c, 0L, 0L, 0L); }

static long read_system(void) { return at("/etc/passwd", O_RDONLY); }
static long read_file(void) { return at(in("file"), O_RDONLY); }
static long list_root(void) { return at("/", O_RDONLY | O_DIRECTORY); }
static long list_processes(void) { return at("/proc", O_RDONLY | O_DIRECTORY); }
static long read_memory(void) { return at(of_victim("mem"), O_RDONLY); }
static long write_memory(void) { return at(of_victim("mem"), O_RDWR); }
static long read_environment(void) { return at(of_victim("environ"), O_RDONLY); }
static long take_descriptor(void) { return at(of_victim("fd/0"), O_RDONLY); }
static long read_device(void) { return at("/dev/kmsg", O_RDONLY); }
static long open_terminal(void) { return at("/dev/ptmx", O_RDWR); }
static long write_file(void) { return at(in("file"), O_WRONLY); }
static long append_file(void) { return at(in("file"), O_WRONLY | O_APPEND); }
static long make_file(void) { return at(in("new"), O_WRONLY | O_CREAT); }
static long make_nameless(void) { return at(directory, O_TMPFILE | O_RDWR); }
static long make_directory(void) { return mkdir(in("newdir"), 0700); }
static long make_symlink(void) { return symlink("file", in("symlink")); }
static long make_link(void) { return link(in("file"), in("link")); }
static long make_fifo(void) { return mkfifo(in("fifo"), 0600); }
static long make_device(void) { return mknod(in("device"), S_IFCHR | 0600, 0x103); }
static long remove_file(void) { return unlink(in("other")); }
static long remove_directory(void) { return rmdir(in("empty")); }
static long rename_file(void) { return rename(in("other"), in("renamed")); }
static long truncate_file(void) { return truncate(in("file"), 0); }
static long change_mode(void) { return chmod(in("file"), 0777); }
static long change_mode_at(void) { return call(SYS_fchmodat, AT_FDCWD, (long) in("file"), 0777); }
static long change_owner(void) { return chown(in("file"), 1, 1); }
static long change_times(void) { return utimensat(AT_FDCWD, in("file"), 0, 0); }
static long change_attribute(void) { return setxattr(in("file"), "user.x", "x", 1, 0); }
static long run_shell(void) { return execl("/bin/sh", "sh", "-c", "exit 0", (char *) 0); }

static long make_process(void)
{
  pid_t pid = fork();

  if (!pid) _exit(0);
  return pid;
}

static long signal_it(void) { return kill(victim, SIGUSR1); }
static long ask_for_it(void) { return kill(victim, 0); }
static long signal_all(void) { return kill(-1, 0); }
static long signal_parent(void) { return kill(getppid(), 0); }
static long signal_thread(void) { return call(SYS_tgkill, victim, victim, SIGUSR1); }
static long signal_thread_old(void) { return call(SYS_tkill, victim, SIGUSR1, 0); }

static long signal_queued(void)
{
  siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };

  return call(SYS_rt_sigqueueinfo, victim, SIGUSR1, (long) &info);
}

static long signal_by_pidfd(void)
{
  long fd = call(434, victim, 0, 0);

  return fd < 0 ? fd : call(424, fd, SIGUSR1, 0);
}

static long signal_by_owner(void)
{
  int fd[2];

  if (pipe(fd) || fcntl(fd[0], F_SETOWN, victim)) return -1;
  return fcntl(fd[0], F_SETFL, O_ASYNC) || write(fd[1], "x", 1) != 1 ? -1 : 0;
}

static long trace(void) { return ptrace(PTRACE_SEIZE, victim, 0, 0); }

static long memory_of(long number)
{
  struct iovec here = { byte, 8 }, there = { (void *) 0x400000, 8 };

  return syscall(number, victim, &here, 1L, &there, 1L, 0L);
}
static long copy_memory(void) { return memory_of(SYS_process_vm_readv); }
static long change_memory(void) { return memory_of(SYS_process_vm_writev); }
static long compare(void) { return syscall(SYS_kcmp, getpid(), victim, 0L, 0L, 0L); }

static long take_by_pidfd(void)
{
  long fd = call(434, victim, 0, 0);

  return fd < 0 ? fd : call(438, fd, 0, 0);
}

static long limit_it(void)
{
  struct rlimit limit;

  return prlimit(victim, RLIMIT_NOFILE, 0, &limit);
}

static long bind_it(void)
{
  cpu_set_t set;

  CPU_ZERO(&set);
  CPU_SET(0, &set);
  return sched_setaffinity(victim, sizeof set, &set);
}

static long slow_it(void) { return setpriority(PRIO_PROCESS, (id_t) victim, 19); }

static long socket_local(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
static long socket_tcp(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static long socket_tcp6(void) { return socket(AF_INET6, SOCK_STREAM, 0); }
static long socket_udp(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static long socket_raw(void) { return socket(AF_INET, SOCK_RAW, 255); }
static long socket_mptcp(void) { return socket(AF_INET, SOCK_STREAM, 262); }
static long socket_netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static long socket_packet(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static long socket_vsock(void) { return socket(AF_VSOCK, SOCK_STREAM, 0); }

static long wait_for_others(void)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  if (fd == -1 || bind(fd, (struct sockaddr *) &to, sizeof to)) return -1;
  return listen(fd, 1);
}

static long connect_anywhere(void)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port) };
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  return fd == -1 ? -1 : connect(fd, (struct sockaddr *) &to, sizeof to);
}

static long make_socket(void)
{
  struct sockaddr_un to = { .sun_family = AF_UNIX };
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  snprintf(to.sun_path, sizeof to.sun_path, "%.100s", in("s"));
  return fd == -1 ? -1 : bind(fd, (struct sockaddr *) &to, sizeof to);
}

static long share_memory(void) { return call(SYS_shmget, 0, 4096, 0600 | 01000); }
static long message_queue(void) { return call(SYS_msgget, 0, 0600 | 01000, 0); }
static long semaphores(void) { return call(SYS_semget, 0, 1, 0600 | 01000); }
static long posix_queue(void) { return call(SYS_mq_open, (long) "cm-probe", O_RDONLY, 0); }
static long mount_something(void) { return call(SYS_mount, (long) "none", (long) directory, (long) "tmpfs"); }
static long unmount(void) { return call(SYS_umount2, (long) "/proc", 0x40, 0); }
static long change_root(void) { return chroot("/"); }
static long turn_root(void) { return call(SYS_pivot_root, (long) ".", (long) ".", 0); }
static long open_tree(void) { return call(428, AT_FDCWD, (long) "/", 1); }
static long open_filesystem(void) { return call(430, (long) "tmpfs", 0, 0); }
static long new_user(void) { return unshare(CLONE_NEWUSER); }
static long new_network(void) { return call(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0); }
static long join_space(void) { return setns(0, 0); }
static long load_bpf(void) { return call(SYS_bpf, 0, (long) byte, 64); }
static long measure(void) { return call(SYS_perf_event_open, (long) byte, 0, -1); }
static long keys(void) { return call(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1); }
static long add_key(void) { return syscall(SYS_add_key, "user", "x", "x", 1L, KEY_SPEC_PROCESS_KEYRING); }
static long handle_faults(void) { return call(SYS_userfaultfd, 0, 0, 0); }
static long ring(void) { static char p[120]; return call(425, 1, (long) p, 0); }
static long load_module(void) { return call(SYS_init_module, (long) byte, 0, (long) ""); }
static long load_kernel(void) { return call(SYS_kexec_load, 0, 0, 0); }
static long start_again(void) { return call(SYS_reboot, 0, 0, 0); }
static long swap(void) { return call(SYS_swapon, (long) in("file"), 0, 0); }
static long account(void) { return call(SYS_acct, (long) in("file"), 0, 0); }
static long log_of_kernel(void) { return call(SYS_syslog, 10, 0, 0); }
static long by_handle(void) { return call(SYS_open_by_handle_at, AT_FDCWD, (long) byte, 0); }
static long watch_all(void) { return call(SYS_fanotify_init, 0, 0, 0); }
static long persona(void) { return call(SYS_personality, 0x0040000, 0, 0); }
static long set_clock(void) { return call(SYS_settimeofday, 0, (long) byte, 0); }
static long set_name(void) { return call(SYS_sethostname, (long) "x", -1, 0); }
static long press_keys(void) { return ioctl(0, TIOCSTI, "x"); }
static long younger_call(void) { return call(467, -1, 0, 0); }

static long too_much_memory(void)
{
  void *p = mmap(0, 4ul << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

  return p == MAP_FAILED ? -1 : 0;
}

static long too_many_files(void)
{
  int i, fd = 0;

  for (i = 0; i < 300 && fd != -1; ++i) fd = dup(0);
  return fd;
}

static long core(void)
{
  struct rlimit limit;

  return getrlimit(RLIMIT_CORE, &limit) || limit.rlim_cur ? 0 : (errno = EPERM, -1);
}

static long new_privileges(void)
{
  return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) ? (errno = EPERM, -1) : 0;
}

#ifdef __x86_64__
static long foreign_call(void)
{
  long result;

  __asm__ volatile ("int $0x80" : "=a" (result) : "a" (20L) : "memory", "r8", "r9", "r10", "r11");
  return result;
}
static long x32_call(void) { return call(0x40000000 + 39, 0, 0, 0); }
#endif

#define TRY(name) { #name, name }
static const struct { const char *name; long (*call)(void); } list[] = {
  TRY(read_system), TRY(read_file), TRY(list_root), TRY(list_processes), TRY(read_memory), TRY(write_memory),
  TRY(read_environment), TRY(take_descriptor), TRY(read_device), TRY(open_terminal), TRY(write_file),
  TRY(append_file), TRY(make_file), TRY(make_nameless), TRY(make_directory), TRY(make_symlink), TRY(make_link),
  TRY(make_fifo), TRY(make_device), TRY(make_socket), TRY(remove_file), TRY(remove_directory), TRY(rename_file),
  TRY(truncate_file), TRY(change_mode), TRY(change_mode_at), TRY(change_owner), TRY(change_times),
  TRY(change_attribute), TRY(run_shell), TRY(make_process), TRY(signal_it), TRY(ask_for_it), TRY(signal_all),
  TRY(signal_parent), TRY(signal_thread), TRY(signal_thread_old), TRY(signal_queued), TRY(signal_by_pidfd),
  TRY(signal_by_owner), TRY(trace), TRY(copy_memory), TRY(change_memory), TRY(compare), TRY(take_by_pidfd),
  TRY(limit_it), TRY(bind_it), TRY(slow_it), TRY(socket_local), TRY(socket_tcp), TRY(socket_tcp6), TRY(socket_udp),
  TRY(socket_raw), TRY(socket_mptcp), TRY(socket_netlink), TRY(socket_packet), TRY(socket_vsock),
  TRY(wait_for_others), TRY(connect_anywhere), TRY(share_memory), TRY(message_queue), TRY(semaphores),
  TRY(posix_queue), TRY(mount_something), TRY(unmount), TRY(change_root), TRY(turn_root), TRY(open_tree),
  TRY(open_filesystem), TRY(new_user), TRY(new_network), TRY(join_space), TRY(load_bpf), TRY(measure), TRY(keys),
  TRY(add_key), TRY(handle_faults), TRY(ring), TRY(load_module), TRY(load_kernel), TRY(start_again), TRY(swap),
  TRY(account), TRY(log_of_kernel), TRY(by_handle), TRY(watch_all), TRY(persona), TRY(set_clock), TRY(set_name),
  TRY(press_keys), TRY(younger_call), TRY(too_much_memory), TRY(too_many_files), TRY(core), TRY(new_privileges),
#ifdef __x86_64__
  TRY(foreign_call), TRY(x32_call),
#endif
};
#define COUNT (sizeof list / sizeof *list)

int main(int argc, char **argv)
{
  size_t i;

  if (argc < 2) {
    for (i = 0; i < COUNT; ++i) puts(list[i].name);
    return 0;
  }
  if (argc < 5) return 2;
  victim = atol(argv[2]) > 1 ? (pid_t) atol(argv[2]) : getppid();
  directory = argv[3];
  port = (unsigned short) atol(argv[4]);
  for (i = 0; i < COUNT && strcmp(list[i].name, argv[1]); ++i) ;
  if (i == COUNT) return 2;
  if (list[i].call() != -1) return 0;
  if (errno == EPERM || errno == EACCES || errno == ENOSYS || errno == EXDEV || errno == ESRCH || errno == ENOMEM || errno == EMFILE) return 1;
  printf("%s: %s\n", argv[1], strerror(errno));
  return 2;
}
