/* atcall [-p NAME] [-c CALL,...] [-o FILE] ACTION N PROGRAM [ARG...]: run it, and do
 * something at the Nth system call that it or a process below it makes.
 *
 * Only processes that execute a program of this NAME count (without -p: all), only these
 * calls (without -c: all). At the call number N, or from 1 at each (N is 0), ACTION is
 *   list           nothing; every call that counts is written to FILE, a name a line
 *   kill, SIGNAL   SIGKILL, or another signal by its name (TERM), before the call is made
 *   ERRNO          the call is not made and fails (ENOSPC)
 *   again          calls that may wait fail with EINTR every other time, from then on
 *   short          calls that may move less than they are asked to move a byte, from then on
 *   run:COMMAND    nothing but this: COMMAND is run, with the number and the name of the call
 *   clock:SECONDS  the time of day is so much later, from then on
 *   clock=SECONDS  the time of day is this one and stands still, and chance gives nothing but zeros
 *   hours:SECONDS  the clock that nobody sets is so much later, from then on: for bounds of hours
 * Where anything was done FILE says so: the name of the call. The exit code is the
 * program's, 128 and the number if it was ended by a signal. The tool ends when all
 * processes have, and writes `left` into FILE if some had to be killed for that,
 * twenty seconds behind the program's own end. x86_64 only: elsewhere it exits 77. */

#include <stdio.h>

#ifndef __x86_64__
int main(void)
{
  return 77;
}
#else

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 20  /* seconds */

/* Names, and what of a call may be done by halves: the argument that counts bytes,
 * or IOV, MSG for a list of pieces; whether it may wait. */
enum { IOV = 8, MSG = 9 };
#define WAITS 1
#define C(name, bytes, flags) { #name, SYS_##name, bytes, flags }
static const struct call { const char *name; long number; int bytes, flags; } calls[] = {
  C(read, 3, WAITS), C(write, 3, WAITS), C(pread64, 3, 0), C(pwrite64, 3, 0), C(writev, IOV, WAITS), C(pwritev2, 0, WAITS),
  C(readv, IOV, WAITS), C(sendto, 3, WAITS), C(recvfrom, 3, WAITS), C(sendmsg, MSG, WAITS), C(sendfile, 4, WAITS),
  C(splice, 5, WAITS), C(copy_file_range, 5, 0), C(poll, 0, WAITS), C(wait4, 0, WAITS), C(waitid, 0, WAITS),
  C(nanosleep, 0, WAITS), C(flock, 0, WAITS), C(openat, 0, 0), C(open, 0, 0), C(close, 0, 0), C(fsync, 0, 0),
  C(link, 0, 0), C(linkat, 0, 0), C(unlink, 0, 0), C(unlinkat, 0, 0), C(rename, 0, 0), C(renameat, 0, 0),
  C(mkdir, 0, 0), C(mkdirat, 0, 0), C(ftruncate, 0, 0), C(lseek, 0, 0), C(fstat, 0, 0), C(stat, 0, 0),
  C(newfstatat, 0, 0), C(statx, 0, 0), C(fcntl, 0, 0), C(fchmod, 0, 0), C(memfd_create, 0, 0), C(pipe, 0, 0), C(pipe2, 0, 0),
  C(dup2, 0, 0), C(dup3, 0, 0), C(vfork, 0, 0), C(fork, 0, 0), C(clone, 0, 0), C(execve, 0, 0), C(socket, 0, 0),
  C(socketpair, 0, 0), C(connect, 0, 0), C(shutdown, 0, 0), C(setsockopt, 0, 0), C(getsockname, 0, 0), C(mmap, 0, 0),
  C(munmap, 0, 0), C(mremap, 0, 0), C(brk, 0, 0), C(getdents64, 0, 0), C(getrandom, 0, 0), C(getpid, 0, 0),
  C(getppid, 0, 0), C(setpgid, 0, 0), C(prctl, 0, 0), C(arch_prctl, 0, 0), C(set_tid_address, 0, 0), C(kill, 0, 0),
  C(rt_sigaction, 0, 0), C(rt_sigprocmask, 0, 0), C(signalfd4, 0, 0), C(prlimit64, 0, 0), C(getcwd, 0, 0),
  C(clock_gettime, 0, 0), C(exit_group, 0, 0), C(close_range, 0, 0), C(pidfd_open, 0, 0), C(umask, 0, 0),
};
#define CALLS (sizeof calls / sizeof *calls)

static const struct word { const char *name; int value; } errors[] = {
  { "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EDQUOT", EDQUOT }, { "EMFILE", EMFILE }, { "ENFILE", ENFILE },
  { "ENOMEM", ENOMEM }, { "EAGAIN", EAGAIN }, { "EINTR", EINTR }, { "EROFS", EROFS }, { "EACCES", EACCES },
}, signals[] = {
  { "kill", SIGKILL }, { "TERM", SIGTERM }, { "HUP", SIGHUP }, { "INT", SIGINT }, { "PIPE", SIGPIPE },
  { "ALRM", SIGALRM }, { "CHLD", SIGCHLD }, { "USR1", SIGUSR1 },
};

enum what { LIST, RUN, SIGNAL, ERROR, AGAIN, SHORT, CLOCK };
static enum what what;
static int value;              /* the signal, the error */
static long long seconds;      /* for the clock */
static int stands;             /* the clock stands still at seconds */
static int nobodys;            /* it is the one that nobody sets */
static unsigned long wanted, counted;
static const char *only, *which, *command;
static FILE *out;

/* A process. What is to be done when the call it is in returns: */
static struct tracee {
  pid_t pid;
  int counts;                  /* its program is the one that counts */
  int named;                   /* it has run one that it was not born with, so that this is known */
  int fails;                   /* 0, or the error that the call it is in is to give */
  unsigned char again[512];    /* by a call's number: 1: it failed with EINTR the last time */
  int halved;                  /* what it asked for was changed, and was */
  struct user_regs_struct asked;
  int saved;                   /* words of its memory to be put back */
  long at[3], word[3];
} tracees[4096];
static size_t alive;

static void die(const char *text)
{
  fprintf(stderr, "atcall: %s: %s\n", text, strerror(errno));
  exit(111);
}

static struct tracee *tracee(pid_t pid)
{
  size_t i;

  for (i = 0; i < alive; ++i) if (tracees[i].pid == pid) return tracees + i;
  if (alive == sizeof tracees / sizeof *tracees) die("too many processes");
  tracees[alive] = (struct tracee) { .pid = pid, .counts = !only };
  return tracees + alive++;
}

static void gone(pid_t pid)
{
  struct tracee *t = tracee(pid);

  *t = tracees[--alive];
}

static const struct call *call(long number)
{
  size_t i;

  for (i = 0; i < CALLS; ++i) if (calls[i].number == number) return calls + i;
  return 0;
}

/* Is the word in the list a,b,c? */
static int among(const char *list, const char *word)
{
  size_t n = strlen(word);

  for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : 0)
    if (!strncmp(list, word, n) && (!list[n] || list[n] == ',')) return 1;
  return 0;
}

static long peek(const struct tracee *t, long at)
{
  return ptrace(PTRACE_PEEKDATA, t->pid, at, 0);
}

static void poke(const struct tracee *t, long at, long word)
{
  if (ptrace(PTRACE_POKEDATA, t->pid, at, word) == -1 && errno != ESRCH) die("unable to write memory");
}

static unsigned long long *argument(struct user_regs_struct *r, int n)
{
  unsigned long long *all[] = { &r->rdi, &r->rsi, &r->rdx, &r->r10, &r->r8, &r->r9 };

  return all[n - 1];
}

static void replace(struct tracee *t, long at, long word)
{
  t->at[t->saved] = at;
  t->word[t->saved++] = peek(t, at);
  poke(t, at, word);
}

/* A whole line goes to a log by one write: the kernel does not halve that. */
static int appends(const struct tracee *t, unsigned long long fd)
{
  char name[64], line[64];
  unsigned int flags = 0;
  FILE *f;

  snprintf(name, sizeof name, "/proc/%d/fdinfo/%llu", (int) t->pid, fd);
  f = fopen(name, "r");
  if (!f) return 0;
  while (fgets(line, sizeof line, f)) if (sscanf(line, "flags: %o", &flags) == 1) break;
  fclose(f);
  return (flags & O_APPEND) != 0;
}

/* A byte in place of all of them: of a list, the first piece that is not empty. */
static void halve(struct tracee *t, struct user_regs_struct *r, const struct call *c)
{
  const long word = (long) sizeof(long), message = (long) r->rsi;
  long list, count, len = 0;

  if (c->bytes && c->bytes < IOV && *argument(r, c->bytes) > 1 && !appends(t, r->rdi)) *argument(r, c->bytes) = 1;
  if (c->bytes < IOV) return;
  list = c->bytes == IOV ? (long) r->rsi : peek(t, message + 2 * word);
  count = c->bytes == IOV ? (long) r->rdx : peek(t, message + 3 * word);
  while (count && !(len = peek(t, list + word))) list += 2 * word, --count;
  if (!len) return;
  if (c->bytes == IOV) r->rsi = (unsigned long long) list, r->rdx = 1;
  else {
    replace(t, message + 2 * word, list);
    replace(t, message + 3 * word, 1);
  }
  replace(t, list + word, 1);
}

static void said(const char *text)
{
  if (out) fprintf(out, "%s\n", text);
  if (out) fflush(out);
}

static void run(const char *name)
{
  char number[24];
  int status;
  pid_t pid;

  snprintf(number, sizeof number, "%lu", counted);
  pid = fork();
  if (!pid) {
    execlp(command, command, number, name, (char *) 0);
    _exit(127);
  }
  if (pid == -1 || waitpid(pid, &status, 0) != pid || status) die(command);
}

/* It is about to make a call. */
static void enters(struct tracee *t, struct user_regs_struct *r)
{
  const struct call *c = call((long) r->orig_rax);
  int now, since;
  static int told;

  if (!t->counts || (which && (!c || !among(which, c->name)))) return;
  ++counted;
  now = !wanted || counted == wanted;
  since = counted >= wanted;
  if (what == LIST || (since && !told)) said(c ? c->name : "other");
  told |= since;
  if (what == RUN && now) run(c ? c->name : "other");
  if (what == SIGNAL && now) kill(t->pid, value);
  if (what == ERROR && now) t->fails = value;
  if (what == AGAIN && since && c && c->flags & WAITS) {
    /* What does not wait is not interrupted. */
    if (c->number == SYS_recvfrom && r->r10 & MSG_DONTWAIT) return;
    t->again[c->number] ^= 1;
    t->fails = t->again[c->number] ? EINTR : 0;
  }
  if (what == SHORT && since && c) {
    t->asked = *r;
    t->halved = 1;
    halve(t, r, c);
  }
  if (t->fails) r->orig_rax = (unsigned long long) -1;
  if ((t->fails || what == SHORT) && ptrace(PTRACE_SETREGS, t->pid, 0, r) == -1 && errno != ESRCH) die("unable to set registers");
}

/* A program relies on the registers of its arguments. */
static void returns(struct tracee *t, struct user_regs_struct *r)
{
  if (t->fails || t->halved) {
    if (t->fails) r->rax = (unsigned long long) -t->fails;
    if (t->halved) r->rsi = t->asked.rsi, r->rdx = t->asked.rdx, r->r10 = t->asked.r10, r->r8 = t->asked.r8;
    t->fails = t->halved = 0;
    if (ptrace(PTRACE_SETREGS, t->pid, 0, r) == -1 && errno != ESRCH) die("unable to set registers");
  }
  while (t->saved) {
    --t->saved;
    poke(t, t->at[t->saved], t->word[t->saved]);
  }
  if (what == CLOCK && stands && counted >= wanted && r->orig_rax == SYS_getrandom && r->rsi == sizeof(int))
    poke(t, (long) r->rdi, peek(t, (long) r->rdi) & ~0xffffffffL);
  if (what != CLOCK || counted < wanted || r->orig_rax != SYS_clock_gettime) return;
  if (r->rdi != (nobodys ? CLOCK_MONOTONIC : CLOCK_REALTIME) && r->rdi != (nobodys ? CLOCK_MONOTONIC_COARSE : CLOCK_REALTIME_COARSE)) return;
  poke(t, (long) r->rsi, stands ? (long) seconds : peek(t, (long) r->rsi) + (long) seconds);
  if (stands) poke(t, (long) r->rsi + (long) sizeof(long), 123456789);
}

/* Without the kernel's page of code every look at the clock is a call. */
static void hide_vdso(const struct tracee *t)
{
  struct user_regs_struct r;
  long at, word = (long) sizeof(long);

  if (ptrace(PTRACE_GETREGS, t->pid, 0, &r) == -1) return;
  for (at = (long) r.rsp + word; peek(t, at); at += word) ;
  for (at += word; peek(t, at); at += word) ;
  for (at += word; peek(t, at) != AT_NULL; at += 2 * word)
    if (peek(t, at) == AT_SYSINFO_EHDR) poke(t, at, AT_IGNORE);
}

static void executes(struct tracee *t)
{
  char link[64], path[4096];
  const char *name;
  ssize_t n;

  snprintf(link, sizeof link, "/proc/%d/exe", (int) t->pid);
  n = readlink(link, path, sizeof path - 1);
  path[n > 0 ? n : 0] = 0;
  name = strrchr(path, '/');
  t->named = 1;
  t->counts = !only || (name && !strcmp(name + 1, only));
  if (what == CLOCK) hide_vdso(t);
}

/* What to tell the process when it goes on: a signal, or 0. */
static int stopped(struct tracee *t, int status)
{
  struct user_regs_struct r;
  struct __ptrace_syscall_info info;
  int signal = WSTOPSIG(status), counts = t->counts;
  unsigned long child;

  if (status >> 16 == PTRACE_EVENT_EXEC) executes(t);
  /* The child may have come first, and run another program already. */
  else if (status >> 16 && ptrace(PTRACE_GETEVENTMSG, t->pid, 0, &child) != -1 && !tracee((pid_t) child)->named)
    tracee((pid_t) child)->counts = counts;
  if (status >> 16 || signal == SIGSTOP) return 0;
  if (signal != (SIGTRAP | 0x80)) return signal == SIGTRAP ? 0 : signal;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof info, &info) < 0 || ptrace(PTRACE_GETREGS, t->pid, 0, &r) == -1) return 0;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) enters(t, &r);
  else if (info.op == PTRACE_SYSCALL_INFO_EXIT) returns(t, &r);
  return 0;
}

static void late(int signal)
{
  (void) signal;
  if (out) fputs("left\n", out);
  if (out) fflush(out);
  _exit(112);  /* takes them along: PTRACE_O_EXITKILL */
}

static int follow(pid_t first)
{
  int status, code = 0, signal;
  pid_t pid;

  while ((pid = waitpid(-1, &status, __WALL)) != -1 || errno == EINTR) {
    if (pid == -1) continue;
    if (WIFSTOPPED(status)) {
      signal = stopped(tracee(pid), status);
      ptrace(PTRACE_SYSCALL, pid, 0, (long) signal);
      continue;
    }
    gone(pid);
    if (pid != first) continue;
    code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    alarm(PATIENCE);
  }
  return code;
}

static pid_t start(char **argv)
{
  int status;
  pid_t pid = fork();

  if (pid == -1) die("unable to fork");
  if (!pid) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execvp(*argv, argv);
    die(*argv);
  }
  if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) die("unable to trace");
  if (ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC |
             PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE) == -1) die("unable to trace");
  /* Nobody shall wait for the end of what only we hold open. */
  if (dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 0) == -1 || dup2(0, 1) == -1) die("unable to open /dev/null");
  tracee(pid)->counts = 0;
  ptrace(PTRACE_SYSCALL, pid, 0, 0);
  return pid;
}

static int known(const struct word *words, size_t count, const char *name)
{
  size_t i;

  for (i = 0; i < count; ++i) if (!strcmp(words[i].name, name)) return value = words[i].value;
  return 0;
}

static int action(const char *name)
{
  if (!strcmp(name, "list")) what = LIST;
  else if (!strcmp(name, "again")) what = AGAIN;
  else if (!strcmp(name, "short")) what = SHORT;
  else if (!strncmp(name, "run:", 4)) what = RUN, command = name + 4;
  else if (!strncmp(name, "clock", 5) && name[5]) what = CLOCK, stands = name[5] == '=', seconds = strtoll(name + 6, 0, 10);
  else if (!strncmp(name, "hours:", 6)) what = CLOCK, nobodys = 1, seconds = strtoll(name + 6, 0, 10);
  else if (known(signals, sizeof signals / sizeof *signals, name)) what = SIGNAL;
  else if (known(errors, sizeof errors / sizeof *errors, name)) what = ERROR;
  else return 0;
  return 1;
}

int main(int argc, char **argv)
{
  int option;

  while ((option = getopt(argc, argv, "+p:c:o:")) != -1)
    if (option == 'p') only = optarg;
    else if (option == 'c') which = optarg;
    else if (option != 'o') return 100;
    else if (!(out = fopen(optarg, "we"))) die(optarg);
  if (argc - optind < 3 || !action(argv[optind])) {
    fputs("usage: atcall [-p NAME] [-c CALL,...] [-o FILE] ACTION N PROGRAM [ARG...]\n", stderr);
    return 100;
  }
  wanted = strtoul(argv[optind + 1], 0, 10);
  signal(SIGALRM, late);
  return follow(start(argv + optind + 2));
}
#endif
