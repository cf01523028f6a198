#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* An address sanitizer reserves terabytes that it never touches. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__
#define SANITIZED 1
#endif

#define DEFAULT_PATH CM_CONF_HOME "/bin:/usr/local/bin:/usr/bin:/bin"
#define CLOSE_AT_EXEC 4U  /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */
#define ROUNDS 1000  /* of a millisecond, waiting for strays to be gone */

/* Signals that we or somebody before us may have had reason to ignore. */
static const int signals[] = { SIGPIPE, SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGXFSZ, SIGXCPU };
#define SIGNALS (sizeof signals / sizeof *signals)
static int ignored[SIGNALS], looked;
/* What every child has of us anyway: no core, no way to new privileges. */
static int coreless, bound;
static int enclosed;  /* whom we can signal at all is our descendant */

/* 0, or why not. A directory of PATH that we may not search has not got it. */
static int executable(const char *path, int searched)
{
  struct stat st;

  if (stat(path, &st) == -1) return errno == ENOTDIR || (searched && errno == EACCES) ? ENOENT : errno;
  return S_ISREG(st.st_mode) && st.st_mode & 0111 ? 0 : EACCES;
}

/* The directories of PATH, or none at all for a name that says where it is. */
static const char *directories(const char *name)
{
  const char *path = strchr(name, '/') ? "" : getenv("PATH");

  return path && (*path || strchr(name, '/')) ? path : DEFAULT_PATH;
}

/* The name in one of them. 1, or 0 without memory. */
static int beneath(const char *dir, const char *end, const char *name, stralloc *path)
{
  if (stralloc_copyb(path, dir, (size_t) (end - dir)) && (end == dir || stralloc_append(path, "/")) &&
      stralloc_cats(path, name) && stralloc_0(path)) return 1;
  errno = ENOMEM;
  return 0;
}

int spawn_find(const char *name, stralloc *path)
{
  const char *dir, *end;
  int error, first = ENOENT;

  if (!*name) {
    errno = ENOENT;
    return -1;
  }
  for (dir = directories(name);; dir = end + 1) {
    end = dir + strcspn(dir, ":");
    if (!beneath(dir, end, name, path)) return -1;
    error = executable(path->s, end > dir);
    if (!error) return 1;
    if (error != ENOENT) first = error;
    if (!*end) break;
  }
  errno = first;
  return -1;
}

/* The file that is tried. There is room for any before the child begins: one that was killed
 * within malloc would leave the parent, whose memory it is, one that is locked. */
static stralloc file;

static int make_room(const struct spawn *s)
{
  return s->path || stralloc_ready(&file, strlen(directories(s->argv[0])) + strlen(s->argv[0]) + 2);
}

/* Become the program, or return with errno. To try a file costs less than to ask for it
 * first; spawn_start() asks, if none would do. */
static void become(const struct spawn *s)
{
  const char *name = s->path ? s->path : s->argv[0], *dir, *end = 0;

  if (s->path || strchr(name, '/')) {
    execve(name, s->argv, s->env);
    return;
  }
  errno = ENOENT;
  for (dir = directories(name); *name && (!end || *end); dir = end + 1) {
    end = dir + strcspn(dir, ":");
    if (!beneath(dir, end, name, &file)) return;
    execve(file.s, s->argv, s->env);
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return;
  }
}

static const struct rlimit *both(unsigned long value)
{
  static struct rlimit limit;

  limit.rlim_cur = limit.rlim_max = value;
  return &limit;
}

/* A lower hard limit of ours refuses these with EPERM, and remains. */
static void limits(const struct spawn *s)
{
#ifndef SANITIZED
  if (s->memory) setrlimit(RLIMIT_AS, both(s->memory));
#endif
  if (s->cpu) setrlimit(RLIMIT_CPU, both(s->cpu));
  if (s->filesize) setrlimit(RLIMIT_FSIZE, both(s->filesize));
  if (!coreless) setrlimit(RLIMIT_CORE, both(0));
  if (s->nice && nice(s->nice) == -1) return;
}

/* What becomes 0 to 3, or 6, may itself be one of these. What enter needs is still open
 * then: all of ours is close-on-exec. */
static int arrange(const struct spawn *s)
{
  int from[7], i, count = s->more[2] > 0 ? 7 : s->more[1] > 0 ? 6 : s->more[0] > 0 ? 5 : 4;

  for (i = 0; i < count; ++i) {
    from[i] = i < 4 ? s->fd[i] : s->more[i - 4] > 0 ? s->more[i - 4] : -1;
    if (from[i] >= 0 && from[i] < count && from[i] != i && (from[i] = fcntl(from[i], F_DUPFD, count)) == -1)
      return -1;
  }
  for (i = 0; i < count; ++i) {
    if (from[i] == -1) close(i);
    else if (from[i] == i && fcntl(i, F_SETFD, 0) == -1) return -1;
    else if (from[i] != i && dup2(from[i], i) == -1) return -1;
  }
  /* Linux 5.9; on an older one close-on-exec has to do. */
  syscall(SYS_close_range, (unsigned int) count, ~0U, s->enter ? CLOSE_AT_EXEC : 0U);
  return 1;
}

/* With SIGCHLD ignored nobody could learn an exit code. */
static void look(void)
{
  struct sigaction action;
  struct rlimit core;
  size_t i;

  if (looked++) return;
  for (i = 0; i < SIGNALS; ++i)
    if (!sigaction(signals[i], 0, &action)) ignored[i] = action.sa_handler == SIG_IGN;
  if (ignored[1]) signal(SIGCHLD, SIG_DFL);
  coreless = !getrlimit(RLIMIT_CORE, &core) && !core.rlim_max;
  bound = prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1;
}

/* In the child of vfork, which borrows the parent's memory until it returns
 * from here by exec or not at all. */
static __attribute__((noinline, noreturn))
void child(const struct spawn *s, pid_t parent, volatile int *error)
{
  sigset_t none;
  size_t i;

  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, (unsigned long) SIGKILL, 0UL, 0UL, 0UL);
  if (getppid() != parent) _exit(127);
  if (!s->setuid && !bound) prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
  if (arrange(s) == 1) {
    for (i = 0; i < SIGNALS; ++i)
      if (ignored[i]) signal(signals[i], SIG_DFL);
    limits(s);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    if (!s->enter || s->enter(s->with) == 1) become(s);
  }
  *error = errno;
  _exit(127);
}

int spawn_start(struct spawn *s)
{
  static stralloc path;
  volatile int error = 0;
  pid_t parent = getpid();
  sigset_t all, old;
  int saved;

  s->pid = 0;
  s->pidfd = -1;
  if (!make_room(s)) {
    errno = ENOMEM;
    return -1;
  }
  look();
  /* No handler of ours is to run in the child, on our memory. */
  sigfillset(&all);
  if (!s->calm) sigprocmask(SIG_SETMASK, &all, &old);
  s->pid = vfork();
  if (!s->pid) child(s, parent, &error);
  saved = errno;
  if (!s->calm) sigprocmask(SIG_SETMASK, &old, 0);
  if (s->pid == -1) {
    s->pid = 0;
    errno = saved;
    return -1;
  }
  if (!error && !s->unwatched && (s->pidfd = (int) syscall(SYS_pidfd_open, s->pid, 0)) == -1) {
    error = errno;
    spawn_kill(s, SIGKILL);
  }
  if (!error) return 1;
  while (waitpid(s->pid, 0, 0) == -1 && errno == EINTR) ;
  s->pid = 0;
  errno = error;
  /* The last directory has said that, and an earlier one may have said more. */
  if (!s->path) spawn_find(s->argv[0], &path);
  return -1;
}

void spawn_kill(const struct spawn *s, int signal)
{
  if (s->pid > 1) kill(-s->pid, signal);
}

/* It is reaped. */
static int over(struct spawn *s, int status)
{
  if (s->pidfd != -1) close(s->pidfd);
  s->pid = 0;
  s->pidfd = -1;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int spawn_ended(struct spawn *s, int group, int *code)
{
  siginfo_t info = { 0 };
  int status = SIGKILL;

  if (group) {
    if (waitid(P_PID, (id_t) s->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != s->pid) return 0;
    spawn_kill(s, SIGKILL);
  }
  switch (waitpid(s->pid, &status, WNOHANG)) {
    case 0: return 0;
    case -1: if (errno != ECHILD) return 0;
  }
  *code = over(s, status);
  return 1;
}

int spawn_reap(struct spawn *s)
{
  siginfo_t info;
  int status = SIGKILL;  /* where nothing can be learnt it has not succeeded */

  /* First the rest of the group: once its leader is reaped the number may be another's. */
  while (waitid(P_PID, (id_t) s->pid, &info, WEXITED | WNOWAIT) == -1 && errno == EINTR) ;
  spawn_kill(s, SIGKILL);
  while (waitpid(s->pid, &status, 0) == -1 && errno == EINTR) ;
  return over(s, status);
}

int spawn_stop(struct spawn *s, int ms)
{
  struct pollfd p = { s->pidfd, POLLIN, 0 };

  if (ms && s->pidfd != -1) {
    spawn_kill(s, SIGTERM);
    while (poll(&p, 1, ms) == -1 && errno == EINTR) ;
  }
  spawn_kill(s, SIGKILL);
  return spawn_reap(s);
}

int spawn_adopt(void)
{
  return prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) == -1 ? -1 : 1;
}

/* Who started us runs as the same account, and is no descendant: if it could be signalled
 * all others could. */
void spawn_enclosed(void)
{
  enclosed = kill(getppid(), 0) == -1 && errno == EPERM;
}

/* Kill those of our children that one read of the list shows. A process that does nothing but
 * fork and end is another one by then: but while the kernel signals all, nobody forks. */
static int kill_children(void)
{
  static char list[65536];
  unsigned long pid;
  ssize_t len;
  size_t at, n;
  int fd;

  if (enclosed) return kill(-1, SIGKILL) == -1 && errno != ESRCH ? -1 : 1;
  fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (fd == -1) return -1;
  len = read(fd, list, sizeof list - 1);
  close(fd);
  if (len == -1) return -1;
  list[len] = 0;
  for (at = 0; (n = scan_ulong(list + at, &pid)); at += n + (list[at + n] == ' '))
    /* The last number may be cut off at the end of the buffer. */
    if (pid > 1 && list[at + n]) kill((pid_t) pid, SIGKILL);
  return 1;
}

int spawn_strays(void)
{
  unsigned int round = 0;
  pid_t pid;

  for (;;) {
    pid = waitpid(-1, 0, WNOHANG);
    if (pid == -1 && errno == ECHILD) return 1;
    if (pid == -1 && errno != EINTR) return -1;
    if (pid) continue;
    if (++round > ROUNDS) return 0;
    if (kill_children() == -1) return -1;
    poll(0, 0, 1);
  }
}
