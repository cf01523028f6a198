#include "porter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "keys.h"
#include "log.h"
#include "pass.h"
#include "stop.h"
#include "tlsport.h"

#define PATIENCE 2    /* seconds that a program waits until it is heard */
#define AGAIN 1000    /* milliseconds between two of which the first has failed */
#define GUESTS SPEAKER_MOST   /* handshakes at a time; the others wait */

/* A connection whose speaker may still ask for a key. */
struct guest {
  int keys;           /* -1: this place is free */
  int questions;
  char id[sizeof ((struct tlsport_call *) 0)->id];
};

enum { FRONT = GUESTS, READY, LIBRARY };  /* what else is waited for */

static const struct speaker *set;
static unsigned int most;           /* guests at a time */
static struct guest guests[GUESTS];
static unsigned int used;
static int waiting;                 /* epoll */
static int front;                   /* where connections come from; -1: there will be no more */
/* What has OpenSSL ready: where it takes its work, and asks for keys. -1: nothing has. */
static int work = -1, library = -1;
static int is_ready;
static long long begun;

static int watch(int operation, int fd, unsigned int what, unsigned int events)
{
  struct epoll_event e = { .events = events, .data.u32 = what };

  return epoll_ctl(waiting, operation, fd, &e);
}

/* It may be open in another process, too: closing it would not be enough. */
static void leave(int *fd)
{
  if (*fd == -1) return;
  watch(EPOLL_CTL_DEL, *fd, 0, 0);
  close(*fd);
  *fd = -1;
}

/* What has OpenSSL ready --------------------------------------------------- */

static void forget_ready(void)
{
  leave(&work);
  leave(&library);
  is_ready = 0;
}

static void make_ready(void)
{
  int a[2], b[2], fd[SPEAKER_FREE] = { -1, -1, 2, -1, -1, -1, -1 };
  pid_t pid;

  if (work != -1 || (begun && clock_ms() < begun + AGAIN)) return;
  begun = clock_ms();
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, a) == -1) return;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, b) == -1) {
    close(a[0]);
    close(a[1]);
    return;
  }
  fd[SPEAKER_DATA] = a[1];
  fd[SPEAKER_KEYS] = b[1];
  pid = fork();
  if (!pid) speaker_become(set, 0, "-", fd);
  close(a[1]);
  close(b[1]);
  work = a[0];
  library = b[0];
  if (pid == -1 || fcntl(library, F_SETFL, O_NONBLOCK) == -1 || watch(EPOLL_CTL_ADD, work, READY, EPOLLIN) == -1 ||
      watch(EPOLL_CTL_ADD, library, LIBRARY, EPOLLIN) == -1) forget_ready();
}

static void hear_ready(void)
{
  char c;

  if (read(work, &c, 1) == 1) is_ready = 1;
  else forget_ready();
}

/* Connections -------------------------------------------------------------- */

/* Answer who asks for a key from the directory that there is now. */
static int answer(int socket, const char *id)
{
  int directory = control_open(set->directory), more;

  if (directory == -1) {
    log_event("trouble", id, "unable to open ", set->directory, ": ", strerror(errno));
    return 0;
  }
  more = keys_answer(socket, directory, set->directory, id);
  close(directory);
  return more;
}

static void end(struct guest *g)
{
  leave(&g->keys);
  if (used-- == most && front != -1) watch(EPOLL_CTL_MOD, front, FRONT, EPOLLIN);
}

/* Have TLS spoken with it by somebody who asks for keys there. 1, or 0 without one. */
static int hand_over(const struct tlsport_call *call, const int *fd, int keys)
{
  const int alone[SPEAKER_FREE] = { fd[TLSPORT_IN], fd[TLSPORT_OUT], 2, fd[TLSPORT_DATA], fd[TLSPORT_CONTROL],
                                    fd[TLSPORT_END], keys };
  int all[TLSPORT_FDS + 1];
  pid_t pid;

  memcpy(all, fd, TLSPORT_FDS * sizeof *fd);
  all[TLSPORT_FDS] = keys;
  if (is_ready && pass_send_all(work, call, sizeof *call, all, TLSPORT_FDS + 1) == 1) return 1;
  /* The slow way. */
  pid = fork();
  if (!pid) speaker_become(set, call->command, call->id, alone);
  if (pid == -1) log_event("trouble", call->id, "unable to fork: ", strerror(errno));
  make_ready();
  return pid != -1;
}

static struct guest *free_place(void)
{
  static unsigned int next;

  while (guests[next % GUESTS].keys != -1) ++next;
  return guests + next++ % GUESTS;
}

static void host(const struct tlsport_call *call, const int *fd)
{
  struct guest *g = free_place();
  int keys[2];

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, keys) == -1) {
    log_event("trouble", call->id, "unable to make a socket: ", strerror(errno));
    return;
  }
  /* Who does not hear its answers does not stop us. */
  if (fcntl(keys[0], F_SETFL, O_NONBLOCK) == -1 ||
      watch(EPOLL_CTL_ADD, keys[0], (unsigned int) (g - guests), EPOLLIN) == -1 || !hand_over(call, fd, keys[1]))
    leave(&keys[0]);
  else {
    g->keys = keys[0];
    g->questions = 0;
    memcpy(g->id, call->id, sizeof g->id);
    if (++used == most) watch(EPOLL_CTL_MOD, front, FRONT, 0);
  }
  close(keys[1]);
}

/* Who calls may have been taken over. */
static void welcome(void)
{
  struct tlsport_call call;
  int fd[TLSPORT_FDS], i;
  ssize_t r = pass_receive_all(front, &call, sizeof call, fd, TLSPORT_FDS);

  if (r == 0) leave(&front);
  if (fd[0] == -1) return;
  if (r == sizeof call && (call.command == 'Y' || call.command == 'y') && memchr(call.id, 0, sizeof call.id)) host(&call, fd);
  else log_event("trouble", "-", "somebody called who does not know how");
  for (i = 0; i < TLSPORT_FDS; ++i) close(fd[i]);
}

/* The process -------------------------------------------------------------- */

static void serve(unsigned int what)
{
  struct guest *g = guests + what;

  if (what == FRONT) welcome();
  else if (what == READY) hear_ready();
  else if (what != LIBRARY) {
    if (++g->questions > KEYS_REQUESTS || !answer(g->keys, g->id)) end(g);
  } else if (library != -1 && !answer(library, "-")) forget_ready();
}

static __attribute__((noreturn)) void run(void)
{
  struct epoll_event e[32];
  unsigned int i;
  int n, k;

  signal(SIGCHLD, SIG_IGN);  /* none of our children stays when it has ended */
  for (i = 0; i < GUESTS; ++i) guests[i].keys = -1;
  waiting = epoll_create1(EPOLL_CLOEXEC);
  if (waiting == -1 || watch(EPOLL_CTL_ADD, front, FRONT, EPOLLIN) == -1)
    stop(TROUBLE, "unable to wait: ", strerror(errno));
  while (front != -1 || used)
    for (n = epoll_wait(waiting, e, 32, -1), k = 0; k < n; ++k) serve(e[k].data.u32);
  _exit(DONE);
}

/* One that ends before there is nobody who could call is replaced by another. */
static __attribute__((noreturn)) void keep(void)
{
  int status;
  pid_t pid;

  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    begun = clock_ms();
    pid = fork();
    if (!pid) {
      begun = 0;
      run();
    }
    while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR) ;
    if (pid != -1 && WIFEXITED(status) && WEXITSTATUS(status) == DONE) _exit(DONE);
    log_event("trouble", "-", "what hands connections to TLS has ended; there is another");
    if (clock_ms() < begun + AGAIN) sleep(1);
  }
}

void porter_begin(const struct speaker *s, unsigned int handshakes, char **server)
{
  struct timeval limit = { PATIENCE, 0 };
  char text[12];
  int pair[2], status;
  pid_t pid;

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1 || (pid = fork()) == -1)
    stop(TROUBLE, "unable to begin: ", strerror(errno));
  if (!pid) {
    /* No child of the server's, which counts those that it has. */
    if (fork()) _exit(DONE);
    close(pair[1]);
    front = pair[0];
    set = s;
    most = handshakes;
    keep();
  }
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) ;
  close(pair[0]);
  snprintf(text, sizeof text, "%d", pair[1]);
  if (setsockopt(pair[1], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == -1 || fcntl(pair[1], F_SETFD, 0) == -1 ||
      setenv(TLSPORT, text, 1) == -1) stop(TROUBLE, "unable to begin: ", strerror(errno));
  execvp(*server, server);
  stop(TROUBLE, "unable to run ", *server);
}
