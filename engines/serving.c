#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "environ.h"
#include "keys.h"
#include "log.h"
#include "stop.h"

static struct serving set;

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

/* Become somebody who may do less. */
static void drop(const struct serving_account *a)
{
  if (!*a->name || (a->uid == getuid() && a->uid == geteuid())) return;
  if (setgroups(0, 0) == -1 || setgid(a->gid) == -1 || setuid(a->uid) == -1)
    stop(TROUBLE, "unable to become ", a->name);
  if (setuid(0) != -1) stop(TROUBLE, "still able to be root as ", a->name);
}

/* Each descriptor into its place; they may be in each other's. */
static void arrange(int keys)
{
  int from[SERVING_FREE] = { 0, 1, 2, ours.data, ours.control, ours.end, keys }, i;

  for (i = SERVING_DATA; i < SERVING_FREE; ++i) from[i] = fcntl(from[i], F_DUPFD, SERVING_FREE);
  for (i = SERVING_DATA; i < SERVING_FREE; ++i)
    if (from[i] == -1 || dup2(from[i], i) == -1) stop(TROUBLE, "unable to copy a descriptor", "");
  /* Linux 5.9; on an older one it has some more of the same. */
  syscall(SYS_close_range, (unsigned int) SERVING_FREE, ~0U, 0U);
}

/* The process that speaks TLS is no longer us when it does the first thing. */
static __attribute__((noreturn)) void become_speaker(int keys, char command)
{
  arrange(keys);
  drop(&set.speaker);
  execlp(SERVING_SPEAKER, SERVING_SPEAKER, "-s", "-w", set.handshake, "-i", set.idle, "-d", set.directory,
         command == 'y' ? "-y" : (char *) 0, (char *) 0);
  stop(TROUBLE, "unable to run " SERVING_SPEAKER ": ", strerror(errno));
}

/* Wait until the program wants TLS, then have it spoken, and hand out the key. */
static __attribute__((noreturn)) void keep(void)
{
  char command;
  int keys[2], directory;
  ssize_t r;

  do r = read(ours.control, &command, 1); while (r == -1 && errno == EINTR);
  if (r <= 0) _exit(DONE);
  if (command != 'y' && command != 'Y') stop(TROUBLE, "unknown command on SSLCTLFD", "");
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, keys) == -1)
    stop(TROUBLE, "unable to make a socket: ", strerror(errno));
  switch (fork()) {
    case -1: stop(TROUBLE, "unable to fork: ", strerror(errno));
    case 0: become_speaker(keys[1], command);
  }
  close(0);
  close(1);
  forget(&ours);
  close(keys[1]);
  directory = control_open(set.directory);
  if (directory != -1) keys_serve(keys[0], directory, set.directory, set.id, strtoul(set.handshake, 0, 10) + 1);
  else log_event("trouble", set.id, "unable to open ", set.directory, ": ", strerror(errno));
  _exit(DONE);
}

/* What the two sides have in common. */
static void connect_sides(void)
{
  int data[2], control[2], end[2];

  if (socketpair(AF_UNIX, SOCK_STREAM, 0, data) == -1 || socketpair(AF_UNIX, SOCK_STREAM, 0, control) == -1 ||
      pipe2(end, O_NONBLOCK) == -1) stop(TROUBLE, "unable to make a socket: ", strerror(errno));
  ours = (struct side) { data[0], control[0], end[1] };
  theirs = (struct side) { data[1], control[1], end[0] };
}

/* Start that process, as no child of ours: the program that we become has none
 * that it does not know of. */
static void detach(void)
{
  int status;
  pid_t pid = fork();

  if (pid == -1) stop(TROUBLE, "unable to fork: ", strerror(errno));
  if (!pid) {
    if (fork()) _exit(DONE);
    signal(SIGPIPE, SIG_IGN);
    forget(&theirs);
    keep();
  }
  while (waitpid(pid, &status, 0) == -1 && errno == EINTR) ;
  forget(&ours);
}

/* Where there is no directory of certificates, there is no TLS to be had. */
static int possible(void)
{
  int fd = control_open(set.directory);

  if (fd == -1 && errno != ENOENT) log_event("trouble", set.id, "unable to open ", set.directory, ": ", strerror(errno));
  if (fd != -1) close(fd);
  return fd != -1;
}

static __attribute__((noreturn)) void run(char **program)
{
  drop(&set.program);
  execvp(*program, program);
  stop(TROUBLE, "unable to run ", *program);
}

void serving_become(const struct serving *wanted, char **program)
{
  set = *wanted;
  if (geteuid() == 0 && !*set.speaker.name)
    stop(WRONG, "as root an account is needed for the process that speaks TLS: -u", "");
  if (!set.at_once && !possible()) run(program);
  connect_sides();
  detach();
  if (!set.at_once) environ_offer(theirs.control, theirs.data);
  else if (!environ_ask(theirs.control, strtoul(set.handshake, 0, 10) + 1)) _exit(TROUBLE);
  else if (dup2(theirs.data, 0) == -1 || dup2(theirs.data, 1) == -1 || close(theirs.data) == -1 ||
           close(theirs.control) == -1) stop(TROUBLE, "unable to copy a descriptor", "");
  environ_end(theirs.end);
  run(program);
}
