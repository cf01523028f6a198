#include "serving.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "environ.h"
#include "keys.h"
#include "log.h"
#include "stop.h"
#include "tlsport.h"

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

/* The process that speaks TLS, and the one that opens keys for it, which we become. */
static __attribute__((noreturn)) void speak(char command)
{
  int keys[2], directory;

  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, keys) == -1)
    stop(TROUBLE, "unable to make a socket: ", strerror(errno));
  switch (fork()) {
    case -1: stop(TROUBLE, "unable to fork: ", strerror(errno));
    case 0:
      speaker_become(&set.speaker, command, set.id, (int[]) { 0, 1, 2, ours.data, ours.control, ours.end, keys[1] });
  }
  close(0);
  close(1);
  forget(&ours);
  close(keys[1]);
  directory = control_open(set.speaker.directory);
  if (directory != -1)
    keys_serve(keys[0], directory, set.speaker.directory, set.id, strtoul(set.speaker.handshake, 0, 10) + 1);
  else log_event("trouble", set.id, "unable to open ", set.speaker.directory, ": ", strerror(errno));
  _exit(DONE);
}

/* Wait until the program wants TLS, then have it spoken. */
static __attribute__((noreturn)) void keep(void)
{
  char command;
  ssize_t r;

  do r = read(ours.control, &command, 1); while (r == -1 && errno == EINTR);
  if (r <= 0) _exit(DONE);
  if (command != 'y' && command != 'Y') stop(TROUBLE, "unknown command on SSLCTLFD", "");
  if (set.port != -1 &&
      tlsport_ask(set.port, command, set.id, (int[]) { 0, 1, ours.data, ours.control, ours.end }) == 1) _exit(DONE);
  speak(command);
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
  int fd = control_open(set.speaker.directory);

  if (fd != -1) close(fd);
  if (fd != -1 || errno == ENOENT) return fd != -1;
  if (errno == EACCES && set.port != -1) return 1;  /* we need not be able to read it */
  log_event("trouble", set.id, "unable to open ", set.speaker.directory, ": ", strerror(errno));
  return 0;
}

static __attribute__((noreturn)) void run(char **program)
{
  account_become(&set.program);
  execvp(*program, program);
  stop(TROUBLE, "unable to run ", *program);
}

void serving_become(const struct serving *wanted, char **program)
{
  set = *wanted;
  if (!set.at_once && !possible()) run(program);
  connect_sides();
  detach();
  if (!set.at_once) environ_offer(theirs.control, theirs.data);
  else if (!environ_ask(theirs.control, strtoul(set.speaker.handshake, 0, 10) + 1)) _exit(TROUBLE);
  else if (dup2(theirs.data, 0) == -1 || dup2(theirs.data, 1) == -1 || close(theirs.data) == -1 ||
           close(theirs.control) == -1) stop(TROUBLE, "unable to copy a descriptor", "");
  environ_end(theirs.end);
  run(program);
}
