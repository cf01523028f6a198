#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "confine.h"
#include "environ.h"
#include "keys.h"
#include "log.h"
#include "tls.h"

#define LINGER 1048576       /* bytes that are read, and */
#define FAREWELL 2000        /* milliseconds that are waited, of a client that is being left */

static struct serving set;

void serving_stop(int code, const char *what, const char *why)
{
  dprintf(2, "cm-tls: %s%s\n", what, why);
  _exit(code);
}

/* Become what speaks with the world. */
static void drop(void)
{
  const struct passwd *a = set.account;

  if (set.empty && (chroot(set.empty) == -1 || chdir("/") == -1))
    serving_stop(TROUBLE, "unable to make this the root directory: ", set.empty);
  if (!a || (a->pw_uid == getuid() && a->pw_uid == geteuid())) return;
  if (setgroups(0, 0) == -1 || setgid(a->pw_gid) == -1 || setuid(a->pw_uid) == -1)
    serving_stop(TROUBLE, "unable to become ", a->pw_name);
  if (setuid(0) != -1) serving_stop(TROUBLE, "still able to be root as ", a->pw_name);
}

/* A side of what is between the program and the process that speaks TLS. */
struct side {
  int data, control;  /* UCSPI-TLS */
  int end;            /* a pipe, on which the program learns that an end was in order */
};
static struct side ours, theirs;

static void forget(const struct side *s)
{
  close(s->data);
  close(s->control);
  close(s->end);
}

static int finish_near(struct pump_end *e, int orderly, short *want)
{
  (void) want;
  if (orderly && write(ours.end, "c", 1) != 1) return PUMP_BROKEN;
  shutdown(e->out, SHUT_WR);
  return 0;
}

/* A connection that is closed with bytes unread takes what was written last with it. */
static void linger(int fd)
{
  long long end = clock_ms() + FAREWELL, left;
  struct pollfd p = { fd, POLLIN, 0 };
  static char bytes[16384];
  size_t most = LINGER;
  ssize_t r;

  while ((left = end - clock_ms()) > 0 && most > sizeof bytes && poll(&p, 1, (int) left) > 0) {
    r = read(fd, bytes, sizeof bytes);
    if (r <= 0) return;
    most -= (size_t) r;
  }
}

static __attribute__((noreturn)) void leave(int code)
{
  forget(&ours);
  shutdown(1, SHUT_WR);
  linger(0);
  _exit(code);
}

static __attribute__((noreturn)) void refused(void)
{
  log_event("tls-failed", set.id, tls_reason());
  leave(TROUBLE);
}

static void agreed(char command)
{
  const struct tls_facts *f = tls_facts();
  char text[ENVIRON_MAX];
  size_t len;

  log_event("tls", set.id, f->protocol, " ", f->cipher, " ", f->file, " ", *f->name ? f->name : "-");
  if (command == 'y') return;
  len = environ_write(text, f);
  if (send(ours.control, text, len, MSG_NOSIGNAL) != (ssize_t) len) _exit(DONE);
}

/* The process that speaks TLS: client on 0 and 1. */
static __attribute__((noreturn)) void speak(int keys, char command)
{
  long long deadline = clock_ms() + (long long) set.handshake * 1000;
  struct timeval limit = { (time_t) set.handshake, 0 };
  struct pump_end far = { .in = 0, .out = 1 }, near;
  enum pump_result r;

  drop();
  if (!tls_serve(&far, keys, set.directory, set.id) || pump_plain(&near, ours.data, ours.data) == -1) refused();
  near.finish = finish_near;
  setsockopt(keys, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (confine_to_open(SERVING_MEMORY) == -1) serving_stop(TROUBLE, "unable to confine myself: ", strerror(errno));
  if (!tls_greeted(&far, deadline) || !tls_handshake(&far, deadline)) refused();
  agreed(command);
  r = pump(&far, &near, set.idle);
  if (r == PUMP_CUT) log_event("tls-cut", set.id, "the client ended without close_notify");
  if (r == PUMP_IDLE) log_event("tls-idle", set.id, "nothing moved for too long");
  leave(r == PUMP_DONE ? DONE : CUT);
}

/* Wait until the program wants TLS, then have it spoken, and hand out the key. */
static __attribute__((noreturn)) void keep(void)
{
  char command;
  int keys[2];
  ssize_t r;

  do r = read(ours.control, &command, 1); while (r == -1 && errno == EINTR);
  if (r <= 0) _exit(DONE);
  if (command != 'y' && command != 'Y') serving_stop(TROUBLE, "unknown command on SSLCTLFD", "");
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, keys) == -1)
    serving_stop(TROUBLE, "unable to make a socket: ", strerror(errno));
  switch (fork()) {
    case -1: serving_stop(TROUBLE, "unable to fork: ", strerror(errno));
    case 0:
      close(keys[0]);
      speak(keys[1], command);
  }
  close(0);
  close(1);
  forget(&ours);
  close(keys[1]);
  keys_serve(keys[0], set.directory, set.id, set.handshake + 1);
  _exit(DONE);
}

/* What the two sides have in common. */
static void connect_sides(void)
{
  int data[2], control[2], end[2];

  if (socketpair(AF_UNIX, SOCK_STREAM, 0, data) == -1 || socketpair(AF_UNIX, SOCK_STREAM, 0, control) == -1 ||
      pipe2(end, O_NONBLOCK) == -1) serving_stop(TROUBLE, "unable to make a socket: ", strerror(errno));
  ours = (struct side) { data[0], control[0], end[1] };
  theirs = (struct side) { data[1], control[1], end[0] };
}

/* Start that process, as no child of ours: the program that we become has none
 * that it does not know of. */
static void detach(void)
{
  int status;
  pid_t pid = fork();

  if (pid == -1) serving_stop(TROUBLE, "unable to fork: ", strerror(errno));
  if (!pid) {
    if (fork()) _exit(DONE);
    signal(SIGPIPE, SIG_IGN);
    forget(&theirs);
    keep();
  }
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) ;
  forget(&ours);
}

void serving_become(const struct serving *wanted, char **program)
{
  set = *wanted;
  if (geteuid() == 0 && !set.account)
    serving_stop(WRONG, "as root an account is needed for the process that speaks TLS: -u", "");
  connect_sides();
  detach();
  if (!set.at_once) environ_offer(theirs.control, theirs.data);
  else if (!environ_ask(theirs.control, set.handshake + 1)) _exit(TROUBLE);
  else if (dup2(theirs.data, 0) == -1 || dup2(theirs.data, 1) == -1 || close(theirs.data) == -1 ||
           close(theirs.control) == -1) serving_stop(TROUBLE, "unable to copy a descriptor", "");
  environ_end(theirs.end);
  execvp(*program, program);
  serving_stop(TROUBLE, "unable to run ", *program);
}
