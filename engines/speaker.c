#include "speaker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stop.h"

/* Each descriptor into its place; they may be in each other's. */
static void arrange(const int fd[SPEAKER_FREE])
{
  int from[SPEAKER_FREE], i;

  for (i = 0; i < SPEAKER_FREE; ++i) {
    from[i] = fd[i] == -1 ? -1 : fcntl(fd[i], F_DUPFD, SPEAKER_FREE);
    if (from[i] == -1 && fd[i] != -1) stop(TROUBLE, "unable to copy a descriptor", "");
  }
  for (i = 0; i < SPEAKER_FREE; ++i)
    if (from[i] == -1) close(i);
    else if (dup2(from[i], i) == -1) stop(TROUBLE, "unable to copy a descriptor", "");
  /* Linux 5.9; on an older one it has some more of the same. */
  syscall(SYS_close_range, (unsigned int) SPEAKER_FREE, ~0U, 0U);
}

void speaker_become(const struct speaker *s, char command, const char *id, const int fd[SPEAKER_FREE])
{
  setenv("CM_ID", id, 1);
  /* Looked up once in place of once for each that is forked. */
  if (!command) setenv("LD_BIND_NOW", "1", 1);
  arrange(fd);
  /* It is no longer us when it does the first thing. */
  account_become(&s->who);
  execlp(SPEAKER, SPEAKER, command ? "-s" : "-r", "-w", s->handshake, "-i", s->idle, "-d", s->directory,
         !command ? "-m" : command == 'y' ? "-y" : (char *) 0, command ? (char *) 0 : s->most, (char *) 0);
  stop(TROUBLE, "unable to run " SPEAKER ": ", strerror(errno));
}
