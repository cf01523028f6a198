#include "ready.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "certs.h"
#include "clock.h"
#include "confine.h"
#include "keys.h"
#include "log.h"
#include "pass.h"
#include "speaker.h"
#include "stop.h"
#include "tls.h"
#include "tlsport.h"

#define LOADS 16    /* certificates a second */

enum { WORK = SPEAKER_DATA };

static volatile sig_atomic_t ended;
static int names[2];   /* of certificates that were not kept */

static void on_end(int number)
{
  (void) number;
  ended = 1;
}

/* One of ours. */
static __attribute__((noreturn)) void be_speaker(struct speaking how, const struct tlsport_call *call, const int *fd,
                                                 const sigset_t *open)
{
  how.in = fd[TLSPORT_IN];
  how.out = fd[TLSPORT_OUT];
  how.data = fd[TLSPORT_DATA];
  how.control = fd[TLSPORT_CONTROL];
  how.end = fd[TLSPORT_END];
  how.keys = fd[TLSPORT_FDS];
  how.id = call->id;
  how.silent = call->command == 'y';
  how.confined = 1;
  close(WORK);
  close(SPEAKER_KEYS);
  close(names[0]);
  certs_tell(names[1]);
  signal(SIGCHLD, SIG_DFL);
  sigprocmask(SIG_SETMASK, open, 0);
  if (confine_forked() == -1) stop(TROUBLE, "unable to confine myself: ", strerror(errno));
  speak(&how);
}

/* Take a connection. 1; 0: there is none; -1: there will be none. */
static int take(const struct speaking *how, const sigset_t *open)
{
  struct tlsport_call call;
  int fd[TLSPORT_FDS + 1], i;
  ssize_t r = pass_receive_all(WORK, &call, sizeof call, fd, TLSPORT_FDS + 1);

  if (r == -1 && errno == EAGAIN) return 0;
  if (r != sizeof call) return -1;
  if (fd[0] == -1) return 1;
  switch (fork()) {
    case -1: log_event("trouble", call.id, "unable to fork: ", strerror(errno)); break;
    case 0: be_speaker(*how, &call, fd, open);
  }
  for (i = 0; i <= TLSPORT_FDS; ++i) close(fd[i]);
  return 1;
}

/* Did one end that should not have? All have the same memory: who knows how to end
 * one may be on the way to take over the next. */
static int crashed(void)
{
  int status, crashes = 0;

  ended = 0;
  while (waitpid(-1, &status, WNOHANG) > 0)
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGTERM) ++crashes;
  if (crashes) log_event("trouble", "-", "a process that spoke TLS has crashed; the next ones will have another memory");
  return crashes;
}

/* Keep what was asked for. Who tells it has spoken with strangers. */
static void load(void)
{
  static long long second;
  static unsigned int count;
  char text[KEYS_NAME + 2], *name;
  ssize_t r = read(names[0], text, sizeof text - 1);
  long long now = clock_ms() / 1000;

  if (now != second) count = 0;
  second = now;
  text[r > 0 ? r : 0] = 0;
  for (name = text; r > 0 && name < text + r; name += strlen(name) + 1)
    if (count++ < LOADS && *name && strlen(name) <= KEYS_NAME) certs_keep(SPEAKER_KEYS, name);
}

static void begin(const char *directory, sigset_t *open)
{
  struct sigaction a = { .sa_handler = on_end };
  sigset_t ours;

  sigemptyset(&ours);
  sigaddset(&ours, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ours, open);
  sigaction(SIGCHLD, &a, 0);
  if (pipe2(names, O_NONBLOCK | O_CLOEXEC) == -1) stop(TROUBLE, "unable to make a pipe: ", strerror(errno));
  if (!tls_ready(SPEAKER_KEYS, directory)) stop(TROUBLE, tls_reason(), "");
  if (confine_to_fork(SPEAK_MEMORY) == -1) stop(TROUBLE, "unable to confine myself: ", strerror(errno));
  if (write(WORK, "r", 1) != 1) _exit(DONE);
}

void ready(const struct speaking *how)
{
  struct pollfd p[2] = { { WORK, POLLIN, 0 }, { -1, POLLIN, 0 } };
  unsigned long count = 0;
  int more = 1;
  sigset_t open;

  begin(how->directory, &open);
  p[1].fd = names[0];
  while (more != -1 && count < how->most) {
    if (ended && crashed()) break;
    if (ppoll(p, 2, 0, &open) == -1) continue;
    if (p[1].revents) load();
    if (p[0].revents) count += (more = take(how, &open)) == 1;
  }
  /* What was sent until now is still ours. */
  shutdown(WORK, SHUT_RD);
  while (more != -1 && (more = take(how, &open)) == 1) ;
  _exit(DONE);
}
