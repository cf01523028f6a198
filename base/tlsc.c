#include "tlsc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "spawn.h"

#define LINEMAX 1024   /* bytes of what it says; cm-tls(8): 600 */
#define LONGEST 3600   /* seconds that it takes for a limit */
#define LATE 2         /* seconds that it may take beyond those of the handshake */

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

extern char **environ;

static stralloc said;

static void say(struct tlsc *t, const char *what, const char *detail)
{
  int ok = stralloc_copys(&said, what) && stralloc_cats(&said, detail) && stralloc_0(&said);

  t->said = ok ? said.s : "out of memory";
}

static int fail(struct tlsc *t, const char *why, const char *detail)
{
  say(t, why, detail);
  return -1;
}

/* Its one line, and not a byte of what comes behind it. 1, or -1: said by fail(). */
static int hear(struct tlsc *t, int fd, unsigned long seconds)
{
  struct timeval limit = { (time_t) (seconds + LATE), 0 };
  char line[LINEMAX];
  const char *nl;
  size_t len, at;
  ssize_t r;

  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  do r = recv(fd, line, sizeof line, MSG_PEEK); while (r == -1 && errno == EINTR);
  nl = r > 0 ? memchr(line, '\n', (size_t) r) : 0;
  if (!nl) return fail(t, r == -1 && errno == EAGAIN ? "the handshake took too long" : "cm-tlsd ended", "");
  len = (size_t) (nl - line);
  for (at = 0; at <= len; at += (size_t) r) {
    r = recv(fd, line + at, len + 1 - at, 0);
    if (r == -1 && errno == EINTR) r = 0;
    else if (r <= 0) return fail(t, "cm-tlsd ended", "");
  }
  line[len] = 0;
  if (!strncmp(line, "fail ", 5)) return fail(t, line + 5, "");
  if (strncmp(line, "ok ", 3)) return fail(t, "cm-tlsd said something else", "");
  say(t, line + 3, "");
  return 1;
}

/* Start it on the server's descriptor and one of a pair. 1, or -1. */
static int start(struct tlsc *t, int fd, int near, const char *host, int level, unsigned long seconds)
{
  static stralloc path, trusted, number, name;
  static char program[] = "cm-tlsd", c[] = "-c", on[] = "-n", three[] = "3", within[] = "-w", how[] = "-l",
              any[] = "must", verify[] = "verify", by[] = "-a", end[] = "--";
  char *argv[13] = { program, c, on, three, within, 0, how, level == TLSC_VERIFY ? verify : any };
  struct spawn s = { .argv = argv, .env = environ, .fd = { near, near, 2, fd } };
  size_t n = 8;
  int r = level == TLSC_VERIFY ? control_line("control/tlsca", &trusted) : 0;

  if (r == -1) return fail(t, "unable to read control/tlsca: ", strerror(errno));
  number.len = 0;
  if (!stralloc_number(&number, seconds) || !stralloc_0(&number) || !stralloc_copys(&name, host) ||
      !stralloc_0(&name)) return fail(t, "out of memory", "");
  argv[5] = number.s;
  if (r == 1) {
    argv[n++] = by;
    argv[n++] = trusted.s;
  }
  argv[n++] = end;
  argv[n] = name.s;
  if (spawn_find(program, &path) == -1) return fail(t, "unable to find cm-tlsd: ", strerror(errno));
  s.path = path.s;
  if (spawn_start(&s) == -1) return fail(t, "unable to run cm-tlsd: ", strerror(errno));
  t->process = s.pidfd;
  return 1;
}

int tlsc_start(struct tlsc *t, int fd, const char *host, int level, unsigned long seconds)
{
  int pair[2], r;

  t->process = -1;
  if (seconds < 1 || seconds > LONGEST) seconds = seconds ? LONGEST : 1;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
    close(fd);
    return fail(t, "unable to make a socket: ", strerror(errno));
  }
  r = start(t, fd, pair[1], host, level, seconds);
  close(fd);
  close(pair[1]);
  if (r == 1) r = hear(t, pair[0], seconds);
  if (r == 1) return pair[0];
  close(pair[0]);
  tlsc_end(t->process);
  return -1;
}

void tlsc_end(int process)
{
  siginfo_t info;

  if (process == -1) return;
  /* By this descriptor, and not by its number, which may be another's by now. */
  syscall(SYS_pidfd_send_signal, process, SIGKILL, 0, 0);
  while (waitid((idtype_t) P_PIDFD, (id_t) process, &info, WEXITED) == -1 && errno == EINTR) ;
  close(process);
}
