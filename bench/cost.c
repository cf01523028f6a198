/* cost COUNT: what the pieces cost of which a message's way through the suite
 * is made, in microseconds of CPU (ours and our children's) and of time, one
 * line each, the least of ten blocks. noop and noop-dynamic are looked for beside this program.
 * cost COUNT PROGRAM ARG... < MESSAGE: what it costs to start that program and
 * wait for its end, descriptor 0 being rewound before each start, descriptor 1 being /dev/null. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS 10

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static char noop[2][4096];
static char **command;
static int nowhere;        /* its descriptor 1 */
static char path[] = "PATH=/usr/bin:/bin";
static char *environment[] = { path, 0 };
static char text[65536];
static char buffer[65536];
static int message;        /* a memfd of 4 KB */
static char procname[64];  /* /proc/PID/fd/N of it */
static int sockets[2];
static int pipes[2];
static int logfile;

static void fail(const char *what)
{
  perror(what);
  _exit(111);
}

static void reap(pid_t pid)
{
  int status;

  if (waitpid(pid, &status, 0) != pid || status) fail("child");
}

static void execute(char *program)
{
  char *argv[] = { program, 0 };

  execve(program, argv, environment);
  _exit(111);
}

static void fork_exit(void)
{
  pid_t pid = fork();

  if (!pid) _exit(0);
  reap(pid);
}

static void vfork_exit(void)
{
  pid_t pid = vfork();

  if (!pid) _exit(0);
  reap(pid);
}

static void fork_exec(void)
{
  pid_t pid = fork();

  if (!pid) execute(noop[0]);
  reap(pid);
}

static void vfork_exec(void)
{
  pid_t pid = vfork();

  if (!pid) execute(noop[0]);
  reap(pid);
}

static void vfork_exec_dynamic(void)
{
  pid_t pid = vfork();

  if (!pid) execute(noop[1]);
  reap(pid);
}

static void spawn_exec(void)
{
  char *argv[] = { noop[0], 0 };
  pid_t pid;

  if (posix_spawn(&pid, noop[0], 0, 0, argv, environment)) fail("posix_spawn");
  reap(pid);
}

/* vfork, and in the child what a runner does for a stage */
static void limits(void)
{
  static const int kinds[] = { RLIMIT_CPU, RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_CORE, RLIMIT_NOFILE };
  struct rlimit limit;
  size_t i;

  for (i = 0; i < sizeof kinds / sizeof *kinds; ++i) {
    if (getrlimit(kinds[i], &limit) == -1) fail("getrlimit");
    if (setrlimit(kinds[i], &limit) == -1) fail("setrlimit");
  }
}

static void vfork_limits_exec(void)
{
  pid_t pid = vfork();

  if (!pid) {
    limits();
    execute(noop[0]);
  }
  reap(pid);
}

static void vfork_group_exec(void)
{
  pid_t pid = vfork();

  if (!pid) {
    setpgid(0, 0);
    execute(noop[0]);
  }
  reap(pid);
}

static void vfork_signals_exec(void)
{
  sigset_t all, old;
  pid_t pid;

  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &old);
  pid = vfork();
  if (!pid) {
    struct sigaction action = { 0 };

    action.sa_handler = SIG_DFL;
    sigaction(SIGPIPE, &action, 0);
    sigaction(SIGTERM, &action, 0);
    sigprocmask(SIG_SETMASK, &old, 0);
    execute(noop[0]);
  }
  sigprocmask(SIG_SETMASK, &old, 0);
  reap(pid);
}

static void vfork_four_dups_exec(void)
{
  pid_t pid = vfork();
  int i;

  if (!pid) {
    for (i = 0; i < 4; ++i) dup2(message, 20 + i);
    syscall(SYS_close_range, 20, ~0U, 0);
    execute(noop[0]);
  }
  reap(pid);
}

static void vfork_exec_pidfd(void)
{
  pid_t pid = vfork();
  siginfo_t info;
  struct pollfd poll_for = { -1, POLLIN, 0 };

  if (!pid) execute(noop[0]);
  poll_for.fd = (int) syscall(SYS_pidfd_open, pid, 0);
  if (poll_for.fd == -1) fail("pidfd_open");
  if (poll(&poll_for, 1, 5000) != 1) fail("poll");
  if (waitid(P_PIDFD, (id_t) poll_for.fd, &info, WEXITED) == -1) fail("waitid");
  close(poll_for.fd);
}

/* the end of a child seen as the end of its report pipe, then waitpid */
static void vfork_exec_pipe(void)
{
  int ends[2];
  char byte;
  pid_t pid;

  if (pipe2(ends, O_CLOEXEC) == -1) fail("pipe");
  pid = vfork();
  if (!pid) {
    dup2(ends[1], 1);
    execute(noop[0]);
  }
  close(ends[1]);
  struct pollfd poll_for = { ends[0], POLLIN, 0 };
  if (poll(&poll_for, 1, 5000) != 1) fail("poll");
  if (read(ends[0], &byte, 1) != 0) fail("read");
  close(ends[0]);
  reap(pid);
}

/* a paragraph of six stages */
static void six_side_by_side(void)
{
  static pid_t pids[6];
  static int i;

  for (i = 0; i < 6; ++i) {
    pids[i] = vfork();
    if (!pids[i]) execute(noop[0]);
  }
  for (i = 0; i < 6; ++i) reap(pids[i]);
}

static void six_in_turn(void)
{
  int i;

  for (i = 0; i < 6; ++i) vfork_exec();
}

static void get_pid(void) { syscall(SYS_getppid); }

static void clock_now(void)
{
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
}

static void signal_action(void)
{
  struct sigaction action = { 0 };

  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, 0);
}

static void prctl_death(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }
static void prctl_reaper(void) { prctl(PR_SET_CHILD_SUBREAPER, 1); }
static void prctl_dump(void) { prctl(PR_SET_DUMPABLE, 1); }

static void memfd(void)
{
  int fd = memfd_create("cost", MFD_CLOEXEC);

  if (fd == -1) fail("memfd_create");
  close(fd);
}

static void memfd_report(void)
{
  int fd = memfd_create("cost", MFD_CLOEXEC);

  if (write(fd, text, 60) != 60) fail("write");
  if (pread(fd, buffer, sizeof buffer, 0) != 60) fail("pread");
  close(fd);
}

/* one memfd for all reports of a run: emptied and used again */
static void memfd_again(void)
{
  static int fd = -1;

  if (fd == -1) fd = memfd_create("cost", MFD_CLOEXEC);
  if (ftruncate(fd, 0) == -1) fail("ftruncate");
  if (pwrite(fd, text, 60, 0) != 60) fail("write");
  if (pread(fd, buffer, sizeof buffer, 0) != 60) fail("pread");
}

static void pipe_report(void)
{
  int ends[2];

  if (pipe2(ends, O_CLOEXEC) == -1) fail("pipe");
  if (write(ends[1], text, 60) != 60) fail("write");
  if (read(ends[0], buffer, sizeof buffer) != 60) fail("read");
  close(ends[0]);
  close(ends[1]);
}

static void socketpair_report(void)
{
  int ends[2];

  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1) fail("socketpair");
  if (write(ends[1], text, 60) != 60) fail("write");
  if (read(ends[0], buffer, sizeof buffer) != 60) fail("read");
  close(ends[0]);
  close(ends[1]);
}

static void memfd_spool(void)
{
  int fd = memfd_create("cost", MFD_CLOEXEC);

  if (write(fd, text, 4096) != 4096) fail("write");
  close(fd);
}

static void memfd_spool_five(void)
{
  int fd = memfd_create("cost", MFD_CLOEXEC);

  if (write(fd, text, 20480) != 20480) fail("write");
  close(fd);
}

static void memfd_seal(void)
{
  int fd = memfd_create("cost", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (write(fd, text, 60) != 60) fail("write");
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == -1)
    fail("seal");
  close(fd);
}

static void open_proc(void)
{
  int fd = open(procname, O_RDONLY | O_CLOEXEC);

  if (fd == -1) fail(procname);
  close(fd);
}

static void open_self(void)
{
  char name[64];
  int fd;

  snprintf(name, sizeof name, "/proc/self/fd/%d", message);
  fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd == -1) fail(name);
  close(fd);
}

static void duplicate(void)
{
  int fd = fcntl(message, F_DUPFD_CLOEXEC, 0);

  close(fd);
}

static void read_message(void)
{
  if (pread(message, buffer, sizeof buffer, 0) != 4096) fail("pread");
}

static void map_message(void)
{
  char *map = mmap(0, 4096, PROT_READ, MAP_SHARED, message, 0);

  if (map == MAP_FAILED) fail("mmap");
  *(volatile char *) buffer = *map;
  munmap(map, 4096);
}

static void open_missing(void)
{
  if (open("no/such/file", O_RDONLY | O_CLOEXEC) != -1) fail("open");
}

static void open_read_close(void)
{
  int fd = open("control", O_RDONLY | O_CLOEXEC);

  if (fd == -1) fail("control");
  if (read(fd, buffer, 4096) < 1) fail("read");
  close(fd);
}

static void stat_file(void)
{
  struct stat st;

  if (stat("control", &st) == -1) fail("stat");
}

static void log_open_write(void)
{
  int fd = open("log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

  if (write(fd, text, 400) != 400) fail("write");
  close(fd);
}

static void log_write(void)
{
  if (write(logfile, text, 400) != 400) fail("write");
}

static void pipe_line(void)
{
  if (write(pipes[1], text, 80) != 80) fail("write");
  if (read(pipes[0], buffer, sizeof buffer) != 80) fail("read");
}

static void drain(size_t want)
{
  ssize_t r;

  for (; want; want -= (size_t) r) {
    r = read(sockets[1], buffer, sizeof buffer);
    if (r < 1) fail("drain");
  }
}

static void send_copy(void)
{
  if (pread(message, text, 4096, 0) != 4096) fail("pread");
  if (write(sockets[0], text, 4096) != 4096) fail("write");
  drain(4096);
}

static void send_file(void)
{
  off_t at = 0;

  if (sendfile(sockets[0], message, &at, 4096) != 4096) fail("sendfile");
  drain(4096);
}

static void poll_ready(void)
{
  struct pollfd p = { sockets[0], POLLOUT, 0 };

  poll(&p, 1, 1000);
}

static void random_bytes(void)
{
  if (syscall(SYS_getrandom, buffer, 8, 0) != 8) fail("getrandom");
}

static void fault_pages(void)
{
  char *map = mmap(0, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int i;

  if (map == MAP_FAILED) fail("mmap");
  for (i = 0; i < 8; ++i) map[i * 4096] = 1;
  munmap(map, 8 * 4096);
}

static const struct piece {
  const char *name;
  void (*run)(void);
  int times;   /* how many runs count as one of COUNT */
} pieces[] = {
  { "a system call that does nothing", get_pid, 20 },
  { "clock_gettime", clock_now, 20 },
  { "sigaction", signal_action, 20 },
  { "prctl PDEATHSIG", prctl_death, 20 },
  { "prctl CHILD_SUBREAPER", prctl_reaper, 20 },
  { "prctl DUMPABLE", prctl_dump, 20 },
  { "getrandom 8", random_bytes, 20 },
  { "poll, ready", poll_ready, 20 },
  { "five getrlimit + setrlimit", limits, 10 },
  { "eight fresh pages touched, mmap to munmap", fault_pages, 10 },
  { "fork + _exit + waitpid", fork_exit, 1 },
  { "vfork + _exit + waitpid", vfork_exit, 1 },
  { "fork + exec static + waitpid", fork_exec, 1 },
  { "posix_spawn static + waitpid", spawn_exec, 1 },
  { "vfork + exec static + waitpid", vfork_exec, 1 },
  { "... dynamic libc", vfork_exec_dynamic, 1 },
  { "... static, setpgid in the child", vfork_group_exec, 1 },
  { "... static, 5 get+setrlimit in the child", vfork_limits_exec, 1 },
  { "... static, 4 dup2 + close_range in the child", vfork_four_dups_exec, 1 },
  { "... static, signals blocked, 2 sigaction in the child", vfork_signals_exec, 1 },
  { "... static, pidfd_open + poll + waitid + close", vfork_exec_pidfd, 1 },
  { "... static, pipe + poll for its end + waitpid", vfork_exec_pipe, 1 },
  { "six static in turn", six_in_turn, 1 },
  { "six static side by side", six_side_by_side, 1 },
  { "memfd_create + close", memfd, 5 },
  { "report of 60 bytes: memfd, write, pread, close", memfd_report, 5 },
  { "report of 60 bytes: the memfd of before, ftruncate", memfd_again, 5 },
  { "report of 60 bytes: pipe, write, read, 2 close", pipe_report, 5 },
  { "report of 60 bytes: socketpair, write, read, 2 close", socketpair_report, 5 },
  { "envelope: memfd, write, seal, close", memfd_seal, 5 },
  { "spool 4 KB: memfd, write, close", memfd_spool, 5 },
  { "spool 20 KB: memfd, write, close", memfd_spool_five, 5 },
  { "open /proc/PID/fd/N + close", open_proc, 5 },
  { "open /proc/self/fd/N + close", open_self, 5 },
  { "fcntl DUPFD + close", duplicate, 10 },
  { "pread 4 KB of the spool", read_message, 10 },
  { "mmap 4 KB of the spool, touch, munmap", map_message, 10 },
  { "open of a missing file", open_missing, 10 },
  { "stat of a file", stat_file, 10 },
  { "open + read + close of a small file", open_read_close, 10 },
  { "log line of 400 bytes: open, write, close", log_open_write, 5 },
  { "log line of 400 bytes: write", log_write, 5 },
  { "line of 80 bytes through a pipe, write + read", pipe_line, 10 },
  { "4 KB to a socket and read there: pread + write", send_copy, 5 },
  { "4 KB to a socket and read there: sendfile", send_file, 5 },
};

static double seconds(struct timeval t) { return (double) t.tv_sec + (double) t.tv_usec / 1e6; }

static double cpu(void)
{
  struct rusage self, children;

  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  return seconds(self.ru_utime) + seconds(self.ru_stime) + seconds(children.ru_utime) +
         seconds(children.ru_stime);
}

static double wall(void)
{
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static char directory[] = "/tmp/cm-cost.XXXXXX";

static void remove_directory(void)
{
  unlink("control");
  unlink("log");
  if (rmdir(directory) == -1) fail(directory);
}

static void prepare(void)
{
  int fd;

  if (!mkdtemp(directory) || chdir(directory) == -1) fail(directory);
  fd = open("control", O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (fd == -1 || write(fd, text, 40) != 40) fail("control");
  close(fd);
  logfile = open("log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  message = memfd_create("message", MFD_CLOEXEC);
  if (write(message, text, 4096) != 4096) fail("message");
  snprintf(procname, sizeof procname, "/proc/%ld/fd/%d", (long) getpid(), message);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == -1) fail("socketpair");
  if (pipe2(pipes, O_CLOEXEC) == -1) fail("pipe");
}

static void vfork_command(void)
{
  pid_t pid;
  int status;

  lseek(0, 0, SEEK_SET);
  pid = vfork();
  if (!pid) {
    dup2(nowhere, 1);
    execvp(command[0], command);
    _exit(111);
  }
  if (waitpid(pid, &status, 0) != pid || WIFSIGNALED(status)) fail(command[0]);
}

/* The least of BLOCKS blocks: the machine may have other work. */
static void measure(const struct piece *piece, long count)
{
  double c, w, leastcpu = 0, leastwall = 0;
  long n;
  int block;

  count = (count * piece->times + BLOCKS - 1) / BLOCKS;
  for (n = 0; n < 5; ++n) piece->run();
  for (block = 0; block < BLOCKS; ++block) {
    c = cpu();
    w = wall();
    for (n = 0; n < count; ++n) piece->run();
    c = (cpu() - c) * 1e6 / (double) count;
    w = (wall() - w) * 1e6 / (double) count;
    if (!block || c < leastcpu) leastcpu = c;
    if (!block || w < leastwall) leastwall = w;
  }
  printf("%-54s %8.2f %8.2f\n", piece->name, leastcpu, leastwall);
}

int main(int argc, char **argv)
{
  struct piece named = { 0, vfork_command, 1 };
  const char *slash = strrchr(argv[0], '/');
  int len = slash ? (int) (slash - argv[0]) : 0;
  size_t i;
  long count;

  if (argc < 2 || !slash || argv[0][0] != '/') {
    fputs("usage: /full/name/of/cost COUNT [PROGRAM ARG...]\n", stderr);
    return 100;
  }
  count = strtol(argv[1], 0, 10);
  if (count < 1 || count > 100000) count = 1000;
  if (argc > 2) {
    command = argv + 2;
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    named.name = argv[2];
    measure(&named, count);
    return 0;
  }
  snprintf(noop[0], sizeof noop[0], "%.*s/noop", len, argv[0]);
  snprintf(noop[1], sizeof noop[1], "%.*s/noop-dynamic", len, argv[0]);
  memset(text, 'x', sizeof text);
  prepare();
  printf("%-54s %8s %8s\n", "", "us CPU", "us");
  for (i = 0; i < sizeof pieces / sizeof *pieces; ++i) measure(&pieces[i], count);
  remove_directory();
  return 0;
}
