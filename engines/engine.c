#include "engine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "pass.h"

#define PAUSE 1000       /* ms between two tries to get an engine back */
#define LEAVING 16

struct keeper {
  pid_t pid;             /* of the holder; 0: none */
  int channel, ready;
};

static const struct holder_settings *settings;
static const char *directory;
static void (*told)(unsigned int serial, pid_t pid, const char *why);
static struct keeper keeper, successor;
static unsigned int generation;
static long long retry;                /* when to try again to have an engine; 0: no need */
static char version[CLAM_ANSWER];
static pid_t leaving[LEAVING];         /* holders that will end by themselves */

void engine_kill(pid_t pid, int *status)
{
  kill(pid, SIGKILL);
  while (waitpid(pid, status, 0) == -1 && errno == EINTR) ;
}

static int start(struct keeper *k)
{
  int pair[2];

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) return -1;
  k->pid = fork();
  if (!k->pid) holder_run(pair[1], directory, settings);
  close(pair[1]);
  k->channel = pair[0];
  k->ready = 0;
  if (k->pid != -1) return 1;
  close(k->channel);
  k->pid = 0;
  return -1;
}

/* A holder without a channel frees its engine and ends, in its own time. */
static void let_go(struct keeper *k)
{
  size_t i = 0;

  if (!k->pid) return;
  close(k->channel);
  while (i < LEAVING && leaving[i]) ++i;
  if (i < LEAVING) leaving[i] = k->pid;
  else engine_kill(k->pid, 0);
  k->pid = 0;
}

static void end_now(struct keeper *k)
{
  close(k->channel);
  engine_kill(k->pid, 0);
  k->pid = 0;
  k->ready = 0;
}

static void succeed(const char *text)
{
  size_t name = strcspn(text, "\n");

  dprintf(2, "engine stands: %.*s, %s\n", (int) name, text, text + name + 1);
  snprintf(version, sizeof version, "%.*s", (int) name, text);
  let_go(&keeper);
  keeper = successor;
  successor.pid = 0;
  keeper.ready = 1;
  retry = 0;
  ++generation;
}

static void lose(struct keeper *k, const char *why)
{
  if (k->ready) dprintf(2, "engine lost\n");
  else dprintf(2, "unable to load signatures: %s\n", why);
  end_now(k);
  if (!keeper.pid) retry = clock_ms() + PAUSE;
}

static void hear(struct keeper *k)
{
  struct note n;
  ssize_t r = recv(k->channel, &n, sizeof n, MSG_DONTWAIT);

  if (r == -1 && (errno == EAGAIN || errno == EINTR)) return;
  n.text[sizeof n.text - 1] = 0;
  if (r != (ssize_t) sizeof n) lose(k, k->ready ? "" : "the process died");
  else if (n.kind == NOTE_FAILED) lose(k, n.text);
  else if (n.kind == NOTE_LOADED && k == &successor) succeed(n.text);
  else if (n.kind == NOTE_FORKED && k == &keeper) told(n.serial, n.pid, n.text);
  else if (n.kind == NOTE_CHANGED && k == &keeper) engine_reload();
}

int engine_begin(const struct holder_settings *s, const char *where,
                 void (*forked)(unsigned int serial, pid_t pid, const char *why))
{
  settings = s;
  directory = where;
  told = forked;
  return start(&successor);
}

int engine_ready(void)
{
  return keeper.ready ? 1 : successor.pid ? 0 : -1;
}

unsigned int engine_generation(void)
{
  return generation;
}

const char *engine_version(void)
{
  return version;
}

void engine_reload(void)
{
  if (!successor.pid && start(&successor) == -1) dprintf(2, "unable to fork: %s\n", strerror(errno));
}

int engine_fork(unsigned int serial, int channel)
{
  return pass_send(keeper.channel, &serial, sizeof serial, channel);
}

void engine_watch(struct pollfd *polls)
{
  polls[0] = (struct pollfd) { keeper.pid ? keeper.channel : -1, POLLIN, 0 };
  polls[1] = (struct pollfd) { successor.pid ? successor.channel : -1, POLLIN, 0 };
}

void engine_serve(const struct pollfd *polls)
{
  if (keeper.pid && polls[0].fd == keeper.channel && polls[0].revents) hear(&keeper);
  if (successor.pid && polls[1].fd == successor.channel && polls[1].revents) hear(&successor);
}

void engine_overdue(void)
{
  long long now = clock_ms();
  size_t i;

  if (retry && now > retry) {
    retry = now + PAUSE;
    engine_reload();
  }
  for (i = 0; i < LEAVING; ++i)
    if (leaving[i] && waitpid(leaving[i], 0, WNOHANG) > 0) leaving[i] = 0;
}

int engine_keeps(pid_t pid)
{
  size_t i = 0;

  while (i < LEAVING && leaving[i] != pid) ++i;
  return i < LEAVING || pid == keeper.pid || pid == successor.pid;
}

void engine_end(void)
{
  size_t i;

  let_go(&keeper);
  if (successor.pid) end_now(&successor);
  for (i = 0; i < LEAVING; ++i)
    while (leaving[i] && waitpid(leaving[i], 0, 0) == -1 && errno == EINTR) ;
}
