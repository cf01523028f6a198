#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char path_[] = "PATH=/usr/bin:/bin", word[] = "WORD=said", sh[] = "sh", c[] = "-c";
static char *env[] = { path_, word, 0 };

/* A shell that runs script, with nothing but our 2 open. */
static struct spawn shell(const char *script)
{
  static char *argv[4], text[200];
  static stralloc path;
  struct spawn s = { 0 };

  argv[0] = sh;
  argv[1] = c;
  snprintf(text, sizeof text, "%s", script);
  argv[2] = text;
  if (spawn_find("sh", &path) != 1) path.s = argv[0];
  s.path = path.s;
  s.argv = argv;
  s.env = env;
  s.fd[0] = s.fd[1] = s.fd[3] = -1;
  s.fd[2] = 2;
  return s;
}

static int run(const char *script)
{
  struct spawn s = shell(script);

  return spawn_start(&s) == 1 ? spawn_reap(&s) : 1000;
}

/* What the script wrote to its descriptor fd, which is our memory file. */
static int says(const char *script, int fd, const char *want)
{
  struct spawn s = shell(script);
  char got[256] = "";
  int m = memfd_create("out", MFD_CLOEXEC);

  s.fd[fd] = m;
  if (spawn_start(&s) != 1 || spawn_reap(&s) != 0) return 0;
  if (pread(m, got, sizeof got - 1, 0) == -1) return 0;
  close(m);
  if (!strcmp(got, want)) return 1;
  printf("# want %s got %s\n", want, got);
  return 0;
}

static void finding(void)
{
  static stralloc path;

  setenv("PATH", "/nonexistent:/bin:/usr/bin", 1);
  ok(spawn_find("sh", &path) == 1 && !strcmp(path.s, "/bin/sh"), "a program is looked up along PATH");
  ok(spawn_find("/bin/sh", &path) == 1 && !strcmp(path.s, "/bin/sh"), "a name with a slash is a path");
  ok(spawn_find("no-such-program", &path) == -1 && errno == ENOENT, "what is nowhere is not found");
  ok(spawn_find("", &path) == -1 && errno == ENOENT, "an empty name is not found");
  setenv("PATH", "/etc", 1);
  ok(spawn_find("passwd", &path) == -1 && errno == EACCES, "what may not be executed is no program");
  setenv("PATH", "/usr/bin:/bin", 1);
}

/* How a start without a path ends that looks for name along this PATH. */
static int along(const char *path, char *name, int want)
{
  struct spawn s = shell("exit 6");
  char *argv[] = { name, s.argv[1], s.argv[2], 0 };
  int r;

  s.path = 0;
  s.argv = argv;
  setenv("PATH", path, 1);
  r = spawn_start(&s) == 1 ? spawn_reap(&s) : -errno;
  setenv("PATH", "/usr/bin:/bin", 1);
  return r == want;
}

static void looking(void)
{
  static char nowhere[] = "no-such-program", whole[] = "/bin/sh", passwd[] = "passwd", empty[] = "";

  ok(along("/nonexistent:/etc/passwd:/bin", sh, 6), "without a path PATH is gone through");
  ok(along("/nonexistent", whole, 6), "a name with a slash is not looked for");
  ok(along("/nonexistent:/bin", nowhere, -ENOENT), "what is nowhere is not started");
  ok(along("/etc:/nonexistent", passwd, -EACCES), "what may not be executed says so, wherever it stood");
  ok(along("/bin", empty, -ENOENT), "an empty name is not started");
}

static void starting(void)
{
  struct spawn s = shell("exit 0");

  s.path = "/nonexistent";
  ok(spawn_start(&s) == -1 && errno == ENOENT && !s.pid, "a failed exec is told apart from an ended program");
  s = shell("exit 0");
  s.path = "/etc/passwd";
  ok(spawn_start(&s) == -1 && errno == EACCES, "the reason of a failed exec is known");
  ok(waitpid(-1, 0, WNOHANG) == -1 && errno == ECHILD, "a failed start leaves no child");
  ok(run("exit 7") == 7, "the exit code comes back");
  ok(run("kill -9 $$") == -9, "a signal comes back negated");
  ok(says("echo $WORD$HOME", 1, "said\n"), "the environment is the one given");
}

static void descriptors(void)
{
  struct spawn s;
  char got[8] = "";
  int a[2], b[2], left = open("/dev/null", O_RDONLY);

  ok(left > 3 || open("/dev/null", O_RDONLY) > 3, "more than four descriptors are open");
  ok(says("for i in 4 5 6 7 8 9; do test -e /proc/$$/fd/$i && echo $i; done; :", 1, ""),
     "all but the four descriptors are closed");
  ok(says("echo three >&3", 3, "three\n"), "descriptor 3 can be given");
  ok(run("test -e /proc/$$/fd/0 || exit 5") == 5, "a descriptor not given is closed");

  /* Ours 0 and 1 become its 1 and 0. */
  if (pipe(a) == -1 || pipe(b) == -1 || write(a[1], "x\n", 2) != 2) return;
  s = shell("read x; echo \"$x\"y");
  fcntl(0, F_DUPFD_CLOEXEC, 40);
  fcntl(1, F_DUPFD_CLOEXEC, 50);
  fflush(stdout);
  dup2(b[1], 0);
  dup2(a[0], 1);
  s.fd[0] = 1;
  s.fd[1] = 0;
  left = spawn_start(&s) == 1 ? spawn_reap(&s) : 1000;
  dup2(40, 0);
  dup2(50, 1);
  ok(left == 0 && read(b[0], got, sizeof got) == 3 && !memcmp(got, "xy\n", 3), "descriptors may change places");
}

static void limiting(void)
{
  struct spawn s = shell("ulimit -t; ulimit -v; ulimit -c; ulimit -f; nice");
  char want[32];
  char got[100] = "";
  int m = memfd_create("out", MFD_CLOEXEC);

  s.fd[1] = m;
  s.cpu = 5;
  s.memory = 512UL << 20;
  s.filesize = 1 << 20;
  s.nice = 3;
  ok(spawn_start(&s) == 1 && spawn_reap(&s) == 0, "a program runs under limits");
  ok(pread(m, got, sizeof got - 1, 0) > 0 && !memcmp(got, "5\n", 2), "processor time is limited");
#if !defined __SANITIZE_ADDRESS__
  ok(!!strstr(got, "\n524288\n0\n"), "memory is limited, and there is no core");
#endif
  snprintf(want, sizeof want, "\n2048\n%d\n", nice(0) + 3);
  ok(!!strstr(got, want), "files are limited, and the program is nice");
  s = shell("exec head -c 100000 /dev/zero");
  s.fd[1] = m;
  s.filesize = 1000;
  ok(spawn_start(&s) == 1 && spawn_reap(&s) == -SIGXFSZ, "too large a file ends the program");
  ok(says("sed -n 's/NoNewPrivs:.//p' /proc/$$/status", 1, "1\n"), "no privileges can be won");
  s = shell("sed -n 's/NoNewPrivs:.//p' /proc/$$/status");
  s.fd[1] = m = memfd_create("out", MFD_CLOEXEC);
  s.setuid = 1;
  ok(spawn_start(&s) == 1 && spawn_reap(&s) == 0 && pread(m, got, 2, 0) == 2 && *got == '0',
     "unless the caller lets them");
}

/* SIGPIPE and SIGTERM are ignored since main. */
static void signals(void)
{
  sigset_t set, now;

  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, 0);
  ok(run("kill -PIPE $$") == -SIGPIPE, "an ignored SIGPIPE is reset");
  ok(run("kill -TERM $$") == -SIGTERM, "an ignored SIGTERM is reset");
  ok(run("kill -USR1 $$") == -SIGUSR1, "no signal is blocked");
  sigprocmask(SIG_SETMASK, 0, &now);
  ok(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGTERM), "our own mask is as before");
}

static int alone(void)
{
  return waitpid(-1, 0, WNOHANG) == -1 && errno == ECHILD;
}

static void ending(void)
{
  struct spawn s = shell("sleep 100 & exit 3");
  struct pollfd p = { 0, POLLIN, 0 };
  int up[2], code, group, status = 0;

  ok(spawn_adopt() == 1, "we adopt");
  ok(spawn_start(&s) == 1, "a program starts");
  p.fd = s.pidfd;
  ok(poll(&p, 1, 10000) == 1, "pidfd tells of the end");
  ok(spawn_reap(&s) == 3 && spawn_strays() == 1 && alone(), "what it left in its group is gone");

  s = shell("exec sleep 100");
  s.unwatched = 1;
  ok(spawn_start(&s) == 1 && s.pidfd == -1 && !spawn_ended(&s, 0, &code), "a program without a pidfd runs");
  spawn_kill(&s, SIGTERM);
  while (!spawn_ended(&s, 0, &code)) poll(0, 0, 1);
  ok(code == -SIGTERM && !s.pid, "and ends");
  for (group = 0; group < 2; ++group) {
    s = shell("sleep 100 & exit 5");
    s.unwatched = 1;
    code = 0;
    if (spawn_start(&s) == 1) while (!spawn_ended(&s, group, &code)) poll(0, 0, 1);
    ok(code == 5 && (group ? waitpid(-1, &status, 0) > 0 && WIFSIGNALED(status) : !alone()), "what it left in its group is looked after later, or at once");
    ok(spawn_strays() == 1 && alone(), "and is gone then");
  }
  s = shell("exec sleep 100");
  ok(spawn_start(&s) == 1 && spawn_stop(&s, 10000) == -SIGTERM, "SIGTERM comes first");
  if (pipe(up) == -1) return;
  s = shell("trap '' TERM; echo up; while :; do sleep 1; done");
  s.fd[1] = up[1];
  p.fd = up[0];
  ok(spawn_start(&s) == 1 && poll(&p, 1, 10000) == 1 && spawn_stop(&s, 50) == -SIGKILL,
     "SIGKILL for those who do not listen");

  s = shell("for i in 1 2 3; do setsid sh -c 'trap \"\" TERM; echo; sleep 100 & sleep 100' & done | head -n 3 > /dev/null; exit 0");
  ok(spawn_start(&s) == 1 && spawn_reap(&s) == 0, "a program leaves daemons behind");
  ok(!alone(), "they are our children then");
  ok(spawn_strays() == 1 && alone(), "none of them is left");
}

/* A parent that is killed takes the program with it. */
static void dying(void)
{
  struct spawn s = shell("exec sleep 100");
  struct pollfd p = { 0, POLLIN, 0 };
  char got = 0;
  int up[2];
  pid_t pid;

  if (pipe2(up, O_CLOEXEC) == -1 || (pid = fork()) == -1) return;
  if (!pid) {
    s.fd[1] = up[1];
    if (spawn_start(&s) == 1 && write(up[1], "x", 1) == 1) raise(SIGKILL);
    _exit(1);
  }
  close(up[1]);
  p.fd = up[0];
  ok(read(up[0], &got, 1) == 1 && poll(&p, 1, 10000) == 1 && read(up[0], &got, 1) == 0,
     "the program dies with its parent");
  spawn_strays();
}

int main(void)
{
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);
  finding();
  looking();
  starting();
  descriptors();
  limiting();
  signals();
  ending();
  dying();
  return done_testing();
}
